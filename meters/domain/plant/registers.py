"""The registers of all meters at the beginning of any cell, since years ago."""

from datetime import UTC, datetime
from functools import lru_cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from meters.domain.plant import counting, layout
from meters.domain.plant.calendar import LocalTime
from meters.domain.plant.chance import uniform
from meters.domain.plant.counting import REGISTERS
from meters.domain.plant.curves import CELL_S, STEP_S, STEPS, Curves, Nodes, meter_nodes
from meters.domain.plant.effects import OF_POWER, Effects, effects_of, steps_of
from meters.domain.plant.incidents import Schedule

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

CELLS_A_DAY = 86_400 // CELL_S
_CELL_H, _STEP_H = CELL_S / 3600, STEP_S / 3600
# Days are summed up by as many; always the same, so that sums are the same to the bit.
_DAYS_A_RUN = 32
_INSTALLED = 40
INCOMER = 0


class Registers:
    """
    What the meters of one plant have counted.

    Parameters
    ----------
    since : datetime
        From when on it is counted; what the registers show then is by chance.
    """

    def __init__(
        self,
        seed: int,
        *,
        curves: Curves,
        schedule: Schedule,
        local: LocalTime,
        since: datetime,
    ) -> None:
        self._curves, self._schedule, self._local = curves, schedule, local
        self._first_day = int(since.astimezone(UTC).timestamp()) // 86_400
        self._one_at_a_time = Lock()
        # At the start of each run of days.
        self._at_run = [_installed(seed)]
        self._days_of_run = lru_cache(maxsize=8)(self._sum_days)
        self._cells_of_day = lru_cache(maxsize=8)(self._sum_cells)

    def at(self, cell: int) -> Array:
        """Return the registers at the start of a cell: (meters, 24)."""
        day, of_day = divmod(cell, CELLS_A_DAY)
        registers: Array = self._at_day(day) + self._cells_of_day(day)[of_day]
        return registers

    def _at_day(self, day: int) -> Array:
        run, of_run = divmod(day - self._first_day, _DAYS_A_RUN)
        if run < 0:
            raise ValueError("The plant's meters were not installed yet.")
        # The present and the past are published by a thread each.
        with self._one_at_a_time:
            while len(self._at_run) <= run:
                last = len(self._at_run) - 1
                self._at_run.append(self._at_run[last] + self._days_of_run(last)[-1])
            registers: Array = self._at_run[run] + self._days_of_run(run)[of_run]
        return registers

    def _sum_days(self, run: int) -> Array:
        """Return what is counted from the start of the run to each of its days."""
        first = (self._first_day + run * _DAYS_A_RUN) * CELLS_A_DAY
        return _running_sum(self._count(first, _DAYS_A_RUN, CELLS_A_DAY))

    def _sum_cells(self, day: int) -> Array:
        """Return what is counted from the start of the day to each of its cells."""
        return _running_sum(self._count(day * CELLS_A_DAY, CELLS_A_DAY, 1))

    def _count(self, first: int, spans: int, cells: int) -> Array:
        """Return what registers count in each span of cells: (spans, meters, 24)."""
        count = spans * cells
        nodes = self._curves.nodes(first, count)
        meters = meter_nodes(nodes)
        incidents = self._schedule.between(
            first * CELL_S, (first + count) * CELL_S, names=OF_POWER
        )
        effects = effects_of(incidents, self._curves, nodes)
        added, turned = effects.energy(nodes)
        rate = counting.rates(
            self._local.seconds(np.arange(first, first + count) * CELL_S)
        )
        active = _energy(meters.active, effects, added[:, 0])
        reactive = _energy(meters.reactive, effects, added[:, 1])
        counted = _one_direction(active, reactive, rate, spans)
        _turn_back(counted, effects, turned, rate, cells)
        unsure = self._unsure(nodes, meters, effects)
        incomer = _one_direction(
            active[:, INCOMER : INCOMER + 1], reactive[:, INCOMER : INCOMER + 1],
            rate, count,
        )[:, 0]  # fmt: skip
        incomer[unsure] = self._count_incomer(nodes, meters, effects, unsure, rate)
        counted[:, INCOMER] = incomer.reshape(spans, cells, -1).sum(axis=1)
        return counted

    def _unsure(self, nodes: Nodes, meters: Nodes, effects: Effects) -> Integers:
        """Return the cells in which power may change its direction at the incomer."""
        sure = np.ones(len(nodes.active) - 1, bool)
        swing = self._curves.swing[:, None]
        for source, meter in (
            (nodes.active, meters.active),
            (nodes.reactive, meters.reactive),
        ):
            lower = np.minimum(source[:-1], source[1:])
            ripple = (np.abs(layout.WEIGHTS[INCOMER])[:, None] * lower * swing).sum(1)
            line = np.minimum(meter[:-1, INCOMER], meter[1:, INCOMER])
            least = line - ripple
            # A lost phase takes away no more than what it had.
            less = (effects.factors[:, 0] < 0).any(axis=1)
            cell, place = effects.cell[less], effects.source[less]
            upper = np.maximum(source[cell, place], source[cell + 1, place])
            np.subtract.at(least, cell, 2 * upper)
            sure &= (least > 0).all(axis=1)
        return np.flatnonzero(~sure)

    def _count_incomer(
        self,
        nodes: Nodes,
        meters: Nodes,
        effects: Effects,
        cells: Integers,
        rate: Integers,
    ) -> Array:
        """Count step by step, in the cells given."""
        sources = np.arange(nodes.active.shape[1])
        ripple = self._curves.ripple((nodes.first + cells)[:, None], sources)
        weights = layout.WEIGHTS[INCOMER]
        position = np.full(len(nodes.active), -1)
        position[cells] = np.arange(len(cells))
        here = np.flatnonzero(position[effects.cell] >= 0)
        power = []
        for source, meter, more in zip(
            (nodes.active, nodes.reactive),
            (meters.active, meters.reactive),
            effects.power(nodes, here),
            strict=True,
        ):
            line = steps_of(
                meter[:, :1], np.zeros((len(cells), STEPS + 1)), cells, np.array(0)
            )
            lower = np.minimum(source[cells], source[cells + 1])
            waves = (weights[:, None] * lower).transpose(0, 2, 1) @ ripple
            line += np.stack([waves[..., :-1], waves[..., 1:]], axis=-1)
            np.add.at(line, position[effects.cell[here]], more)
            power.append(line.swapaxes(1, 2))
        counted = counting.count(
            power[0], power[1], rate[cells][:, None], hours=_STEP_H
        )
        return np.asarray(counted.sum(axis=1))


def _energy(nodes: Array, effects: Effects, added: Array) -> Array:
    """Return the energy of each cell, at each meter, of each phase."""
    energy: Array = (nodes[:-1] + nodes[1:]) / 2 * _CELL_H
    more = layout.WEIGHTS.T[effects.source][..., None] * added[:, None]
    np.add.at(energy, effects.cell, more)
    return energy


def _one_direction(active: Array, reactive: Array, rate: Integers, spans: int) -> Array:
    """Return the registers where power keeps its direction over each cell."""
    counted = np.zeros((spans, active.shape[1], len(REGISTERS)))
    for first, energy in (
        (counting.IMPORT, active),
        (counting.REACTIVE_IMPORT, reactive),
    ):
        phases = energy.reshape(spans, -1, *energy.shape[1:]).sum(axis=1)
        counted[..., first] = phases.sum(axis=2)
        counted[..., first + 1 : first + 4] = phases
    at_rate = (rate[:, None] == np.arange(4)).astype(float)
    counted[..., counting.RATES : counting.RATES + 4] = active.sum(axis=2).reshape(
        spans, -1, active.shape[1]
    ).swapaxes(1, 2) @ at_rate.reshape(spans, -1, 4)
    counted[..., counting.QUADRANTS] = counted[..., counting.REACTIVE_IMPORT]
    return counted


def _turn_back(
    counted: Array, effects: Effects, turned: Array, rate: Integers, cells: int
) -> None:
    """Let the meters of reversed transformers count those phases backwards."""
    which = np.flatnonzero(effects.turned.any(axis=1))
    less = np.zeros((len(which), len(REGISTERS)))
    for first, energy in (
        (counting.IMPORT, turned[which, 0]),
        (counting.REACTIVE_IMPORT, turned[which, 1]),
    ):
        # The other two phases carry more than this one.
        less[:, first] = -2 * energy.sum(axis=1)
        less[:, first + 1 : first + 4] = -energy
        less[:, first + 5 : first + 8] = energy
    cell = effects.cell[which]
    less[np.arange(len(which)), counting.RATES + rate[cell]] = less[:, counting.IMPORT]
    less[:, counting.QUADRANTS] = less[:, counting.REACTIVE_IMPORT]
    np.add.at(counted, (cell // cells, layout.SOURCES[effects.source[which]]), less)


def _running_sum(counted: Array) -> Array:
    """Return the sums before each item, and of all of them."""
    nothing = np.zeros((1, *counted.shape[1:]))
    return np.concatenate([nothing, np.cumsum(counted, axis=0)])


def _installed(seed: int) -> Array:
    """Return what the registers show at first: as after some years of work."""
    places = np.arange(len(layout.PLACES))
    years = 1 + 5 * uniform(seed, _INSTALLED, places)
    energy = np.round(years * 1500 * 3 * layout.RATED_PHASE_KW, 1)
    registers = np.zeros((len(places), len(REGISTERS)))
    for first, kilo in (
        (counting.IMPORT, energy),
        (counting.REACTIVE_IMPORT, energy / 2),
    ):
        registers[:, first] = kilo
        registers[:, first + 1 : first + 4] = kilo[:, None] / 3
    registers[:, counting.RATES : counting.QUADRANTS] = energy[:, None] * [
        0.15,
        0.25,
        0.3,
        0.3,
    ]
    registers[:, counting.QUADRANTS] = energy / 2
    return registers
