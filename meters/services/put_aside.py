"""Puts unclaimed meters aside, and takes them back."""

from collections.abc import Collection
from datetime import datetime

from meters.models import Meter


def put_aside(meter_ids: Collection[int], *, state: str, now: datetime) -> int:
    """
    Give unclaimed meters another state without a site; return how many changed.

    Ignored ones go on being stored, and no list shows them; of blocked ones nothing is
    stored any more; discovered ones wait to be claimed. One that somebody has claimed
    meanwhile stays claimed.
    """
    if state not in Meter.UNCLAIMED_STATES:
        raise ValueError(f"A meter cannot be put aside as {state}.")
    return (
        Meter.objects.filter(pk__in=meter_ids, state__in=Meter.UNCLAIMED_STATES)
        .exclude(state=state)
        # An update leaves auto_now alone; ingest asks for what has changed.
        .update(state=state, changed_at=now)
    )
