"""The plant as its users see it: meters, and their readings at any instants."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from meters.domain.plant import layout
from meters.domain.plant.calendar import LocalTime
from meters.domain.plant.counting import REGISTERS
from meters.domain.plant.curves import CELL_S, Curves
from meters.domain.plant.hours import HOUR_S, Hour, hour_of
from meters.domain.plant.incidents import Incident, Schedule
from meters.domain.plant.measuring import measure, registers_at
from meters.domain.plant.registers import Registers
from meters.domain.plant.rounding import decimals_of

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

ZONE = "Europe/Berlin"
# Readings older than 400 days are refused, so that nobody sees it begin.
COUNTING_SINCE = datetime(2025, 1, 1, tzinfo=UTC)


class Readings(NamedTuple):
    """
    Readings of several meters.

    Attributes
    ----------
    serials : list of str
    times : array of shape (meters, n)
        Seconds since 1970.
    names : list of str
        Of the quantities.
    values : array of shape (meters, n, quantities)
        Rounded as a meter rounds.
    """

    serials: list[str]
    times: Array
    names: list[str]
    values: Array

    def by_meter(self) -> Iterator[tuple[str, dict[datetime, dict[str, float]]]]:
        """Yield each meter's serial, and its quantities by instant."""
        for serial, times, rows in zip(
            self.serials, self.times.tolist(), self.values.tolist(), strict=True
        ):
            yield (
                serial,
                {
                    datetime.fromtimestamp(time, UTC): dict(
                        zip(self.names, row, strict=True)
                    )
                    for time, row in zip(times, rows, strict=True)
                },
            )


class Plant:
    """
    A plant of 26 meters, its incomer first.

    Parameters
    ----------
    seed : int
        The same seed gives the same plant.
    requested : sequence of Incident
        What shall go wrong, beside what does so by itself.
    calm : bool
        Nothing goes wrong by itself.
    since : datetime
        From when on registers are counted; no earlier instant can be asked for.
    """

    def __init__(
        self,
        seed: int = 1,
        *,
        requested: Sequence[Incident] = (),
        calm: bool = False,
        since: datetime = COUNTING_SINCE,
    ) -> None:
        self.seed = seed
        self.serials = [
            layout.serial_of(seed, place) for place in range(len(layout.PLACES))
        ]
        self.schedule = Schedule(seed, requested=requested, calm=calm)
        self._since = since.timestamp()
        self._local = LocalTime(ZONE)
        self._curves = Curves(seed, self._local)
        self._registers = Registers(
            seed,
            curves=self._curves,
            schedule=self.schedule,
            local=self._local,
            since=since,
        )
        self._hour = lru_cache(maxsize=6)(self._compute_hour)
        self._at_replacement = lru_cache(maxsize=64)(self._registers_at_replacement)

    @property
    def names(self) -> Mapping[str, str]:
        """The name of each meter by its serial, the incomer first."""
        return {
            serial: place.name
            for serial, place in zip(self.serials, layout.PLACES, strict=True)
        }

    def readings(
        self, times: Array, *, places: Sequence[int] | None = None
    ) -> Readings:
        """
        Return what meters show at given instants.

        Parameters
        ----------
        times : array of shape (n,), or (meters, n) with instants of each
            Seconds since 1970.
        places : sequence of int, optional
            Indices of the meters; all of them where not given.
        """
        rows = np.arange(len(self.serials)) if places is None else np.array(places)
        times = np.broadcast_to(times, (len(rows), np.shape(times)[-1]))
        serials = [self.serials[row] for row in rows]
        names: list[str] = []
        values = np.empty((0,))
        hours = np.floor(times / HOUR_S).astype(np.int64)
        for number in np.unique(hours).tolist():
            asked = hours == number
            # Each meter the same number of instants: those of another hour are left out
            at = np.where(asked, times, number * HOUR_S)
            columns = asked.any(axis=0)
            found = measure(self.seed, self._hour(number), at[:, columns], rows)
            self._replace(found, at[:, columns], rows)
            if not names:
                names = list(found)
                values = np.empty((*times.shape, len(names)))
            part = np.stack([found[name] for name in names], axis=-1)
            here = asked[:, columns]
            values[asked] = part[here]
        return Readings(serials, times, names, _rounded(values, names))

    def _compute_hour(self, number: int) -> Hour:
        return hour_of(
            number,
            curves=self._curves,
            schedule=self.schedule,
            registers=self._registers,
            local=self._local,
        )

    def _replace(self, found: dict[str, Array], times: Array, rows: Integers) -> None:
        """Let the registers of replaced meters begin anew."""
        first, last = float(times.min()), float(times.max())
        replacements = self.schedule.replacements(self._since, last + 1)
        for row, place in enumerate(rows.tolist()):
            begun = [item for item in replacements if item.place == place]
            # The last one before the first instant, and those after it.
            earlier = [item for item in begun if item.start <= first][-1:]
            less = np.zeros((times.shape[1], len(REGISTERS)))
            for item in earlier + [item for item in begun if item.start > first]:
                less[times[row] >= item.start] = self._at_replacement(item)
            for number, name in enumerate(REGISTERS):
                found[name][row] -= less[:, number]

    def _registers_at_replacement(self, item: Incident) -> Array:
        if item.start % CELL_S == 0:
            return np.asarray(self._registers.at(item.start // CELL_S)[item.place])
        hour = self._hour(item.start // HOUR_S)
        rows = np.array([item.place])
        at = np.array([[float(item.start)]])
        return np.asarray(registers_at(hour, at, rows)[0, 0])


def _rounded(values: Array, names: Sequence[str]) -> Array:
    for column, name in enumerate(names):
        values[..., column] = np.round(values[..., column], decimals_of(name))
    # No −0.0: no meter shows it.
    return values + 0.0
