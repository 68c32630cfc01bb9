"""Takes what somebody, or a rule, asks of a device."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from meters.domain.commands import (
    WAITING,
    CommandRefusedError,
    State,
    check_interval,
    check_output,
    check_typed,
    expiry,
    wanted_state,
)
from meters.models import Command, Lockout, Meter, Output, User
from meters.queries.commanding import SWITCHING, ways_of
from meters.services.move_command import add_step


@dataclass(frozen=True, slots=True)
class Request:
    """
    What is asked.

    `output` is its number, for switching; `typed` what was typed as confirmation;
    `valid_s` for how long it may wait to be published, where not as usual.
    """

    action: str
    output: int | None = None
    interval_s: float | None = None
    typed: str = ""
    valid_s: float | None = None


@transaction.atomic
def request_command(
    *, meter_id: int, request: Request, by: User | None, now: datetime
) -> Command:
    """
    Write a command down: approved already, or waiting for somebody to approve it.

    The caller has looked whether `by` may command the meter; None is a rule. Whoever
    calls sends it when this is committed (``tasks.send_soon``).

    Raises
    ------
    CommandRefusedError
        It is not allowed, or the device cannot do it.
    """
    # Deactivated meanwhile, or another site's: the caller's look was before.
    meter = Meter.objects.select_related("site").get(pk=meter_id)
    if meter.state != Meter.State.ACTIVE:
        raise CommandRefusedError("Only an active meter can be sent commands.")
    way = ways_of(meter).get(request.action)
    if way is None:
        raise CommandRefusedError(
            f"There is no way to do this with a meter of the family {meter.family}."
        )
    output, wanted = None, None
    if request.action in SWITCHING:
        output = locked_output(meter, request.output or 1)
        wanted = wanted_state(request.action, reported=output.is_on)
        if wanted is not None:
            check_switching(output, wanted=wanted, now=now)
        _check_not_asked_already(output, wanted=wanted)
        if by is not None:
            check_typed(output.rules, request.typed)
    if request.action == Command.Action.SET_INTERVAL:
        check_interval(request.interval_s)
    needs_approval = meter.commands_need_approval or (
        output is not None and output.needs_approval
    )
    state = State.REQUESTED if needs_approval else State.APPROVED
    command = Command.objects.create(
        meter=meter,
        output=output,
        action=request.action,
        wanted_on=wanted,
        interval_s=request.interval_s,
        template=way.template,
        state=state,
        requested_by=by,
        requested_at=now,
        expires_at=expiry(
            requested_at=now, needs_approval=needs_approval, valid_s=request.valid_s
        ),
    )
    text = "" if needs_approval else "Needs no approval."
    add_step(command, State.REQUESTED, now=now, who=by, text="")
    if not needs_approval:
        add_step(command, State.APPROVED, now=now, who=None, text=text)
    return command


def _check_not_asked_already(output: Output, *, wanted: bool | None) -> None:
    """Refuse a second command that wants the same while the first is not sent."""
    pending = Command.objects.filter(
        output=output, wanted_on=wanted, state__in=[*WAITING, State.SENDING]
    )
    if pending.exists():
        raise CommandRefusedError(f"{output} has been asked for this already.")


def locked_output(meter: Meter, number: int) -> Output:
    """Return an output, its row locked: commands and lockouts of it take turns."""
    output = (
        Output.objects.select_for_update().filter(meter=meter, number=number).first()
    )
    if output is None:
        raise CommandRefusedError(
            f"{meter} has no output {number}; a manager can add it."
        )
    return output


def check_switching(output: Output, *, wanted: bool, now: datetime) -> None:
    """Raise CommandRefusedError where a lockout or the output's rules forbid it."""
    lockout = (
        Lockout.objects.active_at(now)
        .filter(output=output)
        .select_related("by")
        .order_by("since")
        .first()
    )
    if lockout is not None:
        raise CommandRefusedError(
            f"{output} is locked out by {lockout.by}: {lockout.reason}"
        )
    check_output(output.rules, output.standing, wanted=wanted, now=now)
