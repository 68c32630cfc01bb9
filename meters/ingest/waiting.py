"""What has come from the broker and is not written yet."""

import threading
from collections import deque

from meters.broker import Incoming

# Beyond either, reading stops: then it is the broker that keeps what comes.
MOST_MESSAGES = 20_000
MOST_BYTES = 64 * 2**20
# A transaction of more messages gains nothing.
LARGEST_BATCH = 5_000

# (generation of the connection, message)
Waiting = tuple[int, Incoming]


class WaitingMessages:
    """
    Takes messages in the network thread, gives batches to the writer.

    The network thread shares the interpreter's lock with the writer, so taking a
    message is an append and little more.
    """

    def __init__(self) -> None:
        self._messages: deque[Waiting] = deque()
        self._arrived = threading.Event()
        self._room = threading.Event()
        self._room.set()
        # One counter a thread, so that neither needs a lock.
        self._bytes_in = 0
        self._bytes_out = 0
        self._oldest_generation = 0
        self._closed = False

    def __len__(self) -> int:
        return len(self._messages)

    def put(self, generation: int, message: Incoming) -> None:
        """Take a message; wait where too much is waiting already."""
        self._messages.append((generation, message))
        self._bytes_in += len(message.payload)
        if not self._arrived.is_set():
            self._arrived.set()
        if self._is_full() and not self._closed:
            self._room.clear()
            # The writer may have made room in between.
            if self._is_full():
                self._room.wait()

    def connected(self, generation: int, session_resumed: bool) -> None:
        """Begin a connection.

        Where the broker resumes the session, what it sent before and was not
        acknowledged comes again: `take` leaves that out. Where the session is lost,
        nothing comes again, and what waits is all there is.
        """
        if session_resumed:
            self._oldest_generation = generation

    def take(self, *, timeout_s: float) -> list[Waiting]:
        """Return what has gathered, at most a batch; empty after `timeout_s`."""
        if not self._messages:
            self._arrived.wait(timeout_s)
        self._arrived.clear()
        count = min(len(self._messages), LARGEST_BATCH)
        batch = [self._messages.popleft() for _ in range(count)]
        self._bytes_out += sum(len(message.payload) for _, message in batch)
        if self._messages:
            self._arrived.set()
        if not self._is_full():
            self._room.set()
        oldest = self._oldest_generation
        return [item for item in batch if item[0] >= oldest or item[1].qos == 0]

    def close(self) -> None:
        """Let a waiting network thread go, and wake the writer."""
        self._closed = True
        self._room.set()
        self._arrived.set()

    def _is_full(self) -> bool:
        return (
            len(self._messages) >= MOST_MESSAGES
            or self._bytes_in - self._bytes_out >= MOST_BYTES
        )
