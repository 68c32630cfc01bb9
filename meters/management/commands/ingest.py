"""Store what meters publish: subscribe, decode, store, acknowledge; runs for ever."""

import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from meters.broker import BrokerAddress, BrokerError, Subscription
from meters.ingest.live_writer import LiveWriter
from meters.ingest.waiting import WaitingMessages
from meters.ingest.writer import Writer


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
        parser.add_argument(
            "--topics",
            nargs="+",
            default=settings.MQTT_TOPICS,
            help="topic filters to subscribe to",
        )

    def handle(self, *, name: str, topics: list[str], **options: Any) -> None:
        try:
            address = BrokerAddress.of(settings.MQTT_URL)
        except BrokerError as error:
            raise CommandError(str(error)) from error
        waiting = WaitingMessages()
        live = LiveWriter()
        subscription = Subscription(
            address,
            client_id=name,
            topics=topics,
            on_message=waiting.put,
            on_connect=waiting.connected,
        )
        writer = Writer(
            waiting=waiting,
            live=live,
            acknowledge=subscription.acknowledge,
            answer=lambda reply: subscription.publish(reply.topic, reply.content),
            source=name,
            topics=topics,
        )

        def stop(_signal: int, _frame: object) -> None:
            subscription.give_up()
            writer.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        live.start()
        subscription.start()
        writer.run()
        subscription.stop()
        live.stop()
