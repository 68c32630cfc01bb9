"""Ends the service of a meter; its readings stay."""

from datetime import datetime

from django.db import transaction

from meters.models import Command, Meter, MeterChange, User
from meters.services.move_command import fail_waiting
from meters.services.note_meter_change import (
    active_children,
    check_active,
    check_instant,
    locked_meter,
    nearest_active,
)


@transaction.atomic
def retire_meter(
    *, meter_id: int, at: datetime, by: User, now: datetime, reason: str = ""
) -> MeterChange:
    """
    Retire an active meter; meters right below it hang on what fed it from then on.

    Its readings stay and can be looked at; should it still send, that is stored, but no
    list shows it among the living.

    Raises
    ------
    MeterChangeRefusedError
        It is not active, or the instant is none.
    """
    meter = locked_meter(meter_id)
    check_active(meter)
    check_instant(meter, at, now=now)
    change = MeterChange.objects.create(
        meter=meter,
        kind=MeterChange.Kind.RETIREMENT,
        at=at,
        reason=reason,
        by=by,
        made_at=now,
    )
    meter.state = Meter.State.RETIRED
    meter.save()
    fail_waiting(
        Command.objects.filter(meter=meter),
        by=by,
        text="The meter was retired.",
        now=now,
    )
    above = nearest_active(meter.parent, site_id=meter.site_id)
    for child in active_children(meter).select_for_update():
        _hang_above(child, above, cause=change)
    return change


def _hang_above(child: Meter, above: Meter | None, *, cause: MeterChange) -> None:
    MeterChange.objects.create(
        meter=child,
        kind=MeterChange.Kind.MOVE,
        at=cause.at,
        from_site=child.site,
        to_site=child.site,
        from_parent=child.parent,
        to_parent=above,
        caused_by=cause,
        by=cause.by,
        made_at=cause.made_at,
    )
    child.parent = above
    child.save()
