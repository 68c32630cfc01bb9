"""Store what meters publish: subscribe, decode, store, acknowledge; runs for ever."""

import logging
import signal
import time
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, connection

from meters.broker import BrokerAddress, BrokerError, slot_of
from meters.families import Registry
from meters.ingest import roles
from meters.ingest.holder import Holder
from meters.ingest.stream import Stream
from meters.models import IngestSession
from meters.services.note_session import forget_session

logger = logging.getLogger(__name__)

OWN = "ingest-own"
_ASK_EVERY_S = 2.0


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
            help="share with other processes all but what --own hears",
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
            self._run_alone(_stream(address, OWN, roles.own(Registry().families)))
        elif shared and not slot_of(name):
            raise CommandError(
                "A process that shares has a name that ends with a number of its own"
                f" from 1 to 15, such as ingest-2; “{name}” does not."
            )
        else:
            role = _shared_or_all(topics, shared=shared)
            stream = _stream(address, name, role)
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
        stream = Stream(address, name=name, topics=[], leaving=_noted_topics(name))
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


def _shared_or_all(topics: list[str], *, shared: bool) -> roles.Role:
    try:
        if shared:
            return roles.shared(Registry().families, settings.MQTT_TOPICS)
        return roles.everything(topics)
    except roles.OverlapError as error:
        raise CommandError(str(error)) from error


def _stream(address: BrokerAddress, name: str, role: roles.Role) -> Stream:
    noted = _noted_topics(name)
    return Stream(
        address,
        name=name,
        topics=role.topics,
        # Of a session as it was before; the broker keeps its filters.
        leaving=sorted(set(noted) - set(role.topics)),
        leaves_out=role.leaves_out,
    )


def _noted_topics(name: str) -> list[str]:
    """Return the filters that a session has; wait while the database is away."""
    while True:
        try:
            session = IngestSession.objects.filter(name=name).first()
        except (OperationalError, InterfaceError) as error:
            logger.warning("PostgreSQL is away: %s", str(error).strip().splitlines()[0])
            connection.close()
            time.sleep(_ASK_EVERY_S)
        else:
            return session.topics if session else []
