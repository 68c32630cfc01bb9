"""Where the broker is."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit


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
