"""Counts readings by hour anew, after some were moved."""

from datetime import datetime

from django.db import connection


def recount_readings(*, meter_id: int, first: datetime, last: datetime) -> None:
    """Set how many readings each hour from `first` to `last` has received."""
    with connection.cursor() as cursor:
        cursor.execute(_RECOUNT, {"meter": meter_id, "first": first, "last": last})


_RECOUNT = """
WITH touched AS (
    SELECT date_trunc('hour', %(first)s::timestamptz, 'UTC') AS first,
           date_trunc('hour', %(last)s::timestamptz, 'UTC') + interval '1 hour' AS last
), counted AS (
    SELECT date_trunc('hour', time, 'UTC') AS hour, count(*) AS received
    FROM meters_reading, touched
    WHERE meter_id = %(meter)s AND time >= touched.first AND time < touched.last
    GROUP BY 1
), emptied AS (
    UPDATE meters_dataquality AS quality SET received = 0 FROM touched
    WHERE meter_id = %(meter)s AND hour >= touched.first AND hour < touched.last
    AND NOT EXISTS (SELECT FROM counted WHERE counted.hour = quality.hour)
)
INSERT INTO meters_dataquality
    (meter_id, hour, received, duplicate, late, conflicting, implausible)
SELECT %(meter)s, hour, received, 0, 0, 0, 0 FROM counted
ON CONFLICT (meter_id, hour) DO UPDATE SET received = excluded.received
"""
