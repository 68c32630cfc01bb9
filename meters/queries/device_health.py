"""How well each meter of a site reports: what should have come, and what has."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import QuerySet

from meters.domain.clock import ClockOffset, zone_text
from meters.models import DataQuality, DeviceEvent, Meter, Site, User
from meters.queries.access import visible_meters
from meters.queries.clock_offsets import clock_offsets
from meters.queries.newest import newest_values
from meters.queries.tree import MeterRow, tree_rows

HOURS = 24
MOST_EVENTS = 20
_HOUR = timedelta(hours=1)
# From this share on an hour is as it should be: clocks of meters drift a little.
_FULL = 0.95


@dataclass(frozen=True, slots=True)
class HealthHour:
    """One hour of one meter; None where nothing was expected yet."""

    start: datetime
    expected: int | None
    received: int
    duplicate: int = 0
    late: int = 0
    conflicting: int = 0
    implausible: int = 0

    @property
    def end(self) -> datetime:
        return self.start + _HOUR

    @property
    def share(self) -> float:
        """Which part of what was expected has come, 0 to 1."""
        if not self.expected:
            return 1.0 if self.received else 0.0
        return min(1.0, round(self.received / self.expected, 2))

    @property
    def level(self) -> str:
        """Full, part or none; without an expectation whether anything came."""
        if not self.expected:
            return "full" if self.received else "unknown"
        if not self.received:
            return "none"
        return "full" if self.received >= _FULL * self.expected else "part"


@dataclass(frozen=True, slots=True)
class MeterHealth:
    """One meter with its last day."""

    row: MeterRow
    hours: list[HealthHour]
    clock: ClockOffset | None
    zone_now: str
    zone_seems: str

    @property
    def meter(self) -> Meter:
        return self.row.meter

    @property
    def state(self) -> str:
        """Fresh, stale, silent or offline.

        A device that tells whether it is there is believed: it may have nothing to say.
        """
        if self.meter.is_online is False:
            return "offline"
        if self.meter.is_online and self.row.newest:
            return "fresh"
        return self.row.state

    @property
    def expected(self) -> int:
        return sum(hour.expected or 0 for hour in self.hours)

    @property
    def received(self) -> int:
        """What came in the hours that expect something; one too many fills no gap."""
        return sum(min(hour.received, hour.expected or 0) for hour in self.hours)

    @property
    def share(self) -> float | None:
        """Which part of what was expected has come, 0 to 1."""
        return self.received / self.expected if self.expected else None

    @property
    def duplicates(self) -> int:
        return sum(hour.duplicate for hour in self.hours)

    @property
    def conflicts(self) -> int:
        return sum(hour.conflicting for hour in self.hours)

    @property
    def late(self) -> int:
        return sum(hour.late for hour in self.hours)

    @property
    def signal(self) -> float | None:
        return self.row.values.get("signal_strength")

    @property
    def signal_unit(self) -> str:
        return (
            str(self.row.newest.extra.get("signal_unit", "")) if self.row.newest else ""
        )


_BY_STATE = {"offline": 0, "silent": 1, "stale": 2, "fresh": 3}
# By what the table can be sorted; those that need a look come first.
_ORDERS: dict[str, Callable[[MeterHealth], tuple[object, ...]]] = {
    "state": lambda m: (_BY_STATE[m.state], -(m.row.age_s or 0.0)),
    "share": lambda m: (m.share is None, m.share or 0.0),
    "signal": lambda m: (m.signal is None, m.signal_unit, m.signal or 0.0),
    "duplicates": lambda m: (-m.duplicates,),
    "conflicts": lambda m: (-m.conflicts,),
    "clock": lambda m: (m.clock is None, -m.clock.size_s if m.clock else 0.0),
}
ORDERS = ("name", *_ORDERS)


def device_health(
    *, user: User, site: Site, now: datetime, order: str = ""
) -> list[MeterHealth]:
    """Return the active meters of the site that the user may see, and how they are."""
    meters = list(
        visible_meters(user=user, now=now).filter(site=site, state=Meter.State.ACTIVE)
    )
    rows = tree_rows(meters, newest=newest_values(meters), now=now)
    quality = _quality(meters, now=now)
    clocks = clock_offsets(meters, zone=site.zone, now=now)
    found = [
        _health(row, quality, clocks.get(row.meter.pk), site=site, now=now)
        for row in rows
    ]
    if order == "name":
        return sorted(found, key=lambda health: str(health.meter).casefold())
    return sorted(found, key=_ORDERS[order]) if order in _ORDERS else found


def newest_events(meters: Iterable[Meter]) -> QuerySet[DeviceEvent]:
    """Return what the devices told last, whatever it was."""
    told = DeviceEvent.objects.filter(meter__in=[meter.pk for meter in meters])
    return told.select_related("meter")[:MOST_EVENTS]


def _health(
    row: MeterRow,
    quality: dict[tuple[int, datetime], DataQuality],
    clock: ClockOffset | None,
    *,
    site: Site,
    now: datetime,
) -> MeterHealth:
    zone = now.astimezone(site.zone).utcoffset() or timedelta(0)
    shift = timedelta(minutes=(clock.zone_shift_min or 0) if clock else 0)
    return MeterHealth(
        row=row,
        hours=[
            _hour(row.meter, start, quality.get((row.meter.pk, start)), now=now)
            for start in _starts(now)
        ],
        clock=clock,
        zone_now=zone_text(zone),
        zone_seems=zone_text(zone - shift),
    )


def _starts(now: datetime) -> list[datetime]:
    """Return the starts of the last hours, the one that runs included."""
    this_hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return [this_hour - n * _HOUR for n in reversed(range(HOURS))]


def _quality(
    meters: Iterable[Meter], *, now: datetime
) -> dict[tuple[int, datetime], DataQuality]:
    counted = DataQuality.objects.filter(
        meter__in=[meter.pk for meter in meters], hour__in=_starts(now)
    )
    return {(item.meter_id, item.hour): item for item in counted}


def _hour(
    meter: Meter, start: datetime, counted: DataQuality | None, *, now: datetime
) -> HealthHour:
    expected = _expected(meter, start, now=now)
    if counted is None:
        return HealthHour(start, expected, 0)
    if counted.expected is not None:
        expected = counted.expected
    return HealthHour(
        start,
        expected,
        counted.received,
        counted.duplicate,
        counted.late,
        counted.conflicting,
        counted.implausible,
    )


def _expected(meter: Meter, start: datetime, *, now: datetime) -> int | None:
    """Return how many readings the hour should have by now.

    None for a device that reports on change, and before the meter was there.
    """
    if meter.is_online is not None and meter.expected_interval_s is None:
        return None
    since = max(start, meter.discovered_at)
    until = min(start + _HOUR, now)
    seconds = (until - since).total_seconds()
    return int(seconds / meter.interval_s) if seconds > 0 else None
