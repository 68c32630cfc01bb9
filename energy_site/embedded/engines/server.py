"""One server process: prepared, started, asked whether it is ready, stopped."""

import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from energy_site.embedded.accounts import Account
from energy_site.embedded.console import CannotContinueError
from energy_site.embedded.ports import LOOPBACK, any_free

_PAUSE = 0.05


class NotReadyError(Exception):
    """The server does not answer yet."""


class Server(ABC):
    """A server with a folder of its own; runs by itself or under a supervisor."""

    name: ClassVar[str]
    # What people call it.
    title: ClassVar[str]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    # How long an orderly stop may take. [s]
    patience: ClassVar[int] = 30

    def __init__(
        self,
        directory: Path,
        *,
        port: int | None = None,
        address: str = LOOPBACK,
        account: Account | None = None,
    ) -> None:
        self.directory = directory
        self.address = address
        self.port = any_free(address=address) if port is None else port
        self.account = account
        self.process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def prepare(self) -> None:
        """Make the folder and the configuration; may be called again."""

    @abstractmethod
    def command(self) -> list[str]:
        """Return the program and its arguments; it stays in the foreground."""

    @abstractmethod
    def check(self) -> None:
        """Use the server as a client would, or raise ``NotReadyError``."""

    def environment(self) -> Mapping[str, str]:
        """Return what the process needs in its environment beyond ours."""
        return {}

    @property
    def log(self) -> Path:
        """Return the file that an unsupervised server writes to."""
        return self.directory.parent / f"{self.directory.name}.log"

    @property
    def local_address(self) -> str:
        """Return the address at which programs of this machine reach the server."""
        return {"0.0.0.0": LOOPBACK, "::": "::1"}.get(self.address, self.address)  # noqa: S104

    def start(self, *, timeout: float = 60) -> None:
        """Start the server by itself and wait until it answers."""
        self.prepare()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                env={**os.environ, **self.environment()},
                # Ctrl-C reaches us alone: engines stop last, and in order.
                start_new_session=True,
                user=self.account.uid if self.account else None,
                group=self.account.gid if self.account else None,
                extra_groups=[] if self.account else None,
            )
        self.wait_ready(timeout=timeout)

    def wait_ready(self, *, timeout: float = 60) -> None:
        """Wait until the server answers a client."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.check()
            except NotReadyError as error:
                reason = str(error)
            else:
                return
            if self.process is not None and self.process.poll() is not None:
                raise CannotContinueError(self._ended())
            if time.monotonic() > deadline:
                message = f"{self.name} does not answer: {reason}"
                raise CannotContinueError(message)
            time.sleep(_PAUSE)

    def stop(self) -> None:
        """Stop the server in an orderly way; with force when it takes too long."""
        if self.process is None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(timeout=self.patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def kill(self) -> None:
        """End the server as a power cut would."""
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self.process = None

    def own(self, path: Path) -> None:
        """Give a file or folder to the user that the server runs as."""
        if self.account is not None:
            os.chown(path, *self.account.ids)

    def make_directory(self, directory: Path) -> None:
        """Make a folder that only the server's user may enter."""
        if not directory.is_dir():
            directory.mkdir(parents=True)
            directory.chmod(0o700)
            self.own(directory)

    def _ended(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        last = lines[-1] if lines else "it wrote nothing"
        return f"{self.name} ended at once: {last} (see {self.log})"
