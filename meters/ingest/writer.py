"""Takes batches from the stream, stores them, and only then acknowledges them."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

import psycopg
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.utils import timezone

from meters.broker import Incoming
from meters.families import Registry, Reply
from meters.ingest.batch import Batch, decode_batch, message_of
from meters.ingest.directory import MeterDirectory
from meters.ingest.live_writer import LiveWriter
from meters.ingest.quality import QualityCounts
from meters.ingest.rows import Rows, rows_of
from meters.ingest.waiting import Waiting, WaitingMessages
from meters.queries.profiles import enabled_profiles, profiles_version
from meters.services.confirm_commands import confirm_commands
from meters.services.note_presence import note_presence
from meters.services.note_session import note_session
from meters.services.record_readings import Row, record_readings

logger = logging.getLogger(__name__)

_LONGEST_PAUSE_S = 30.0
_REPORT_EVERY_S = 60.0
_PROFILES_EVERY_S = 2.0
_REMEMBERED_TOPICS = 50_000
_SECOND = timedelta(seconds=1)
_AWAY = (
    OperationalError,
    InterfaceError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)
# The database refuses what one of the messages says; which one is found by halving.
_REFUSED = (DatabaseError, psycopg.Error, ValueError, OverflowError)

Acknowledge = Callable[[int, list[Incoming]], None]
Answer = Callable[[Reply], None]


class Writer:
    """The one writer of an ingest process."""

    def __init__(
        self,
        *,
        waiting: WaitingMessages,
        live: LiveWriter,
        acknowledge: Acknowledge,
        answer: Answer,
        source: str,
        topics: Callable[[], list[str]],
        leaves_out: Callable[[str], bool],
    ) -> None:
        self._waiting = waiting
        self._live = live
        self._acknowledge = acknowledge
        self._answer = answer
        self._source = source
        self._topics = topics
        self._leaves_out = lru_cache(_REMEMBERED_TOPICS)(
            lambda topic: leaves_out(topic.decode("utf-8", "replace"))
        )
        self._quality = QualityCounts()
        self._registry = Registry()
        self._profiles: object = None
        self._profiles_due = float("-inf")
        self._directory = MeterDirectory()
        self._stopping = threading.Event()
        # A batch is in hand, or messages wait.
        self._in_hand = False
        self._counts: Counter[str] = Counter()
        self._reported = time.monotonic()

    def run(self) -> None:
        """Write until `stop`; a batch in hand is finished."""
        self._patiently(self._note_session)
        while not self._stopping.is_set():
            batch = self._waiting.take(timeout_s=1.0)
            if batch:
                self._in_hand = True
                self.write(batch)
                self._in_hand = False
            self._patiently(self._quality.write_if_due)
            self._report()
        self._patiently(lambda: self._quality.write_if_due(at_once=True))

    @property
    def busy(self) -> bool:
        """Tell whether something is not written yet."""
        return self._in_hand or len(self._waiting) > 0

    def stop(self) -> None:
        """End after the batch in hand. Safe to call from a signal handler."""
        self._stopping.set()
        self._waiting.close()

    def write(self, waiting: list[Waiting]) -> None:
        """Store a batch, trying again while the database is away; acknowledge it."""
        pause_s = 1.0
        messages = [
            message for _, message in waiting if not self._leaves_out(message.topic)
        ]
        while messages:
            try:
                self._store_or_halve(messages)
                break
            except _AWAY as error:
                logger.warning(
                    "%s, %d messages wait: %s. Next try in %.0f s.",
                    _why_away(error),
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
        now = timezone.now()
        self._follow_profiles()
        batch = decode_batch(messages, self._registry, now=now)
        rows = rows_of(batch, self._directory, now=now)
        stored = record_readings(
            rows.readings,
            source=self._source,
            rejected=batch.rejected,
            recent=batch.recent,
            events=rows.events,
            beside=lambda: self._store_beside(rows, now),
        )
        self._live.offer(rows.live)
        self._quality.add(rows.counts)
        self._quality.met_again(stored)
        for reply in batch.replies:
            self._answer(reply)
        self._counts.update(
            messages=len(messages),
            readings=stored.readings,
            duplicates=stored.duplicates + batch.repeated,
            conflicts=stored.conflicts,
            rejected=len(batch.rejected),
            retained=batch.retained,
            blocked=batch.blocked,
            events=len(rows.events),
        )

    def _follow_profiles(self) -> None:
        """Use the profiles that users have made, as they are now."""
        if time.monotonic() < self._profiles_due:
            return
        version = profiles_version()
        if version != self._profiles:
            self._registry.use_profiles(enabled_profiles())
        self._profiles = version
        self._profiles_due = time.monotonic() + _PROFILES_EVERY_S

    def _store_beside(self, rows: Rows, now: datetime) -> None:
        """Store what messages say beside readings, in the same transaction."""
        if rows.online:
            note_presence(rows.online)
        confirm_commands(
            outputs=rows.outputs,
            answers=rows.answers,
            read=_read_at(row for row, _ in rows.live),
            now=now,
        )

    def _put_aside(self, message: Incoming, error: Exception) -> None:
        logger.error("A message cannot be stored.", exc_info=error)
        batch = Batch()
        reason = f"The database refuses it: {str(error).strip().splitlines()[0]}"
        batch.reject(message_of(message), reason)
        record_readings([], source=self._source, rejected=batch.rejected)
        self._counts.update(messages=1, rejected=1)

    def _note_session(self) -> None:
        note_session(name=self._source, topics=self._topics(), now=timezone.now())

    def _patiently(self, write: Callable[[], None]) -> None:
        """Write what is not worth waiting for; while the database is away, do not."""
        try:
            write()
        except _AWAY as error:
            logger.info("%s: %s", _why_away(error), str(error).strip().splitlines()[0])
            connection.close()

    def _report(self) -> None:
        if time.monotonic() - self._reported < _REPORT_EVERY_S:
            return
        self._reported = time.monotonic()
        self._patiently(self._note_session)
        if self._counts:
            logger.info(
                "%s", ", ".join(f"{n} {what}" for what, n in self._counts.items())
            )
            self._counts.clear()


def _read_at(rows: Iterable[Row]) -> dict[int, datetime]:
    """Return, by meter, when the newest of its readings can have been measured."""
    found: dict[int, datetime] = {}
    for row in rows:
        # Devices tell whole seconds, and their clocks may be ahead.
        at = min(row.time + _SECOND, row.received_at)
        found[row.meter_id] = max(at, found.get(row.meter_id, at))
    return found


def _why_away(error: Exception) -> str:
    """Say in words why nothing can be stored now."""
    cause = error.__cause__ if isinstance(error, DatabaseError) else error
    if isinstance(cause, psycopg.errors.DiskFull):
        return "The disk of the database is full"
    if isinstance(cause, psycopg.errors.InsufficientResources):
        return "The database has no room for more"
    return "PostgreSQL is away"
