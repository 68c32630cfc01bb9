"""A family that can be commanded, and a publisher that remembers; for tests."""

import json
from typing import ClassVar

from meters.families.message import (
    CannotCommandError,
    Command,
    Decoded,
    Message,
    Outgoing,
)


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
