"""``up``: everything on this machine, from nothing to a page that answers."""

import os
import signal
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from energy_site.embedded import leftovers
from energy_site.embedded.accounts import Account, account_of_engines
from energy_site.embedded.console import CannotContinueError, say
from energy_site.embedded.credentials import load_or_make
from energy_site.embedded.given import Given
from energy_site.embedded.lock import Lock
from energy_site.embedded.memory import MEGABYTE, free_disk
from energy_site.embedded.places import CHECKOUT, Places, lay_out, socket_path
from energy_site.embedded.ports import LOOPBACK, Ports
from energy_site.embedded.programs import engine_program, portal_programs
from energy_site.embedded.site_address import SiteAddress
from energy_site.embedded.stack import build
from energy_site.embedded.supervise import Supervisor
from energy_site.embedded.surroundings import portal_environment, write_embedded_env
from energy_site.embedded.watching import Waiting, last_lines, watch_over

_LEAST_DISK_MB = 300
_READY_WITHIN = 90.0
_STOP_WITHIN = 90.0
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopError(Exception):
    """Somebody asked us to stop."""


@dataclass(frozen=True)
class Options:
    """What the person asked for."""

    listen: str = LOOPBACK
    empty: bool = False
    broker: str | None = None


def up(options: Options, *, var: Path = CHECKOUT / "var") -> int:
    """Start everything and stay until told to stop; return the exit status."""
    account = account_of_engines(existing_data=var / "postgres")
    places = lay_out(var, account)
    lock = Lock(places.run / "up.lock")
    if not lock.take():
        say(f"Energy Site is running already{_where(places)}")
        return 1
    for note in places.notes:
        say(note)
    if free_disk(places.engines) < _LEAST_DISK_MB * MEGABYTE:
        message = f"The disk is full: less than {_LEAST_DISK_MB} MB left for {var}."
        raise CannotContinueError(message)
    left = leftovers.end_left_behind(places.run)
    if left:
        say(f"Stopped what an earlier start had left running: {', '.join(left)}.")
    return _Stack(options, places, account).run()


def _where(places: Places) -> str:
    try:
        text = places.embedded_env.read_text(encoding="utf-8")
    except OSError:
        return "."  # for the first time, and it has not come far
    lines = (line.partition("=") for line in text.splitlines())
    return next((f": {value}" for name, _, value in lines if name == "SITE_URL"), ".")


class _Stack:
    """One run of everything."""

    def __init__(
        self, options: Options, places: Places, account: Account | None
    ) -> None:
        self.options = options
        self.places = places
        self.credentials = load_or_make(places.var / "credentials.json")
        self.given = Given(os.environ)
        ports = Ports.load(places.var / "ports.json")
        self.stack = build(
            places=places,
            account=account,
            credentials=self.credentials,
            given=self.given,
            port_for=lambda name, address: ports.choose(name, address=address),
            listen=options.listen,
            broker=options.broker,
        )
        port = ports.choose("site", address=options.listen)
        self.site = SiteAddress(options.listen, port)
        ports.save()
        for note in ports.notes:
            say(note)
        self.environment = portal_environment(
            self.given,
            self.stack.environment(),
            places=places,
            site=self.site,
            demo_password=None if options.empty else self.credentials.demo,
        )
        self.supervisor = Supervisor(
            run=places.run, log=places.log, socket=socket_path(places.run)
        )

    def run(self) -> int:
        for number in _STOP_SIGNALS:
            signal.signal(number, _raise_stop)
        try:
            self._start()
            watch_over(self.supervisor)
        except StopError:
            say("Stopping: the portal first, then the engines.")
        finally:
            for number in _STOP_SIGNALS:
                signal.signal(number, signal.SIG_IGN)
            self._stop()
        say("Stopped.")
        return 0

    def _start(self) -> None:
        with ThreadPoolExecutor() as threads:
            static = threads.submit(self._manage, "collectstatic", "--noinput")
            self._start_engines(threads)
            self._manage("migrate", "--noinput")
            static.result()
            self._start_portal(threads)

    def _start_engines(self, threads: ThreadPoolExecutor) -> None:
        servers = self.stack.servers
        if servers:
            say(f"Starting {', '.join(server.title for server in servers)}.")
        list(threads.map(lambda server: server.prepare(), servers))
        self.portal = portal_programs(
            self.stack,
            self.places,
            listen=self.site.listen,
            port=self.site.port,
            demo=not self.options.empty,
        )
        engines = [engine_program(server) for server in servers]
        self.supervisor.start([*engines, *self.portal], self.environment)
        Waiting(self.supervisor, timeout=_READY_WITHIN).for_engines(servers)
        if self.stack.postgres is not None:
            self.stack.postgres.create_database()
        write_embedded_env(self.places.embedded_env, self.environment)

    def _start_portal(self, threads: ThreadPoolExecutor) -> None:
        say("Starting the portal.")
        seeded: Future[str] | None = None
        if not self.options.empty:
            seeded = threads.submit(self._manage, "seed_demo")
        for program in self.portal:
            if program.name != "simulator":
                self.supervisor.begin(program.name)
        Waiting(self.supervisor, timeout=_READY_WITHIN).for_site(
            self.site.local_host,
            self.site.port,
            host=urlsplit(self.environment["SITE_URL"]).netloc,
        )
        if seeded is not None:
            seeded.result()
            # Last: what is published before ingest has its session is nobody's.
            self.supervisor.begin("simulator")
        self._tell()

    def _manage(self, *words: str) -> str:
        """Run one of the portal's commands; return what it printed."""
        done = subprocess.run(  # noqa: S603
            [sys.executable, str(CHECKOUT / "manage.py"), *words],
            cwd=CHECKOUT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        log = self.places.log / f"{words[0]}.log"
        log.write_text(done.stdout + done.stderr, encoding="utf-8")
        if done.returncode != 0:
            message = f"manage.py {words[0]} failed; {log} ends with:{last_lines(log)}"
            raise CannotContinueError(message)
        return done.stdout

    def _tell(self) -> None:
        """Tell the person where everything is."""
        environment = self.environment
        say()
        say(f"Energy Site is at  {environment['SITE_URL']}")
        for url in self.site.urls[1:]:
            say(f"              also  {url}")
        if self.options.empty:
            self._tell_set_up()
        else:
            say(f"    log in as  {environment['DEMO_USER']}")
            say(f"     password  {environment['DEMO_PASSWORD']}")
        meter = urlsplit(environment["METER_MQTT_URL"])
        say()
        say("A meter publishes to this MQTT broker:")
        host = self.site.hosts[0] if self.stack.broker else meter.hostname
        say(f"         host  {host}")
        say(f"         port  {meter.port or 1883}")
        say(f"         user  {meter.username}")
        say(f"     password  {meter.password}")
        say("        topic  platform/acrel/meter/json-v2/analog/0000")
        say()
        say("Ctrl-C stops it all; data and logs are in var/.")

    def _tell_set_up(self) -> None:
        link = self._manage("setup_link").strip()
        if link:
            say("Make the first administrator here (the link works once):")
            say(f"    {link.splitlines()[-1]}")

    def _stop(self) -> None:
        if not self.supervisor.stop(timeout=_STOP_WITHIN):
            say("Something does not stop by itself: ending it with force.")
        # Also what a supervisor that was killed has left.
        leftovers.end_left_behind(self.places.run)


def _raise_stop(number: int, frame: FrameType | None) -> None:
    # Once is enough: a second Ctrl-C must not cut the orderly end short.
    for other in _STOP_SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    raise StopError
