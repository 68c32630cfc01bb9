"""What goes into a device family, and what comes out of it.

Plain structures, made by the million: ``msgspec.Struct`` costs a third of a dataclass.
"""

import base64
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

import msgspec

# What a person or a rule can ask of a device.
Action = Literal["on", "off", "toggle", "read", "set_interval"]


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
    `wall_clock` is the device's time where it names no zone: `time` is that in the
    zone of the message, and who knows the device's site may read it anew.
    `gathered` where the device sends a topic for each value and no time: its values of
    one second are one reading, and the last of each stands. `families.times` makes
    readings, with the rules for their instant.
    """

    device: str
    time: datetime
    time_source: Literal["device", "received"]
    quantities: dict[str, float]
    extra: dict[str, Any] = {}
    historical: bool = False
    wall_clock: datetime | None = None
    gathered: bool = False


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


class OutputState(msgspec.Struct):
    """A device told how one of its outputs (relay, DO) stands; numbered from 1."""

    device: str
    output: int
    on: bool


class Answer(msgspec.Struct):
    """A device answered a command: `request` is the number that the command carried."""

    device: str
    request: int
    accepted: bool
    text: str = ""


class Reply(msgspec.Struct):
    """What the protocol demands as an answer; `payload` is text, or base64 of bytes."""

    topic: str
    payload: str
    is_base64: bool = False

    @property
    def content(self) -> bytes:
        """What is published."""
        if self.is_base64:
            return base64.b64decode(self.payload)
        return self.payload.encode()


class Decoded(msgspec.Struct):
    """What a family read in one message."""

    family: str | None
    readings: list[Reading] = []
    status: list[Status] = []
    events: list[Event] = []
    replies: list[Reply] = []
    # A sentence for a person, when the message cannot be used.
    rejected: str | None = None
    outputs: list[OutputState] = []
    answers: list[Answer] = []


class UnusableMessageError(ValueError):
    """The message cannot be used; the text is one sentence that says why."""


class Family(Protocol):
    """
    One kind of device: knows its topics, reads its messages.

    `own_topics` are MQTT topic filters of messages that need the state of those before
    (births, fragments, partial sets) or that devices publish retained: one process
    hears them all. Any process may decode the others alone.
    """

    name: str
    own_topics: tuple[str, ...]

    def knows(self, topic: str) -> bool:
        """Return whether messages of this topic are of this family."""

    def decode(self, message: Message) -> Decoded:
        """Read one message; raise UnusableMessageError where it cannot be used."""


@runtime_checkable
class RecognisesContent(Protocol):
    """A family whose topics the user chooses: told by what a message looks like."""

    def recognises(self, message: Message) -> bool:
        """Return whether this message, of a topic nobody knows, is of this family."""


@runtime_checkable
class Announced(Protocol):
    """
    A family whose devices announce what their topics mean, retained.

    `announcements` are topic filters that every process hears; nothing of these
    messages is stored.
    """

    announcements: tuple[str, ...]


class Command(msgspec.Struct, frozen=True):
    """
    What is asked of a device.

    `topic` is one by which the device was heard. `request` is a number that the
    device's answer may carry back. Outputs are numbered from 1.
    """

    device: str
    action: Action
    topic: str
    request: int
    output: int = 1
    interval_s: float | None = None


class Outgoing(msgspec.Struct, frozen=True):
    """A message to publish."""

    topic: str
    payload: bytes


class CannotCommandError(ValueError):
    """The family cannot do what is asked; the text is one sentence that says why."""


@runtime_checkable
class Commandable(Protocol):
    """
    A family that devices can be told things by.

    `reports_outputs` says whether devices report the state of their outputs: only
    then is `toggle` allowed, and only then is a command confirmed by what it did.
    """

    actions: ClassVar[frozenset[Action]]
    reports_outputs: ClassVar[bool]

    def encode(self, command: Command) -> list[Outgoing]:
        """Return the messages that do it; raise CannotCommandError."""
