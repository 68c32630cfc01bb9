"""What goes into a device family, and what comes out of it.

Plain structures, made by the million: ``msgspec.Struct`` costs a third of a dataclass.
"""

from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec


class Message(msgspec.Struct, frozen=True):
    """One MQTT message as it came."""

    topic: str
    payload: bytes
    received_at: datetime
    # Sent by the broker from its store, not by the device just now.
    retain: bool = False
    # Who published, where the broker tells.
    username: str | None = None
    # Of device times that name no zone.
    timezone: str = "UTC"


class Reading(msgspec.Struct):
    """
    What one device measured at one instant.

    `quantities` are finite numbers by quantity name, in the unit of the one table;
    what was not sent is not there. `historical` where the protocol says so.
    """

    device: str
    time: datetime
    time_source: Literal["device", "received"]
    quantities: dict[str, float]
    extra: dict[str, Any] = {}
    historical: bool = False


class Status(msgspec.Struct):
    """A device said that it is there, or the broker that it is gone."""

    device: str
    online: bool


class Event(msgspec.Struct):
    """Something happened at a device: an alarm, a switch, a power-up."""

    device: str
    time: datetime
    code: str
    text: str
    active: bool
    value: float | None = None


class Reply(msgspec.Struct):
    """What the protocol demands as an answer."""

    topic: str
    payload: str


class Decoded(msgspec.Struct):
    """What a family read in one message."""

    family: str | None
    readings: list[Reading] = []
    status: list[Status] = []
    events: list[Event] = []
    replies: list[Reply] = []
    # A sentence for a person, when the message cannot be used.
    rejected: str | None = None


class UnusableMessageError(ValueError):
    """The message cannot be used; the text is one sentence that says why."""


class Family(Protocol):
    """One kind of device: knows its topics, reads its messages."""

    name: str

    def knows(self, topic: str) -> bool:
        """Return whether messages of this topic are of this family."""

    def decode(self, message: Message) -> Decoded:
        """Read one message; raise UnusableMessageError where it cannot be used."""
