"""Values over time, scaled by the ratios."""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from django.db import connection

from meters.domain.instants import stale_after_s
from meters.domain.series import (
    EMPTY,
    Line,
    Series,
    bucket_means,
    sum_held,
    thinned,
    with_gaps,
)
from meters.models import Meter
from meters.queries.tree import MeterRow

LAST_HOUR = timedelta(hours=1)
# More lines than these do not tell more.
MOST_FEEDERS = 5
# A line has no more points than a wide screen.
_MOST_POINTS = 1500


def power_lines(rows: Sequence[MeterRow], *, now: datetime) -> list[Line]:
    """Return the last hour's power of the site, then of its greatest feeders."""
    roots = [row for row in rows if row.is_incomer]
    feeders = _greatest_feeders(rows)
    measured = _active_power(
        {row.meter.pk: row.meter for row in (*roots, *feeders)}.values(), now=now
    )
    total = sum_held(
        [_signed(measured.get(row.meter.pk, EMPTY), row) for row in roots],
        hold_s=[row.stale_after_s for row in roots],
    )
    longest = max((row.stale_after_s for row in roots), default=0.0)
    lines = [Line("total", "", _drawable(total, longest_s=longest))]
    for row in feeders:
        own = _signed(measured.get(row.meter.pk, EMPTY), row)
        drawn = _drawable(own, longest_s=row.stale_after_s)
        lines.append(Line(str(row.meter.pk), str(row.meter), drawn, row.is_feeding))
    return [line for line in lines if len(line.series) or line.key == "total"]


def power_line(meter: Meter, *, now: datetime) -> Line:
    """Return the last hour's power of one meter, with the sign it was measured with."""
    measured = _active_power([meter], now=now).get(meter.pk, EMPTY)
    drawn = _drawable(measured, longest_s=stale_after_s(meter.interval_s))
    return Line(str(meter.pk), str(meter), drawn)


def _greatest_feeders(rows: Sequence[MeterRow]) -> list[MeterRow]:
    """Return the meters right below the incomers, greatest first.

    Without any, the incomers where there are several.
    """
    feeders = [row for row in rows if row.depth == 1 and row.power is not None]
    if not feeders:
        roots = [row for row in rows if row.is_incomer and row.power is not None]
        feeders = roots if len(roots) > 1 else []
    by_size = sorted(feeders, key=lambda row: abs(row.power or 0.0), reverse=True)
    return by_size[:MOST_FEEDERS]


def _signed(series: Series, row: MeterRow) -> Series:
    return Series(series.times, series.values * row.sign)


def _drawable(series: Series, *, longest_s: float) -> Series:
    return with_gaps(thinned(series, points=_MOST_POINTS), longest_s=longest_s)


def _active_power(meters: Iterable[Meter], *, now: datetime) -> dict[int, Series]:
    by_id = {meter.pk: meter for meter in meters}
    columns: dict[int, tuple[list[float], list[float]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT meter_id, extract(epoch FROM time)::float8, active_power::float8
            FROM meters_reading
            WHERE meter_id = ANY(%s) AND time > %s AND time <= %s
            AND active_power IS NOT NULL
            ORDER BY meter_id, time
            """,
            [list(by_id), now - LAST_HOUR, now],
        )
        for id_, time, value in cursor.fetchall():
            times, values = columns.setdefault(id_, ([], []))
            times.append(time)
            values.append(value)
    return {
        id_: Series.of(
            times,
            [value * by_id[id_].factors.of("active_power") for value in values],
        )
        for id_, (times, values) in columns.items()
    }


def five_minute_table(
    lines: Sequence[Line], *, now: datetime
) -> list[tuple[datetime, list[float | None]]]:
    """Return the lines' means over five minutes, the newest first. [kW]"""
    buckets = int(LAST_HOUR.total_seconds() // 300)
    end = math.ceil(now.timestamp() / 300) * 300
    start = end - LAST_HOUR.total_seconds()
    columns = [
        bucket_means(line.series, start=start, end=end, buckets=buckets)
        for line in lines
    ]
    return [
        (
            datetime.fromtimestamp(start + 300 * n, UTC),
            [None if math.isnan(means[n]) else float(means[n]) for means in columns],
        )
        for n in reversed(range(buckets))
    ]
