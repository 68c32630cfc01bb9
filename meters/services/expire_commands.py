"""Ends commands whose time is over; every few seconds."""

from datetime import datetime, timedelta

from django.db import transaction

from meters.domain.commands import SENDING_LOST_AFTER_S, WAITING, State
from meters.models import Command
from meters.services.move_command import move_command

# One that was just approved has its task on the way already.
_OVERLOOKED_AFTER = timedelta(seconds=3)


def expire_commands(*, now: datetime) -> list[int]:
    """
    End what has waited too long; safe to run twice and at the same time.

    Returns
    -------
    list of int
        Approved commands that nobody has taken yet: to be sent once more.
    """
    commands = Command.objects.select_related("meter").order_by("pk")
    for command in commands.filter(state__in=WAITING, expires_at__lte=now):
        move_command(command, State.EXPIRED, now=now, where={"expires_at__lte": now})
    lost = now - timedelta(seconds=SENDING_LOST_AFTER_S)
    for command in commands.filter(state=State.SENDING, sending_at__lt=lost):
        text = (
            "The worker that sent it ended in that moment; the device may have it or"
            " not. It is not sent again."
        )
        move_command(command, State.UNKNOWN, now=now, text=text, failure=text)
    for command in commands.filter(confirm_by__lt=now):
        _end_waiting(command, now=now)
    overlooked = commands.filter(state=State.APPROVED, expires_at__gt=now).filter(
        requested_at__lt=now - _OVERLOOKED_AFTER
    )
    return list(overlooked.values_list("pk", flat=True))


@transaction.atomic
def _end_waiting(command: Command, *, now: datetime) -> None:
    """Stop waiting for the device; what had to be shown and was not has failed."""
    if command.state == State.SENT and command.awaits:
        waited_s = (
            now - (command.sent_at or command.sending_at or now)
        ).total_seconds()
        text = f"Nothing confirmed it within {waited_s:.0f} s."
        move_command(
            command, State.FAILED, now=now, text=text, failure=text, confirm_by=None
        )
    elif command.state != State.SENDING:
        Command.objects.filter(pk=command.pk, state=command.state).update(
            confirm_by=None
        )
