"""Hangs a meter elsewhere: below another meter, or at another site."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from meters.models import Meter, MeterChange, Site, User
from meters.queries.access import meters_below
from meters.services.note_meter_change import (
    MeterChangeRefusedError,
    active_children,
    check_active,
    check_instant,
    leave_site,
    locked_meter,
)


@transaction.atomic
def move_meter(
    *,
    meter_id: int,
    site: Site,
    parent: Meter | None,
    at: datetime,
    by: User,
    now: datetime,
    reason: str = "",
) -> MeterChange:
    """
    Let an active meter hang below `parent` (None: it is an incomer) at `site`.

    What hangs below it stays below it; to another site it goes alone. Its readings,
    events and commands go with it: whoever sees its new site sees them. What people of
    the old one asked of it and is not sent yet fails.

    Raises
    ------
    MeterChangeRefusedError
        The place is none, or it is there already.
    """
    meter = locked_meter(meter_id, to_site=site.pk)
    check_active(meter)
    check_instant(meter, at, now=now)
    if parent is not None:
        # As it is now: somebody may have moved or retired it meanwhile.
        parent = Meter.objects.get(pk=parent.pk)
    _check_place(meter, site, parent)
    change = MeterChange.objects.create(
        meter=meter,
        kind=MeterChange.Kind.MOVE,
        at=at,
        reason=reason,
        from_site=meter.site,
        to_site=site,
        from_parent=meter.parent,
        to_parent=parent,
        by=by,
        made_at=now,
    )
    meter.site, meter.parent = site, parent
    meter.save()
    if change.changes_site:
        leave_site(meter, change.from_site, by=by, now=now)
    return change


def _check_place(meter: Meter, site: Site, parent: Meter | None) -> None:
    if (meter.site, meter.parent) == (site, parent):
        raise MeterChangeRefusedError(_("It hangs there already."))
    if parent is not None:
        if parent.state != Meter.State.ACTIVE:
            raise MeterChangeRefusedError(
                _("%(parent)s is not active.") % {"parent": parent}
            )
        if parent.site_id != site.pk:
            raise MeterChangeRefusedError(_("That meter belongs to another site."))
        if parent.pk in meters_below([meter.pk]):
            raise MeterChangeRefusedError(
                _("%(parent)s hangs below it: they would feed each other.")
                % {"parent": parent}
            )
    if site != meter.site and active_children(meter).exists():
        raise MeterChangeRefusedError(
            _("Meters hang below it; move them first, or let them hang elsewhere.")
        )
