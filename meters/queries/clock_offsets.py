"""How far the clocks of meters are off, from their last readings."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from meters.domain.clock import READINGS, ClockOffset, Sample, clock_offset
from meters.domain.instants import in_zone
from meters.models import Meter

_LOOKS_BACK = timedelta(days=7)
# Of so many the ones with a device time are taken: a few may lack it.
_LOOKED_AT = READINGS + 10


def clock_offsets(
    meters: Iterable[Meter], *, zone: ZoneInfo, now: datetime
) -> dict[int, ClockOffset]:
    """Return the offset by meter id; meters without a clock are not there."""
    samples: dict[int, list[Sample]] = {}
    for meter_id, sample in _samples([meter.pk for meter in meters], zone, now):
        of_meter = samples.setdefault(meter_id, [])
        if len(of_meter) < READINGS:
            of_meter.append(sample)
    found = {id_: clock_offset(of_meter) for id_, of_meter in samples.items()}
    return {id_: offset for id_, offset in found.items() if offset is not None}


def _samples(
    meter_ids: list[int], zone: ZoneInfo, now: datetime
) -> Iterator[tuple[int, Sample]]:
    """Yield the newest readings that a device's clock stands behind."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT wanted.id, latest.time, latest.received_at,
                   latest.told, latest.shifted
            FROM unnest(%s::integer[]) AS wanted (id)
            CROSS JOIN LATERAL (
                SELECT time, received_at, extra ->> 'device_time' AS told,
                       extra ? 'clock_shift_s' AS shifted
                FROM meters_reading
                WHERE meter_id = wanted.id AND time > %s
                ORDER BY time DESC LIMIT %s
            ) AS latest
            """,
            [meter_ids, now - _LOOKS_BACK, _LOOKED_AT],
        )
        for meter_id, time, received_at, told, shifted in cursor.fetchall():
            if told and not shifted:
                # The time of receipt stands, because this one was not believed.
                device_time = _told_time(told, zone, received_at)
            elif shifted or time not in (
                received_at,
                received_at.replace(microsecond=0),
            ):
                device_time = time
            else:
                continue
            if device_time is not None:
                yield meter_id, Sample(device_time, received_at)


def _told_time(text: str, zone: ZoneInfo, received_at: datetime) -> datetime | None:
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        return None
    return told if told.tzinfo else in_zone(told, zone, received_at=received_at)
