"""Free ports, the same ones at every start."""

import errno
import json
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from energy_site.embedded.console import CannotContinueError
from meters.broker.private_files import write_private

LOOPBACK = "127.0.0.1"
DEFAULTS = {"site": 8000, "broker": 1883, "postgres": 5432, "valkey": 6379}
_TITLES = {
    "site": "the site",
    "broker": "the MQTT broker",
    "postgres": "PostgreSQL",
    "valkey": "Valkey",
}
_TRIED_AFTER_DEFAULT = 100


def is_free(port: int, *, address: str = LOOPBACK) -> bool:
    """Tell whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: connections that only linger must not count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            message = f"Cannot listen on {address} port {port}: {error.strerror}."
            raise CannotContinueError(message) from error
    return True


def any_free(*, address: str = LOOPBACK) -> int:
    """Return a port that the system says is free."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
    return port


def holder(port: int) -> str:
    """Say who listens on a port, as far as we may know."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status != psutil.CONN_LISTEN or connection.pid is None:
                continue
            if connection.laddr and connection.laddr.port == port:
                name = psutil.Process(connection.pid).name()
                return f"{name} (process {connection.pid})"
    except psutil.Error:
        pass
    return "another program"


@dataclass
class Ports:
    """Chooses ports and remembers them in a file, so that they stay the same."""

    kept_in: Path
    chosen: dict[str, int] = field(default_factory=dict)
    # One sentence for each port that is not the usual one because it was taken.
    notes: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, path: Path) -> "Ports":
        """Read what was chosen before; a file that cannot be read chooses anew."""
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            known = {name: int(kept[name]) for name in DEFAULTS if name in kept}
        except (OSError, ValueError, TypeError):
            known = {}
        return cls(path, known)

    def choose(
        self,
        name: str,
        *,
        address: str = LOOPBACK,
        free: Callable[..., bool] = is_free,
    ) -> int:
        """Return the port of the last start where free, else the next free one."""
        default = DEFAULTS[name]
        first = self.chosen.get(name, default)
        port = self._first_free(self._candidates(first, default), address, free)
        if port != first:
            taken = f"Port {first} is taken by {holder(first)}"
            self.notes.append(f"{taken}: {_TITLES[name]} uses {port}.")
        self.chosen[name] = port
        return port

    def save(self) -> None:
        """Keep the choice for the next start."""
        write_private(self.kept_in, json.dumps(self.chosen, indent=1) + "\n")

    def _candidates(self, first: int, default: int) -> Iterable[int]:
        others = {port for name, port in self.chosen.items() if port != first}
        yield first
        for port in range(default, default + _TRIED_AFTER_DEFAULT):
            if port not in others and port != first:
                yield port

    def _first_free(
        self, candidates: Iterable[int], address: str, free: Callable[..., bool]
    ) -> int:
        for port in candidates:
            if free(port, address=address):
                return port
        return any_free(address=address)
