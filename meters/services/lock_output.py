"""Locks an output against every command, and lifts the lock."""

from datetime import datetime

from django.db import transaction

from meters.domain.commands import CommandRefusedError
from meters.live.announce import announce_commands
from meters.models import Command, Lockout, Output, User
from meters.services.move_command import fail_waiting


@transaction.atomic
def lock_output(
    *, output: Output, by: User, reason: str, until: datetime | None, now: datetime
) -> Lockout:
    """
    Refuse every command of an output from now on, those that wait included.

    When this is committed no further command is published; one that is being sent in
    the same moment may be.
    """
    # Commands take this row's lock before they are published.
    Output.objects.select_for_update().get(pk=output.pk)
    lockout = Lockout.objects.create(
        output=output, by=by, reason=reason, since=now, until=until
    )
    text = f"Locked out by {by}: {reason}"
    commands = Command.objects.filter(output=output)
    fail_waiting(commands, by=by, text=text, now=now)
    _announce(output)
    return lockout


@transaction.atomic
def lift_lockout(
    *, lockout: Lockout, by: User, is_manager: bool, now: datetime
) -> None:
    """
    Lift a lock.

    Raises
    ------
    CommandRefusedError
        Neither their own, nor do they manage the site.
    """
    if lockout.by_id != by.pk and not is_manager:
        raise CommandRefusedError(
            f"Only {lockout.by}, or a manager of the site, lifts this lockout."
        )
    Lockout.objects.filter(pk=lockout.pk, lifted_at__isnull=True).update(
        lifted_at=now, lifted_by=by
    )
    _announce(lockout.output)


def _announce(output: Output) -> None:
    site_id = output.meter.site_id
    if site_id is not None:
        transaction.on_commit(lambda: announce_commands(site_id))
