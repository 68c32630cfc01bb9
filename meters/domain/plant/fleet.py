"""Many plants at once, for load: thousands of meters by the same engine."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from meters.domain.plant.layout import PLACES, serial_of
from meters.domain.plant.model import Plant, Readings
from meters.domain.plant.publishing import offsets

Array = NDArray[np.float64]


class Fleet:
    """
    As many meters as wanted: plants of 26 with seeds of their own.

    Parameters
    ----------
    meters : int
    seed : int
        Of the first plant; the others are derived from it.
    since : datetime
        From when on registers count. The later, the sooner the first reading is
        there: a month takes about 50 ms a plant.
    distinct : int
        So many plants are computed; further ones show the same under other serials.
    """

    def __init__(
        self, *, meters: int, seed: int, since: datetime, distinct: int = 8
    ) -> None:
        count = -(-meters // len(PLACES))
        first = seed * 10_000
        self._plants = [
            Plant(first + number, since=since, calm=True)
            for number in range(min(count, distinct))
        ]
        self._serials = [
            [serial_of(first + number, place) for place in range(len(PLACES))]
            for number in range(count)
        ]
        # The last plant may be needed in part only.
        self._serials[-1] = self._serials[-1][: meters - (count - 1) * len(PLACES)]

    def readings(self, times: Array, *, every_s: float) -> Iterator[Readings]:
        """
        Yield the readings of all meters around these instants, by plant.

        Parameters
        ----------
        times : array of shape (n,)
            Seconds since 1970, to which each meter adds an offset of its own.
        every_s : float
            No offset is larger. [s]
        """
        computed = [
            plant.readings(times + offsets(plant, every_s=every_s)[:, None])
            for plant in self._plants
        ]
        for number, serials in enumerate(self._serials):
            _, at, names, values = computed[number % len(computed)]
            yield Readings(serials, at[: len(serials)], names, values[: len(serials)])


def load(
    *,
    meters: int,
    start: datetime,
    every_s: float = 60.0,
    instants: int = 1,
    seed: int = 9,
    distinct: int = 8,
) -> Iterator[tuple[str, dict[datetime, dict[str, float]]]]:
    """
    Yield messages without end: the serial, and its quantities by instant.

    All meters in turn, then all of them again, each time later; ready for
    ``acrel_json_v2.encode``.

    Parameters
    ----------
    meters : int
    start : datetime
        Of the first round; any time.
    every_s : float
        From one instant of a meter to its next. [s]
    instants : int
        In each message.
    distinct : int
        As for a Fleet.
    """
    fleet = Fleet(
        meters=meters, seed=seed, since=start - timedelta(days=1), distinct=distinct
    )
    at = start.astimezone(UTC).timestamp()
    while True:
        times = at + np.arange(float(instants)) * every_s
        for readings in fleet.readings(times, every_s=every_s):
            yield from readings.by_meter()
        at += instants * every_s
