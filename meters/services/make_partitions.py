"""Makes the monthly partitions of the readings, ahead of time and when needed."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction

TABLE = "meters_reading"
# Any number that no other lock of ours uses.
_LOCK = 7_301_001


def make_partitions_ahead(*, now: datetime) -> list[str]:
    """Make the partitions of this month and the two that follow."""
    this_month = first_of_month(now)
    months = [this_month]
    for _ in range(2):
        months.append(next_month(months[-1]))
    return make_partitions(months)


def make_partitions(months: Iterable[date]) -> list[str]:
    """
    Make the partitions of these months (their first days) where they are missing.

    Each in a transaction of its own and attached rather than created in place:
    ``CREATE TABLE … PARTITION OF`` would wait for every writer. Must not run inside
    another transaction. Returns the names of those made.
    """
    missing = sorted({partition_name(month): month for month in months}.items())
    return [name for name, month in missing if _make_partition(name, month)]


def _make_partition(name: str, month: date) -> bool:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute(
            "SELECT relispartition FROM pg_class WHERE oid = to_regclass(%s)", [name]
        )
        found = cursor.fetchone()
        if found == (True,):
            return False
        start, end = month.isoformat(), next_month(month).isoformat()
        if found is None:
            cursor.execute(f"CREATE TABLE {name} (LIKE {TABLE} INCLUDING ALL)")
        # Else it was detached to be dropped, and the drop did not come to its end.
        cursor.execute(
            f"ALTER TABLE {TABLE} ATTACH PARTITION {name}"
            f" FOR VALUES FROM ('{start} 00:00+00') TO ('{end} 00:00+00')"
        )
    return True


def partition_name(month: date) -> str:
    """Return the name of a month's partition, like ``meters_reading_2026_11``."""
    return f"{TABLE}_{month:%Y_%m}"


def first_of_month(instant: datetime) -> date:
    """Return the first day of the instant's month, in UTC."""
    return instant.astimezone(UTC).date().replace(day=1)


def next_month(month: date) -> date:
    """Return the first day of the month after."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)
