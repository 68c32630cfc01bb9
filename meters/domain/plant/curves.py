"""The course of power at the plant's sources.

Time is cut into cells of a quarter of an hour, a cell into steps of ten seconds. Over a
cell a source follows a straight line plus a ripple, between steps a straight line. The
ripple is a sum of whole sine waves, so it adds nothing to the energy of the cell: years
of registers need the ends of the cells only, and every integral is exact.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meters.domain.plant import layout
from meters.domain.plant.calendar import LocalTime, day_kinds
from meters.domain.plant.chance import either_side, uniform, wander
from meters.domain.plant.kinds import QUARTERS

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

CELL_S = 900
STEP_S = 10
STEPS = CELL_S // STEP_S

# What a number of chance is for.
_DAY, _SLOW, _QUICK, _SHARE, _SHARE_SLOW, _RIPPLE, _SKY, _CLOUDS = range(10, 18)

_YEAR_S = 31_556_952.0
_DAY_S = 86_400
_WAVES = np.array([1, 2, 3, 5, 8, 13])
_LATITUDE, _LONGITUDE = np.radians(50.1), 8.7


@dataclass(frozen=True, slots=True)
class Nodes:
    """
    Power of each phase at the ends of a run of cells.

    Attributes
    ----------
    first : int
        The first cell: of the quarter of an hour `first * 900` s after 1970.
    active, reactive : array of shape (cells + 1, sources or meters, 3)
        [kW], [kvar]
    """

    first: int
    active: Array
    reactive: Array


class Curves:
    """The sources of one plant."""

    def __init__(self, seed: int, local: LocalTime) -> None:
        self._seed = seed
        self._local = local
        kinds = layout.SOURCE_KINDS
        self._sources = np.arange(len(kinds))
        self._courses = np.stack([kind.courses() for kind in kinds])
        self._season = np.array([kind.season for kind in kinds])
        self._uneven = np.array([kind.uneven for kind in kinds])
        full_tangent = np.tan(np.arccos([kind.power_factor for kind in kinds]))
        motor = np.array([kind.is_motor for kind in kinds])
        self._full_tangent = full_tangent
        self._part_tangent = np.where(motor, 0.35, 0.0)
        self._shares = 1 + self._uneven[:, None] * either_side(
            seed, _SHARE, self._sources[:, None], np.arange(3)
        )
        self.swing: Array = np.array([kind.swing for kind in kinds])
        self._waves, self._fixed = _wave_tables()

    def nodes(self, first: int, count: int) -> Nodes:
        """Return the power of the sources at the ends of `count` cells."""
        cells = np.arange(first, first + count + 1)
        share = self._share_of_full(cells)
        power = share * layout.FULL_POWER
        tangent = self._full_tangent * (1 + self._part_tangent * (1 - share))
        phases = self._phase_shares(cells) * power[:, :, None]
        return Nodes(first, phases, phases * tangent[:, :, None])

    def ripple(self, cells: Integers, sources: Integers) -> Array:
        """
        Return the ripple at the ends of the steps of a cell, for pairs of both.

        Returns
        -------
        array of shape (…, 91)
            Share of the lower end of the line; less than 1 in size.
        """
        keys = cells[..., None], sources[..., None], np.arange(len(_WAVES))
        sizes = either_side(self._seed, _RIPPLE, *keys)
        waves: Array = (sizes[..., None, :] @ self._waves[sources])[..., 0, :]
        return waves + self._fixed[sources]

    def _share_of_full(self, cells: Integers) -> Array:
        times = cells * CELL_S
        local = self._local.seconds(times)
        quarter = local % _DAY_S * QUARTERS // _DAY_S
        share = self._courses[:, day_kinds(local), quarter].T
        days = local[:, None] // _DAY_S
        seed, sources, at = self._seed, self._sources, times[:, None].astype(float)
        share = share * (
            (1 + 0.10 * either_side(seed, _DAY, sources, days))
            * (1 + 0.07 * wander(seed, _SLOW * 1000 + sources, at, period_s=9000))
            * (1 + 0.05 * either_side(seed, _QUICK, sources, cells[:, None]))
        )
        # Warmest at the end of July.
        summer = np.cos(2 * np.pi * (at / _YEAR_S - 0.57))
        share = np.asarray(np.clip(share * (1 + self._season * summer), 0.0, 1.1))
        share[:, layout.ROOF] = self._sun(times) * self._sky(times, days[:, 0])
        return share

    def _sun(self, times: Integers) -> Array:
        """Return what a clear sky gives, as a share of the peak; 0 at night."""
        year = 2 * np.pi * (times / _YEAR_S - 0.027)
        declination = -0.4093 * np.cos(year)
        hour = 2 * np.pi * (times % _DAY_S / _DAY_S - 0.5 + _LONGITUDE / 360)
        height = np.sin(_LATITUDE) * np.sin(declination) + np.cos(_LATITUDE) * np.cos(
            declination
        ) * np.cos(hour)
        return np.asarray(np.clip(height, 0.0, None) ** 1.2)

    def _sky(self, times: Integers, days: Integers) -> Array:
        """Return what the clouds let through: some days clear, some overcast."""
        clear = 0.25 + 0.75 * np.sqrt(uniform(self._seed, _SKY, days))
        passing = wander(self._seed, _CLOUDS, times.astype(float), period_s=2700)
        return np.asarray(clear * (1 - 0.45 * (1.02 - clear) * (1 + passing)))

    def _phase_shares(self, cells: Integers) -> Array:
        slow = wander(
            self._seed,
            _SHARE_SLOW * 1000 + 3 * self._sources[:, None] + np.arange(3),
            (cells * CELL_S)[:, None, None].astype(float),
            period_s=5400,
        )
        shares = self._shares * (1 + 0.25 * self._uneven[:, None] * slow)
        return np.asarray(shares / shares.sum(axis=2, keepdims=True))


def _wave_tables() -> tuple[Array, Array]:
    """Return the waves of chance and of switching cycles, of each source."""
    along = 2 * np.pi * np.arange(STEPS + 1) / STEPS
    sizes = 1 / np.sqrt(_WAVES)
    chance = sizes[:, None] * np.sin(_WAVES[:, None] * along) / sizes.sum()
    waves, fixed = [], []
    for kind in layout.SOURCE_KINDS:
        cycling = 0.6 if kind.cycles else 0.0
        waves.append((1 - cycling) * kind.swing * chance)
        # The first two terms of a square wave.
        square = np.sin(kind.cycles * along) + np.sin(3 * kind.cycles * along) / 3
        fixed.append(cycling * kind.swing * square * 0.75)
    return np.stack(waves), np.stack(fixed)


def meter_nodes(sources: Nodes) -> Nodes:
    """Return what the meters show at the ends of the cells: sums and cable losses."""
    active = _summed(sources.active)
    reactive = _summed(sources.reactive)
    # Cables lose by the square of the load below them, summed up to the incomer.
    load = (active**2 + reactive**2) / layout.RATED_PHASE_KW[:, None] ** 2
    lost = layout.BELOW @ (layout.CABLE_LOSS[:, None] * load)
    return Nodes(sources.first, active + lost, reactive + 0.4 * lost)


def _summed(values: Array) -> Array:
    summed: Array = layout.WEIGHTS @ values
    return summed
