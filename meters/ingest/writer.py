"""Takes batches from the stream, stores them, and only then acknowledges them."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from itertools import groupby
from operator import itemgetter

import psycopg
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.utils import timezone

from meters.broker import Incoming
from meters.families import Registry
from meters.ingest.batch import Batch, decode_batch, message_of, rows_of
from meters.ingest.directory import MeterDirectory
from meters.ingest.live_writer import LiveWriter
from meters.ingest.waiting import Waiting, WaitingMessages
from meters.services.record_readings import record_readings

logger = logging.getLogger(__name__)

_LONGEST_PAUSE_S = 30.0
_REPORT_EVERY_S = 60.0
_AWAY = (
    OperationalError,
    InterfaceError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)
# The database refuses what one of the messages says; which one is found by halving.
_REFUSED = (DatabaseError, psycopg.Error, ValueError, OverflowError)

Acknowledge = Callable[[int, list[Incoming]], None]


class Writer:
    """The one writer of an ingest process."""

    def __init__(
        self,
        *,
        waiting: WaitingMessages,
        live: LiveWriter,
        acknowledge: Acknowledge,
        source: str,
    ) -> None:
        self._waiting = waiting
        self._live = live
        self._acknowledge = acknowledge
        self._source = source
        self._registry = Registry()
        self._directory = MeterDirectory()
        self._stopping = threading.Event()
        self._counts: Counter[str] = Counter()
        self._reported = time.monotonic()

    def run(self) -> None:
        """Write until `stop`; a batch in hand is finished."""
        while not self._stopping.is_set():
            batch = self._waiting.take(timeout_s=1.0)
            if batch:
                self.write(batch)
            self._report()

    def stop(self) -> None:
        """End after the batch in hand. Safe to call from a signal handler."""
        self._stopping.set()
        self._waiting.close()

    def write(self, waiting: list[Waiting]) -> None:
        """Store a batch, trying again while the database is away; acknowledge it."""
        pause_s = 1.0
        while True:
            try:
                self._store_or_halve([message for _, message in waiting])
                break
            except _AWAY as error:
                logger.warning(
                    "PostgreSQL is away, %d messages wait: %s. Next try in %.0f s.",
                    len(waiting) + len(self._waiting),
                    str(error).strip().splitlines()[0],
                    pause_s,
                )
                connection.close()
            if self._stopping.wait(pause_s):
                # Not acknowledged: the broker keeps them.
                return
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        for generation, items in groupby(waiting, key=itemgetter(0)):
            self._acknowledge(generation, [message for _, message in items])

    def _store_or_halve(self, messages: list[Incoming]) -> None:
        """Store messages; put aside the one that the database refuses."""
        try:
            self._store(messages)
        except _AWAY:
            raise
        except _REFUSED as error:
            if len(messages) == 1:
                self._put_aside(messages[0], error)
                return
            middle = len(messages) // 2
            self._store_or_halve(messages[:middle])
            self._store_or_halve(messages[middle:])

    def _store(self, messages: list[Incoming]) -> None:
        batch = decode_batch(messages, self._registry)
        rows, live = rows_of(batch, self._directory, now=timezone.now())
        stored = record_readings(
            rows, source=self._source, rejected=batch.rejected, recent=batch.recent
        )
        self._live.offer(live)
        self._counts.update(
            messages=len(messages),
            readings=stored.readings,
            duplicates=stored.duplicates + batch.repeated,
            conflicts=stored.conflicts,
            rejected=len(batch.rejected),
            retained=batch.retained,
        )

    def _put_aside(self, message: Incoming, error: Exception) -> None:
        logger.error("A message cannot be stored.", exc_info=error)
        batch = Batch()
        reason = f"The database refuses it: {str(error).strip().splitlines()[0]}"
        batch.reject(message_of(message), reason)
        record_readings([], source=self._source, rejected=batch.rejected)
        self._counts.update(messages=1, rejected=1)

    def _report(self) -> None:
        if time.monotonic() - self._reported < _REPORT_EVERY_S:
            return
        self._reported = time.monotonic()
        if self._counts:
            logger.info(
                "%s", ", ".join(f"{n} {what}" for what, n in self._counts.items())
            )
            self._counts.clear()
