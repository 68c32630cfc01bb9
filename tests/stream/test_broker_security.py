"""A real Mosquitto with the shipped configuration: TLS, a login for each device."""

import ssl
import subprocess
import time
from io import StringIO
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from django.core.management import CommandError, call_command
from paho.mqtt.enums import CallbackAPIVersion

from conftest import ROOT, wait_until
from energy_site.embedded.engines.mosquitto import installed_program
from energy_site.embedded.ports import any_free

pytestmark = pytest.mark.skipif(
    installed_program() is None, reason="there is no Mosquitto on this machine"
)

TAKEN = ("Success", "No matching subscribers")


def credentials(directory, *words):
    out = StringIO()
    call_command("mqtt_credentials", "--directory", str(directory), *words, stdout=out)
    lines = out.getvalue().splitlines()
    return dict(line.split(": ", 1) for line in lines if ": " in line)


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    found = tmp_path_factory.mktemp("broker")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", found / "server.key", "-out", found / "server.crt"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    (found / "ca.crt").write_bytes((found / "server.crt").read_bytes())
    return found


@pytest.fixture(scope="module")
def passwords(directory):
    told = credentials(directory)
    told |= credentials(directory, "--add", "press-4", "--prefix", "north/press-4")
    return told


@pytest.fixture(scope="module")
def port(directory, passwords):
    tls, plain = any_free(), any_free()
    text = (ROOT / "deploy" / "mosquitto.conf").read_text()
    text = text.replace("/etc/mosquitto/energy-site", str(directory))
    text = text.replace("/var/lib/mosquitto/", f"{directory}/")
    text = text.replace("listener 8883", f"listener {tls} 127.0.0.1")
    text = text.replace("listener 1883", f"listener {plain}") + "\nuser root\n"
    (directory / "mosquitto.conf").write_text(text)
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [installed_program(), "-c", directory / "mosquitto.conf"],
            stdout=log,
            stderr=log,
        )
    wait_until(lambda: is_open(tls))
    yield tls
    process.terminate()
    process.wait(10)


def is_open(port):
    import socket

    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


class Connection:
    """A client by TLS, and what it has heard."""

    def __init__(self, directory: Path, port: int, login=None, password=None) -> None:
        self.heard: list[str] = []
        self.answers: list[str] = []
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        context = ssl.create_default_context(cafile=str(directory / "ca.crt"))
        self.client.tls_set_context(context)
        if login:
            self.client.username_pw_set(login, password)
        self.client.on_connect = lambda *a: self.answers.append(str(a[3]))
        self.client.on_message = lambda _c, _d, m: self.heard.append(m.topic)
        self.client.connect("localhost", port)
        self.client.loop_start()
        wait_until(lambda: self.answers)

    def publish(self, topic):
        """Return the broker's answer in words."""
        answers = []
        self.client.on_publish = lambda _c, _d, _m, code, _p: answers.append(str(code))
        self.client.publish(topic, b"1", qos=1)
        wait_until(lambda: answers)
        return answers[0]

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def connect(directory, port, passwords):
    opened = []

    def connect(login=None, password=None):
        made = Connection(directory, port, login, password or passwords.get(login))
        opened.append(made)
        return made

    yield connect
    for item in opened:
        item.close()


def test_nobody_gets_in_without_a_login_or_with_a_wrong_one(connect):
    assert connect().answers[0] == "Not authorized"
    assert connect("press-4", "guessed").answers[0] == "Not authorized"


def test_a_device_publishes_under_its_own_prefix_only(connect):
    device = connect("press-4")
    assert device.publish("north/press-4/data") in TAKEN
    for foreign in ("north/saw-1/data", "north/press-40/data", "cmnd/x/POWER"):
        assert device.publish(foreign) == "Not authorized"


def test_a_device_hears_its_own_commands_and_nothing_else(connect):
    device, portal = connect("press-4"), connect("portal")
    device.client.subscribe("#", 1)
    time.sleep(0.5)
    for topic in ("north/saw-1/rpc", "north/press-4/rpc"):
        assert portal.publish(topic) in TAKEN
    wait_until(lambda: device.heard)
    assert device.heard == ["north/press-4/rpc"]


def test_ingest_reads_and_commands_nothing(connect):
    assert connect("ingest").publish("north/press-4/rpc") == "Not authorized"


class TestCommand:
    def test_passwords_are_hashed_and_files_private(self, tmp_path):
        told = credentials(tmp_path)
        text = (tmp_path / "passwords").read_text()
        assert all(password not in text for password in told.values())
        assert (tmp_path / "passwords").stat().st_mode & 0o777 == 0o600

    def test_what_is_there_stays(self, tmp_path):
        credentials(tmp_path)
        before = (tmp_path / "passwords").read_text()
        credentials(tmp_path, "--add", "saw-1")
        after = (tmp_path / "passwords").read_text()
        assert after.startswith(before)
        credentials(tmp_path, "--remove", "saw-1")
        assert (tmp_path / "passwords").read_text() == before
        assert "saw-1" not in (tmp_path / "access").read_text()

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (("--add", "ingest"), "There is a login “ingest” already."),
            (("--add", "a b"), "“a b” is no login"),
            (("--add", "x", "--prefix", "#"), "“#” is no prefix of topics"),
            (("--remove", "portal"), "The portal itself needs the login “portal”."),
            (("--renew", "nobody"), "There is no login “nobody”."),
        ],
    )
    def test_what_cannot_be_is_refused_by_a_sentence(self, tmp_path, words, sentence):
        credentials(tmp_path)
        before = (tmp_path / "passwords").read_text()
        with pytest.raises(CommandError, match=sentence):
            credentials(tmp_path, *words)
        assert (tmp_path / "passwords").read_text() == before
