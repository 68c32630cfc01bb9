"""The connection to the MQTT broker: owns the socket, knows nothing of meters."""

import logging
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from paho.mqtt.client import (
    Client,
    ConnectFlags,
    DisconnectFlags,
    MQTTMessage,
    MQTTProtocolVersion,
)
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

logger = logging.getLogger(__name__)

# A week: how long a broker keeps what an absent session has not received.
SESSION_EXPIRY_S = 7 * 24 * 3600
# How many messages may be under way unacknowledged (Mosquitto wraps packet ids beyond).
RECEIVE_MAXIMUM = 10_000
_KEEPALIVE_S = 60
_LONGEST_PAUSE_S = 60


class BrokerError(Exception):
    """The broker cannot be used; the text is one sentence that says why."""


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where a broker is, from a URL like ``mqtt://user:password@host:1883``."""

    host: str
    port: int
    username: str | None
    password: str | None
    tls: bool

    @classmethod
    def of(cls, url: str) -> "BrokerAddress":
        """Read a URL; raise BrokerError where it is none of a broker."""
        parts = urlsplit(url)
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
            raise BrokerError("MQTT_URL must look like mqtt://user:password@host:1883.")
        tls = parts.scheme == "mqtts"
        return cls(
            host=parts.hostname,
            port=parts.port or (8883 if tls else 1883),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            tls=tls,
        )

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def new_client(
    address: BrokerAddress,
    *,
    client_id: str,
    protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv311,
    keep_session: bool = False,
    manual_ack: bool = False,
) -> Client:
    """Return a client with login and TLS set up, not yet connected."""
    is_v5 = protocol == MQTTProtocolVersion.MQTTv5
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        # MQTT 5 says it when connecting.
        clean_session=None if is_v5 else not keep_session,
        protocol=protocol,
        manual_ack=manual_ack,
    )
    if address.username is not None:
        client.username_pw_set(address.username, address.password)
    if address.tls:
        client.tls_set_context(ssl.create_default_context())
    client.reconnect_delay_set(1, _LONGEST_PAUSE_S)
    return client


def speaks_mqtt_5(address: BrokerAddress, *, timeout_s: float = 2.0) -> bool:
    """
    Return whether the broker takes an MQTT 5 connection.

    Raises
    ------
    BrokerError
        It cannot be reached, or it refuses the login.
    """
    answer = _try_connecting(address, MQTTProtocolVersion.MQTTv5, timeout_s)
    if answer == "Success":
        return True
    # An older broker refuses the version, or hangs up on what it does not understand.
    answer = _try_connecting(address, MQTTProtocolVersion.MQTTv311, timeout_s)
    if answer == "Success":
        return False
    raise BrokerError(f"The broker at {address} refuses the connection: {answer}.")


def _try_connecting(
    address: BrokerAddress, protocol: MQTTProtocolVersion, timeout_s: float
) -> str:
    """Connect once and leave; return the broker's answer in words."""
    client = new_client(address, client_id="", protocol=protocol)
    answers: list[str] = []

    def on_connect(
        _client: Client, _data: Any, _flags: ConnectFlags, code: ReasonCode, _p: Any
    ) -> None:
        answers.append(str(code))

    client.on_connect = on_connect
    try:
        client.connect(address.host, address.port, keepalive=_KEEPALIVE_S)
    except OSError as error:
        raise BrokerError(
            f"The broker at {address} cannot be reached: {error}."
        ) from error
    deadline = time.monotonic() + timeout_s
    while not answers and time.monotonic() < deadline:
        if client.loop(0.1) != 0:
            break
    client.disconnect()
    return answers[0] if answers else "it hung up without an answer"


class Subscription:
    """
    A persistent QoS 1 session that comes back for ever.

    Speaks MQTT 5 where the broker does. `on_message` is called in the network thread
    with the message and the connection's generation, which grows by one with each
    connection: packet ids are used anew after a reconnect. `on_connect` is called with
    the new generation and whether the broker still had the session.
    """

    def __init__(
        self,
        address: BrokerAddress,
        *,
        client_id: str,
        topics: list[str],
        on_message: Callable[[int, MQTTMessage], None],
        on_connect: Callable[[int, bool], None],
    ) -> None:
        self.address = address
        self.client_id = client_id
        self.generation = 0
        self._topics = topics
        self._deliver = on_message
        self._connected = on_connect
        self._client: Client | None = None
        self._stopping = threading.Event()

    def start(self) -> None:
        """Connect, and keep trying with growing pauses until `stop`."""
        is_v5 = self._find_version()
        if is_v5 is None:
            return
        protocol = MQTTProtocolVersion.MQTTv5 if is_v5 else MQTTProtocolVersion.MQTTv311
        client = new_client(
            self.address,
            client_id=self.client_id,
            protocol=protocol,
            keep_session=True,
            manual_ack=True,
        )
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        self._client = client
        properties = None
        if is_v5:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = SESSION_EXPIRY_S
            properties.ReceiveMaximum = RECEIVE_MAXIMUM
        client.connect_async(
            self.address.host,
            self.address.port,
            keepalive=_KEEPALIVE_S,
            # paho refuses the argument for MQTT 3.1.1.
            **({"clean_start": False, "properties": properties} if is_v5 else {}),
        )
        client.loop_start()

    def acknowledge(self, generation: int, messages: list[MQTTMessage]) -> None:
        """Acknowledge messages of this connection; those of an older come again."""
        client = self._client
        if client is None:
            return
        for message in messages:
            if generation != self.generation:
                return
            if message.qos:
                client.ack(message.mid, message.qos)

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
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
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
        self.generation += 1
        self._connected(self.generation, flags.session_present)
        client.subscribe([(topic, 1) for topic in self._topics])
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
        if not self._stopping.is_set():
            logger.warning("The broker at %s is away: %s.", self.address, code)

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        self._deliver(self.generation, message)
