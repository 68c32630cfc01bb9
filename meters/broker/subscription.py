"""A persistent session that comes back for ever."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from meters.broker.address import BrokerAddress, BrokerError
from meters.broker.connection import (
    KEEPALIVE_S,
    LONGEST_PAUSE_S,
    prepare,
    speaks_mqtt_5,
)
from meters.broker.receiver import Incoming, Receiver

logger = logging.getLogger(__name__)

# A week: how long a broker keeps what an absent session has not received.
SESSION_EXPIRY_S = 7 * 24 * 3600
# How many messages may be under way unacknowledged (Mosquitto wraps packet ids beyond).
RECEIVE_MAXIMUM = 10_000


class Subscription:
    """
    A persistent QoS 1 session that comes back for ever.

    Speaks MQTT 5 where the broker does. `on_message` is called in the network thread
    with the connection's generation and the message. The generation grows with each
    connection: packet ids are used anew after a reconnect. `on_connect` is called with
    the new generation and whether the broker still had the session.
    """

    def __init__(
        self,
        address: BrokerAddress,
        *,
        client_id: str,
        topics: list[str],
        leaving: Sequence[str] = (),
        on_message: Callable[[int, Incoming], None],
        on_connect: Callable[[int, bool], None],
    ) -> None:
        self.address = address
        self.client_id = client_id
        self._topics = topics
        self._leaving = leaving
        self._deliver = on_message
        self._connected = on_connect
        self._generation = 1
        # Held while acknowledgements are queued, so that none slips into the next
        # connection: paho empties its queue between the two.
        self._changing = threading.Lock()
        self._client: Receiver | None = None
        self._stopping = threading.Event()

    def start(self) -> None:
        """Connect, and keep trying with growing pauses until `give_up` or `stop`."""
        is_v5 = self._find_version()
        if is_v5 is None:
            return
        client = prepare(
            Receiver(
                CallbackAPIVersion.VERSION2,
                client_id=self.client_id,
                # MQTT 5 says it when connecting.
                clean_session=None if is_v5 else False,
                protocol=(
                    MQTTProtocolVersion.MQTTv5
                    if is_v5
                    else MQTTProtocolVersion.MQTTv311
                ),
            ),
            self.address,
        )
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message_of_qos_2
        client.deliver = self._on_message
        self._client = client
        # paho refuses these arguments for MQTT 3.1.1.
        more: dict[str, Any] = {}
        if is_v5:
            more = {"clean_start": False, "properties": _session_properties()}
        client.connect_async(
            self.address.host, self.address.port, keepalive=KEEPALIVE_S, **more
        )
        client.loop_start()

    def acknowledge(self, generation: int, messages: list[Incoming]) -> None:
        """Acknowledge messages of this connection; those of an older come again."""
        with self._changing:
            if self._client is not None and generation == self._generation:
                self._client.acknowledge(messages)

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish with QoS 1, by the same connection; does not wait for the broker."""
        if self._client is not None:
            self._client.publish(topic, payload, qos=1)

    def give_up(self) -> None:
        """End the waiting in `start`; safe to call from a signal handler."""
        self._stopping.set()

    def stop(self) -> None:
        """Send what is still to be sent, say goodbye, keep the session."""
        self._stopping.set()
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()

    def _find_version(self) -> bool | None:
        """Ask until the broker is there; None when stopped before."""
        pause_s = 1.0
        while not self._stopping.is_set():
            try:
                return speaks_mqtt_5(self.address)
            except BrokerError as error:
                logger.warning("%s Next try in %.0f s.", error, pause_s)
            self._stopping.wait(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        return None

    def _on_connect(
        self,
        client: Client,
        _data: Any,
        flags: ConnectFlags,
        code: ReasonCode,
        _properties: Any,
    ) -> None:
        if code.is_failure:
            logger.error("The broker at %s refuses us: %s.", self.address, code)
            return
        self._connected(self._generation, flags.session_present)
        if self._topics:
            client.subscribe([(topic, 1) for topic in self._topics])
        # Afterwards: what both hear is heard all the time.
        if self._leaving:
            client.unsubscribe(list(self._leaving))
        logger.info(
            "Connected to the broker at %s as %s%s.",
            self.address,
            self.client_id,
            ", session resumed" if flags.session_present else "",
        )

    def _on_disconnect(
        self,
        _client: Client,
        _data: Any,
        _flags: DisconnectFlags,
        code: ReasonCode,
        _properties: Any,
    ) -> None:
        with self._changing:
            self._generation += 1
        if self._client is not None:
            self._client.forget()
        if not self._stopping.is_set():
            logger.warning("The broker at %s is away: %s.", self.address, code)

    def _on_message(self, message: Incoming) -> None:
        self._deliver(self._generation, message)

    def _on_message_of_qos_2(
        self, _client: Client, _data: Any, message: MQTTMessage
    ) -> None:
        # Subscribed with QoS 1 at most, so a broker sends none; if one does, paho has
        # acknowledged it already.
        self._on_message(
            Incoming(
                message._topic,
                bytes(message.payload),
                0,
                0,
                message.dup,
                message.retain,
                time.time_ns() // 1000,
            )
        )


def _session_properties() -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = SESSION_EXPIRY_S
    properties.ReceiveMaximum = RECEIVE_MAXIMUM
    return properties
