"""Gives a discovered meter its site, its name and its place in the distribution."""

from typing import Any

from django.db import transaction

from meters.models import Meter, Site


class AlreadyClaimedError(Exception):
    """Somebody was quicker: the meter is not a discovered one any more."""


@transaction.atomic
def claim_meter(
    *, meter_id: int, site: Site, name: str, parent: Meter | None, **settings: Any
) -> Meter:
    """
    Make the meter an active one of the site; its readings stay where they are.

    Parameters
    ----------
    parent : Meter or None
        The meter that feeds it, of the same site; None for an incomer.
    settings
        Wiring, what positive power means, ratios and what is already primary.

    Raises
    ------
    AlreadyClaimedError
        It is not a discovered meter any more.
    """
    meter = (
        Meter.objects.select_for_update()
        .filter(pk=meter_id, state=Meter.State.DISCOVERED)
        .first()
    )
    if meter is None:
        raise AlreadyClaimedError
    if parent is not None and parent.site_id != site.pk:
        raise ValueError("The parent belongs to another site.")
    meter.state = Meter.State.ACTIVE
    meter.site, meter.name, meter.parent = site, name, parent
    for field, value in settings.items():
        setattr(meter, field, value)
    meter.save()
    return meter
