"""supervisord: its configuration, and asking it what runs."""

import http.client
import os
import re
import shlex
import signal
import subprocess
import sys
import xmlrpc.client
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from meters.broker.private_files import write_private

GROUP = "portal"
# Stands in the environment of every process of a stack, so that a later start
# knows them again.
MARK = "ENERGY_SITE_STACK"
# supervisord's word for a process that it will try again in a while.
BACKOFF = "BACKOFF"
_MANY = 1_000_000
_STARTS_COMMENT = re.compile(r"\s[;#]")


@dataclass(frozen=True)
class Program:
    """One process to keep running."""

    name: str
    command: list[str]
    directory: Path
    # Low ones stop last.
    priority: int
    # Engines start with supervisord; the portal's own processes when they are told.
    engine: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    patience: int = 15


class Configuration:
    """supervisord's configuration file, and the environment that belongs to it."""

    def __init__(self, programs: Iterable[Program], *, log: Path, socket: Path) -> None:
        self.environment: dict[str, str] = {}
        self._log = log
        programs = list(programs)
        lines = [
            "[supervisord]",
            "nodaemon=true",
            "silent=true",
            f"logfile={self._literal(log / 'supervisord.log')}",
            f"pidfile={self._literal(socket.with_name('supervisord.pid'))}",
            f"childlogdir={self._literal(log)}",
            # It asks to be told so when root starts it.
            *(["user=root"] if os.geteuid() == 0 else []),
            "[unix_http_server]",
            f"file={self._literal(socket)}",
            "chmod=0600",
            "[rpcinterface:supervisor]",
            "supervisor.rpcinterface_factory="
            "supervisor.rpcinterface:make_main_rpcinterface",
        ]
        for program in programs:
            lines += self._section(program)
        members = [program.name for program in programs if not program.engine]
        if members:
            # One group stops as one, in parallel, and before any engine.
            lines += [f"[group:{GROUP}]", f"programs={','.join(members)}"]
            lines += ["priority=900"]
        self.text = "\n".join(lines) + "\n"

    def _section(self, program: Program) -> list[str]:
        words = " ".join(shlex.quote(word) for word in program.command)
        environment = ",".join(
            f'{name}="{self._literal(value)}"'
            for name, value in program.environment.items()
        )
        return [
            f"[program:{program.name}]",
            f"command={self._literal(words)}",
            f"directory={self._literal(program.directory)}",
            f"priority={program.priority}",
            f"autostart={'true' if program.engine else 'false'}",
            "autorestart=true",
            # A second longer after each try that failed, and it does not give up.
            f"startretries={_MANY}",
            "startsecs=2",
            f"stopsignal={program.stop_signal.name.removeprefix('SIG')}",
            f"stopwaitsecs={program.patience}",
            "killasgroup=true",
            "redirect_stderr=true",
            # From the folder supervisord is started in: it reads this value twice,
            # and stumbles over a percent sign in a path.
            f"stdout_logfile=../{self._log.name}/{program.name}.log",
            "stdout_logfile_maxbytes=10MB",
            "stdout_logfile_backups=3",
            *([f"environment={environment}"] if environment else []),
            *([f"user={program.user}"] if program.user else []),
        ]

    def _literal(self, value: object) -> str:
        """Return a value so that it arrives as it is."""
        text = str(value)
        if not _STARTS_COMMENT.search(text):
            return text.replace("%", "%%")
        # The format has no way to quote these; a variable's content is not looked at.
        name = f"ENERGY_SITE_TEXT_{len(self.environment)}"
        self.environment[name] = text
        return f"%(ENV_{name})s"


class Supervisor:
    """A supervisord of ours, running in a session of its own."""

    def __init__(self, *, run: Path, log: Path, socket: Path) -> None:
        self.run = run
        self.log = log
        self.socket = socket
        self.process: subprocess.Popen[bytes] | None = None

    def start(
        self, programs: Iterable[Program], environment: Mapping[str, str]
    ) -> None:
        """Start supervisord, and with it the engines."""
        path = self.run / "supervisord.conf"
        wanted = Configuration(programs, log=self.log, socket=self.socket)
        write_private(path, wanted.text)
        self.socket.unlink(missing_ok=True)
        with (self.log / "supervisord.out").open("wb") as output:
            self.process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "supervisor.supervisord", "-c", str(path)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.run,
                env={**environment, **wanted.environment, MARK: str(self.run)},
                # Ctrl-C reaches bin/up alone, which ends everything in order.
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Tell whether supervisord itself still runs."""
        return self.process is not None and self.process.poll() is None

    def states(self) -> dict[str, dict[str, Any]]:
        """Return what supervisord knows of each process; nothing while it starts."""
        try:
            processes: Any = self._ask("getAllProcessInfo")
        except (OSError, http.client.HTTPException):
            return {}
        return {str(process["name"]): process for process in processes}

    def is_failing(self, name: str) -> bool:
        """Tell whether a process has just ended soon after its start."""
        return self.states().get(name, {}).get("statename") == BACKOFF

    def begin(self, name: str) -> None:
        """Start one of the portal's own processes."""
        self._ask("startProcess", f"{GROUP}:{name}", False)

    def stop(self, *, timeout: float) -> bool:
        """End everything in order; tell whether it ended in time."""
        if self.process is None:
            return True
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(timeout=timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _ask(self, method: str, *arguments: object) -> object:
        transport = SupervisorTransport(None, None, f"unix://{self.socket}")
        with xmlrpc.client.ServerProxy("http://localhost", transport) as proxy:
            return getattr(proxy.supervisor, method)(*arguments)
