"""Which current transformer sits where, from active and reactive power of the phases.

The meter multiplies the current of each input with the voltage of that phase. A
transformer turned round shifts the angle between the two by 180°, one on another
conductor by ±120°. All 48 ways to place and turn three transformers are tried; the
simplest that makes the angles those of a load is the finding.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import permutations, product

PHASES = ("l1", "l2", "l3")
_VOLTAGE_ANGLES = (0.0, -120.0, 120.0)
# A phase that carries less than this share of the rated current tells nothing; without
# a rated current, of the phase that carries most.
_LEAST_OF_RATED, _LEAST_OF_HIGHEST = 0.01, 0.05
# Devices send hundredths of an ampere: of fewer than these, rounding is too much. [A]
_LEAST_SENT_A = 0.1
# With a smaller part of active power the direction says nothing: of capacitors, of an
# inverter by night, of a load between two phases.
_LEAST_ACTIVE = 0.17
# By how much the current of a load lags its voltage: as wired, and for a finding that
# says it is wired otherwise. [°]
_LAGS_AS_WIRED, _LAGS_OTHERWISE = (-60.0, 75.0), (-30.0, 70.0)
# How far the lags of the phases of one installation lie apart. [°]
_SPREAD_AS_WIRED, _SPREAD_OTHERWISE = 75.0, 45.0
# Where loads usually are. [°]
_USUAL_LAG = 20.0


@dataclass(frozen=True, slots=True)
class PhasePower:
    """
    What one phase shows.

    Attributes
    ----------
    phase : str
        "l1", "l2" or "l3".
    voltage, current : float or None
        [V], [A]
    active, reactive, power_factor : float or None
        Active and reactive power [kW, kvar]; the factor as the device sends it.
    is_loaded : bool
        Whether it carries enough current to tell anything.
    """

    phase: str
    voltage: float | None
    current: float | None
    active: float | None
    reactive: float | None
    power_factor: float | None
    is_loaded: bool

    @property
    def lag(self) -> float | None:
        """By how much the current lags the voltage, -180 to 180. [°]"""
        if not self.is_loaded or self.active is None or self.reactive is None:
            return None
        if self.active == 0 and self.reactive == 0:
            return None
        return math.degrees(math.atan2(self.reactive, self.active))

    @property
    def tells_direction(self) -> bool:
        """Whether its active power is more than the losses of what it feeds."""
        if not self.is_loaded or self.active is None:
            return False
        if self.reactive is None:
            return self.power_factor is None or (
                abs(self.power_factor) >= _LEAST_ACTIVE
            )
        size = math.hypot(self.active, self.reactive)
        return abs(self.active) >= _LEAST_ACTIVE * size

    @property
    def apparent(self) -> float | None:
        """Voltage times current. [kVA]"""
        if self.voltage is None or self.current is None:
            return None
        return self.voltage * abs(self.current) / 1000


@dataclass(frozen=True, slots=True)
class Wiring:
    """
    How the transformers sit.

    Attributes
    ----------
    conductors : tuple of int
        The conductor (0 to 2) on which the transformer of each input sits.
    reversed : tuple of int
        Inputs whose transformer is turned round.
    """

    conductors: tuple[int, ...] = (0, 1, 2)
    reversed: tuple[int, ...] = ()

    @property
    def moved(self) -> tuple[int, ...]:
        """Inputs whose transformer sits on another conductor."""
        return tuple(n for n, conductor in enumerate(self.conductors) if conductor != n)


AS_DRAWN = Wiring()


def phase_powers(
    values: Mapping[str, float],
    *,
    rated_current: float | None,
    current_factor: float = 1,
) -> list[PhasePower]:
    """
    Return what each phase that sends a power or a current shows.

    Parameters
    ----------
    rated_current : float or None
        [A]
    current_factor : float
        What currents are multiplied by: the device rounds before.
    """
    sent = [
        phase
        for phase in PHASES
        if f"active_power_{phase}" in values or f"current_{phase}" in values
    ]
    if sent == ["l1"] and "active_power_l1" not in values and "active_power" in values:
        # A meter of one phase may send its power as the total only.
        values = {
            **values,
            **{
                f"{name}_l1": values[name]
                for name in ("active_power", "reactive_power", "power_factor")
                if name in values and f"{name}_l1" not in values
            },
        }
    currents = [abs(values.get(f"current_{phase}", 0.0)) for phase in sent]
    least = _LEAST_OF_HIGHEST * max(currents, default=0.0)
    if rated_current:
        least = _LEAST_OF_RATED * rated_current
    least = max(least, _LEAST_SENT_A * current_factor)
    return [_phase_power(values, phase, least=least) for phase in sent]


def _phase_power(
    values: Mapping[str, float], phase: str, *, least: float
) -> PhasePower:
    current = values.get(f"current_{phase}")
    active = values.get(f"active_power_{phase}")
    carries = current is None or (abs(current) > 0 and abs(current) >= least)
    return PhasePower(
        phase=phase,
        voltage=values.get(f"voltage_{phase}"),
        current=current,
        active=active,
        reactive=values.get(f"reactive_power_{phase}"),
        power_factor=values.get(f"power_factor_{phase}"),
        is_loaded=bool(active) and carries,
    )


def find_wiring(lags: Sequence[float | None]) -> Wiring | None:
    """
    Return the simplest wiring that makes these lags those of a load.

    Parameters
    ----------
    lags : sequence of three
        By how much each input's current lags its voltage; None where it is not known.
        [°]

    Returns
    -------
    Wiring or None
        None where no wiring does, or where only one phase is known and it would have to
        sit elsewhere: then there are several.
    """
    if _are_of_loads(lags, AS_DRAWN, _LAGS_AS_WIRED, _SPREAD_AS_WIRED):
        return AS_DRAWN
    known = [n for n, lag in enumerate(lags) if lag is not None]
    candidates = [
        wiring
        for wiring in _all_wirings()
        # What is not seen is as drawn, but where a transformer took its place.
        if set(wiring.reversed) <= set(known)
        and (len(known) > 1 or not wiring.moved)
        and _are_of_loads(lags, wiring, _LAGS_OTHERWISE, _SPREAD_OTHERWISE)
    ]
    return min(candidates, key=lambda wiring: _cost(wiring, lags), default=None)


@cache
def _all_wirings() -> list[Wiring]:
    return [
        Wiring(conductors, tuple(n for n in range(3) if turned[n]))
        for conductors in permutations(range(3))
        for turned in product((False, True), repeat=3)
    ]


def _are_of_loads(
    lags: Sequence[float | None],
    wiring: Wiring,
    between: tuple[float, float],
    spread: float,
) -> bool:
    found = _lags_of_loads(lags, wiring)
    if not found:
        return False
    lowest, highest = between
    return (
        all(lowest <= lag <= highest for lag in found)
        and max(found) - min(found) <= spread
    )


def _lags_of_loads(lags: Sequence[float | None], wiring: Wiring) -> list[float]:
    """Return by how much the loads' own currents lag, if it is wired so. [°]"""
    found = []
    for n, lag in enumerate(lags):
        if lag is None:
            continue
        between = _VOLTAGE_ANGLES[n] - _VOLTAGE_ANGLES[wiring.conductors[n]]
        turned = 180.0 if n in wiring.reversed else 0.0
        found.append(wrapped(lag - between - turned))
    return found


def _cost(wiring: Wiring, lags: Sequence[float | None]) -> tuple[int, float]:
    """Return how much was done wrong, and how unusual the loads would be."""
    found = _lags_of_loads(lags, wiring)
    unusual = sum(abs(lag - _USUAL_LAG) for lag in found)
    return len(wiring.moved) + len(wiring.reversed), unusual


def wrapped(angle: float) -> float:
    """Return an angle between -180 and 180. [°]"""
    return (angle + 180.0) % 360.0 - 180.0
