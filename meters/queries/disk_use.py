"""How much disk the readings take, month by month."""

import re
import shutil
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.db import connection

from meters.models import RejectedMessage, StoredBatch

_NAME = re.compile(r"meters_reading_(\d{4})_(\d{2})")


@dataclass(frozen=True, slots=True)
class MonthOfReadings:
    """
    A partition: its month, its size with indexes [bytes], and its rows.

    PostgreSQL estimates the rows when it looks after the table; None before that.
    """

    month: date
    size: int
    readings: int | None


@dataclass(frozen=True, slots=True)
class DiskUse:
    """What is stored, and how much room is left. [bytes]"""

    months: list[MonthOfReadings]
    database: int
    free: int
    last_stored_at: datetime | None
    rejected: int


def partition_months() -> list[date]:
    """Return the months that have a partition, the oldest first."""
    return [item.month for item in months_of_readings()]


def months_of_readings() -> list[MonthOfReadings]:
    """Return every partition of the readings, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT child.relname, pg_total_relation_size(child.oid),
                   nullif(child.reltuples, -1)::bigint
            FROM pg_inherits
            JOIN pg_class AS child ON child.oid = inhrelid
            WHERE inhparent = 'meters_reading'::regclass
            ORDER BY child.relname
            """
        )
        rows = cursor.fetchall()
    return [
        MonthOfReadings(date(int(match[1]), int(match[2]), 1), size, readings)
        for name, size, readings in rows
        if (match := _NAME.fullmatch(name))
    ]


def disk_use(*, folder: Path) -> DiskUse:
    """Return how much is stored; `folder` lies on the disk whose room is told."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        [database] = cursor.fetchone()
    last = StoredBatch.objects.order_by("-stored_at").first()
    return DiskUse(
        months=months_of_readings(),
        database=database,
        free=shutil.disk_usage(folder).free,
        last_stored_at=last.stored_at if last else None,
        rejected=RejectedMessage.objects.count(),
    )
