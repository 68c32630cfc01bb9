"""Publish what the meters of a plant would, through the broker, for ever."""

import signal
import threading
import time
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from meters.broker import BrokerAddress, BrokerError
from meters.domain.plant import DESCRIPTIONS, PLACES, Fleet, Plant
from meters.management import simulator_state
from meters.management.publisher import Publisher
from meters.management.requested_incidents import requested_incidents
from meters.management.simulation import Simulation


class Command(BaseCommand):
    help = __doc__
    # Those of pages and addresses do not matter here.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--every", type=float, default=5.0, help="seconds between readings (5)"
        )
        parser.add_argument("--seed", type=int, default=1, help="which plant (1)")
        parser.add_argument(
            "--meters",
            type=int,
            help=f"so many, for load, without history; one plant has {len(PLACES)}",
        )
        parser.add_argument(
            "--incident",
            action="append",
            default=[],
            metavar="NAME[@TIME][+MINUTES][=SERIAL]",
            help="overload@10:30+20; may be given several times",
        )
        parser.add_argument(
            "--calm", action="store_true", help="nothing goes wrong by itself"
        )
        parser.add_argument(
            "--list-incidents", action="store_true", help="name them, and end"
        )
        parser.add_argument(
            "--days",
            type=float,
            default=14.0,
            help="of history at the first start (14); 0: none",
        )
        parser.add_argument(
            "--history", action="store_true", help="publish the history once more"
        )
        parser.add_argument(
            "--history-after",
            type=float,
            default=5.0,
            metavar="SECONDS",
            help="at the first start it waits until the portal listens (5)",
        )
        parser.add_argument(
            "--state",
            type=Path,
            default=Path(settings.VAR_DIR) / "simulator",
            help="folder in which it remembers how far it has come",
        )

    def handle(self, *, list_incidents: bool, **options: Any) -> None:
        if list_incidents:
            for name, description in DESCRIPTIONS.items():
                self.stdout.write(f"{name:22}{description}")
            return
        try:
            address = BrokerAddress.of(settings.MQTT_URL)
        except BrokerError as error:
            raise CommandError(str(error)) from error
        if options["every"] <= 0:
            raise CommandError("--every takes seconds, more than 0.")
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        if options["meters"] is None:
            self._simulate_plant(address, stopping, options)
        else:
            self._make_load(address, stopping, options)

    def _simulate_plant(
        self, address: BrokerAddress, stopping: threading.Event, options: dict[str, Any]
    ) -> None:
        seed = options["seed"]
        path = simulator_state.path_of(options["state"], seed=seed, address=address)
        state = simulator_state.load(path)
        now = time.time()
        try:
            state.requested += requested_incidents(
                options["incident"], seed=seed, now=now, before=state.requested
            )
        except ValueError as error:
            raise CommandError(str(error)) from error
        simulator_state.save(path, state)
        plant = Plant(seed, requested=state.requested, calm=options["calm"])
        since = now - options["days"] * 86_400
        if state.until is not None and not options["history"]:
            since = max(since, state.until)
        publisher = Publisher(address, client_id=f"simulator-{seed}")
        publisher.start()
        simulation = Simulation(plant, publisher, stopping, every_s=options["every"])

        def remember(until: float) -> None:
            state.until = until
            simulator_state.save(path, state)

        # Before the portal has subscribed for the first time, nobody keeps messages.
        pause_s = options["history_after"] if state.until is None else 0.0
        simulation.run(since=since, remember=remember, pause_s=pause_s)
        publisher.stop()

    def _make_load(
        self, address: BrokerAddress, stopping: threading.Event, options: dict[str, Any]
    ) -> None:
        every_s = options["every"]
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        fleet = Fleet(
            meters=options["meters"],
            seed=options["seed"],
            since=(midnight - timedelta(days=1)).replace(day=1),
        )
        publisher = Publisher(address, client_id=f"simulator-load-{options['seed']}")
        publisher.start()
        number = int(time.time() // every_s) + 2
        while not stopping.is_set():
            # The next round is ready before it begins.
            messages = [
                (min(instants), serial, instants)
                for readings in fleet.readings(
                    np.array([number * every_s]), every_s=every_s
                )
                for serial, instants in readings.by_meter()
            ]
            for instant, serial, instants in sorted(messages, key=lambda item: item[0]):
                if stopping.wait(max(0.0, instant.timestamp() - time.time())):
                    break
                publisher.publish(serial, instants)
            number = max(number + 1, int(time.time() // every_s))
        publisher.settle()
        publisher.stop()
