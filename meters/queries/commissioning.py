"""The checks of one meter's installation, on what it sends now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from meters.domain import commissioning as checking
from meters.domain.commissioning import Check, PhasePower, Verdict
from meters.domain.instants import stale_after_s
from meters.models import Meter, Reading, User
from meters.queries.access import visible_meters
from meters.queries.clock_offsets import clock_offsets
from meters.queries.newest import newest_values
from meters.queries.tree import MeterRow

Array = NDArray[np.float64]

# Of readings against which the register is held.
_LOOKS_BACK = timedelta(minutes=30)
# For so long the values of a device that reports on change stand for now. [s]
_ONLINE_S = 3600.0
_BOTH_WAYS = (Meter.PositivePower.CHARGE, Meter.PositivePower.DISCHARGE)
_LORA = ("chirpstack-v4", "ttn-v3")
_CELLULAR = ("acrel-json-v2", "acrel-eiot", "acrel-hw")


@dataclass(frozen=True, slots=True)
class Inspection:
    """A meter, what its phases show, and the checks, in the order of the work."""

    row: MeterRow
    phases: list[PhasePower]
    checks: list[Check]

    @property
    def meter(self) -> Meter:
        return self.row.meter

    @property
    def is_live(self) -> bool:
        """Whether its values are those of now: else nothing can be told."""
        return _is_live(self.row)

    @property
    def open(self) -> list[Check]:
        """Checks that are not good, but for those that the meter cannot have."""
        return [
            check
            for check in self.checks
            if check.verdict not in (Verdict.GOOD, Verdict.NONE)
        ]

    @property
    def bad(self) -> list[Check]:
        return [check for check in self.checks if check.verdict == Verdict.BAD]

    @property
    def good_count(self) -> int:
        return sum(check.verdict == Verdict.GOOD for check in self.checks)


def inspect(meter: Meter, *, user: User, now: datetime) -> Inspection:
    """Return the checks of an active meter at its place in the distribution."""
    relatives = _relatives(meter, user=user, now=now)
    newest = newest_values([meter, *relatives])
    rows = {
        other.pk: MeterRow(other, 0, newest.get(other.pk), now)
        for other in (meter, *relatives)
    }
    row = rows[meter.pk]
    phases = []
    if meter.wiring != Meter.Wiring.THREE_WIRE:
        # Of three wires the values of single phases are against a floating point.
        phases = checking.phase_powers(
            row.values,
            rated_current=meter.rated_current,
            current_factor=meter.factors.current,
        )
    return Inspection(row, phases, list(_checks(row, phases, rows, now=now)))


def _checks(
    row: MeterRow, phases: list[PhasePower], rows: dict[int, MeterRow], *, now: datetime
) -> Iterable[Check]:
    meter = row.meter
    ratios = checking.Ratios(ct=meter.ct_ratio, pt=meter.pt_ratio)
    if meter.medium == Meter.Medium.ELECTRICITY:
        both = meter.positive_power in _BOTH_WAYS
        yield checking.check_voltages(
            row.values, wiring=meter.wiring, nominal=meter.nominal_voltage
        )
        if meter.wiring != Meter.Wiring.THREE_WIRE:
            yield checking.check_direction(phases, flows_both_ways=both)
            yield checking.check_angles(phases, flows_both_ways=both)
        yield checking.check_power(phases, row.values, ratios=ratios)
        yield checking.check_register(
            register_window(meter, now=now),
            ratios=ratios,
            longest_gap_s=stale_after_s(meter.interval_s),
        )
        yield from _branches(row, rows)
    zone = meter.site.zone if meter.site else None
    if zone is not None:
        clocks = clock_offsets([meter], zone=zone, now=now)
        yield checking.check_clock(clocks.get(meter.pk))
    unit = str(row.newest.extra.get("signal_unit", "")) if row.newest else ""
    strength = row.values.get("signal_strength")
    yield checking.check_signal(strength, unit, radio=_radio(meter))


def _radio(meter: Meter) -> checking.Radio:
    if meter.family in _LORA:
        return "lora"
    return "cellular" if meter.family in _CELLULAR else "wifi"


def _branches(row: MeterRow, rows: dict[int, MeterRow]) -> Iterable[Check]:
    """Hold what is below the meter against it, and it with its siblings to its feeder.

    A branch that the visitor sees only a part of cannot be held.
    """
    meter = row.meter
    below = [r for r in rows.values() if r.meter.parent_id == meter.pk]
    yield checking.check_children(str(meter), _now(row), [_now(r) for r in below])
    above = rows.get(meter.parent_id or 0)
    if above is not None:
        siblings = [r for r in rows.values() if r.meter.parent_id == above.meter.pk]
        yield checking.check_children(
            str(above.meter),
            _now(above),
            [_now(r) for r in siblings],
            check="feeder",
        )


def _now(row: MeterRow) -> float | None:
    return row.power if _is_live(row) else None


def _is_live(row: MeterRow) -> bool:
    """A device that says it is there may have nothing new to say, for a while."""
    if row.state == "fresh" or row.age_s is None:
        return row.state == "fresh"
    return bool(row.meter.is_online) and row.age_s <= _ONLINE_S


def _relatives(meter: Meter, *, user: User, now: datetime) -> list[Meter]:
    """Return the active meters above, beside and below, as far as they are visible."""
    visible = visible_meters(user=user, now=now).filter(
        site=meter.site_id,
        state=Meter.State.ACTIVE,
        medium=Meter.Medium.ELECTRICITY,
    )
    family = visible.filter(parent=meter.pk)
    if meter.parent_id:
        family |= visible.filter(pk=meter.parent_id)
        family |= visible.filter(parent=meter.parent_id)
    return list(family.exclude(pk=meter.pk).distinct())


def register_window(meter: Meter, *, now: datetime) -> checking.RegisterWindow:
    """Return power and registers of the last half hour, scaled."""
    names = ["active_power", *_registers("import"), *_registers("export")]
    found = (
        Reading.objects.filter(
            meter=meter.pk, time__gt=now - _LOOKS_BACK, time__lte=now
        )
        .order_by("time")
        .values_list("time", *names)
    )
    rows = [(time.timestamp(), *numbers) for time, *numbers in found]
    table = np.array(rows, dtype=float).reshape(-1, 1 + len(names))
    factors = [meter.factors.of(name) for name in names]
    time, power, *registers = (table * [1.0, *factors]).T
    half = len(registers) // 2
    return checking.RegisterWindow(
        time, power, _total(registers[:half]), _total(registers[half:])
    )


def _registers(direction: str) -> list[str]:
    total = f"active_energy_{direction}"
    return [total, *(f"{total}_t{rate}" for rate in (1, 2, 3, 4))]


def _total(registers: list[Array]) -> Array:
    """Return the total register; where it was not sent, the sum of its rates."""
    total, *rates = registers
    by_rate = np.array(rates)
    none_sent = np.isnan(by_rate).all(axis=0)
    summed = np.where(none_sent, np.nan, np.nansum(by_rate, axis=0))
    return np.where(np.isnan(total), summed, total)
