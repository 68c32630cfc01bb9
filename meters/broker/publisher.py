"""Publishes commands: one message, and the broker's word that it has it.

The connection never sends anything a second time: where it is lost, so is what was not
acknowledged. A command that goes out minutes later could surprise somebody.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from meters.broker.address import BrokerAddress, BrokerError
from meters.broker.connection import KEEPALIVE_S, prepare, speaks_mqtt_5

logger = logging.getLogger(__name__)

ACKNOWLEDGED_WITHIN_S = 5.0
_CONNECTED_WITHIN_S = 5.0


class RefusedByBrokerError(BrokerError):
    """The broker did not take the message; nobody has received it."""


class UnacknowledgedError(BrokerError):
    """Nobody knows whether the broker has the message."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A reply that is waited for, and what to do when it comes."""

    topic: str
    until: datetime
    fits: Callable[[bytes], bool]
    take: Callable[[], None]


class CommandPublisher:
    """
    One connection, made when it is first wanted and again when it is lost.

    `clock` tells the time, by which replies that never came are forgotten.
    """

    def __init__(
        self, address: BrokerAddress, *, clock: Callable[[], datetime]
    ) -> None:
        self._address = address
        self._clock = clock
        # One command at a time: each waits for its own acknowledgement.
        self._lock = threading.Lock()
        self._changed = threading.Condition()
        self._client: Client | None = None
        self._is_v5: bool | None = None
        self._connected: ReasonCode | None = None
        self._acknowledged: dict[int, ReasonCode] = {}
        self._subscribed: set[int] = set()
        self._expected: list[Expected] = []

    def connect(self) -> None:
        """Be connected, or raise BrokerError; nothing is published."""
        with self._lock:
            if self._client is not None and self._client.is_connected():
                return
            self._close()
            self._open()

    def publish(self, topic: str, payload: bytes, *, expires_in_s: float) -> None:
        """
        Publish with QoS 1, and return when the broker has acknowledged.

        A broker that speaks MQTT 5 drops the message after `expires_in_s` where the
        device is away.

        Raises
        ------
        RefusedByBrokerError
            The broker has not taken it, or there is no connection.
        UnacknowledgedError
            It went out, and no acknowledgement came.
        """
        with self._lock:
            client = self._client
            if client is None or not client.is_connected():
                raise RefusedByBrokerError(
                    f"There is no connection to the broker at {self._address}."
                )
            properties = _expiry(expires_in_s) if self._is_v5 else None
            with self._changed:
                self._acknowledged.clear()
            sent = client.publish(topic, payload, qos=1, properties=properties)
            if sent.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._close()
                raise UnacknowledgedError(
                    "The connection to the broker was lost while publishing."
                )
            self._await_acknowledgement(client, sent.mid)

    def expect(self, expected: Expected) -> None:
        """Listen for a reply from now on; raise BrokerError where that fails."""
        with self._lock:
            client = self._client
            if client is None:
                raise RefusedByBrokerError("There is no connection to the broker.")
            now = self._clock()
            with self._changed:
                self._expected = [e for e in self._expected if e.until > now]
                self._expected.append(expected)
            code, mid = client.subscribe(expected.topic, qos=1)
            with self._changed:
                is_there = code == MQTTErrorCode.MQTT_ERR_SUCCESS and (
                    self._changed.wait_for(
                        lambda: mid in self._subscribed, ACKNOWLEDGED_WITHIN_S
                    )
                )
                self._subscribed.discard(mid or 0)
            if not is_there:
                raise RefusedByBrokerError(
                    f"The broker does not let the portal listen to {expected.topic}."
                )

    def close(self) -> None:
        """Say goodbye."""
        with self._lock:
            self._close()

    def _open(self) -> None:
        if self._is_v5 is None:
            self._is_v5 = speaks_mqtt_5(self._address)
        client = prepare(
            Client(
                CallbackAPIVersion.VERSION2,
                client_id="",
                clean_session=None if self._is_v5 else True,
                protocol=(
                    MQTTProtocolVersion.MQTTv5
                    if self._is_v5
                    else MQTTProtocolVersion.MQTTv311
                ),
                reconnect_on_failure=False,
            ),
            self._address,
        )
        client.connect_timeout = _CONNECTED_WITHIN_S
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        self._connected = None
        try:
            client.connect(
                self._address.host, self._address.port, keepalive=KEEPALIVE_S
            )
        except OSError as error:
            raise BrokerError(
                f"The broker at {self._address} cannot be reached: {error}."
            ) from error
        client.loop_start()
        self._client = client
        with self._changed:
            self._changed.wait_for(
                lambda: self._connected is not None, _CONNECTED_WITHIN_S
            )
            code = self._answered()
            topics = {expected.topic for expected in self._expected}
        if code is None or code.is_failure:
            self._close()
            answer = "no answer" if code is None else str(code)
            raise BrokerError(
                f"The broker at {self._address} refuses the connection: {answer}."
            )
        for topic in topics:
            client.subscribe(topic, qos=1)

    def _close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def _await_acknowledgement(self, client: Client, mid: int) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: mid in self._acknowledged or not client.is_connected(),
                ACKNOWLEDGED_WITHIN_S,
            )
            code = self._acknowledged.pop(mid, None)
        if code is None:
            # With it goes what paho would send again.
            self._close()
            raise UnacknowledgedError(
                "The broker did not acknowledge it; the device may have it or not."
            )
        if code.is_failure:
            raise RefusedByBrokerError(f"The broker refused it: {code}.")

    # --- In the network thread --------------------------------------------------------

    def _answered(self) -> ReasonCode | None:
        """Return the broker's answer, which the network thread has set."""
        return self._connected

    def _on_connect(
        self, _c: Client, _d: Any, _f: ConnectFlags, code: ReasonCode, _p: Any
    ) -> None:
        with self._changed:
            self._connected = code
            self._changed.notify_all()

    def _on_disconnect(
        self, _c: Client, _d: Any, _f: DisconnectFlags, code: ReasonCode, _p: Any
    ) -> None:
        if code.is_failure:
            logger.warning("The connection to the broker is lost: %s.", code)
        with self._changed:
            self._changed.notify_all()

    def _on_publish(
        self, _c: Client, _d: Any, mid: int, code: ReasonCode, _p: Any
    ) -> None:
        with self._changed:
            self._acknowledged[mid] = code
            self._changed.notify_all()

    def _on_subscribe(
        self, _c: Client, _d: Any, mid: int, codes: list[ReasonCode], _p: Any
    ) -> None:
        with self._changed:
            if not any(code.is_failure for code in codes):
                self._subscribed.add(mid)
            self._changed.notify_all()

    def _on_message(self, _c: Client, _d: Any, message: MQTTMessage) -> None:
        # A retained one was said before the question.
        if message.retain:
            return
        now = self._clock()
        with self._changed:
            fitting = [
                expected
                for expected in self._expected
                if expected.topic == message.topic
                and expected.until > now
                and expected.fits(bytes(message.payload))
            ]
            self._expected = [e for e in self._expected if e not in fitting]
        for expected in fitting:
            expected.take()


def _expiry(seconds: float) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.MessageExpiryInterval = max(1, int(seconds))
    return properties
