"""Waiting for the processes, and telling the person what becomes of them."""

import http.client
import time
from collections.abc import Sequence
from pathlib import Path

from energy_site.embedded.console import CannotContinueError, say
from energy_site.embedded.engines.server import NotReadyError, Server
from energy_site.embedded.supervise import BACKOFF, Supervisor

_PAUSE = 0.1
_LOOK_EVERY = 2.0
# After that a process that ends again and again will not come up by itself. [s]
_FAILING_FOR = 15.0


def last_lines(path: Path, *, count: int = 8) -> str:
    """Return the end of a log, indented."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "".join(f"\n    {line}" for line in lines[-count:])


class Waiting:
    """Waiting with an end, which comes sooner for a process that keeps failing."""

    def __init__(self, supervisor: Supervisor, *, timeout: float) -> None:
        self.supervisor = supervisor
        self.began = time.monotonic()
        self.timeout = timeout

    def for_engines(self, servers: Sequence[Server]) -> None:
        """Wait until every engine answers a client."""
        for server in servers:
            while True:
                try:
                    server.check()
                    break
                except NotReadyError as error:
                    self._go_on(server.name, str(error).strip())

    def for_site(self, address: str, port: int, *, host: str) -> None:
        """Wait until the site's health page answers."""
        while True:
            connection = http.client.HTTPConnection(address, port, timeout=10)
            try:
                connection.request("GET", "/healthz", headers={"Host": host})
                status = connection.getresponse().status
                if status < http.client.INTERNAL_SERVER_ERROR:
                    return
                reason = f"it answers with status {status}"
            except (OSError, http.client.HTTPException) as error:
                reason = str(error)
            finally:
                connection.close()
            self._go_on("web", reason)

    def _go_on(self, name: str, reason: str) -> None:
        waited = time.monotonic() - self.began
        log = self.supervisor.log
        if not self.supervisor.alive:
            message = (
                f"The supervisor did not start:{last_lines(log / 'supervisord.out')}"
            )
            raise CannotContinueError(message)
        failing = waited > _FAILING_FOR and self.supervisor.is_failing(name)
        if failing or waited > self.timeout:
            log = log / f"{name}.log"
            message = (
                f"{name} does not answer: {reason}. {log} ends with:{last_lines(log)}"
            )
            raise CannotContinueError(message)
        time.sleep(_PAUSE)


def watch_over(supervisor: Supervisor) -> None:
    """Tell of every process that ended and was started again; return never."""
    before = {name: state["pid"] for name, state in supervisor.states().items()}
    failing: set[str] = set()
    while supervisor.alive:
        time.sleep(_LOOK_EVERY)
        for name, state in supervisor.states().items():
            log = supervisor.log / f"{name}.log"
            if state["statename"] == BACKOFF and name not in failing:
                failing.add(name)
                say(f"{name} does not stay up and is tried again; see {log}")
            elif state["statename"] == "RUNNING":
                failing.discard(name)
                if before.get(name) not in (0, None, state["pid"]):
                    say(f"{name} had ended and was started again; see {log}")
                before[name] = state["pid"]
    message = f"The supervisor has ended; see {supervisor.log / 'supervisord.log'}."
    raise CannotContinueError(message)
