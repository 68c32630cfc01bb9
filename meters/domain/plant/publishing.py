"""Which instants of the plant are published when.

Each meter keeps its own odd second: to the full minute, the quarter of an hour or the
round of live messages it adds an offset of its own.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from meters.domain.plant.chance import uniform
from meters.domain.plant.incidents import Incident
from meters.domain.plant.model import Plant, Readings

Array = NDArray[np.float64]

_MINUTELY_S = 2 * 86_400
# (step, span of one message): 60 instants each.
_MINUTES, _QUARTERS = (60, 3600), (900, 15 * 3600)
_OFFSET = 80
_CLOCK_AHEAD_S = 3600.0


def offsets(plant: Plant, *, every_s: float) -> Array:
    """Return by how much each meter is later than the round, in whole ms. [s]"""
    chances = uniform(plant.seed, _OFFSET, np.arange(len(plant.serials)))
    return np.floor(chances * min(every_s, 60.0) * 1000) / 1000


def history(*, since: float, until: float) -> Iterator[Array]:
    """
    Yield the instants of each message between two times, the newest message first.

    A minute apart over the last two days, a quarter of an hour before. The messages
    begin at full hours, so that the same instants meet in the same message again.
    """
    change = (until - _MINUTELY_S) // 3600 * 3600
    for (step, span), first, last in (
        (_MINUTES, max(since, change), until),
        (_QUARTERS, since, min(until, change)),
    ):
        for start in range(int((last - 1) // span), int(first // span) - 1, -1):
            instants = np.arange(start * span, (start + 1) * span, step, dtype=float)
            instants = instants[(instants >= first) & (instants < last)]
            if len(instants):
                yield instants


def historical(plant: Plant, instants: Array, *, every_s: float) -> Readings:
    """Return the readings of all meters around these instants."""
    return plant.readings(instants + offsets(plant, every_s=every_s)[:, None])


class Wrongs:
    """What is wrong with messages over a while: silent meters, wrong clocks."""

    def __init__(self, plant: Plant, start: float, end: float) -> None:
        by_name: dict[str, list[tuple[str, Incident]]] = {}
        for item in plant.schedule.between(start, end):
            serial = plant.serials[item.place]
            by_name.setdefault(item.name, []).append((serial, item))
        self._silent = by_name.get("silence", [])
        self._ahead = by_name.get("clock-off-by-an-hour", [])

    def is_silent(self, serial: str, time: float) -> bool:
        return any(
            serial == whose and item.start <= time < item.end
            for whose, item in self._silent
        )

    def clock_error_s(self, serial: str, time: float) -> float:
        """Return how far the meter's clock is ahead. [s]"""
        return _CLOCK_AHEAD_S * any(
            serial == whose and item.start <= time < item.end
            for whose, item in self._ahead
        )
