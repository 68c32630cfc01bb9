"""Time zone names, as fields check them."""

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


def validate_time_zone(value: str) -> None:
    """Raise ValidationError unless `value` is an IANA zone such as Europe/Berlin."""
    if value not in available_timezones():
        raise ValidationError(
            _("“%(zone)s” is no time zone; write it like Europe/Berlin."),
            params={"zone": value},
        )
