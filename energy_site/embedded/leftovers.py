"""Processes that an earlier start left behind: after a kill -9, or a lost terminal.

They are known by a mark in their environment that names this stack's folder; nobody
else's process is touched, whatever port it holds.
"""

import os
import signal
from pathlib import Path

import psutil

from energy_site.embedded.engines.postgres import Postgres
from energy_site.embedded.supervise import MARK

# In the order in which they stop.
ENGINES = {
    "broker": signal.SIGTERM,
    "valkey": signal.SIGTERM,
    "postgres": Postgres.stop_signal,
}
_KNOWN_BY = {
    "supervisor.supervisord": "supervisord",
    "mosquitto": "broker",
    "energy_site.embedded.engines.amqtt.process": "broker",
    "valkey-server": "valkey",
    "postgres": "postgres",
    "uvicorn": "web",
    "ingest": "ingest",
    "watch": "watch",
    "worker": "worker",
    "beat": "beat",
    "simulate": "simulator",
}


def processes_of(run: Path) -> list[psutil.Process]:
    """Return the processes that an earlier start in this folder left behind."""
    mine = str(run)
    ours = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        if process.pid in ours:
            continue
        try:
            if process.environ().get(MARK) == mine:
                found[process.pid] = process
        except (psutil.Error, OSError):
            continue  # gone, or somebody else's
    # Only those at the top: PostgreSQL and celery end their own children.
    return [process for process in found.values() if _parent(process) not in found]


def _parent(process: psutil.Process) -> int | None:
    try:
        return process.ppid()
    except psutil.Error:
        return None


def end_left_behind(run: Path) -> list[str]:
    """Stop what an earlier start left running; return the names of what was found.

    The portal's processes first, engines last: as when everything had gone well.
    """
    found = processes_of(run)
    names = sorted({_name(process) for process in found})
    _end([p for p in found if _name(p) == "supervisord"], signal.SIGTERM, 60)
    found = processes_of(run)
    _end([p for p in found if _name(p) not in ENGINES], signal.SIGTERM, 15)
    found = processes_of(run)
    for engine, number in ENGINES.items():
        _end([p for p in found if _name(p) == engine], number, 60)
    return names


def _name(process: psutil.Process) -> str:
    """Return what a process of ours is, by its command line."""
    try:
        words = [Path(word).name for word in process.cmdline()]
    except psutil.Error:
        return "ended"
    for program, name in _KNOWN_BY.items():
        if program in words:
            return name
    return words[0] if words else "ended"


def _end(processes: list[psutil.Process], number: int, patience: float) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.Error:
            continue
    _, stubborn = psutil.wait_procs(processes, timeout=patience)
    for process in stubborn:
        try:
            process.kill()
        except psutil.Error:
            continue
    psutil.wait_procs(stubborn, timeout=5)
