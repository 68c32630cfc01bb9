"""Lines over time, for charts: every reading, or gathered by step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from psycopg import sql

from meters.domain.instants import stale_after_s
from meters.domain.quantities import BY_NAME, Quantity
from meters.domain.resolution import RAW, step_for
from meters.domain.series import gap_positions
from meters.models import Meter

MOST_POINTS = 2_000
_ORIGIN = datetime(2000, 1, 1, tzinfo=UTC)

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """
    One quantity of one meter over time, scaled by its ratios.

    Attributes
    ----------
    time : array of shape (n,)
        Instants of readings, or starts of steps. [s since 1970, UTC]
    mean, low, high : arrays of shape (n,)
        NaN in a gap. Of a register, `mean` is its value at the step's end.
    """

    meter: Meter
    quantity: Quantity
    time: Array
    mean: Array
    low: Array
    high: Array


@dataclass(frozen=True, slots=True)
class History:
    """Lines with one step: 0 where they hold every reading. [s]"""

    step_s: int
    lines: list[HistoryLine]


def history(
    meters: Sequence[Meter],
    quantities: Sequence[str],
    *,
    start: datetime,
    end: datetime,
    points: int = MOST_POINTS,
) -> History:
    """
    Return every quantity of every meter in [start, end), in one query.

    Parameters
    ----------
    quantities : sequence of str
        Names from the table of quantities.
    points : int
        How many points a line has at most; minimum and maximum survive gathering.
    """
    span_s = (end - start).total_seconds()
    interval_s = min((meter.interval_s for meter in meters), default=60.0)
    step_s = step_for(span_s, points=points, interval_s=interval_s)
    rows = _rows(meters, quantities, start=start, end=end, step_s=step_s)
    if step_s == RAW and _longest(rows) > points:
        # They came more often than the meter usually sends.
        step_s = step_for(span_s, points=points, interval_s=1e-3)
        rows = _rows(meters, quantities, start=start, end=end, step_s=step_s)
    lines = [
        _line(meter, name, number, rows.get(meter.pk, []), step_s)
        for meter in meters
        for number, name in enumerate(quantities)
    ]
    return History(step_s, lines)


Row = tuple[Any, ...]


def _rows(
    meters: Sequence[Meter],
    quantities: Sequence[str],
    *,
    start: datetime,
    end: datetime,
    step_s: int,
) -> dict[int, list[Row]]:
    """Return rows of (meter, time, then three numbers a quantity) by meter."""
    with connection.cursor() as cursor:
        cursor.execute(
            _statement(quantities, step_s),
            {
                "meters": [meter.pk for meter in meters],
                "start": start,
                "end": end,
                "step": step_s,
                "origin": _ORIGIN,
            },
        )
        rows: dict[int, list[Row]] = {}
        for row in cursor.fetchall():
            rows.setdefault(row[0], []).append(row)
    return rows


def _statement(quantities: Sequence[str], step_s: int) -> sql.Composed:
    columns = [sql.Identifier(name) for name in quantities]
    if step_s == RAW:
        chosen = [sql.SQL("{0}, {0}, {0}").format(column) for column in columns]
        time, group = sql.SQL("time"), sql.SQL("")
    else:
        chosen = [
            sql.SQL("{1}({0}), min({0}), max({0})").format(
                column,
                # A register's mean says nothing, and bits have none.
                sql.SQL(
                    "max" if BY_NAME[name].kind in {"register", "state"} else "avg"
                ),
            )
            for name, column in zip(quantities, columns, strict=True)
        ]
        time = sql.SQL(
            "date_bin(make_interval(secs => %(step)s), time, %(origin)s::timestamptz)"
        )
        group = sql.SQL("GROUP BY 1, 2")
    return sql.SQL(
        "SELECT meter_id, {time} AS at, {chosen} FROM meters_reading"
        " WHERE meter_id = ANY(%(meters)s) AND time >= %(start)s AND time < %(end)s"
        " {group} ORDER BY 1, 2"
    ).format(time=time, chosen=sql.SQL(", ").join(chosen), group=group)


def _longest(rows: dict[int, list[Row]]) -> int:
    return max((len(of_meter) for of_meter in rows.values()), default=0)


def _line(
    meter: Meter, name: str, number: int, rows: Sequence[Row], step_s: int
) -> HistoryLine:
    first = 2 + 3 * number
    known = [row for row in rows if row[first] is not None]
    factor = meter.factors.of(name)
    time = np.array([row[1].timestamp() for row in known], dtype=float)
    numbers = np.array([row[first : first + 3] for row in known], dtype=float)
    numbers = numbers.reshape(-1, 3) * factor
    longest_s = max(step_s * 1.5, stale_after_s(meter.interval_s))
    after = gap_positions(time, longest_s=longest_s)
    middles = (time[after - 1] + time[after]) / 2
    time = np.insert(time, after, middles)
    mean, low, high = np.insert(numbers, after, np.nan, axis=0).T
    return HistoryLine(meter, BY_NAME[name], time, mean, low, high)
