"""``run -- COMMAND``: engines for one command, in a folder that is thrown away."""

import os
import shutil
import signal
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType

from energy_site.embedded.accounts import account_of_engines
from energy_site.embedded.console import CannotContinueError
from energy_site.embedded.credentials import Credentials
from energy_site.embedded.engines.server import Server
from energy_site.embedded.given import Given
from energy_site.embedded.places import lay_out
from energy_site.embedded.ports import any_free
from energy_site.embedded.stack import build


def run(
    command: list[str],
    *,
    directory: Path | None,
    broker: str | None,
    durable: bool = False,
) -> int:
    """Start the engines, run a command on them, stop them; return its status."""
    account = account_of_engines()
    home = directory or Path(tempfile.mkdtemp(prefix="energy-site-"))
    places = lay_out(home, account)
    servers: list[Server] = []
    try:
        stack = build(
            places=places,
            account=account,
            credentials=Credentials(),
            # Nothing given counts: tests must not touch anybody's servers.
            given=Given({}),
            port_for=lambda name, address: any_free(address=address),
            broker=broker,
            durable=durable,
        )
        servers = stack.servers
        with ThreadPoolExecutor() as threads:
            list(threads.map(lambda server: server.start(), servers))
        kind = stack.broker.kind if stack.broker else ""
        environment = {**os.environ, **stack.environment(), "BROKER": kind}
        return _run(command, environment)
    finally:
        for server in reversed(servers):
            server.stop()
        if directory is None:
            shutil.rmtree(home, ignore_errors=True)
            if places.engines != places.var:
                shutil.rmtree(places.engines, ignore_errors=True)


def _run(command: list[str], environment: dict[str, str]) -> int:
    try:
        process = subprocess.Popen(command, env=environment)  # noqa: S603
    except OSError as error:
        message = f"Cannot run {command[0]}: {error.strerror}."
        raise CannotContinueError(message) from error

    def pass_on(number: int, frame: FrameType | None) -> None:
        process.send_signal(number)

    before = signal.signal(signal.SIGTERM, pass_on)
    try:
        while True:
            try:
                status = process.wait()
                # As a shell says it: a command ended by signal 9 has status 137.
                return status if status >= 0 else 128 - status
            except KeyboardInterrupt:
                continue  # the command has it too, and decides when to end
    finally:
        signal.signal(signal.SIGTERM, before)
