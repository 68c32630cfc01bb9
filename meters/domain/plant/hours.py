"""One hour of the plant in steps of ten seconds: power, registers, warmth.

An hour is always computed as a whole and in the same way, with the three quarters
before it. So an instant has the same values to the last bit, whether it is asked for
live, as part of the history, or after a restart.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meters.domain.plant import counting, layout
from meters.domain.plant.calendar import LocalTime
from meters.domain.plant.curves import (
    CELL_S,
    STEP_S,
    STEPS,
    Curves,
    Nodes,
    meter_nodes,
)
from meters.domain.plant.effects import Effects, effects_of, steps_of
from meters.domain.plant.incidents import Incident, Schedule
from meters.domain.plant.registers import Registers

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

HOUR_S = 3600
_CELLS = HOUR_S // CELL_S
# For the running demand, and for what is still warm.
_CELLS_BEFORE = 3
_RUN = _CELLS + _CELLS_BEFORE
_MINUTE_STEPS = 60 // STEP_S
_WARM_MINUTES = _CELLS_BEFORE * CELL_S // 60
_COOLS_IN_MINUTES = 14.0


@dataclass(frozen=True, slots=True)
class Hour:
    """
    All meters over an hour and the three quarters before.

    Attributes
    ----------
    start : int
        Of the first step. [s since 1970]
    active, reactive : array of shape (meters, 3, steps, 2)
        What flows, at the start and the end of each step. [kW], [kvar]
    turned : array of shape (meters, 3, steps)
        −1 where the meter measures that phase backwards, else 1.
    dead : array of shape (meters, 3, steps), of booleans
        Where the phase has no voltage.
    counted : array of shape (meters, steps + 1, 24)
        Registers at the ends of the steps.
    rate : array of shape (steps,)
    warmth : array of shape (meters, 3, minutes + 1)
        (Load / rated load)², as the cable lugs follow it.
    incidents : list of Incident
        What goes on or has just ended.
    """

    start: int
    active: Array
    reactive: Array
    turned: Array
    dead: NDArray[np.bool_]
    counted: Array
    rate: Integers
    warmth: Array
    incidents: list[Incident]

    @property
    def warmth_start(self) -> int:
        """Of the first minute of `warmth`. [s since 1970]"""
        return self.start + _WARM_MINUTES * 60


def hour_of(
    number: int,
    *,
    curves: Curves,
    schedule: Schedule,
    registers: Registers,
    local: LocalTime,
) -> Hour:
    """Return the hour that begins `number` hours after 1970."""
    first = number * _CELLS - _CELLS_BEFORE
    start = first * CELL_S
    incidents = schedule.between(start, (number + 1) * HOUR_S)
    nodes = curves.nodes(first, _RUN)
    effects = effects_of(incidents, curves, nodes)
    active, reactive = _flow(nodes, curves, effects)
    turned = _turned(effects, active.shape[:-1])
    steps = np.arange(_RUN * STEPS) * STEP_S + start
    rate = counting.rates(local.seconds(steps))
    seen = turned[..., None]
    counted = counting.count(
        (active * seen).swapaxes(1, 2),
        (reactive * seen).swapaxes(1, 2),
        rate,
        hours=STEP_S / 3600,
    )
    return Hour(
        start=start,
        active=active,
        reactive=reactive,
        turned=turned,
        dead=_dead(incidents, steps, active.shape[:-1]),
        counted=_continued(counted, registers.at(number * _CELLS)),
        rate=rate,
        warmth=_warmth(active, reactive),
        incidents=incidents,
    )


def _flow(nodes: Nodes, curves: Curves, effects: Effects) -> tuple[Array, Array]:
    """Return active and reactive power of all meters: (meters, 3, steps, 2)."""
    meters = meter_nodes(nodes)
    cells = np.arange(_RUN)
    ripple = curves.ripple(
        (nodes.first + cells)[:, None], np.arange(nodes.active.shape[1])
    )
    flows = []
    for source, meter, more in zip(
        (nodes.active, nodes.reactive),
        (meters.active, meters.reactive),
        effects.power(nodes, np.arange(len(effects))),
        strict=True,
    ):
        lower = np.minimum(source[:-1], source[1:])
        waves = lower[..., None] * ripple[:, :, None, :]
        wave_steps = np.stack([waves[..., :-1], waves[..., 1:]], axis=-1)
        np.add.at(wave_steps, (effects.cell, effects.source), more)
        shape = wave_steps.shape
        summed = layout.WEIGHTS @ wave_steps.reshape(*shape[:2], -1)
        line = _lines(meter)
        flow = line + summed.reshape(line.shape)
        # (cells, meters, 3, steps, 2) -> (meters, 3, all steps, 2)
        flow = flow.transpose(1, 2, 0, 3, 4)
        flows.append(flow.reshape(*flow.shape[:2], _RUN * STEPS, 2))
    return flows[0], flows[1]


def _lines(meter: Array) -> Array:
    pairs = np.arange(_RUN)[:, None], np.arange(meter.shape[1])
    nothing = np.zeros((_RUN, meter.shape[1], STEPS + 1))
    return steps_of(meter, nothing, *pairs)


def _turned(effects: Effects, shape: tuple[int, ...]) -> Array:
    turned = np.ones(shape)
    cells = turned.reshape(*shape[:2], _RUN, STEPS)
    for cell, source, phases, during in zip(
        effects.cell, effects.source, effects.turned, effects.during, strict=True
    ):
        backwards = phases[:, None] & during
        cells[layout.SOURCES[source], :, cell][backwards] = -1.0
    return turned


def _dead(
    incidents: list[Incident], steps: Integers, shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    dead = np.zeros(shape, bool)
    for item in incidents:
        if item.name == "phase-loss":
            during = (steps >= item.start) & (steps < item.end)
            dead[item.place, item.phase] |= during
    return dead


def _continued(counted: Array, at_hour: Array) -> Array:
    """Return the registers at the ends of the steps, right at the hour's beginning."""
    nothing = np.zeros((counted.shape[0], 1, counted.shape[2]))
    sums = np.concatenate([nothing, np.cumsum(counted, axis=1)], axis=1)
    begin = _CELLS_BEFORE * STEPS
    return np.asarray(sums + (at_hour - sums[:, begin])[:, None])


def _warmth(active: Array, reactive: Array) -> Array:
    """Return the square of the load as cable lugs follow it, by the minute."""
    load = (active[..., 0] ** 2 + reactive[..., 0] ** 2) / (
        layout.RATED_PHASE_KW[:, None, None] ** 2
    )
    minutes = load.reshape(*load.shape[:2], -1, _MINUTE_STEPS).mean(axis=-1)
    ago = np.arange(_WARM_MINUTES)[::-1]
    weights = np.exp(-ago / _COOLS_IN_MINUTES)
    windows = np.lib.stride_tricks.sliding_window_view(minutes, _WARM_MINUTES, axis=-1)
    return np.asarray(windows @ (weights / weights.sum()))
