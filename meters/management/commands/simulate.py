"""Publish what the meters of a small plant would, through the broker, for ever."""

import signal
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from paho.mqtt.client import Client

from meters.broker import BrokerAddress, BrokerError, new_client
from meters.domain import plant
from meters.families import acrel_json_v2

TOPIC = "platform/acrel/meter/json-v2/analog/0000"
# Before it goes on live: the last hour by the minute, two days by the quarter.
_HISTORY = ((48 * 3600, 900), (3600, 60))
_INSTANTS_A_MESSAGE = 60


class Command(BaseCommand):
    help = __doc__
    # Those of pages and addresses do not matter here.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--every", type=float, default=5.0, help="seconds between readings (5)"
        )

    def handle(self, *, every: float, **options: Any) -> None:
        try:
            address = BrokerAddress.of(settings.MQTT_URL)
        except BrokerError as error:
            raise CommandError(str(error)) from error
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        client = new_client(address, client_id="simulator")
        client.connect_async(address.host, address.port)
        client.loop_start()
        self._publish_history(client, stopping, now=time.time())
        while not stopping.wait(every - time.time() % every):
            self._publish(client, [round(time.time(), 3)])
        client.disconnect()
        client.loop_stop()

    def _publish_history(
        self, client: Client, stopping: threading.Event, *, now: float
    ) -> None:
        instants = {
            moment
            for reach, step in _HISTORY
            for moment in range(int((now - reach) // step + 1) * step, int(now), step)
        }
        ordered = sorted(instants)
        for first in range(0, len(ordered), _INSTANTS_A_MESSAGE):
            if stopping.is_set():
                return
            self._publish(client, ordered[first : first + _INSTANTS_A_MESSAGE])

    def _publish(self, client: Client, moments: Iterable[float]) -> None:
        """Publish one message a meter, with these instants (s since 1970)."""
        messages: dict[str, dict[datetime, dict[str, float]]] = {}
        for moment in moments:
            for serial, quantities in plant.meter_values(moment):
                instant = datetime.fromtimestamp(moment, UTC)
                messages.setdefault(serial, {})[instant] = quantities
        for serial, instants in messages.items():
            client.publish(TOPIC, acrel_json_v2.encode(serial, instants), qos=1)
