"""What goes wrong in the plant, when, and where.

Without a request something happens every 20 to 40 minutes, known from the seed and the
clock; requested incidents come on top, and keep the others away while they last.
"""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meters.domain.plant import layout
from meters.domain.plant.chance import uniform
from meters.domain.plant.curves import STEP_S

Integers = NDArray[np.int64]

DESCRIPTIONS = {
    "overload": "a load draws 10 to 40 % more than its breaker is rated for",
    "phase-loss": "a load loses a phase; the other two carry more",
    "low-power-factor": "a load's compensation fails: reactive power triples",
    "hot-cable": "one cable lug warms up by 50 K, without more current",
    "silence": "a meter sends nothing, and counts on",
    "clock-off-by-an-hour": "a meter's clock is an hour ahead (live messages only)",
    "meter-replaced": "another meter in the same place: its registers begin near zero",
    "reversed-ct": "a current transformer is the wrong way round: one phase of one"
    " meter counts backwards, the meters above it do not",
}
# Of those that come by themselves; a replacement comes every four weeks.
_WEIGHTS = {
    "overload": 5,
    "phase-loss": 2,
    "low-power-factor": 4,
    "hot-cable": 4,
    "silence": 3,
    "clock-off-by-an-hour": 2,
    "reversed-ct": 2,
}
_NAMES = [name for name, weight in _WEIGHTS.items() for _ in range(weight)]
# These change what a load draws, or what its own meter makes of it.
_OF_LOADS = frozenset({"overload", "phase-loss", "low-power-factor", "reversed-ct"})
SLOT_S = 1800
_SLOTS_A_REPLACEMENT = 2 * 24 * 28
_LONGEST_S = 720
_WHEN, _LENGTH, _NAME, _PLACE, _PHASE, _SIZE, _REPLACEMENT = range(30, 37)

LOADS = [i for i, place in enumerate(layout.PLACES) if place.is_load]


@dataclass(frozen=True, slots=True)
class Incident:
    """
    Something that is wrong for a while.

    Attributes
    ----------
    name : str
        One of DESCRIPTIONS.
    place : int
        Index of the meter's place.
    start, end : int
        Whole steps of ten seconds, since 1970. [s]
    phase : int
        0, 1 or 2, where it concerns one.
    size : float
        How bad, from 0 to 1.
    """

    name: str
    place: int
    start: int
    end: int
    phase: int = 0
    size: float = 0.5


class Schedule:
    """The incidents of one plant."""

    def __init__(
        self, seed: int, *, requested: Sequence[Incident] = (), calm: bool = False
    ) -> None:
        self._seed = seed
        self._calm = calm
        self.requested = tuple(requested)
        self._replacement = int(uniform(seed, _REPLACEMENT) * _SLOTS_A_REPLACEMENT)

    def between(
        self, start: float, end: float, *, names: Container[str] = DESCRIPTIONS
    ) -> list[Incident]:
        """Return what goes on at any time in [start, end), the earliest first."""
        found = [
            item
            for item in self.requested
            if item.start < end and item.end > start and item.name in names
        ]
        if not self._calm:
            found += self._by_themselves(start, end, names)
        return sorted(found, key=lambda item: item.start)

    def replacements(self, start: float, end: float) -> list[Incident]:
        """Return the replacements of meters that begin in [start, end)."""
        found = [
            item
            for item in self.requested
            if item.name == "meter-replaced" and start <= item.start < end
        ]
        if not self._calm:
            first = int(start // SLOT_S)
            first += (self._replacement - first) % _SLOTS_A_REPLACEMENT
            slots = range(first, int(end // SLOT_S) + 1, _SLOTS_A_REPLACEMENT)
            found += [
                item
                for item in self._of_slots(
                    np.array(slots, dtype=np.int64), DESCRIPTIONS
                )
                if start <= item.start < end
            ]
        return sorted(found, key=lambda item: item.start)

    def _by_themselves(
        self, start: float, end: float, names: Container[str]
    ) -> list[Incident]:
        slots = np.arange((start - _LONGEST_S) // SLOT_S, end // SLOT_S + 1)
        return [
            item
            for item in self._of_slots(slots.astype(np.int64), names)
            if item.start < end and item.end > start
        ]

    def _of_slots(self, slots: Integers, wanted: Container[str]) -> Iterator[Incident]:
        """Yield the incident of each slot, unless one on request keeps it away."""
        chances = [
            uniform(self._seed, stream, slots).tolist()
            for stream in (_NAME, _WHEN, _LENGTH, _PLACE, _PHASE, _SIZE)
        ]
        for slot, which, when, length, where, phase, size in zip(
            slots.tolist(), *chances, strict=True
        ):
            start = slot * SLOT_S + int(when * 60) * STEP_S
            end = start + 240 + int(length * 48) * STEP_S
            name = _NAMES[int(which * len(_NAMES))]
            if slot % _SLOTS_A_REPLACEMENT == self._replacement:
                # At the slot's beginning, where registers are known at once.
                name, start, end = "meter-replaced", slot * SLOT_S, start + STEP_S
            if name in wanted and not self._kept_away(start):
                place = _target(name, where)
                yield Incident(name, place, start, end, int(phase * 3), size)

    def _kept_away(self, start: int) -> bool:
        return any(item.start <= start < item.end for item in self.requested)


def _target(name: str, chance: float) -> int:
    """Return where it happens; never at the incomer, so that the site's sum stands."""
    if name in _OF_LOADS:
        return LOADS[int(chance * len(LOADS))]
    return 1 + int(chance * (len(layout.PLACES) - 1))


def requested(
    name: str, *, seed: int, start: float, length_s: float | None, place: int | None
) -> Incident:
    """
    Return an incident that somebody asked for.

    Raises
    ------
    ValueError
        There is no such incident, or it cannot happen at that place.
    """
    if name not in DESCRIPTIONS:
        raise ValueError(
            f"There is no incident {name!r}; there are {', '.join(DESCRIPTIONS)}."
        )
    first = int(start // STEP_S) * STEP_S
    if place is None:
        place = _target(name, float(uniform(seed, _PLACE, first)))
    elif name in _OF_LOADS and place not in LOADS:
        raise ValueError(
            f"{name} happens to loads; {layout.PLACES[place].name} is none."
        )
    steps = max(1, round((600 if length_s is None else length_s) / STEP_S))
    phase = int(uniform(seed, _PHASE, first) * 3)
    return Incident(name, place, first, first + steps * STEP_S, phase)
