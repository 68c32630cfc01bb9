"""Settles commands by what devices say; called with each batch of messages."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Value

from meters.domain.commands import MOST_OUTPUTS, State
from meters.families.message import Answer, OutputState
from meters.live.announce import announce_commands
from meters.models import Command, Meter, Output
from meters.services.move_command import move_command

_AFTER_SENDING = (State.SENDING, State.SENT)
_OUTPUT, _COMMAND = "output", "command"


class OutputSaid(NamedTuple):
    """How a meter says that one of its outputs stands."""

    meter_id: int
    state: OutputState
    # None where the broker kept it: then it may be from before any command.
    at: datetime | None


class AnswerSaid(NamedTuple):
    """A device's answer to a command, whose number it carries."""

    family: str
    answer: Answer
    # By whose topic prefix it came; empty: by none.
    sites: frozenset[int]


def confirm_commands(
    *,
    outputs: Sequence[OutputSaid],
    answers: Sequence[AnswerSaid],
    read: Mapping[int, datetime],
    now: datetime,
) -> None:
    """
    Note how outputs stand, and settle the commands that wait for it.

    In the transaction of the readings. One query where nothing has changed and nothing
    waits; none where nothing was said. What outputs and readings showed before a
    command was sent settles nothing.

    Parameters
    ----------
    outputs : sequence of OutputSaid
        In the order they were said.
    answers : sequence of AnswerSaid
    read : mapping of int to datetime
        Meters of which a reading of now has come, and when it can have been measured.
    """
    states = {
        (said.meter_id, said.state.output): said
        for said in outputs
        if 1 <= said.state.output <= MOST_OUTPUTS
    }
    if not (states or answers or read):
        return
    known, waiting_ids = _look({meter_id for meter_id, _number in states})
    changed = {
        key: said.state.on
        for key, said in states.items()
        if known.get(key, _NOT_THERE) != said.state.on
    }
    if changed:
        _write_outputs(changed, known, now=now)
    if waiting_ids:
        _settle(waiting_ids, states, answers, read, now=now)


_NOT_THERE = object()


def _look(
    meter_ids: set[int],
) -> tuple[dict[tuple[int, int], bool | None], list[int]]:
    """Return how the outputs of these meters stood, and which commands wait."""
    outputs = Output.objects.filter(meter__in=meter_ids).order_by()
    waiting = Command.objects.filter(confirm_by__isnull=False).order_by()
    rows: Iterable[tuple[str, int, int, Any]]
    rows = waiting.values_list(Value(_COMMAND), "meter_id", "pk", "wanted_on")
    if meter_ids:
        told = outputs.values_list(Value(_OUTPUT), "meter_id", "number", "is_on")
        rows = told.union(rows, all=True)
    known: dict[tuple[int, int], bool | None] = {}
    commands: list[int] = []
    for kind, meter_id, number, on in rows:
        if kind == _OUTPUT:
            known[meter_id, number] = on
        else:
            commands.append(number)
    return known, commands


def _write_outputs(
    changed: dict[tuple[int, int], bool],
    known: dict[tuple[int, int], bool | None],
    *,
    now: datetime,
) -> None:
    # Always in the same order: two processes must not wait for each other.
    keys = sorted(changed)
    Output.objects.bulk_create(
        [
            Output(meter_id=meter_id, number=number)
            for meter_id, number in keys
            if (meter_id, number) not in known
        ],
        ignore_conflicts=True,
    )
    for meter_id, number in keys:
        Output.objects.filter(meter=meter_id, number=number).update(
            is_on=changed[meter_id, number], changed_at=now
        )
    meter_ids = {meter_id for meter_id, _number in keys}
    meters = Meter.objects.filter(pk__in=meter_ids, site__isnull=False)
    sites = {meter.site_id for meter in meters.only("site_id")}
    transaction.on_commit(lambda: _announce(sites))


def _announce(sites: set[int | None]) -> None:
    for site_id in sites:
        if site_id is not None:
            announce_commands(site_id)


def _settle(
    waiting_ids: list[int],
    states: Mapping[tuple[int, int], OutputSaid],
    answers: Sequence[AnswerSaid],
    read: Mapping[int, datetime],
    *,
    now: datetime,
) -> None:
    commands = Command.objects.filter(pk__in=waiting_ids).order_by("pk")
    for command in commands.select_related("meter", "output"):
        # Another device may use the same number.
        answer = next((said for said in answers if _answers(said, command)), None)
        if answer is not None:
            accepted, text = answer.answer.accepted, answer.answer.text
            _settle_by_answer(command, accepted, text, now=now)
        elif command.state in _AFTER_SENDING and _is_shown(command, states, read):
            _confirm(command, _shown_text(command), now=now)


def confirm_by_reply(*, command_id: int, now: datetime) -> None:
    """Confirm a command by the reply that its template describes."""
    commands = Command.objects.select_related("meter")
    command = commands.filter(pk=command_id).first()
    if command is not None:
        _settle_by_answer(command, True, "The reply came that was expected.", now=now)


def _settle_by_answer(
    command: Command, accepted: bool, text: str, *, now: datetime
) -> None:
    """Settle a command by the device's own answer."""
    if accepted:
        _confirm(command, text or "The device answered yes.", now=now)
        return
    failure = f"The device answered no: {text}" if text else "The device answered no."
    move_command(
        command, State.FAILED, now=now, text=failure, failure=failure, confirm_by=None
    )


def _confirm(command: Command, text: str, *, now: datetime) -> None:
    move_command(
        command,
        State.CONFIRMED,
        now=now,
        text=text,
        failure="",
        confirmed_at=now,
        confirm_by=None,
    )


def _answers(said: AnswerSaid, command: Command) -> bool:
    """Return whether it is the command's device, or the whole of it, that answers."""
    meter, device = command.meter, said.answer.device
    return (
        said.answer.request == command.pk
        and said.family == meter.family
        and (meter.device_id == device or meter.device_id.startswith(f"{device}/"))
        and (not said.sites or meter.site_id in said.sites)
    )


def _is_after(at: datetime | None, command: Command) -> bool:
    """Return whether it was said after the command was sent."""
    return at is not None and command.sending_at is not None and at > command.sending_at


def _is_shown(
    command: Command,
    states: Mapping[tuple[int, int], OutputSaid],
    read: Mapping[int, datetime],
) -> bool:
    if command.awaits == Command.Awaits.READING:
        return _is_after(read.get(command.meter_id), command)
    if command.awaits != Command.Awaits.OUTPUT or command.output is None:
        return False
    shown = states.get((command.meter_id, command.output.number))
    return (
        shown is not None
        and shown.state.on == command.wanted_on
        and _is_after(shown.at, command)
    )


def _shown_text(command: Command) -> str:
    if command.awaits == Command.Awaits.READING:
        return "A reading came."
    return f"The device reports the output {'on' if command.wanted_on else 'off'}."
