"""A second person says yes or no to a command."""

from datetime import datetime

from meters.domain.commands import (
    WAITING,
    CommandRefusedError,
    State,
    expiry_after_approval,
)
from meters.models import Command, User
from meters.services.move_command import move_command


def approve_command(*, command: Command, by: User, now: datetime) -> None:
    """
    Approve a command; whoever calls sends it when this is committed.

    The caller has looked whether `by` manages the meter.

    Raises
    ------
    CommandRefusedError
        It is their own, it has expired, or it does not wait any more.
    """
    if command.requested_by_id == by.pk:
        raise CommandRefusedError("Another person than the requester must approve it.")
    approved = move_command(
        command,
        State.APPROVED,
        now=now,
        who=by,
        where={"expires_at__gt": now},
        approved_by=by,
        approved_at=now,
        expires_at=expiry_after_approval(
            expires_at=command.expires_at, approved_at=now
        ),
    )
    if not approved:
        raise CommandRefusedError("This command does not wait for approval any more.")


def cancel_command(*, command: Command, by: User, now: datetime, text: str) -> None:
    """
    Take a command back, or decline it, before it is sent.

    Raises
    ------
    CommandRefusedError
        It is too late.
    """
    if command.state not in WAITING or not move_command(
        command, State.CANCELLED, now=now, who=by, text=text
    ):
        raise CommandRefusedError("It is too late: this command waits no more.")
