"""What the plant consists of: its meters, how they hang together, and their cables."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meters.domain.plant import kinds
from meters.domain.plant.kinds import Kind

Array = NDArray[np.float64]

NOMINAL_VOLTAGE = 230.0
_BREAKERS = (25, 32, 40, 63, 80, 100, 125, 160, 200, 250, 315, 400, 630, 800, 1000,
             1250, 1600)  # fmt: skip
# Share of the rated power that a cable loses at rated current.
_CABLE_LOSS = 0.014


@dataclass(frozen=True, slots=True)
class Place:
    """
    A place in the plant where a meter is.

    Attributes
    ----------
    name : str
    parent : int or None
        Index of the place above it.
    full_power : float
        Of a load or of the PV roof, else 0. [kW]
    kind : Kind or None
        Of what hangs there; None where other meters do.
    rated_current : float
        Of its breaker. [A]
    """

    name: str
    parent: int | None
    full_power: float
    kind: Kind | None
    rated_current: float

    @property
    def is_generation(self) -> bool:
        """Whether positive power of this meter is generation."""
        return self.kind is kinds.SOLAR

    @property
    def is_load(self) -> bool:
        return self.kind is not None and not self.is_generation


_HALLS: Sequence[tuple[str, Sequence[tuple[str, float, Kind]]]] = (
    (
        "Production hall A",
        (
            ("Press line 1", 110.0, kinds.PRESS),
            ("Press line 2", 90.0, kinds.PRESS),
            ("Machining", 75.0, kinds.MACHINING),
            ("Welding", 60.0, kinds.WELDING),
            ("Conveyors", 22.0, kinds.CONVEYING),
        ),
    ),
    (
        "Production hall B",
        (
            ("Injection moulding 1", 85.0, kinds.MOULDING),
            ("Injection moulding 2", 85.0, kinds.MOULDING),
            ("Paint oven", 95.0, kinds.OVEN),
            ("Assembly", 35.0, kinds.ASSEMBLY),
            ("Packaging", 28.0, kinds.CONVEYING),
        ),
    ),
    (
        "Utilities",
        (
            ("Compressed air", 75.0, kinds.COMPRESSOR),
            ("Cooling", 55.0, kinds.COOLING),
            ("Ventilation", 45.0, kinds.VENTILATION),
            ("Heating pumps", 16.0, kinds.PUMPS),
            ("Waste water", 14.0, kinds.PUMPS),
        ),
    ),
    (
        "Building services",
        (
            ("Offices", 40.0, kinds.OFFICE),
            ("Server room", 22.0, kinds.SERVERS),
            ("Lighting", 36.0, kinds.LIGHTING),
            ("Canteen", 42.0, kinds.CANTEEN),
            ("Vehicle charging", 50.0, kinds.CHARGING),
        ),
    ),
)
_ROOF_KW = 340.0


def _breaker(kilowatts: float, power_factor: float) -> float:
    amperes = 1.15 * 1000 * kilowatts / (3 * NOMINAL_VOLTAGE * power_factor)
    return float(next(size for size in _BREAKERS if size >= amperes))


def _places() -> tuple[Place, ...]:
    total = 0.7 * sum(kw for _, loads in _HALLS for _, kw, _ in loads)
    places = [Place("Incomer", None, 0.0, None, _breaker(total, 0.85))]
    for hall, loads in _HALLS:
        rated = _breaker(0.75 * sum(kw for _, kw, _ in loads), 0.82)
        places.append(Place(hall, 0, 0.0, None, rated))
        above = len(places) - 1
        for name, kw, kind in loads:
            rated = _breaker(kw, kind.power_factor)
            places.append(Place(name, above, kw, kind, rated))
    places.append(Place("PV roof", 0, _ROOF_KW, kinds.SOLAR, _breaker(_ROOF_KW, 1.0)))
    return tuple(places)


PLACES = _places()
# The places where power is used or made; everything else is a sum of these.
SOURCES = np.array([i for i, place in enumerate(PLACES) if place.kind is not None])
SOURCE_KINDS = [place.kind for place in PLACES if place.kind is not None]
SOURCE_OF_PLACE = {int(place): source for source, place in enumerate(SOURCES)}
ROOF = len(SOURCES) - 1
RATED_CURRENT: Array = np.array([place.rated_current for place in PLACES])
# Rated power of one phase, of each place. [kW]
RATED_PHASE_KW: Array = RATED_CURRENT * NOMINAL_VOLTAGE / 1000
FULL_POWER: Array = np.array([PLACES[i].full_power for i in SOURCES])


def path(place: int) -> list[int]:
    """Return the place and those above it, up to the incomer."""
    found = [place]
    while (above := PLACES[found[-1]].parent) is not None:
        found.append(above)
    return found


def _weights() -> Array:
    """How much each meter shows of each source: 1, 0, or −1 above the PV roof."""
    weights = np.zeros((len(PLACES), len(SOURCES)))
    for source, place in enumerate(SOURCES.tolist()):
        sign = -1.0 if PLACES[place].is_generation else 1.0
        for above in path(place):
            weights[above, source] = 1.0 if above == place else sign
    return weights


def _below() -> Array:
    """1 where the cable of the second place lies below the meter of the first."""
    below = np.zeros((len(PLACES), len(PLACES)))
    for place in range(len(PLACES)):
        for above in path(place)[1:]:
            below[above, place] = 1.0
    return below


WEIGHTS = _weights()
BELOW = _below()
# Three steps at most; a place above the incomer stands for itself, without a cable.
PATHS = np.array([[*path(i), 0, 0][:3] for i in range(len(PLACES))])
ON_PATH: Array = np.array(
    [[1.0] * len(p) + [0.0] * (3 - len(p)) for p in map(path, range(len(PLACES)))]
)
# What the cable loses at the square of its load. [kW] of one phase at rated current.
CABLE_LOSS: Array = _CABLE_LOSS * RATED_PHASE_KW * (np.arange(len(PLACES)) > 0)
# Voltage lost in front of each meter at rated active and at rated reactive power. [V]
DROP_R: Array = np.where(np.arange(len(PLACES)) == 0, 2.6, 3.0)
DROP_X: Array = np.where(np.arange(len(PLACES)) == 0, 8.0, 1.2)


def serial_of(seed: int, place: int) -> str:
    """Return the 14 digits of a meter: those of another seed are another plant's."""
    return f"26{seed % 10**9:09d}{place + 1:03d}"
