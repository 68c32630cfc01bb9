"""The energy of the day so far, from the registers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from meters.domain.registers import energy_between, with_total_energy
from meters.domain.scaling import scale
from meters.models import Meter
from meters.queries.newest import NewestValues

IMPORT, EXPORT = "active_energy_import", "active_energy_export"
_COLUMNS = [f"{total}{rate}" for total in (IMPORT, EXPORT)
            for rate in ("", "_t1", "_t2", "_t3", "_t4")]  # fmt: skip
# A register before midnight is looked for this far back.
_BACK = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class EnergyToday:
    """
    Energy since the local midnight, scaled. [kWh]

    Attributes
    ----------
    import_start, export_start : float or None
        The registers at the beginning, for whoever continues to count.
    since : datetime or None
        Where it began later than midnight: the first reading.
    is_estimated : bool
        Whether the readings around midnight lie too far apart to call it measured.
    """

    import_kwh: float | None
    export_kwh: float | None
    import_start: float | None
    export_start: float | None
    since: datetime | None
    is_estimated: bool


def midnight_before(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the beginning of the local day, in UTC."""
    today: date = now.astimezone(zone).date()
    return datetime.combine(today, time.min, tzinfo=zone).astimezone(UTC)


def energy_today(
    meters: Iterable[Meter],
    *,
    newest: Mapping[int, NewestValues],
    zone: ZoneInfo,
    now: datetime,
) -> dict[int, EnergyToday]:
    """Return the day's energy by meter id, of those that counted today."""
    midnight = midnight_before(now, zone)
    counting = {
        meter.pk: meter
        for meter in meters
        if meter.pk in newest
        and newest[meter.pk].time > midnight
        and IMPORT in newest[meter.pk].values
    }
    found = {}
    for id_, before, after in _around(list(counting), midnight=midnight, now=now):
        meter = counting[id_]
        start = _start(before, after, midnight=midnight)
        registers = with_total_energy(scale(start, meter.factors))
        values = newest[id_].values
        found[id_] = EnergyToday(
            import_kwh=energy_between(registers.get(IMPORT), values.get(IMPORT)),
            export_kwh=energy_between(registers.get(EXPORT), values.get(EXPORT)),
            import_start=registers.get(IMPORT),
            export_start=registers.get(EXPORT),
            since=after[0] if after and not before else None,
            is_estimated=_spread_s(before, after, midnight) > 2 * meter.interval_s,
        )
    return found


_Registers = tuple[datetime, dict[str, float]]


def _start(
    before: _Registers | None, after: _Registers | None, *, midnight: datetime
) -> dict[str, float]:
    """Return the registers at midnight, interpolated between both sides."""
    if before is None or after is None:
        return (before or after or (midnight, {}))[1]
    share = (midnight - before[0]) / (after[0] - before[0])
    return {
        name: value + (after[1][name] - value) * share
        for name, value in before[1].items()
        # A register that went back in between was reset: no telling when.
        if value <= after[1].get(name, -1.0)
    }


def _spread_s(
    before: _Registers | None, after: _Registers | None, midnight: datetime
) -> float:
    """Return how far apart the readings are that midnight is interpolated from. [s]"""
    if before is None or after is None or before[0] == midnight:
        return 0.0
    return (after[0] - before[0]).total_seconds()


def _around(
    meter_ids: list[int], *, midnight: datetime, now: datetime
) -> Iterable[tuple[int, _Registers | None, _Registers | None]]:
    """Yield the last registers up to midnight and the first after it."""
    if not meter_ids:
        return
    columns = ", ".join(_COLUMNS)
    counts = f"num_nonnulls({columns}) > 0"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT wanted.id, before.*, after.*
            FROM unnest(%(ids)s::integer[]) AS wanted (id)
            LEFT JOIN LATERAL (
                SELECT time, {columns} FROM meters_reading
                WHERE meter_id = wanted.id AND time <= %(midnight)s
                AND time > %(oldest)s AND {counts}
                ORDER BY time DESC LIMIT 1
            ) AS before ON true
            LEFT JOIN LATERAL (
                SELECT time, {columns} FROM meters_reading
                WHERE meter_id = wanted.id AND time > %(midnight)s
                AND time <= %(now)s AND {counts}
                ORDER BY time LIMIT 1
            ) AS after ON true
            """,  # noqa: S608 - the names are those of the one table of quantities
            {
                "ids": meter_ids,
                "midnight": midnight,
                "oldest": midnight - _BACK,
                "now": now,
            },
        )
        width = 1 + len(_COLUMNS)
        for id_, *cells in cursor.fetchall():
            yield id_, _registers(cells[:width]), _registers(cells[width:])


def _registers(cells: list[datetime | float | None]) -> _Registers | None:
    instant, *numbers = cells
    if not isinstance(instant, datetime):
        return None
    named = zip(_COLUMNS, numbers, strict=True)
    return instant, {name: n for name, n in named if isinstance(n, float)}
