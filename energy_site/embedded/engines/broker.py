"""What both MQTT brokers have in common: their logins, and how tests drive them."""

import uuid
from pathlib import Path
from typing import ClassVar, Protocol

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from energy_site.embedded.accounts import Account
from energy_site.embedded.credentials import Credentials
from energy_site.embedded.engines.server import NotReadyError, Server
from energy_site.embedded.ports import LOOPBACK

# What each login may do on every topic. A stolen meter's password reads nothing.
LOGINS = {"meters": "write", "ingest": "read", "portal": "readwrite"}
# The largest message the broker takes; a meter's has a few kilobytes. [bytes]
LARGEST_MESSAGE = 16 * 1024 * 1024
_ANSWER_WITHIN = 5.0


class Broker(Protocol):
    """An MQTT broker that can be started on a free port."""

    kind: ClassVar[str]
    port: int

    def start(self, *, timeout: float = 60) -> None:
        """Start it and wait until the ingest login is let in."""

    def stop(self) -> None:
        """Stop it in an orderly way."""

    def kill(self) -> None:
        """End it as a power cut would."""

    def url_for(self, login: str) -> str:
        """Return the ``mqtt://`` URL of one of the logins."""


class BrokerServer(Server):
    """A broker with three logins of its own from the start."""

    name: ClassVar[str] = "broker"
    kind: ClassVar[str]

    def __init__(
        self,
        directory: Path,
        *,
        credentials: Credentials,
        port: int | None = None,
        address: str = LOOPBACK,
        account: Account | None = None,
    ) -> None:
        super().__init__(directory, port=port, address=address, account=account)
        self.credentials = credentials

    def url_for(self, login: str) -> str:
        """Return the ``mqtt://`` URL of one of the logins."""
        host = self.local_address
        host = f"[{host}]" if ":" in host else host
        return f"mqtt://{login}:{self.credentials.of_login(login)}@{host}:{self.port}"

    def check(self) -> None:
        refused: list[str] = []
        # A name of its own and a clean session: nobody's session is taken over.
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=f"ready-{uuid.uuid4().hex}"
        )
        client.username_pw_set("ingest", self.credentials.ingest)
        client.connect_timeout = _ANSWER_WITHIN
        answered: list[bool] = []

        def on_connect(*arguments: object) -> None:
            reason = arguments[3]
            answered.append(not getattr(reason, "is_failure", True))
            refused.append(str(reason))

        client.on_connect = on_connect
        try:
            client.connect(self.local_address, self.port)
            for _ in range(int(_ANSWER_WITHIN / 0.1)):
                if answered or client.loop(0.1) != mqtt.MQTT_ERR_SUCCESS:
                    break
            client.disconnect()
        except OSError as error:
            raise NotReadyError(str(error)) from error
        if answered != [True]:
            raise NotReadyError(refused[0] if refused else "it does not answer CONNECT")
