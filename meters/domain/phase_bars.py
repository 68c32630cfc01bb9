"""Bars that compare the phases of a meter: voltage, current, power.

Each bar is a share of a scale, 0 to 1, with a mark where the nominal voltage or the
rated current stands. The counterpart in the browser is ``static/js/lib/phase-bars.js``,
tested with the same cases.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_PHASES = ("l1", "l2", "l3")
# A voltage bar runs from 80 to 120 percent of nominal: 10 percent are seen.
_LOW, _HIGH = 0.8, 1.2
# Room above the mark, or above the greatest phase where there is none.
_HEADROOM = 1.25


@dataclass(frozen=True, slots=True)
class Bar:
    """One phase: its value in the quantity's unit, and its share of the scale."""

    phase: str
    value: float
    share: float


@dataclass(frozen=True, slots=True)
class BarGroup:
    """
    The phases of one quantity on a common scale.

    Attributes
    ----------
    quantity : str
        "voltage", "current" or "active_power".
    mark : float or None
        Where the nominal or rated value stands on the scale, 0 to 1.
    reference : float or None
        That value, in the quantity's unit.
    """

    quantity: str
    unit: str
    bars: tuple[Bar, ...]
    mark: float | None
    reference: float | None


def bar_groups(
    values: Mapping[str, float],
    *,
    nominal_voltage: float | None,
    rated_current: float | None,
) -> list[BarGroup]:
    """Return the groups of bars of the phases sent."""
    rated_power = None
    if nominal_voltage and rated_current:
        rated_power = nominal_voltage * rated_current / 1000
    groups = [
        _voltage(_sent(values, "voltage"), nominal_voltage),
        _from_zero("current", "A", _sent(values, "current"), rated_current),
        _from_zero("active_power", "kW", _sent(values, "active_power"), rated_power),
    ]
    return [group for group in groups if group.bars]


def _sent(values: Mapping[str, float], quantity: str) -> list[tuple[str, float]]:
    return [
        (phase, values[f"{quantity}_{phase}"])
        for phase in _PHASES
        if f"{quantity}_{phase}" in values
    ]


def _voltage(sent: Sequence[tuple[str, float]], nominal: float | None) -> BarGroup:
    if not nominal:
        return _from_zero("voltage", "V", sent, None)
    low, span = _LOW * nominal, (_HIGH - _LOW) * nominal
    bars = tuple(Bar(phase, v, _share(v - low, span)) for phase, v in sent)
    return BarGroup("voltage", "V", bars, (1 - _LOW) / (_HIGH - _LOW), nominal)


def _from_zero(
    quantity: str, unit: str, sent: Sequence[tuple[str, float]], mark: float | None
) -> BarGroup:
    greatest = max((abs(value) for _, value in sent), default=0.0)
    top = max(_HEADROOM * (mark or 0.0), greatest if mark else _HEADROOM * greatest)
    bars = tuple(Bar(phase, v, _share(abs(v), top)) for phase, v in sent)
    return BarGroup(quantity, unit, bars, mark / top if mark else None, mark)


def _share(part: float, whole: float) -> float:
    if not whole > 0 or not math.isfinite(part):
        return 0.0
    return max(0.0, min(1.0, part / whole))
