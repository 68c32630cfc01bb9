"""Moves a command along its life: a conditional UPDATE, and the step for the audit."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from meters.domain.commands import WAITING, State, sources
from meters.live.announce import announce_commands
from meters.models import Command, CommandStep, User


def move_command(
    command: Command,
    to: State,
    *,
    now: datetime,
    who: User | None = None,
    text: str = "",
    where: dict[str, Any] | None = None,
    **fields: Any,
) -> bool:
    """
    Move a command to a state; return whether it was this call that did it.

    Parameters
    ----------
    who : User or None
        The person; None where the portal itself does it.
    where
        What must hold of the row beside its state, such as ``expires_at__gt``.
    fields
        What else is written.
    """
    with transaction.atomic():
        moved = Command.objects.filter(
            pk=command.pk, state__in=sources(to), **(where or {})
        ).update(state=to, **fields)
        if not moved:
            return False
        add_step(command, to, now=now, who=who, text=text)
    command.state = to
    for name, value in fields.items():
        setattr(command, name, value)
    return True


def fail_waiting(
    commands: QuerySet[Command], *, by: User, text: str, now: datetime
) -> None:
    """Let those of the commands fail that are not sent yet."""
    for command in commands.filter(state__in=WAITING).select_related("meter"):
        move_command(command, State.FAILED, now=now, who=by, text=text, failure=text)


def add_step(
    command: Command, state: State, *, now: datetime, who: User | None, text: str
) -> None:
    """Write a step, and let open pages know when it is committed."""
    CommandStep.objects.create(command=command, at=now, who=who, state=state, text=text)
    site_id = command.meter.site_id
    if site_id is not None:
        transaction.on_commit(lambda: announce_commands(site_id))
