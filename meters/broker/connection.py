"""One connection to a broker, and what the broker can do."""

import ssl
import time
from typing import Any, TypeVar

from paho.mqtt.client import Client, ConnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from meters.broker.address import BrokerAddress, BrokerError

AnyClient = TypeVar("AnyClient", bound=Client)

KEEPALIVE_S = 60
LONGEST_PAUSE_S = 60


def new_client(
    address: BrokerAddress,
    *,
    client_id: str,
    protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv311,
) -> Client:
    """Return a client with login and TLS set up, not yet connected, for one session."""
    return prepare(
        Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            # MQTT 5 says it when connecting.
            clean_session=None if protocol == MQTTProtocolVersion.MQTTv5 else True,
            protocol=protocol,
        ),
        address,
    )


def prepare(client: AnyClient, address: BrokerAddress) -> AnyClient:
    """Return the client with the address's login and TLS set up."""
    if address.username is not None:
        client.username_pw_set(address.username, address.password)
    if address.tls:
        client.tls_set_context(ssl.create_default_context())
    client.reconnect_delay_set(1, LONGEST_PAUSE_S)
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
        client.connect(address.host, address.port, keepalive=KEEPALIVE_S)
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
