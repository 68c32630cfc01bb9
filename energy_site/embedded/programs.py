"""The portal's own processes, as supervisord runs them."""

import sys
from pathlib import Path

from energy_site.embedded.engines.server import Server
from energy_site.embedded.places import CHECKOUT, Places
from energy_site.embedded.stack import Stack
from energy_site.embedded.supervise import Program

# The broker stops before the two that hold what it delivered.
_ENGINE_PRIORITIES = {"postgres": 10, "valkey": 20, "broker": 30}
_BEAT = "energy_site.embedded.beat"
_WATCH = CHECKOUT / "alarms" / "management" / "commands" / "watch.py"


def engine_program(server: Server) -> Program:
    """Return an engine as a program."""
    return Program(
        server.name,
        server.command(),
        server.directory,
        priority=_ENGINE_PRIORITIES[server.name],
        engine=True,
        environment=server.environment(),
        user=server.account.name if server.account else None,
        stop_signal=server.stop_signal,
        patience=server.patience,
    )


def portal_programs(
    stack: Stack, places: Places, *, listen: str, port: int, demo: bool
) -> list[Program]:
    """Return the processes of the portal, in the order in which they start."""
    ingest = {"MQTT_URL": stack.mqtt_url("ingest")} if stack.broker else {}
    meters = {"MQTT_URL": stack.mqtt_url("meters")} if stack.broker else {}
    programs = [
        _portal("web", _web(listen, port)),
        _portal("ingest", _manage("ingest"), ingest),
        _portal("worker", _worker()),
        _portal("beat", _python("-m", _BEAT, str(places.var / "beat/schedule"))),
    ]
    if _WATCH.exists():
        programs.append(_portal("watch", _manage("watch")))
    if demo:
        programs.append(_portal("simulator", _manage("simulate"), meters))
    return programs


def _portal(
    name: str, command: list[str], environment: dict[str, str] | None = None
) -> Program:
    return Program(name, command, CHECKOUT, priority=900, environment=environment or {})


def _web(listen: str, port: int) -> list[str]:
    return [
        *_python("-m", "uvicorn", "energy_site.asgi:application"),
        *("--host", listen, "--port", str(port)),
        *("--proxy-headers", "--lifespan", "off"),
        # A frame for each browser ten times a second: deflating it takes longer than
        # sending it.
        *("--ws-per-message-deflate", "false"),
        # Websockets stay open for days: at the end nobody waits for them.
        *("--timeout-graceful-shutdown", "5"),
    ]


def _worker() -> list[str]:
    return [
        *_python("-m", "celery", "-A", "energy_site", "worker", "--loglevel", "INFO"),
        *("--queues", "celery,quick,slow", "--concurrency", "2"),
    ]


def _manage(*words: str) -> list[str]:
    return _python(str(CHECKOUT / "manage.py"), *words)


def _python(*words: str) -> list[str]:
    return [str(Path(sys.executable)), *words]
