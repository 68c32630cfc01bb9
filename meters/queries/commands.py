"""Outputs, commands and lockouts as the pages show them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from meters.domain.commands import WAITING, State, remaining_s
from meters.models import Command, Lockout, Meter, Output, User
from meters.queries.access import commandable_meters, managed_meters, visible_meters
from meters.queries.commanding import ways_of

LATEST = 8
PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class OutputRow:
    """An output, and what the visitor may do with it now."""

    output: Output
    lockouts: list[Lockout]
    # Actions that the device can be asked for.
    actions: list[str]
    # A command of it is on its way.
    pending: Command | None
    # Until the minimum times let it change. [s]
    wait_s: float
    free_at: datetime


@dataclass(frozen=True, slots=True)
class CommandPanel:
    """What the page of a meter shows of commands."""

    meter: Meter
    outputs: list[OutputRow]
    # Actions without an output.
    others: list[str]
    can_switch: bool
    latest: list[Command]
    may_command: bool
    may_manage: bool

    @property
    def is_empty(self) -> bool:
        return not (self.outputs or self.others or self.can_switch or self.latest)


def command_panel(meter: Meter, *, user: User, now: datetime) -> CommandPanel:
    """Return the outputs of a meter, its latest commands, and what may be asked."""
    ways = list(ways_of(meter)) if meter.state == Meter.State.ACTIVE else []
    switching: list[str] = [a for a in ("on", "off", "toggle") if a in ways]
    latest = list(told_commands(Command.objects.filter(meter=meter))[:LATEST])
    return CommandPanel(
        meter=meter,
        outputs=[
            _output_row(output, switching, latest, now=now)
            for output in meter.outputs.all()
        ],
        others=[action for action in ways if action not in switching],
        can_switch=bool(switching),
        latest=latest,
        may_command=_has(commandable_meters(user=user, now=now), meter),
        may_manage=_has(managed_meters(user=user, now=now), meter),
    )


def _output_row(
    output: Output, switching: list[str], latest: list[Command], *, now: datetime
) -> OutputRow:
    standing = output.standing
    wait_s = 0.0
    if standing.on is not None:
        wait_s = remaining_s(output.rules, standing, wanted=not standing.on, now=now)
    pending = next(
        (
            command
            for command in latest
            if command.output_id == output.pk
            and command.state in (*WAITING, State.SENDING, State.SENT)
            and (command.state != State.SENT or command.confirm_by)
        ),
        None,
    )
    actions = [
        action
        for action in switching
        if action != "toggle" and not (action == "on" and output.off_only)
    ]
    return OutputRow(
        output=output,
        lockouts=list(
            output.lockouts.active_at(now).select_related("by").order_by("since")
        ),
        actions=actions,
        pending=pending,
        wait_s=wait_s,
        free_at=now + timedelta(seconds=wait_s),
    )


def told_commands(commands: QuerySet[Command]) -> QuerySet[Command]:
    """Return commands with all that a list of them tells, newest first."""
    return (
        commands.select_related("meter__site", "output", "requested_by", "approved_by")
        .prefetch_related("steps__who")
        .order_by("-pk")
    )


def site_commands(
    *, site_id: int, user: User, page: str, now: datetime
) -> tuple[list[Command], Page[Command]]:
    """Return what waits for approval at a site, and a page of all its commands."""
    meters = visible_meters(user=user, now=now).filter(site=site_id)
    commands = told_commands(Command.objects.filter(meter__in=meters))
    waiting = commands.filter(state=State.REQUESTED, expires_at__gt=now)
    return list(waiting), Paginator(commands, PER_PAGE).get_page(page)


def get_command(*, command_id: int, meters: QuerySet[Meter]) -> Command | None:
    """Return a command of one of these meters."""
    commands = Command.objects.select_related("meter__site", "output", "requested_by")
    return commands.filter(pk=command_id, meter__in=meters).first()


def active_lockouts(*, site_id: int | None, user: User, now: datetime) -> list[Lockout]:
    """Return the lockouts at a site, or at all, of what the user may see."""
    meters = visible_meters(user=user, now=now)
    if site_id is not None:
        meters = meters.filter(site=site_id)
    lockouts = Lockout.objects.active_at(now).filter(output__meter__in=meters)
    return list(lockouts.select_related("output__meter__site", "by").order_by("since"))


def _has(meters: QuerySet[Meter], meter: Meter) -> bool:
    return meters.filter(pk=meter.pk).exists()
