"""Changes how a claimed meter is called and how its values are read."""

from typing import Any

from django.db import transaction

from meters.models import Meter


@transaction.atomic
def edit_meter(*, meter_id: int, **settings: Any) -> Meter:
    """
    Set fields of a meter's row, for all that it has sent and will send.

    Readings are stored as they came and scaled when they are read: a ratio that was
    entered wrongly is right for the past as well.
    """
    meter = Meter.objects.select_for_update().get(pk=meter_id)
    for field, value in settings.items():
        setattr(meter, field, value)
    meter.save()
    return meter
