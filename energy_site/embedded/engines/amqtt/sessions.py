"""What the amqtt broker keeps for each client: its outbox, and a snapshot of all.

Plain data structures, without a socket: ``amqtt_broker`` moves the bytes.
"""

import os
from collections import deque
from pathlib import Path

import msgspec

# As many as Mosquitto is told to have under way. [messages]
WINDOW = 10_000
_PACKET_IDS = 65_535


class Message(msgspec.Struct, array_like=True):
    """One message on its way to one client."""

    topic: str
    data: bytes
    qos: int
    retain: bool = False
    # Sent before: a second time it carries the DUP flag.
    sent: bool = False


class Outbox:
    """The messages one client has not acknowledged yet, oldest first."""

    def __init__(self, owner: str, *, room: int) -> None:
        self.owner = owner
        # How much may wait. [bytes]
        self.room = room
        self.waiting: deque[Message] = deque()
        self.unacknowledged: dict[int, Message] = {}
        self._again: deque[int] = deque()
        self._last_id = 0

    def put(self, message: Message) -> bool:
        """Add a message; tell whether there was room for it."""
        if len(message.data) > self.room:
            return False
        self.room -= len(message.data)
        self.waiting.append(message)
        return True

    def connected(self) -> None:
        """Begin a connection: what the last one left unacknowledged comes first."""
        self._again = deque(self.unacknowledged)

    def disconnected(self) -> None:
        """End a connection: QoS 0 is for those who are there."""
        kept: deque[Message] = deque()
        for message in self.waiting:
            if message.qos:
                kept.append(message)
            else:
                self.room += len(message.data)
        self.waiting = kept
        self._again.clear()

    def next(self) -> tuple[int | None, Message] | None:
        """Return what to send now and its packet id, or None to wait."""
        while self._again:
            packet_id = self._again.popleft()
            if packet_id in self.unacknowledged:
                return packet_id, self.unacknowledged[packet_id]
        if not self.waiting or len(self.unacknowledged) >= WINDOW:
            return None
        message = self.waiting.popleft()
        if not message.qos:
            self.room += len(message.data)
            return None, message
        packet_id = self._free_id()
        self.unacknowledged[packet_id] = message
        return packet_id, message

    def acknowledge(self, packet_id: int) -> None:
        """Forget a message that the client has taken over."""
        message = self.unacknowledged.pop(packet_id, None)
        if message is not None:
            self.room += len(message.data)

    def everything(self) -> list[Message]:
        """Return all that must survive, in order."""
        waiting = [message for message in self.waiting if message.qos]
        return [*self.unacknowledged.values(), *waiting]

    def _free_id(self) -> int:
        for _ in range(_PACKET_IDS):
            self._last_id = self._last_id % _PACKET_IDS + 1
            if self._last_id not in self.unacknowledged:
                break
        return self._last_id


class StoredSession(msgspec.Struct):
    """A client that is expected back."""

    client_id: str
    owner: str
    subscriptions: list[tuple[str, int]]
    messages: list[Message]


class Snapshot(msgspec.Struct):
    """All that the broker keeps over a restart."""

    sessions: list[StoredSession] = []
    retained: list[Message] = []

    @classmethod
    def load(cls, path: Path) -> "Snapshot":
        """Read a snapshot; there is none before the first one is written."""
        try:
            return msgspec.msgpack.decode(path.read_bytes(), type=cls)
        except FileNotFoundError:
            return cls()

    def save(self, path: Path) -> None:
        """Replace the file: whole, or not at all."""
        fresh = path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.msgpack.encode(self))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
