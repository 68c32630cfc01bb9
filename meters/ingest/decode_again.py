"""Decodes rejected messages again, after what was wrong has been put right."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

import psycopg
from django.db import DatabaseError, InterfaceError, OperationalError

from meters.broker import Incoming
from meters.families import Registry
from meters.ingest.batch import decode_batch
from meters.ingest.directory import MeterDirectory
from meters.ingest.quality import QualityCounts
from meters.ingest.rows import Rows, rows_of
from meters.models import RejectedMessage
from meters.queries.profiles import enabled_profiles
from meters.services.record_readings import record_readings

SOURCE = "decoded again"
# At one go: a person waits for it.
MOST_AT_ONCE = 2000
# The database refuses what one of the messages says; which one is found by halving.
_REFUSED = (DatabaseError, psycopg.Error, ValueError, OverflowError)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Usable(NamedTuple):
    """A message that decodes now, and the rows it comes to."""

    message: RejectedMessage
    rows: Rows


class DecodedAgain(NamedTuple):
    """What became of the messages."""

    # Messages that are used now, and the readings that they held.
    used: int
    readings: int
    # Still refused; why, by the number of them.
    refused: int
    reasons: dict[str, int]
    # Only their beginning was kept.
    cut_short: int
    # Beyond what is done at one go.
    left: int


def decode_again(messages: Iterable[RejectedMessage], *, now: datetime) -> DecodedAgain:
    """
    Store what now decodes, as ingest would, and forget that it was rejected.

    Safe to run twice: readings that are stored already are met by their key. What is
    refused still stays, with the reason that it has now.
    """
    # As they came: a family may need what a message before has told.
    waiting = sorted(messages, key=lambda kept: (kept.received_at, kept.pk))
    registry, directory = Registry(), MeterDirectory()
    registry.use_profiles(enabled_profiles())
    usable: list[_Usable] = []
    refused: list[RejectedMessage] = []
    tried = [kept for kept in waiting[:MOST_AT_ONCE] if not is_cut_short(kept)]
    for kept in tried:
        try:
            rows, reason = _decode(kept, registry, directory, now=now)
        except _REFUSED as error:
            rows, reason = Rows(), _reason_of(error)
        if reason:
            _refuse(kept, reason, refused)
        else:
            usable.append(_Usable(kept, rows))
    stored = _store_or_halve(usable, refused)
    used = [kept.pk for kept, _ in stored]
    RejectedMessage.objects.filter(pk__in=used).delete()
    RejectedMessage.objects.bulk_update(refused, ["reason"])
    return DecodedAgain(
        used=len(stored),
        readings=sum(len(rows.readings) for _, rows in stored),
        refused=len(refused),
        reasons=dict(Counter(kept.reason for kept in refused)),
        cut_short=min(len(waiting), MOST_AT_ONCE) - len(tried),
        left=max(0, len(waiting) - MOST_AT_ONCE),
    )


def _decode(
    kept: RejectedMessage,
    registry: Registry,
    directory: MeterDirectory,
    *,
    now: datetime,
) -> tuple[Rows, str]:
    """Return the rows of a message as ingest makes them, or why there are none."""
    batch = decode_batch([_incoming(kept)], registry, now=now)
    rows = rows_of(batch, directory, now=now)
    return rows, batch.rejected[0].reason if batch.rejected else ""


def _store_or_halve(
    usable: list[_Usable], refused: list[RejectedMessage]
) -> list[_Usable]:
    """Store rows; find the message that the database refuses by halving."""
    try:
        stored = record_readings(
            [row for _, rows in usable for row in rows.readings],
            source=SOURCE,
            events=[event for _, rows in usable for event in rows.events],
        )
    except _REFUSED as error:
        if len(usable) == 1:
            _refuse(usable[0].message, _reason_of(error), refused)
            return []
        middle = len(usable) // 2
        return _store_or_halve(usable[:middle], refused) + _store_or_halve(
            usable[middle:], refused
        )
    quality = QualityCounts()
    for _, rows in usable:
        quality.add(rows.counts)
    quality.met_again(stored)
    quality.write_if_due(at_once=True)
    return usable


def _refuse(kept: RejectedMessage, reason: str, refused: list[RejectedMessage]) -> None:
    kept.reason = reason
    refused.append(kept)


def _reason_of(error: Exception) -> str:
    """Return the sentence for what the database refuses; where it is away, raise."""
    if isinstance(error, OperationalError | InterfaceError):
        raise error
    return f"The database refuses it: {str(error).strip().splitlines()[0]}"


def is_cut_short(kept: RejectedMessage) -> bool:
    """Return whether only the beginning of the payload was kept."""
    return len(kept.payload) < kept.payload_size


def _incoming(kept: RejectedMessage) -> Incoming:
    since = kept.received_at - _EPOCH
    return Incoming(
        topic=kept.topic.encode(),
        payload=bytes(kept.payload),
        qos=1,
        mid=0,
        duplicate=False,
        retain=kept.retain,
        received_us=round(since.total_seconds() * 1e6),
    )
