"""``run -- COMMAND``: engines for one command."""

import os
import signal
import subprocess
import sys
import time

import pytest

from energy_site.embedded.engines.mosquitto import installed_program
from energy_site.embedded.ports import is_free

RUN = [sys.executable, "-m", "energy_site.embedded", "run"]
USE = (
    "import os, psycopg, redis\n"
    "psycopg.connect(os.environ['DATABASE_URL']).execute('SELECT 1')\n"
    "redis.Redis.from_url(os.environ['REDIS_URL']).ping()\n"
    "print(os.environ['BROKER'], os.environ['MQTT_URL'].split(':')[1])\n"
    "print(os.environ['METER_MQTT_URL'].split(':')[1])\n"
    "raise SystemExit(7)\n"
)


class TestRun:
    @pytest.mark.parametrize("broker", ["mosquitto", "amqtt"])
    def test_hands_on_the_engines_and_returns_the_status(self, broker):
        if broker == "mosquitto" and installed_program() is None:
            pytest.skip("Mosquitto is not installed.")
        done = subprocess.run(
            [*RUN, "--broker", broker, "--", sys.executable, "-c", USE],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.split() == [broker, "//portal", "//meters"], done.stderr
        assert done.returncode == 7

    def test_does_not_use_what_the_environment_names(self):
        done = subprocess.run(
            [
                *RUN,
                "--",
                sys.executable,
                "-c",
                "import os; print(os.environ['REDIS_URL'])",
            ],
            env={**os.environ, "REDIS_URL": "redis://production.example/0"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert "127.0.0.1" in done.stdout

    def test_an_unknown_command_is_one_line(self):
        command = [*RUN, "--", "/no-such-command"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        reason = "No such file or directory."
        assert done.stderr == f"Cannot run /no-such-command: {reason}\n"

    def test_the_engines_end_with_a_command_that_is_terminated(self, tmp_path):
        told = tmp_path / "url"
        script = f"echo $DATABASE_URL > {told}; exec sleep 600"
        process = subprocess.Popen([*RUN, "--", "sh", "-c", script])
        deadline = time.monotonic() + 60
        while not (told.exists() and told.read_text()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 128 + signal.SIGTERM
        port = int(told.read_text().rpartition(":")[2].split("/")[0])
        assert is_free(port)
