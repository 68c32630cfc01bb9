"""Takes back the last change of a meter."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from meters.models import Meter, MeterChange, User
from meters.queries.access import meters_below
from meters.services.note_meter_change import (
    MeterChangeRefusedError,
    active_children,
    leave_site,
    locked_meter,
    nearest_active,
)


@transaction.atomic
def undo_meter_change(*, change_id: int, by: User, now: datetime) -> MeterChange:
    """
    Let a meter be as before its last change, and those that it took along.

    Raises
    ------
    MeterChangeRefusedError
        It is not the last one, or the place it had is gone.
    """
    change = MeterChange.objects.select_related("meter").get(pk=change_id)
    meter = locked_meter(change.meter_id)
    if change.undone_at is not None or not _is_last(change):
        raise MeterChangeRefusedError(
            _("Only the last change of a meter can be taken back.")
        )
    if change.kind == MeterChange.Kind.RETIREMENT:
        meter.state = Meter.State.ACTIVE
        meter.parent = nearest_active(meter.parent, site_id=meter.site_id)
        meter.save()
        for consequence in change.consequences.in_force().select_related("meter"):
            _take_back_consequence(consequence, by=by, now=now)
    else:
        _move_back(change, meter, by=by, now=now)
    return _note(change, by=by, now=now)


def _take_back_consequence(change: MeterChange, *, by: User, now: datetime) -> None:
    """Let a meter hang below again, unless it has gone elsewhere since."""
    meter = Meter.objects.select_for_update().get(pk=change.meter_id)
    if _is_last(change) and meter.state == Meter.State.ACTIVE:
        _move_back(change, meter, by=by, now=now)
        _note(change, by=by, now=now)


def _move_back(change: MeterChange, meter: Meter, *, by: User, now: datetime) -> None:
    parent, site = change.from_parent, change.from_site
    if parent is not None:
        if parent.state != Meter.State.ACTIVE or parent.site_id != change.from_site_id:
            raise MeterChangeRefusedError(
                _("%(parent)s, below which it hung, is not there any more: move it.")
                % {"parent": parent}
            )
        if parent.pk in meters_below([meter.pk]):
            raise MeterChangeRefusedError(
                _("%(parent)s hangs below it by now: move it.") % {"parent": parent}
            )
    if change.changes_site and active_children(meter).exists():
        raise MeterChangeRefusedError(
            _("Meters hang below it; move them first, or let them hang elsewhere.")
        )
    meter.site, meter.parent = site, parent
    meter.save()
    if change.changes_site:
        leave_site(meter, change.to_site, by=by, now=now)


def _is_last(change: MeterChange) -> bool:
    last = MeterChange.objects.in_force().filter(meter=change.meter_id).first()
    return last is not None and last.pk == change.pk


def _note(change: MeterChange, *, by: User, now: datetime) -> MeterChange:
    change.undone_at, change.undone_by = now, by
    change.save(update_fields=["undone_at", "undone_by"])
    return change
