"""Publishes as meters do: QoS 1, one connection, knowing what is acknowledged."""

import threading
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode

from meters.broker import BrokerAddress, new_client
from meters.families import acrel_json_v2

TOPIC = "platform/acrel/meter/json-v2/analog/0000"
# Of large messages, so many bytes may be on their way at once.
_WINDOW_BYTES = 2 * 2**20
# And so many a second at most: the broker keeps what the portal has not yet taken, and
# a small one has room for 64 MB. [bytes/s]
_LARGE_BYTES_PER_S = 8e6
# While the broker is away, so many messages wait; further ones are lost.
_MOST_WAITING = 50_000

Instants = Mapping[datetime, Mapping[str, float]]


class Publisher:
    """Publishes readings to one broker; reconnects by itself."""

    def __init__(self, address: BrokerAddress, *, client_id: str) -> None:
        self._address = address
        self._client = new_client(address, client_id=client_id)
        self._client.max_inflight_messages_set(200)
        self._client.max_queued_messages_set(_MOST_WAITING)
        self._client.on_publish = self._on_publish
        # Sizes of the messages that are not acknowledged, by their number.
        self._on_their_way: dict[int, int] = {}
        # Acknowledged before they were noted.
        self._early: set[int] = set()
        self._changed = threading.Condition()
        self._next_large = 0.0

    def start(self) -> None:
        """Begin to connect; what is published before waits."""
        self._client.connect_async(self._address.host, self._address.port)
        self._client.loop_start()

    def publish(self, serial: str, instants: Instants) -> int:
        """Publish a message and return at once; return its size. [bytes]"""
        payload = acrel_json_v2.encode(serial, instants)
        # Not within the lock: the client holds one of its own when it calls back.
        sent = self._client.publish(TOPIC, payload, qos=1)
        with self._changed:
            if sent.mid in self._early:
                self._early.remove(sent.mid)
            elif sent.rc != MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:
                self._on_their_way[sent.mid] = len(payload)
        return len(payload)

    def publish_patiently(
        self, serial: str, instants: Instants, stopping: threading.Event
    ) -> None:
        """Publish a large message, once those before it have arrived."""
        pause_s = self._next_large - time.monotonic()
        if pause_s > 0 and stopping.wait(pause_s):
            return
        with self._changed:
            while self._bytes_on_their_way > _WINDOW_BYTES and not stopping.is_set():
                self._changed.wait(0.5)
        size = self.publish(serial, instants)
        begun = max(self._next_large, time.monotonic() - 0.2)
        self._next_large = begun + size / _LARGE_BYTES_PER_S

    def settle(self, stopping: threading.Event | None = None) -> bool:
        """
        Wait for what is on its way; return whether all has arrived.

        A moment only where there is no event that could end it.
        """
        deadline = time.monotonic() + 2.0
        with self._changed:
            while self._on_their_way:
                if stopping.is_set() if stopping else time.monotonic() > deadline:
                    break
                self._changed.wait(0.1)
            return not self._on_their_way

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def _bytes_on_their_way(self) -> int:
        return sum(self._on_their_way.values())

    def _on_publish(self, _client: Client, _data: Any, mid: int, *_rest: Any) -> None:
        with self._changed:
            if self._on_their_way.pop(mid, None) is None:
                self._early.add(mid)
            self._changed.notify_all()
