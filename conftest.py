"""What tests of every app may ask for: brokers, an ingest process, people, sites."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection

from energy_site.embedded.ports import any_free
from meters.broker import BrokerAddress, new_client
from meters.models import Membership, Meter, Organisation, Site, User

ROOT = Path(__file__).resolve().parent
TOPIC = "platform/acrel/meter/json-v2/analog/0000"


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with fewer rounds; the portal's process can still check the hash."""
    monkeypatch.setattr(PBKDF2PasswordHasher, "iterations", 1_000)


@pytest.fixture
def organisation() -> Organisation:
    return Organisation.objects.create(name="Northern Foundries")


@pytest.fixture
def site(organisation: Organisation) -> Site:
    return Site.objects.create(
        organisation=organisation,
        name="Plant North",
        slug="plant-north",
        time_zone="Europe/Berlin",
    )


@pytest.fixture
def other_site() -> Site:
    owner = Organisation.objects.create(name="Southern Mills")
    return Site.objects.create(organisation=owner, name="Mill", slug="mill")


@pytest.fixture
def make_user() -> Callable[..., User]:
    """Make a user with memberships: ``make_user(site=site, role="viewer")``."""

    def make(
        email: str = "ada@example.com",
        role: str = "",
        *,
        is_staff: bool = False,
        **scope: object,
    ) -> User:
        user = User.objects.create_user(
            email, "correct horse battery", is_staff=is_staff
        )
        if role:
            Membership.objects.create(user=user, role=role, **scope)
        return user

    return make


@pytest.fixture
def make_meter(site: Site) -> Callable[..., Meter]:
    """Make a claimed meter of `site`; fields can be given."""

    def make(device_id: str = "24102809510006", **fields: object) -> Meter:
        values = {
            "family": "acrel-json-v2",
            "device_id": device_id,
            "state": Meter.State.ACTIVE,
            "site": site,
            "name": f"Meter {device_id}",
            **fields,
        }
        return Meter.objects.create(**values)

    return make


# --- Brokers and ingest --------------------------------------------------------------


def database_url() -> str:
    """Return the URL of the database that this test run uses."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path="/" + connection.settings_dict["NAME"]))


def wait_until(condition: Callable[[], object], *, timeout_s: float = 20.0) -> None:
    """Return when `condition` holds; fail the test when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {timeout_s} s")
        time.sleep(0.05)


class Publisher:
    """Publishes with QoS 1, and returns when the broker has acknowledged."""

    def __init__(self, url: str) -> None:
        address = BrokerAddress.of(url)
        self.client = new_client(address, client_id="")
        self.client.max_inflight_messages_set(1000)
        self.client.connect(address.host, address.port)
        self.client.loop_start()

    def publish(
        self, *payloads: bytes | str, topic: str = TOPIC, retain: bool = False
    ) -> None:
        sent = [self.client.publish(topic, p, qos=1, retain=retain) for p in payloads]
        for info in sent:
            info.wait_for_publish(30)
            assert info.is_published()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


class IngestProcess:
    """``manage.py ingest``, on the test database."""

    def __init__(self, mqtt_url: str, log: Path, *arguments: str) -> None:
        self.log = log
        self._arguments = arguments
        self._environment = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "MQTT_URL": mqtt_url,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        connections = self.text().count("Connected to the broker")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "ingest", *self._arguments],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        wait_until(
            lambda: self.text().count("Connected to the broker") > connections,
            timeout_s=60,
        )

    def kill(self) -> None:
        """As kill -9 does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def stop(self) -> int:
        """As systemd does; return the exit status."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(20)

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def text(self) -> str:
        return self.log.read_text() if self.log.exists() else ""


@contextmanager
def running_ingest(
    mqtt_url: str, log: Path, *arguments: str
) -> Iterator[IngestProcess]:
    ingest = IngestProcess(mqtt_url, log, *arguments)
    ingest.start()
    try:
        yield ingest
    finally:
        if ingest.is_running():
            ingest.stop()


class PortalProcess:
    """The web process, on the test database; `measured`: how much of it is run."""

    def __init__(self, log: Path, *, measured: bool = True) -> None:
        self._measured = measured
        self.port = any_free()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "SITE_URL": self.url,
            # One that hangs tells in its log where.
            "PYTHONFAULTHANDLER": "1",
        }
        if not self._measured:
            for name in ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"):
                environment.pop(name, None)
        command = ["-m", "uvicorn", "energy_site.asgi:application", "--lifespan", "off"]
        # A browser may still hold its connections open when the test ends.
        command += ["--timeout-graceful-shutdown", "2"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *command, "--port", str(self.port)],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
            )
        wait_until(self._answers, timeout_s=60)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGABRT)
                self._process.wait(10)
                pytest.fail(f"The portal did not end:\n{self._log.read_text()[-6000:]}")
            finally:
                # Nothing of it may be left for the tests that follow.
                self._process.kill()
            self._process = None

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/healthz", timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False


@pytest.fixture
def portal(transactional_db: None, tmp_path: Path) -> Iterator[PortalProcess]:
    process = PortalProcess(tmp_path / "portal.log")
    process.start()
    yield process
    process.stop()


@contextmanager
def publishing(url: str) -> Iterator[Publisher]:
    publisher = Publisher(url)
    try:
        yield publisher
    finally:
        publisher.close()
