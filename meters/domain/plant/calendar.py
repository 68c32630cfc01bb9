"""The plant's calendar: local time, working days, holidays."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

WORKDAY, SATURDAY, REST = 0, 1, 2
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_HOUR_S, _DAY_S = 3600, 86_400


def easter(year: int) -> date:
    """Return Easter Sunday (Gregorian calendar).

    Source: the anonymous algorithm, Nature 13 (1876), as in Meeus, chapter 8.
    """
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), f = divmod(b, 4), (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


@lru_cache
def holidays(year: int) -> frozenset[date]:
    """Return the holidays that all of Germany has."""
    sunday = easter(year)
    fixed = [(1, 1), (5, 1), (10, 3), (12, 25), (12, 26)]
    # Good Friday, Easter Monday, Ascension, Whit Monday.
    moving = [-2, 1, 39, 50]
    return frozenset(
        [date(year, month, day) for month, day in fixed]
        + [sunday + timedelta(days=days) for days in moving]
    )


@lru_cache(maxsize=4096)
def day_kind(day: date) -> int:
    """Return WORKDAY, SATURDAY or REST: Sundays and holidays."""
    if day.weekday() == 6 or day in holidays(day.year):
        return REST
    return SATURDAY if day.weekday() == 5 else WORKDAY


class LocalTime:
    """Whole numbers of local time, for many instants at once."""

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self._offset = lru_cache(maxsize=100_000)(self._offset_of_hour)

    def seconds(self, times: Integers) -> Integers:
        """Return what a local clock shows, as seconds since 1970 without a zone."""
        hours, index = np.unique(times // _HOUR_S, return_inverse=True)
        offsets = np.array([self._offset(hour) for hour in hours.tolist()], np.int64)
        return times + offsets[index.reshape(times.shape)]

    def _offset_of_hour(self, hour: int) -> int:
        instant = datetime.fromtimestamp(hour * _HOUR_S, UTC).astimezone(self.zone)
        offset = instant.utcoffset() or timedelta()
        return round(offset.total_seconds())


def day_kinds(local_seconds: Integers) -> Integers:
    """Return the kind of day of each local second."""
    days, index = np.unique(local_seconds // _DAY_S, return_inverse=True)
    kinds = np.array(list(_kinds(days.tolist())), np.int64)
    return kinds[index.reshape(local_seconds.shape)]


def _kinds(days: Iterable[int]) -> Iterable[int]:
    for day in days:
        yield day_kind(date.fromordinal(_EPOCH_ORDINAL + day))
