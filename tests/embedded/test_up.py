"""bin/up, whole: a copy of the checkout, started, killed and started again."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from energy_site.embedded.leftovers import processes_of
from energy_site.embedded.places import CHECKOUT

NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", "var", "__pycache__", ".*_cache", "node_modules"
)
pytestmark = pytest.mark.slow


@pytest.fixture
def checkout():
    # Not tmp_path: the engines' user could not reach it.
    folder = Path(tempfile.mkdtemp(prefix="energy-site-test-"))
    folder.chmod(0o755)
    copy = folder / "a checkout"
    shutil.copytree(CHECKOUT, copy, ignore=NOT_COPIED)
    yield copy
    shutil.rmtree(folder)


def start(checkout, *options):
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE_URL", "REDIS_URL", "MQTT_URL", "SITE_URL"))
    }
    return subprocess.Popen(
        [sys.executable, "-m", "energy_site.embedded", "up", *options],
        cwd=checkout,
        env={**environment, "PYTHONPATH": str(checkout)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def read_until(process, words):
    read = []
    for line in process.stdout:
        read.append(line)
        if words in line:
            return "".join(read)
    pytest.fail("".join(read))


@contextmanager
def running(checkout, *options):
    process = start(checkout, *options)
    try:
        yield process, read_until(process, "Ctrl-C stops it all")
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def in_use(checkout):
    lines = (checkout / "var" / "embedded.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def answers(url):
    with urllib.request.urlopen(f"{url}/healthz", timeout=10) as answer:  # noqa: S310
        return answer.status == 200


class TestUp:
    def test_the_whole_way(self, checkout):
        run = checkout / "var" / "run"

        # The first start tells the address and the login.
        with running(checkout) as (_, told):
            first = in_use(checkout)
            assert answers(first["SITE_URL"])
            assert first["SITE_URL"] in told
            assert first["DEMO_PASSWORD"] in told
            assert (checkout / "var" / "embedded.env").stat().st_mode & 0o777 == 0o600

            # A second one says so, and leaves the first alone.
            second = start(checkout)
            output = second.communicate(timeout=60)[0]
            assert output.strip() == (
                f"Energy Site is running already: {first['SITE_URL']}"
            )
            assert second.returncode == 1
            assert answers(first["SITE_URL"])
        assert processes_of(run) == []

        # Everything is killed at once; the next start has all as it was.
        process = start(checkout)
        read_until(process, "Ctrl-C stops it all")
        process.kill()
        for left in processes_of(run):
            left.kill()
        process.communicate(timeout=60)
        began = time.monotonic()
        with running(checkout):
            assert time.monotonic() - began < 30
            assert in_use(checkout) == first
            assert answers(first["SITE_URL"])
        assert processes_of(run) == []

        # Only bin/up is killed: what it left running ends first.
        process = start(checkout)
        read_until(process, "Ctrl-C stops it all")
        process.kill()
        process.communicate(timeout=60)
        with running(checkout) as (_, told):
            assert "an earlier start had left running" in told
            assert in_use(checkout) == first

    def test_empty_gives_a_link_and_no_demo(self, checkout):
        with running(checkout, "--empty") as (_, told):
            assert "Make the first administrator here" in told
            assert "DEMO_USER" not in in_use(checkout)
