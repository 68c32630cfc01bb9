"""Adds to the counts of what has come of each meter in each hour."""

from dataclasses import astuple, dataclass, fields
from datetime import datetime

from django.db import connection


@dataclass(slots=True)
class Counts:
    """What has come of a meter in an hour, since the last time it was added."""

    received: int = 0
    duplicate: int = 0
    late: int = 0
    conflicting: int = 0
    implausible: int = 0

    def add(self, other: "Counts") -> None:
        """Add what another has counted."""
        self.received += other.received
        self.duplicate += other.duplicate
        self.late += other.late
        self.conflicting += other.conflicting
        self.implausible += other.implausible


class CountsByHour(dict[tuple[int, datetime], Counts]):
    """Counts by meter id and the beginning of the hour of the readings' own time."""

    def at(self, meter_id: int, time: datetime) -> Counts:
        """Return the counts of the hour that `time` is in."""
        key = (meter_id, time.replace(minute=0, second=0, microsecond=0))
        counts = self.get(key)
        if counts is None:
            counts = self[key] = Counts()
        return counts


_COLUMNS = [field.name for field in fields(Counts)]


def count_quality(counts: CountsByHour) -> None:
    """Add these counts; a count does not fall below zero."""
    # Sorted, so that two processes meet the same rows in the same order.
    ordered = sorted(counts.items(), key=lambda item: item[0])
    columns = ", ".join(_COLUMNS)
    new = ", ".join(f"greatest(0, {name})" for name in _COLUMNS)
    both = ", ".join(f"{c} = greatest(0, kept.{c} + given.{c})" for c in _COLUMNS)
    arrays = ", ".join(["%s::integer[]"] * len(_COLUMNS))
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH given (meter_id, hour, {columns}) AS (
                SELECT * FROM unnest(%s::integer[], %s::timestamptz[], {arrays})
            ), added AS (
                UPDATE meters_dataquality AS kept
                SET {both}
                FROM given
                WHERE (kept.meter_id, kept.hour) = (given.meter_id, given.hour)
                RETURNING kept.meter_id, kept.hour
            )
            INSERT INTO meters_dataquality (meter_id, hour, {columns})
            SELECT meter_id, hour, {new} FROM given
            WHERE (meter_id, hour) NOT IN (SELECT meter_id, hour FROM added)
            ON CONFLICT DO NOTHING
            """,  # noqa: S608 - the names are those of the fields above
            [
                [meter_id for (meter_id, _), _ in ordered],
                [hour for (_, hour), _ in ordered],
                *map(list, zip(*(astuple(count) for _, count in ordered), strict=True)),
            ],
        )
