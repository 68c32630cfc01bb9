"""Gives a discovered meter its site, its name and its place in the distribution."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from meters.models import Meter, Site


class AlreadyClaimedError(Exception):
    """Somebody was quicker: the meter is not a discovered one any more."""


class NotAFeederError(ValueError):
    """The parent is no active meter of the site; the text is a sentence."""


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
    NotAFeederError
        The parent has been moved or retired.
    """
    meter = (
        Meter.objects.select_for_update()
        .filter(pk=meter_id, state=Meter.State.DISCOVERED)
        .first()
    )
    if meter is None:
        raise AlreadyClaimedError
    # Whoever moves or retires the parent waits, or has done it before.
    Site.objects.select_for_update(no_key=True).get(pk=site.pk)
    if parent is not None:
        feeds = Meter.objects.filter(
            pk=parent.pk, site=site, state=Meter.State.ACTIVE
        ).exists()
        if not feeds:
            raise NotAFeederError(
                _("%(parent)s feeds nothing there any more.") % {"parent": parent}
            )
    meter.state = Meter.State.ACTIVE
    meter.site, meter.name, meter.parent = site, name, parent
    for field, value in settings.items():
        setattr(meter, field, value)
    meter.save()
    return meter
