"""A broker of each kind, a device that listens, and a real worker."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from conftest import ROOT, database_url, wait_until
from meters.broker import BrokerAddress, new_client
from meters.models import Command, CommandTemplate, Output
from meters.services.request_command import Request, request_command
from tests.stream.conftest import broker

__all__ = ["broker"]

TOPIC = "site/do/board-1"


class Device:
    """Hears its topic, and answers on another if it is told what."""

    def __init__(self, url: str, topic: str = TOPIC) -> None:
        address = BrokerAddress.of(url)
        self.heard: list[bytes] = []
        self.answer: bytes | None = None
        self._ready = threading.Event()
        self.client = new_client(address, client_id="")
        self.client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
        self.client.on_subscribe = lambda *_: self._ready.set()
        self.client.on_message = self._on_message
        self.client.connect(address.host, address.port)
        self.client.loop_start()
        assert self._ready.wait(10)

    def _on_message(self, client, _data, message) -> None:
        self.heard.append(message.payload)
        if self.answer is not None:
            client.publish(f"{message.topic}/reply", self.answer, qos=1)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def device(broker) -> Iterator[Device]:
    device = Device(broker.url_for("portal"))
    yield device
    device.close()


@pytest.fixture
def output(make_meter) -> Output:
    """An output that a template switches."""
    meter = make_meter("board-1", family="acrel-json-v2")
    for action in ("on", "off"):
        CommandTemplate.objects.create(
            name=action,
            meter=meter,
            action=action,
            topic="site/do/{device}",
            payload=f'{{"id": {{request}}, "do": "{action}"}}',
            reply_topic="site/do/{device}/reply",
            reply_match="code = 0",
            timeout_s=60,
            enabled=True,
        )
    return Output.objects.create(meter=meter, number=1)


def ask(output: Output, action: str = "on") -> Command:
    return request_command(
        meter_id=output.meter_id,
        request=Request(action, output=1),
        by=None,
        now=timezone.now(),
    )


class Worker:
    """A celery worker on the test database; `app` may be one with a trap in it."""

    def __init__(self, mqtt_url: str, log: Path, *, app: str = "energy_site") -> None:
        self.log = log
        self._command = [
            *(sys.executable, "-m", "celery", "-A", app, "worker"),
            *("--queues", "quick", "--concurrency", "1", "--loglevel", "INFO"),
        ]
        self._environment = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "MQTT_URL": mqtt_url,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        wait_until(lambda: " ready." in self.log.read_text(), timeout_s=60)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            finally:
                self._process.kill()
