"""The three engines of one stack: those embedded, and those given from outside."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from energy_site.embedded.accounts import Account
from energy_site.embedded.console import CannotContinueError
from energy_site.embedded.credentials import Credentials
from energy_site.embedded.engines import mosquitto, postgres_programs, valkey
from energy_site.embedded.engines.amqtt.server import Amqtt
from energy_site.embedded.engines.broker import BrokerServer
from energy_site.embedded.engines.mosquitto import Mosquitto
from energy_site.embedded.engines.postgres import Postgres
from energy_site.embedded.engines.server import Server
from energy_site.embedded.engines.valkey import Valkey
from energy_site.embedded.given import Given
from energy_site.embedded.places import Places
from energy_site.embedded.ports import LOOPBACK

BROKERS = ("mosquitto", "amqtt")


@dataclass
class Stack:
    """Engines of ours, each None where an environment variable names another."""

    given: Given
    postgres: Postgres | None
    valkey: Valkey | None
    broker: BrokerServer | None

    @property
    def servers(self) -> list[Server]:
        """Return our engines, in the order in which they start."""
        every = (self.postgres, self.valkey, self.broker)
        return [server for server in every if server is not None]

    def mqtt_url(self, login: str) -> str:
        """Return the broker's URL for a login; a broker given from outside has one."""
        if self.broker is not None:
            return self.broker.url_for(login)
        return self.given.get("MQTT_URL") or ""

    def environment(self) -> dict[str, str]:
        """Return the variables by which any program finds the engines."""
        given = self.given
        database = self.postgres.url if self.postgres else given.get("DATABASE_URL")
        redis = self.valkey.url if self.valkey else given.get("REDIS_URL")
        return {
            "DATABASE_URL": database or "",
            "REDIS_URL": redis or "",
            "MQTT_URL": self.mqtt_url("portal"),
            "METER_MQTT_URL": given.get("METER_MQTT_URL") or self.mqtt_url("meters"),
        }


def choose_broker(wanted: str | None) -> str:
    """Return which broker to run: Mosquitto where there is one."""
    found = mosquitto.installed_program() is not None
    if wanted == "mosquitto" and not found:
        message = "Mosquitto is not installed: install it, or use --broker amqtt."
        raise CannotContinueError(message)
    return wanted or ("mosquitto" if found else "amqtt")


def build(
    *,
    places: Places,
    account: Account | None,
    credentials: Credentials,
    given: Given,
    port_for: Callable[[str, str], int],
    listen: str = LOOPBACK,
    broker: str | None = None,
    durable: bool = True,
) -> Stack:
    """Return the engines, none of them prepared or started yet."""
    stack = Stack(given, None, None, None)
    if given.get("DATABASE_URL") is None:
        stack.postgres = Postgres(
            places.engine("postgres"),
            credentials=credentials,
            port=port_for("postgres", LOOPBACK),
            account=account,
            programs=postgres_programs.programs_for(account, outside=places.programs),
            durable=durable,
        )
    if given.get("REDIS_URL") is None:
        stack.valkey = Valkey(
            places.engine("valkey"),
            credentials=credentials,
            port=port_for("valkey", LOOPBACK),
            account=account,
            program=valkey.program_for(account, outside=places.programs),
            durable=durable,
        )
    if given.get("MQTT_URL") is None:
        port = port_for("broker", listen)
        stack.broker = _broker(
            choose_broker(broker), places, account, credentials, listen, port
        )
    return stack


def _broker(
    kind: str,
    places: Places,
    account: Account | None,
    credentials: Credentials,
    listen: str,
    port: int,
) -> BrokerServer:
    if kind == "mosquitto":
        return Mosquitto(
            places.engine(kind),
            credentials=credentials,
            port=port,
            address=listen,
            account=account,
        )
    # Runs in our own Python, which the engines' user may not be able to reach.
    folder: Path = places.var / kind
    return Amqtt(folder, credentials=credentials, port=port, address=listen)
