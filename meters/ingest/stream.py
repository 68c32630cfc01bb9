"""One session at the broker, from its messages to the database."""

import logging
import threading
import time
from collections.abc import Callable

from paho.mqtt.client import Client

from meters.broker import BrokerAddress, Incoming, Subscription, new_client
from meters.ingest.live_writer import LiveWriter
from meters.ingest.waiting import WaitingMessages
from meters.ingest.writer import Writer

logger = logging.getLogger(__name__)

# A backlog comes without pauses as long as this. [s]
_QUIET_S = 3.0
_CHECK_EVERY_S = 0.2
_CONNECT_WITHIN_S = 30.0


class Stream:
    """Subscribes by a fixed name, stores what comes, and acknowledges it."""

    def __init__(
        self,
        address: BrokerAddress,
        *,
        name: str,
        topics: list[str],
        leaving: list[str] | None = None,
        leaves_out: Callable[[str], bool] = lambda _topic: False,
    ) -> None:
        """
        Parameters
        ----------
        name : str
            The client id; fixed, for the session's sake.
        topics, leaving : list of str
            Topic filters to subscribe to, and to unsubscribe from.
        leaves_out : callable
            Tells of a topic whether it is another process that stores its messages.
        """
        self._address = address
        self._topics = topics
        self._leaving = leaving or []
        self.name = name
        self.count = 0
        self.had_session: bool | None = None
        self._last_message = time.monotonic()
        self._waiting = WaitingMessages()
        self._live = LiveWriter()
        self._subscription = Subscription(
            address,
            client_id=name,
            topics=topics,
            leaving=self._leaving,
            on_message=self._on_message,
            on_connect=self._on_connect,
        )
        self._writer = Writer(
            waiting=self._waiting,
            live=self._live,
            acknowledge=self._subscription.acknowledge,
            answer=lambda reply: self._subscription.publish(reply.topic, reply.content),
            source=name,
            topics=self._topics_held,
            leaves_out=leaves_out,
        )

    def run(self) -> None:
        """Store until `stop`."""
        self._live.start()
        self._subscription.start()
        self._writer.run()
        self._subscription.stop()
        self._live.stop()

    def stop(self) -> None:
        """End after the batch in hand. Safe to call from a signal handler."""
        self._subscription.give_up()
        self._writer.stop()

    def drain(self) -> bool:
        """
        Store all that the broker keeps for the session, then end the session there.

        Returns whether there was one.
        """
        threading.Thread(target=self._stop_when_quiet, daemon=True).start()
        self.run()
        _end_session(self._address, self.name)
        return bool(self.had_session)

    def _on_message(self, generation: int, message: Incoming) -> None:
        self.count += 1
        self._last_message = time.monotonic()
        self._waiting.put(generation, message)

    def _on_connect(self, generation: int, session_resumed: bool) -> None:
        if self.had_session is None:
            self.had_session = session_resumed
        self._last_message = time.monotonic()
        self._waiting.connected(generation, session_resumed)

    def _topics_held(self) -> list[str]:
        """Return the filters that the session has at the broker."""
        # They are left when it is connected.
        left = self._leaving if self.had_session is None else []
        return [*self._topics, *left]

    def _stop_when_quiet(self) -> None:
        began = time.monotonic()
        while True:
            time.sleep(_CHECK_EVERY_S)
            quiet_s = time.monotonic() - self._last_message
            if self.had_session is None:
                if time.monotonic() - began > _CONNECT_WITHIN_S:
                    break
            elif not self.had_session or (quiet_s > _QUIET_S and not self._writer.busy):
                break
        self.stop()


def _end_session(address: BrokerAddress, name: str) -> None:
    """Connect once with a clean session: the broker forgets the one it kept."""
    client: Client = new_client(address, client_id=name)
    client.connect(address.host, address.port)
    deadline = time.monotonic() + _CONNECT_WITHIN_S
    while not client.is_connected() and time.monotonic() < deadline:
        client.loop(0.1)
    client.disconnect()
