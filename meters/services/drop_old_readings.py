"""Lets raw readings go when they are older than every site's limit.

By whole partitions: dropping a month's table takes no time, deleting its rows would
take hours and leave the holes behind.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from django.db import connection
from django.db.models import Max

from meters.models import Site
from meters.queries.disk_use import partition_months
from meters.services.make_partitions import next_month, partition_name
from meters.services.rolled_up import is_rolled_up

# Where there is no site yet, only discovered meters. [days]
_KEEP_WITHOUT_A_SITE = 400


def drop_old_readings(
    *, now: datetime, may_go: Callable[[date], bool] = is_rolled_up
) -> list[str]:
    """
    Drop the partitions that are older than every limit; return their names.

    Must not run inside a transaction.

    Parameters
    ----------
    may_go : callable
        Whether the readings of a month (its first day) are rolled up: what they amount
        to is stored, and they are not needed any more.
    """
    longest = Site.objects.aggregate(days=Max("keep_raw_days"))["days"]
    keep = timedelta(days=longest or _KEEP_WITHOUT_A_SITE)
    dropped = []
    for month in partition_months():
        end = datetime.combine(next_month(month), datetime.min.time(), UTC)
        if end <= now - keep and may_go(month):
            _drop(partition_name(month))
            dropped.append(partition_name(month))
    return dropped


def _drop(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = %s::regclass",
            [name],
        )
        # Concurrently: without it every writer would have to wait. What was
        # interrupted is brought to its end.
        how = "FINALIZE" if cursor.fetchone() == (True,) else "CONCURRENTLY"
        cursor.execute(f"ALTER TABLE meters_reading DETACH PARTITION {name} {how}")
        cursor.execute(f"DROP TABLE {name}")
