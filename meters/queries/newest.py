"""The newest values of meters, scaled by their ratios."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.db import connection
from redis import RedisError

from meters.domain.quantities import QUANTITIES
from meters.domain.registers import with_total_energy
from meters.domain.scaling import scale
from meters.live import newest as live_newest
from meters.models import Meter

logger = logging.getLogger(__name__)

_NAMES = [quantity.name for quantity in QUANTITIES]


@dataclass(frozen=True, slots=True)
class NewestValues:
    """The newest value of each quantity of a meter, with ratios applied."""

    time: datetime
    values: dict[str, float]
    extra: dict[str, Any]


def newest_values(meters: Iterable[Meter]) -> dict[int, NewestValues]:
    """Return the newest values by meter id.

    From Redis; where Redis is away or knows a meter not, its last reading.
    """
    by_id = {meter.pk: meter for meter in meters}
    found: dict[int, NewestValues] = {}
    try:
        kept = live_newest.read(by_id)
    except RedisError as error:
        logger.warning("Redis is away, the last readings are shown: %s", error)
        kept = {}
    for id_, item in kept.items():
        time = datetime.fromtimestamp(item.time / 1000, UTC)
        extra = item.extra if isinstance(item.extra, dict) else {}
        found[id_] = _scaled(by_id[id_], time, item.values, extra)
    missing = [id_ for id_ in by_id if id_ not in found]
    for id_, time, values, extra in _last_readings(missing):
        found[id_] = _scaled(by_id[id_], time, values, extra)
    return found


def sent_values(meter: Meter) -> dict[str, float]:
    """Return the newest values as the device sent them, without ratios."""
    # A meter of this key that nobody has given ratios.
    found = newest_values([Meter(pk=meter.pk)]).get(meter.pk)
    return found.values if found else {}


def _scaled(
    meter: Meter, time: datetime, values: dict[str, float], extra: dict[str, Any]
) -> NewestValues:
    return NewestValues(time, with_total_energy(scale(values, meter.factors)), extra)


def _last_readings(
    meter_ids: list[int],
) -> Iterable[tuple[int, datetime, dict[str, float], dict[str, Any]]]:
    if not meter_ids:
        return
    columns = ", ".join(f"reading.{name}" for name in _NAMES)
    with connection.cursor() as cursor:
        # The inner query ends at the first partition that has a reading.
        cursor.execute(
            f"""
            SELECT wanted.id, reading.time, reading.extra, {columns}
            FROM unnest(%s::integer[]) AS wanted (id)
            CROSS JOIN LATERAL (
                SELECT * FROM meters_reading
                WHERE meter_id = wanted.id ORDER BY time DESC LIMIT 1
            ) AS reading
            """,  # noqa: S608 - the names are those of the one table of quantities
            [meter_ids],
        )
        for id_, time, extra, *numbers in cursor.fetchall():
            values = {
                name: float(f"{number:.9g}")
                for name, number in zip(_NAMES, numbers, strict=True)
                if number is not None
            }
            # A bare cursor gives JSON as text.
            yield id_, time, values, msgspec.json.decode(extra) if extra else {}
