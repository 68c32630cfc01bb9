"""Which instant a reading has when the device's clock cannot be believed.

All instants are aware and in UTC.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(minutes=10)
# Partitions of readings reach this far back; older ones are imported.
OLDEST_STORED = timedelta(days=400)


def believable_instant(device_time: datetime | None, *, received_at: datetime) -> bool:
    """Return whether the device's time stands: given, not before 2000, not ahead.

    A clock may run up to ten minutes ahead of the receipt.
    """
    return device_time is not None and EARLIEST <= device_time <= received_at + AHEAD


def is_historical(time: datetime, *, received_at: datetime, interval_s: float) -> bool:
    """Return whether a reading is too old to be live.

    That is older than five minutes and older than three expected intervals.
    """
    return received_at - time > timedelta(seconds=max(300.0, 3 * interval_s))


def stale_after_s(interval_s: float) -> float:
    """Return after how many seconds without a reading a value is stale. [s]"""
    return 2.5 * interval_s + 60.0


def in_zone(wall_clock: datetime, zone: ZoneInfo, *, received_at: datetime) -> datetime:
    """
    Return the instant that a clock of `zone` means, in UTC.

    The hour that a clock in autumn shows twice is the one nearer to the receipt.
    """
    try:
        first, second = (
            wall_clock.replace(tzinfo=zone, fold=fold).astimezone(UTC)
            for fold in (0, 1)
        )
    except OverflowError:  # the year 1 or 9999
        return wall_clock.replace(tzinfo=UTC)
    return min(first, second, key=lambda instant: abs(instant - received_at))
