"""Publishes one command, at most once, whatever is killed."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from django.db import transaction
from django.db.models import Q

from meters.broker.address import BrokerError
from meters.broker.publisher import Expected, RefusedByBrokerError
from meters.domain.command_templates import (
    TemplateError,
    check_topic,
    fill,
    meets,
    parse_conditions,
)
from meters.domain.commands import VALID_S, CommandRefusedError, State
from meters.families.message import CannotCommandError, Outgoing
from meters.models import Command, Meter, Output
from meters.queries.access import commandable_meters
from meters.queries.commanding import (
    Way,
    is_foreign,
    outgoing_of,
    values_of,
    ways_of,
)
from meters.services.move_command import move_command
from meters.services.request_command import check_switching

logger = logging.getLogger(__name__)

_REFUSALS = (CommandRefusedError, CannotCommandError, TemplateError)


class Publisher(Protocol):
    """What this needs of the connection to the broker."""

    def connect(self) -> None: ...

    def expect(self, expected: Expected) -> None: ...

    def publish(self, topic: str, payload: bytes, *, expires_in_s: float) -> None: ...


def send_command(
    *,
    command_id: int,
    publisher: Publisher,
    on_reply: Callable[[int], None],
    clock: Callable[[], datetime],
) -> None:
    """
    Publish an approved command; safe to run twice, and at the same time.

    `sending` is committed before anything is published: whoever finds a command in
    that state never publishes it again. `on_reply` is called with the command's id
    when a reply comes that its template waits for.
    """
    command = _command(command_id)
    if command is None or command.state != State.APPROVED:
        return
    try:
        # Before the claim: this may take seconds, and the command may expire.
        publisher.connect()
    except BrokerError as error:
        # It stays approved, and is tried again until it expires.
        logger.warning("Command %d is not sent yet: %s", command_id, error)
        return
    claimed = _claim(command_id, now=clock())
    if claimed is None:
        return
    command, way, outgoing = claimed
    _publish(command, way, outgoing, publisher, on_reply=on_reply, clock=clock)


def _command(command_id: int) -> Command | None:
    commands = Command.objects.select_related(
        "meter__site", "output", "template", "requested_by"
    )
    return commands.filter(pk=command_id).first()


@transaction.atomic
def _claim(
    command_id: int, *, now: datetime
) -> tuple[Command, Way, list[Outgoing]] | None:
    """Commit that this worker is about to publish, with what; None where it may not."""
    output_id = Command.objects.values_list("output", flat=True).get(pk=command_id)
    # Lockouts and other commands of this output take turns with this one.
    output = Output.objects.select_for_update().filter(pk=output_id).first()
    command = _command(command_id)
    if command is None or command.state != State.APPROVED:
        return None
    if command.expires_at <= now:
        move_command(command, State.EXPIRED, now=now)
        return None
    try:
        way, outgoing = _prepare(command, output, now=now)
    except _REFUSALS as error:
        text = str(error)
        move_command(command, State.FAILED, now=now, text=text, failure=text)
        return None
    moved = move_command(
        command,
        State.SENDING,
        now=now,
        where={"expires_at__gt": now},
        sending_at=now,
        template=way.template,
        awaits=way.awaits(command.action),
        confirm_by=now + timedelta(seconds=way.confirmation_s(command.meter)),
        topic="\n".join(item.topic for item in outgoing),
        payload=b"\n".join(item.payload for item in outgoing),
    )
    if not moved:
        return None
    if output is not None and command.wanted_on not in (None, output.standing.on):
        Output.objects.filter(pk=output.pk).update(
            commanded_on=command.wanted_on, commanded_at=now
        )
    return command, way, outgoing


def _prepare(
    command: Command, output: Output | None, *, now: datetime
) -> tuple[Way, list[Outgoing]]:
    """Look once more at what may have changed since the request."""
    if command.meter.state != Meter.State.ACTIVE:
        raise CommandRefusedError("Only an active meter can be sent commands.")
    _check_requester(command, now=now)
    if output is not None and command.wanted_on is not None:
        _check_order(command)
        check_switching(output, wanted=command.wanted_on, now=now)
    way = ways_of(command.meter).get(command.action)
    if way is None:
        raise CommandRefusedError("There is no way to do this any more.")
    outgoing = outgoing_of(command, way)
    if not outgoing:
        raise CommandRefusedError("The family has nothing to publish for this.")
    for item in outgoing:
        check_topic(item.topic)
        if is_foreign(item.topic, command.meter):
            raise CommandRefusedError(
                f"It would go out on {item.topic}, which is under the topic prefix of"
                " another site."
            )
    return way, outgoing


def _check_requester(command: Command, *, now: datetime) -> None:
    """Refuse what somebody asked who has left since; a rule stays."""
    user = command.requested_by
    if user is None:
        return
    if not commandable_meters(user=user, now=now).filter(pk=command.meter_id).exists():
        raise CommandRefusedError(f"{user} may not command this meter any more.")


def _check_order(command: Command) -> None:
    """Refuse what another worker was quicker with: the last word would not stand."""
    allowed_at = command.approved_at or command.requested_at
    later = Command.objects.filter(
        output=command.output_id, wanted_on__isnull=False, sending_at__isnull=False
    ).filter(
        Q(approved_at__gt=allowed_at)
        | Q(approved_at__isnull=True, requested_at__gt=allowed_at)
    )
    if later.exists():
        raise CommandRefusedError("A later command of this output went out before it.")


def _publish(
    command: Command,
    way: Way,
    outgoing: list[Outgoing],
    publisher: Publisher,
    *,
    on_reply: Callable[[int], None],
    clock: Callable[[], datetime],
) -> None:
    published = 0
    try:
        _expect_reply(command, way, publisher, on_reply=on_reply)
        for item in outgoing:
            left_s = (command.expires_at - clock()).total_seconds()
            if left_s <= 0:
                _end(command, State.EXPIRED, published, "", now=clock())
                return
            # It may have waited an hour for the broker; for the device it does not.
            expires_in_s = min(left_s, VALID_S)
            publisher.publish(item.topic, item.payload, expires_in_s=expires_in_s)
            published += 1
    except (RefusedByBrokerError, TemplateError) as error:
        _end(command, State.FAILED, published, str(error), now=clock())
        return
    except BrokerError as error:
        text = str(error)
        move_command(command, State.UNKNOWN, now=clock(), text=text, failure=text)
        return
    now = clock()
    # The device's answer may have been quicker.
    move_command(command, State.SENT, now=now)
    Command.objects.filter(pk=command.pk, sent_at__isnull=True).update(sent_at=now)


def _end(
    command: Command, state: State, published: int, text: str, *, now: datetime
) -> None:
    """End a command of which not everything went out."""
    if published:
        state = State.UNKNOWN
        text = f"Only {published} of its messages were published. {text}".strip()
    ended = {} if state is State.UNKNOWN else {"confirm_by": None}
    move_command(command, state, now=now, text=text, failure=text, **ended)


def _expect_reply(
    command: Command,
    way: Way,
    publisher: Publisher,
    *,
    on_reply: Callable[[int], None],
) -> None:
    template = way.template
    if template is None or not template.reply_topic or command.confirm_by is None:
        return
    values = values_of(command)
    conditions = parse_conditions(fill(template.reply_match, values))
    topic = fill(template.reply_topic, values)
    check_topic(topic)
    command_id = command.pk
    publisher.expect(
        Expected(
            topic=topic,
            until=command.confirm_by,
            fits=lambda payload: meets(payload, conditions),
            take=lambda: on_reply(command_id),
        )
    )
