"""Processes are restarted, stop in order, and are found again when left behind."""

import os
import signal
import subprocess
import sys
import time

import pytest

from energy_site.embedded.console import CannotContinueError
from energy_site.embedded.engines.valkey import Valkey, program_for
from energy_site.embedded.given import Given
from energy_site.embedded.leftovers import end_left_behind, processes_of
from energy_site.embedded.places import socket_path
from energy_site.embedded.ports import any_free
from energy_site.embedded.programs import engine_program
from energy_site.embedded.stack import build
from energy_site.embedded.supervise import Program, Supervisor
from energy_site.embedded.watching import Waiting

# Tells when it begins and when it is asked to end.
TALKER = (
    "import signal, sys, time\n"
    "def end(*_): print(sys.argv[1], 'ends', flush=True); sys.exit()\n"
    "signal.signal(signal.SIGTERM, end)\n"
    "print(sys.argv[1], 'begins', flush=True)\n"
    "time.sleep(600)\n"
)


@pytest.fixture
def talking(places):
    script = places.run / "talker.py"
    script.write_text(TALKER)
    return [sys.executable, str(script)]


@pytest.fixture
def supervisor(places):
    supervisor = Supervisor(
        run=places.run, log=places.log, socket=socket_path(places.run)
    )
    yield supervisor
    supervisor.stop(timeout=60)
    end_left_behind(places.run)


@pytest.fixture
def talker(talking, places):
    """Make a program that does nothing but talk."""

    def make(name, *, word=None, engine=False, priority=900):
        command = [*talking, word or name]
        return Program(name, command, places.run, priority=priority, engine=engine)

    return make


def wait_until_running(supervisor, *names, not_pid=0):
    deadline = time.monotonic() + 30
    while supervisor.alive and time.monotonic() < deadline:
        states = supervisor.states()
        running = [
            states[name]["pid"]
            for name in names
            if name in states and states[name]["statename"] == "RUNNING"
        ]
        if len(running) == len(names) and not_pid not in running:
            return running
        time.sleep(0.1)
    pytest.fail(f"{names} do not run: {supervisor.states()}")


class TestSupervisor:
    def test_a_process_that_is_killed_is_started_again(self, supervisor, talker):
        supervisor.start([talker("web", engine=True)], os.environ)
        (first,) = wait_until_running(supervisor, "web")
        os.kill(first, signal.SIGKILL)
        (second,) = wait_until_running(supervisor, "web", not_pid=first)
        assert second != first

    def test_the_portal_stops_before_the_engines(self, supervisor, talker, places):
        programs = [
            talker("postgres", engine=True, priority=10),
            talker("broker", engine=True, priority=30),
            talker("web"),
        ]
        supervisor.start(programs, os.environ)
        wait_until_running(supervisor, "postgres", "broker")
        supervisor.begin("web")
        wait_until_running(supervisor, "web")
        assert supervisor.stop(timeout=30)
        log = (places.log / "supervisord.log").read_text()
        stopped = [line.split()[4] for line in log.splitlines() if "stopped:" in line]
        assert stopped == ["web", "broker", "postgres"]

    @pytest.mark.parametrize("word", ["50 %", "a ;b #c", "it's", 'a "b"', "%(here)s"])
    def test_odd_words_reach_the_process(self, supervisor, talker, places, word):
        supervisor.start([talker("web", word=word, engine=True)], os.environ)
        wait_until_running(supervisor, "web")
        assert (places.log / "web.log").read_text() == f"{word} begins\n"

    def test_one_that_ends_at_once_is_told_with_its_last_words(
        self, supervisor, places, credentials, account, monkeypatch
    ):
        monkeypatch.setattr("energy_site.embedded.watching._FAILING_FOR", 3)
        valkey = Valkey(
            places.engine("valkey"),
            credentials=credentials,
            account=account,
            program=program_for(account, outside=places.programs),
        )
        valkey.prepare()
        valkey.configuration.write_text("no-such-setting 1\n")
        supervisor.start([engine_program(valkey)], os.environ)
        with pytest.raises(CannotContinueError, match="no-such-setting"):
            Waiting(supervisor, timeout=60).for_engines([valkey])


@pytest.fixture
def left_behind(places, account, credentials, supervisor, talker):
    """All three engines, whose supervisor was killed."""
    stack = build(
        places=places,
        account=account,
        credentials=credentials,
        given=Given({}),
        port_for=lambda name, address: any_free(),
    )
    for server in stack.servers:
        server.prepare()
    programs = [engine_program(server) for server in stack.servers]
    supervisor.start([*programs, talker("web")], os.environ)
    Waiting(supervisor, timeout=60).for_engines(stack.servers)
    supervisor.begin("web")
    wait_until_running(supervisor, "web")
    supervisor.process.kill()
    supervisor.process.wait()
    return stack


class TestLeftovers:
    def test_every_process_is_found_and_ended(self, left_behind, places):
        assert len(processes_of(places.run)) == 4
        names = end_left_behind(places.run)
        assert {"broker", "postgres", "valkey"} <= set(names)
        assert processes_of(places.run) == []
        # PostgreSQL was asked, not killed: it took its pid file along.
        assert not (left_behind.postgres.data / "postmaster.pid").exists()

    def test_nobody_elses_process_is_touched(self, places, talking):
        command = [*talking, str(places.run)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as stranger:
            assert end_left_behind(places.run) == []
            assert stranger.poll() is None
            stranger.kill()
