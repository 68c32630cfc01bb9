"""The strip of 24 hours on the page of device health."""

from zoneinfo import ZoneInfo

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from meters.queries.device_health import HealthHour, MeterHealth

register = template.Library()


@register.simple_tag
def health_strip(health: MeterHealth, zone: ZoneInfo) -> SafeString:
    """Return a cell for each hour, with the exact numbers for whoever points at it."""
    label = gettext("%(received)d of %(expected)d readings in 24 hours")
    return format_html(
        '<span class="strip" role="img" aria-label="{}">{}</span>',
        label % {"received": health.received, "expected": health.expected},
        format_html_join(
            "",
            '<i data-level="{}" style="--share: {}" title="{}"></i>',
            (
                (hour.level, str(hour.share), hour_text(hour, zone))
                for hour in health.hours
            ),
        ),
    )


def hour_text(hour: HealthHour, zone: ZoneInfo) -> str:
    """Return an hour in words: "14:00–15:00: 58 of 60, 3 duplicate"."""
    if hour.expected is None:
        came = gettext("%(received)d received")
    else:
        came = gettext("%(received)d of %(expected)d")
    parts = [came % {"received": hour.received, "expected": hour.expected or 0}]
    for count, words in (
        (hour.duplicate, gettext("%(count)d duplicate")),
        (hour.late, gettext("%(count)d late")),
        (hour.conflicting, gettext("%(count)d conflicting")),
        (hour.implausible, gettext("%(count)d with an implausible time")),
    ):
        if count:
            parts.append(words % {"count": count})
    start, end = (
        at.astimezone(zone).strftime("%H:%M") for at in (hour.start, hour.end)
    )
    return f"{start}–{end}: {', '.join(parts)}"
