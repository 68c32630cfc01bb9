"""Families that can be commanded, a publisher that remembers, and what is done."""

import json
from datetime import datetime
from typing import ClassVar

from django.utils import timezone

from meters.families.message import (
    CannotCommandError,
    Command,
    Decoded,
    Message,
    Outgoing,
)
from meters.models import Command as StoredCommand, Output
from meters.services.confirm_commands import AnswerSaid, OutputSaid, confirm_commands
from meters.services.request_command import Request, request_command
from meters.services.send_command import send_command


class Relay:
    """Devices with relays that tell how they stand."""

    name = "relay"
    own_topics: ClassVar[tuple[str, ...]] = ()
    actions: ClassVar[frozenset[str]] = frozenset(
        {"on", "off", "toggle", "read", "set_interval"}
    )
    reports_outputs: ClassVar[bool] = True

    def knows(self, topic: str) -> bool:
        return topic.startswith("relay/")

    def decode(self, message: Message) -> Decoded:
        return Decoded(self.name)

    def encode(self, command: Command) -> list[Outgoing]:
        if command.output > 4:
            raise CannotCommandError("A relay board has four relays.")
        body = {
            "id": command.request,
            "do": command.action,
            "output": command.output,
            "interval": command.interval_s,
        }
        return [Outgoing(f"relay/{command.device}/cmd", json.dumps(body).encode())]


class MuteRelay(Relay):
    """Devices that never tell."""

    name = "mute"
    reports_outputs: ClassVar[bool] = False


class RememberingPublisher:
    """Where no broker is needed: keeps what was published."""

    def __init__(self, error: Exception | None = None) -> None:
        self.published: list[tuple[str, bytes]] = []
        # How long the broker keeps each for a device that is away. [s]
        self.kept_s: list[float] = []
        self.error = error

    def connect(self) -> None:
        pass

    def expect(self, expected: object) -> None:
        pass

    def publish(self, topic: str, payload: bytes, *, expires_in_s: float) -> None:
        assert expires_in_s > 0
        if self.error:
            raise self.error
        self.published.append((topic, payload))
        self.kept_s.append(expires_in_s)


def ask(output: Output, by=None, action="on", *, now=None, **asked) -> StoredCommand:
    return request_command(
        meter_id=output.meter_id,
        request=Request(action, output=output.number, **asked),
        by=by,
        now=now or timezone.now(),
    )


def send(command: StoredCommand, publisher=None, *, now: datetime | None = None):
    publisher = publisher or RememberingPublisher()
    send_command(
        command_id=command.pk,
        publisher=publisher,
        on_reply=lambda id_: None,
        clock=lambda: now or timezone.now(),
    )
    command.refresh_from_db()
    return publisher


NOW = object()


def confirm(outputs=(), answers=(), read=(), *, at=NOW, sites=()):
    """Let devices say something, now or at another time."""
    now = timezone.now()
    at = now if at is NOW else at
    confirm_commands(
        outputs=[OutputSaid(meter_id, state, at) for meter_id, state in outputs],
        answers=[
            AnswerSaid(family, answer, frozenset(sites)) for family, answer in answers
        ],
        read=dict.fromkeys(read, at),
        now=now,
    )


def steps(command: StoredCommand) -> list[str]:
    return list(command.steps.values_list("state", flat=True))
