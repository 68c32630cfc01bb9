"""Corrects a meter whose clock is set to another time zone, for what has come too."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction

from meters.live import newest
from meters.models import Meter, StoredBatch
from meters.services.make_partitions import first_of_month, make_partitions, next_month
from meters.services.record_readings import CHANNEL
from meters.services.recount_readings import recount_readings

MOST_SHIFT_MIN = 14 * 60
# Receipt and device time differ by no more than a zone and a bit, where one is false.
_REACH = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Move:
    """What shifting a clock would move, or has moved."""

    readings: int
    # By the times they have now, and by those that they get.
    first: datetime | None
    last: datetime | None
    first_new: datetime | None
    last_new: datetime | None


def preview_shift(
    *, meter: Meter, shift_min: int, since: datetime, zone: str = "UTC"
) -> Move:
    """Return what `shift_clock` would move."""
    with transaction.atomic(), _moving(meter, shift_min, since, zone):
        return _summary()


def shift_clock(
    *,
    meter_id: int,
    shift_min: int,
    since: datetime,
    now: datetime,
    zone: str = "UTC",
) -> Move:
    """
    Let the meter's clock be `shift_min` minutes off, and move its readings since.

    Safe to run again, and undone by a shift of 0: each reading keeps in `extra` by how
    much it was moved. A reading without a time of the device stays where it is. One
    that was stored at its receipt, because the device's time lay ahead, goes to the
    device's time and the shift. Where a reading stands at the new instant already, the
    moved one comes a microsecond later: nothing is lost.

    Parameters
    ----------
    shift_min : int
        Minutes added to the device's own times, instead of what was added before.
    since : datetime
        By the device's own times.
    zone : str
        Of device times that name none.
    """
    if abs(shift_min) > MOST_SHIFT_MIN:
        raise ValueError(f"No two zones differ by {shift_min} minutes.")
    meter = Meter.objects.get(pk=meter_id)
    expected = preview_shift(meter=meter, shift_min=shift_min, since=since, zone=zone)
    # These cannot be made within the transaction; ingest goes on meanwhile.
    last = max(filter(None, (expected.last_new, now))) + _REACH
    make_partitions(_months(expected.first_new or now, last))
    with transaction.atomic():
        meter = Meter.objects.select_for_update().get(pk=meter_id)
        meter.clock_shift_min = shift_min
        meter.save()
        with _moving(meter, shift_min, since, zone):
            _set_apart(meter)
            moved = _summary()
            if moved.readings:
                _move(meter)
                _note(meter, moved)
        transaction.on_commit(lambda: newest.forget([meter_id]))
    return moved


@contextmanager
def _moving(meter: Meter, shift_min: int, since: datetime, zone: str) -> Iterator[None]:
    """Have the table `moving` while this lasts: old and new time of what moves."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE %s", [zone])
        cursor.execute(
            _MOVING,
            {
                "meter": meter.pk,
                "shift": shift_min,
                "since": since,
                "reach": since - _REACH,
            },
        )
        cursor.execute("SET LOCAL TIME ZONE 'UTC'")
        yield
        cursor.execute("DROP TABLE moving")


# The device's own time is what it told, else what is stored less what was added. A
# reading without one stands at its receipt, whole or cut to the second.
_MOVING = """
CREATE TEMP TABLE moving ON COMMIT DROP AS
WITH told AS (
    SELECT time, received_at,
           coalesce((extra ->> 'clock_shift_s')::float8, 0) AS shifted_s,
           extra ? 'clock_shift_s' AS is_shifted,
           CASE WHEN extra ->> 'device_time'
                     ~ '^\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d'
                THEN (extra ->> 'device_time')::timestamptz END AS device_time
    FROM meters_reading
    WHERE meter_id = %(meter)s AND time >= %(reach)s
), own AS (
    SELECT time, received_at, device_time IS NOT NULL AS is_ahead,
           coalesce(device_time, time - make_interval(secs => shifted_s)) AS own_time
    FROM told
    WHERE device_time IS NOT NULL OR is_shifted
       OR time NOT IN (received_at, date_trunc('second', received_at))
), wanted AS (
    SELECT *, own_time + make_interval(mins => %(shift)s) AS shifted
    FROM own WHERE own_time >= %(since)s
), aimed AS (
    SELECT time AS old_time, own_time, received_at,
           CASE WHEN is_ahead
                     AND shifted NOT BETWEEN '2000-01-01 00:00+00'
                         AND received_at + interval '10 minutes'
                THEN received_at ELSE shifted END AS new_time
    FROM wanted
)
SELECT old_time, own_time, new_time, new_time = received_at AS to_receipt FROM aimed
-- What a collision set apart, or the receipt cut to the second, is where it belongs.
WHERE abs(extract(epoch FROM new_time - old_time))
      > CASE WHEN new_time = received_at THEN 1 ELSE 0.01 END
"""


def _summary() -> Move:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), min(old_time), max(old_time), min(new_time),"
            " max(new_time) FROM moving"
        )
        return Move(*cursor.fetchone())


def _set_apart(meter: Meter) -> None:
    """Give every moving reading an instant that no other has."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX ON moving (new_time)")
        cursor.execute("CREATE INDEX ON moving (old_time)")
        cursor.execute("ANALYZE moving")
        while True:
            cursor.execute(_SET_APART, {"meter": meter.pk})
            if not cursor.rowcount:
                return


_SET_APART = """
UPDATE moving SET new_time = new_time + interval '1 microsecond'
WHERE EXISTS (
    SELECT FROM moving AS other
    WHERE other.new_time = moving.new_time AND other.old_time < moving.old_time
) OR EXISTS (
    SELECT FROM meters_reading AS there
    WHERE there.meter_id = %(meter)s AND there.time = moving.new_time
    AND NOT EXISTS (SELECT FROM moving AS gone WHERE gone.old_time = there.time)
)
"""


def _move(meter: Meter) -> None:
    """Take the readings out, and put them back at their new instants."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            CREATE TEMP TABLE moved ON COMMIT DROP AS
            SELECT reading.* FROM meters_reading AS reading
            JOIN moving ON reading.time = moving.old_time
            WHERE reading.meter_id = %s
            """,
            [meter.pk],
        )
        cursor.execute(
            "DELETE FROM meters_reading USING moving"
            " WHERE meter_id = %s AND time = moving.old_time",
            [meter.pk],
        )
        cursor.execute(_MARK)
        cursor.execute(
            "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute"
            " WHERE attrelid = 'meters_reading'::regclass"
            " AND attnum > 0 AND NOT attisdropped"
        )
        (columns,) = cursor.fetchone()
        cursor.execute(
            f"INSERT INTO meters_reading ({columns}) SELECT {columns} FROM moved"  # noqa: S608 - the table's own columns
        )
        cursor.execute("DROP TABLE moved")


# By how much it is moved from the device's own time; nothing where it is not. One that
# goes back to its receipt keeps the device's time, as it came.
_MARK = """
UPDATE moved SET
    time = moving.new_time,
    extra = nullif(
        CASE WHEN moving.new_time - moving.own_time = interval '0'
               OR (extra ? 'device_time' AND moving.to_receipt)
        THEN coalesce(extra, '{}') - 'clock_shift_s'
        ELSE coalesce(extra, '{}') || jsonb_build_object(
            'clock_shift_s', extract(epoch FROM moving.new_time - moving.own_time)
        ) END, '{}')
FROM moving WHERE moved.time = moving.old_time
"""


def _note(meter: Meter, moved: Move) -> None:
    """Tell whoever follows the readings which instants are touched."""
    touched = [moved.first, moved.last, moved.first_new, moved.last_new]
    known = [instant for instant in touched if instant is not None]
    recount_readings(meter_id=meter.pk, first=min(known), last=max(known))
    batch = StoredBatch.objects.create(
        source="clock shift",
        meters=[meter.pk],
        first_time=min(known),
        last_time=max(known),
        readings=moved.readings,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(batch.pk)])


def _months(first: datetime, last: datetime) -> Iterator[date]:
    month = first_of_month(first)
    while month <= last.astimezone(UTC).date():
        yield month
        month = next_month(month)
