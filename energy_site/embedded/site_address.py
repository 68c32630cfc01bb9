"""Under which addresses people reach the site."""

import socket
from dataclasses import dataclass

import psutil

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  # names them, binds nothing


@dataclass(frozen=True)
class SiteAddress:
    """Where the site listens."""

    listen: str
    port: int

    @property
    def hosts(self) -> list[str]:
        """Return the names people may use, the best one first."""
        if self.listen not in _EVERYWHERE:
            return [self.listen]
        return machine_addresses() or ["127.0.0.1"]

    @property
    def url(self) -> str:
        """Return the URL to give to people."""
        return self._url(self.hosts[0])

    @property
    def urls(self) -> list[str]:
        """Return every URL the site answers on."""
        return [self._url(host) for host in self.hosts]

    @property
    def local_host(self) -> str:
        """Return the address at which this machine itself reaches the site."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.listen, self.listen)  # noqa: S104

    def allowed_hosts(self) -> str:
        """Return what Django is to answer to."""
        names = {*self.hosts, "127.0.0.1", "localhost"}
        if self.listen in _EVERYWHERE:
            names.add(socket.gethostname())
        return ",".join(sorted(_bracketed(name) for name in names))

    def _url(self, host: str) -> str:
        return f"http://{_bracketed(host)}:{self.port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def machine_addresses() -> list[str]:
    """Return this machine's addresses in its networks."""
    return [
        address.address
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family == socket.AF_INET
        and not address.address.startswith(("127.", "169.254."))
    ]
