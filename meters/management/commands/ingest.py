"""Store what meters publish: subscribe, decode, store, acknowledge; runs for ever."""

import signal
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from meters.broker import BrokerAddress, BrokerError
from meters.families import Registry
from meters.ingest.holder import Holder
from meters.ingest.stream import Stream
from meters.models import IngestSession
from meters.services.note_session import forget_session

SHARE = "$share/energy-site/"
OWN = "ingest-own"


class Command(BaseCommand):
    help = __doc__
    # Those of pages and addresses do not matter here.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--name",
            default="ingest-1",
            help="client id at the broker; fixed, for the session's sake (ingest-1)",
        )
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--topics",
            nargs="+",
            default=settings.MQTT_TOPICS,
            help="topic filters to subscribe to",
        )
        which.add_argument(
            "--shared",
            action="store_true",
            help="share the topics of families without state with other processes",
        )
        which.add_argument(
            "--own",
            action="store_true",
            help="hear what only one process may hear: families with state, and what"
            " devices publish retained; any number stand by",
        )
        which.add_argument(
            "--drain",
            metavar="NAME",
            help="store what the broker keeps for a session, end it there, and return",
        )

    def handle(
        self,
        *,
        name: str,
        topics: list[str],
        shared: bool,
        own: bool,
        drain: str | None,
        **options: Any,
    ) -> None:
        try:
            address = BrokerAddress.of(settings.MQTT_URL)
        except BrokerError as error:
            raise CommandError(str(error)) from error
        if drain:
            self._drain(address, drain)
        elif own:
            self._run_alone(Stream(address, name=OWN, topics=_own_topics()))
        else:
            topics = _shared_topics() if shared else topics
            stream = Stream(address, name=name, topics=topics)
            _on_signal(stream.stop)
            stream.run()

    def _run_alone(self, stream: Stream) -> None:
        holder = Holder(on_lost=stream.stop)

        def stop() -> None:
            holder.stop()
            stream.stop()

        _on_signal(stop)
        if holder.wait():
            stream.run()
        holder.stop()

    def _drain(self, address: BrokerAddress, name: str) -> None:
        session = IngestSession.objects.filter(name=name).first()
        leaving = session.topics if session else []
        stream = Stream(address, name=name, topics=[], leaving=leaving)
        _on_signal(stream.stop)
        there_was_one = stream.drain()
        forget_session(name=name)
        if not there_was_one:
            self.stdout.write(f"The broker kept no session {name}.")
            return
        self.stdout.write(
            f"{stream.count} messages of session {name} are stored; it is ended."
        )


def _on_signal(stop: Callable[[], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())


def _shared_topics() -> list[str]:
    families = Registry().families
    filters = {topic for family in families for topic in family.shared_topics}
    return [f"{SHARE}{topic}" for topic in sorted(filters)]


def _own_topics() -> list[str]:
    families = Registry().families
    return sorted({topic for family in families for topic in family.own_topics})
