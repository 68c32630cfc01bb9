"""Phasors: voltages and currents as arrows, from what a meter sends.

A meter sends magnitudes, no angles. Those of the voltages follow from the six voltage
magnitudes by the law of cosines, those of the currents from active and reactive power
of the phase. Nothing of this tells in which order the phases follow one another: L1,
L2, L3 is assumed. Angles are in degrees, against L1, counted counter-clockwise. The
counterpart in the browser is ``static/js/lib/phasors.js``, tested with the same cases.
"""

import cmath
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from meters.domain.electrical import DEAD_PHASE_V

# How the angles between the voltages are known.
Source = Literal["measured", "assumed", "lines", "single", ""]
_PHASES = ("l1", "l2", "l3")
_BETWEEN = (("l1", "l2", "l12"), ("l2", "l3", "l23"), ("l3", "l1", "l31"))
_ASSUMED = {"l1": 0.0, "l2": -120.0, "l3": 120.0}


@dataclass(frozen=True, slots=True)
class Phasor:
    """The "voltage" or "current" of a phase: size [V, A] and angle [°]."""

    kind: str
    phase: str
    size: float
    angle: float


@dataclass(frozen=True, slots=True)
class Diagram:
    """
    The arrows of one meter.

    Attributes
    ----------
    source : Source
        "measured" from six voltages; "assumed" 120° apart; "lines": the star of three
        wires, from the line voltages; "single": one phase; empty: nothing to draw.
    """

    source: Source
    phasors: tuple[Phasor, ...]


def diagram(values: Mapping[str, float]) -> Diagram:
    """Return the phasors of the values of one instant."""
    voltages, source = _voltages(values)
    arrows = [Phasor("voltage", phase, *voltages[phase]) for phase in voltages]
    for phase in voltages:
        current = abs(values.get(f"current_{phase}", 0.0))
        lag = _lag(values, phase, of_all=source == "lines")
        if current > 0 and lag is not None:
            angle = _wrapped(voltages[phase][1] - lag)
            arrows.append(Phasor("current", phase, current, angle))
    return Diagram(source, tuple(arrows))


def _voltages(
    values: Mapping[str, float],
) -> tuple[dict[str, tuple[float, float]], Source]:
    """Return (size, angle) of each live phase, and how the angles are known."""
    live = {
        phase: values[f"voltage_{phase}"]
        for phase in _PHASES
        if values.get(f"voltage_{phase}", 0.0) >= DEAD_PHASE_V
    }
    if not live:
        return _star_of_lines(values)
    between = {
        (a, b): _angle_between(live.get(a), live.get(b), values.get(f"voltage_{line}"))
        for a, b, line in _BETWEEN
    }
    angles, source = _angles(live, between)
    return {phase: (live[phase], angles[phase]) for phase in live}, source


def _angles(
    live: Mapping[str, float], between: Mapping[tuple[str, str], float | None]
) -> tuple[dict[str, float], Source]:
    if len(live) == 1:
        return _ASSUMED, "single"
    second, third = between["l1", "l2"], between["l3", "l1"]
    across = between["l2", "l3"]
    known = {
        frozenset(("l1", "l2")): second is not None,
        frozenset(("l3", "l1")): third is not None,
        frozenset(("l2", "l3")): across is not None,
    }
    if len(live) == 2:
        if not known[frozenset(live)]:
            return _ASSUMED, "assumed"
        if "l1" in live:
            found = {"l2": -(second or 0.0), "l3": third or 0.0}
            return {"l1": 0.0, **found}, "measured"
        # Nothing to hold on to but L2, where it would stand.
        return {"l2": -120.0, "l3": _wrapped(-120.0 - (across or 0.0))}, "measured"
    if second is None or third is None or across is None:
        return _ASSUMED, "assumed"
    # L3 stands on that side of L1 which fits the angle between L2 and L3.
    side = min(
        (third, -third), key=lambda angle: abs(abs(_wrapped(angle + second)) - across)
    )
    return {"l1": 0.0, "l2": -second, "l3": side}, "measured"


def _angle_between(
    a: float | None, b: float | None, line: float | None
) -> float | None:
    """Return the angle between two voltages from the voltage between them. [°]"""
    if a is None or b is None or line is None or line < DEAD_PHASE_V:
        return None
    cosine = (a * a + b * b - line * line) / (2 * a * b)
    # Rounding in the meter makes a little more of it; more is no triangle.
    if abs(cosine) > 1.02:
        return None
    return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))


def _star_of_lines(
    values: Mapping[str, float],
) -> tuple[dict[str, tuple[float, float]], Source]:
    """Return the star around the centre of the triangle of three line voltages."""
    sides = [abs(values.get(f"voltage_{line}", 0.0)) for line in ("l12", "l23", "l31")]
    u12, u23, u31 = sides
    if min(sides) < DEAD_PHASE_V or 2 * max(sides) > sum(sides):
        return {}, ""
    # L1 at the origin, L2 on the axis, L3 on the side of the usual order.
    along = (u12 * u12 + u31 * u31 - u23 * u23) / (2 * u12)
    corner = complex(along, math.sqrt(max(0.0, u31 * u31 - along * along)))
    points = (0j, complex(u12, 0.0), corner)
    centre = sum(points) / 3
    first = points[0] - centre
    return {
        phase: (
            abs(point - centre),
            # The corners run the other way round than the phases.
            _wrapped(-math.degrees(cmath.phase((point - centre) / first))),
        )
        for phase, point in zip(_PHASES, points, strict=True)
    }, "lines"


def _lag(values: Mapping[str, float], phase: str, *, of_all: bool) -> float | None:
    """Return by how much the current lags the voltage of its phase. [°]"""
    suffix = "" if of_all else f"_{phase}"
    active = values.get(f"active_power{suffix}")
    reactive = values.get(f"reactive_power{suffix}")
    if active is None or reactive is None or (active == 0 and reactive == 0):
        return None
    return math.degrees(math.atan2(reactive, active))


def _wrapped(angle: float) -> float:
    """Return the same angle above -180° and up to 180°."""
    return angle - 360.0 * math.ceil((angle - 180.0) / 360.0)
