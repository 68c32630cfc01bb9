"""What the meters show at given instants, from an hour of the plant."""

import numpy as np
from numpy.typing import NDArray

from meters.domain.plant import counting, layout
from meters.domain.plant.chance import uniform, wander
from meters.domain.plant.counting import REGISTERS
from meters.domain.plant.curves import CELL_S, STEP_S
from meters.domain.plant.hours import Hour

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Quantities = dict[str, Array]

_SUPPLY_SLOW, _SUPPLY_QUICK, _FREQUENCY, _THD, _LEAKAGE, _SIGNAL, _LUG, _WEATHER = (
    range(50, 58)
)
_PHASES = np.arange(3)
_METERS = np.arange(len(layout.PLACES))[:, None]
_KINDS = layout.SOURCE_KINDS
_LEAF_THD = np.array([kind.thd for kind in _KINDS])
_LEAF_TRIPLEN = np.array([kind.triplen for kind in _KINDS])
# Harmonics of many loads cancel each other in part.
_SHARE = np.abs(layout.WEIGHTS) * layout.FULL_POWER
_SHARE = _SHARE / _SHARE.sum(axis=1, keepdims=True)
_CANCEL = np.where(_SHARE.max(axis=1) < 1, 0.75, 1.0)
_METER_THD: Array = _SHARE @ _LEAF_THD * _CANCEL
_METER_TRIPLEN: Array = _SHARE @ _LEAF_TRIPLEN * _CANCEL


class Instants:
    """Where instants of each meter lie in the steps of an hour."""

    def __init__(self, hour: Hour, times: Array) -> None:
        self.times = times
        position = (times - hour.start) / STEP_S
        self.step: Integers = np.floor(position).astype(np.int64)
        self.along: Array = position - self.step

    def at(self, values: Array, places: NDArray[np.intp] | Array) -> Array:
        """Return values (meters, 3, steps, 2) of `places` at the instants, by phase.

        The instants are (meters, n); the result is (meters, n, 3).
        """
        pairs = values[places, :, self.step]
        return np.asarray(pairs[..., 0] + (pairs[..., 1] - pairs[..., 0])
                          * self.along[..., None])  # fmt: skip


def measure(seed: int, hour: Hour, times: Array, rows: Integers) -> Quantities:
    """
    Return the quantities of some meters, each at its own instants.

    Parameters
    ----------
    times : array of shape (meters, n)
        Within the hour. [s since 1970]
    rows : array of shape (meters,)
        The places of the meters.

    Returns
    -------
    dict of arrays of shape (meters, n)
        By the name of the quantity, in its unit, not rounded.
    """
    instants = Instants(hour, times)
    places = rows[:, None]
    turned = hour.turned[places, :, instants.step]
    flow_p = instants.at(hour.active, places)
    flow_q = instants.at(hour.reactive, places)
    active, reactive = flow_p * turned, flow_q * turned
    dead = hour.dead[places, :, instants.step]
    voltage = _voltage(seed, hour, instants, rows)
    voltage = np.where(dead, 2.0 + uniform(seed, 59, rows[:, None, None], _PHASES),
                       voltage)  # fmt: skip
    apparent = np.hypot(active, reactive)
    current = 1000 * apparent / voltage
    found: Quantities = {}
    _put_phases(found, "voltage", voltage)
    for name, a, b in (("l12", 0, 1), ("l23", 1, 2), ("l31", 2, 0)):
        found[f"voltage_{name}"] = _between(voltage[..., a], voltage[..., b])
    _put_phases(found, "current", current)
    _put_power(found, active, reactive)
    _put_network(found, seed, instants, voltage)
    _put_harmonics(found, seed, instants, rows, current)
    found["current_unbalance"] = _unbalance(current)
    _put_temperatures(found, seed, hour, instants, rows)
    _put_registers(found, hour, instants, rows, flow_p, flow_q)
    _put_device(found, seed, hour, instants, rows)
    return found


def _put_phases(found: Quantities, name: str, values: Array) -> None:
    for phase in range(3):
        found[f"{name}_l{phase + 1}"] = values[..., phase]


def _put_power(found: Quantities, active: Array, reactive: Array) -> None:
    apparent = np.hypot(active, reactive)
    _put_phases(found, "active_power", active)
    found["active_power"] = active.sum(axis=-1)
    _put_phases(found, "reactive_power", reactive)
    found["reactive_power"] = reactive.sum(axis=-1)
    _put_phases(found, "apparent_power", apparent)
    found["apparent_power"] = np.hypot(found["active_power"], found["reactive_power"])
    _put_phases(found, "power_factor", _ratio(active, apparent))
    found["power_factor"] = _ratio(found["active_power"], found["apparent_power"])


def _ratio(active: Array, apparent: Array) -> Array:
    """Return P/S; 1 without power, as the meters show it."""
    ratio = np.ones_like(active)
    return np.divide(active, apparent, out=ratio, where=apparent > 1e-6)


def _voltage(seed: int, hour: Hour, instants: Instants, rows: Integers) -> Array:
    """Return the voltage of each phase: what the grid brings, less every cable's."""
    times = instants.times[..., None]
    voltage = (
        233.0
        + 1.8 * wander(seed, _SUPPLY_SLOW * 10 + _PHASES, times, period_s=2400)
        + 0.6 * wander(seed, _SUPPLY_QUICK * 10 + _PHASES, times, period_s=20)
    )
    for step in range(3):
        above = layout.PATHS[rows, step][:, None]
        active = instants.at(hour.active, above)
        reactive = instants.at(hour.reactive, above)
        drop = layout.DROP_R[above][..., None] * active
        drop = drop + layout.DROP_X[above][..., None] * reactive
        drop = drop / layout.RATED_PHASE_KW[above][..., None]
        voltage = (
            voltage
            - layout.ON_PATH[rows, step][:, None, None]
            * drop
            * (np.where(layout.WEIGHTS[above, layout.ROOF] == 1, -1.0, 1.0)[..., None])
        )
    return np.asarray(voltage)


def _between(a: Array, b: Array) -> Array:
    """Return the voltage between two phases that stand 120° apart. [V]"""
    return np.sqrt(a * a + b * b + a * b)


def _unbalance(values: Array) -> Array:
    """Return the largest distance from the mean, in percent of it (NEMA)."""
    mean = values.mean(axis=-1)
    most = np.abs(values - mean[..., None]).max(axis=-1)
    percent = np.zeros_like(mean)
    np.divide(100 * most, mean, out=percent, where=mean > 0.02)
    return np.asarray(percent)


def _put_network(
    found: Quantities, seed: int, instants: Instants, voltage: Array
) -> None:
    lines = np.stack([found[f"voltage_{name}"] for name in ("l12", "l23", "l31")], -1)
    found["voltage_unbalance"] = _unbalance(lines)
    wandering = wander(seed, _FREQUENCY, instants.times, period_s=45)
    slow = wander(seed, _FREQUENCY + 1000, instants.times, period_s=600)
    found["frequency"] = 50 + 0.018 * wandering + 0.022 * slow


def _put_harmonics(
    found: Quantities, seed: int, instants: Instants, rows: Integers, current: Array
) -> None:
    times = instants.times[..., None]
    load = np.clip(current / layout.RATED_CURRENT[rows, None, None], 0.02, 1.5)
    keys = _THD * 10_000 + rows[:, None, None] * 10 + _PHASES
    moving = 1 + 0.08 * wander(seed, keys, times, period_s=180)
    # Less load, less sine: what distorts does not shrink with it.
    thd = _METER_THD[rows, None, None] * (0.75 + 0.25 / (0.3 + load)) * moving
    grid = 1.5 + 0.35 * wander(seed, _THD * 10 + _PHASES, times, period_s=3600)
    _put_phases(found, "voltage_thd", grid + 0.035 * thd * load)
    _put_phases(found, "current_thd", thd)
    l1, l2, l3 = (current[..., phase] for phase in range(3))
    rest = np.sqrt(np.maximum(l1**2 + l2**2 + l3**2 - l1 * l2 - l2 * l3 - l3 * l1, 0.0))
    # Third harmonics of the three phases add up in the neutral.
    triplen = _METER_TRIPLEN[rows, None] * (l1 + l2 + l3)
    found["current_n"] = np.hypot(rest, triplen)


def _put_temperatures(
    found: Quantities, seed: int, hour: Hour, instants: Instants, rows: Integers
) -> None:
    times = instants.times
    position = np.clip(
        (times - hour.warmth_start) / 60, 0, hour.warmth.shape[-1] - 1.001
    )
    minute = position.astype(np.int64)
    along = (position - minute)[..., None]
    here = hour.warmth[rows[:, None], :, minute]
    warmth = here + (hour.warmth[rows[:, None], :, minute + 1] - here) * along
    around = 25 + 4 * wander(seed, _WEATHER, times, period_s=6 * 3600)
    lug = 1.5 * uniform(seed, _LUG, rows[:, None, None], _PHASES)
    lugs = around[..., None] + 42 * warmth + lug
    for item in hour.incidents:
        if item.name == "hot-cable":
            here_now = (rows == item.place)[:, None] * _hot(item.start, item.end, times)
            lugs[..., item.phase] += (40 + 20 * item.size) * here_now
    _put_phases(found, "temperature", lugs)
    loaded = found["current_n"] / layout.RATED_CURRENT[rows, None]
    found["temperature_n"] = around + 30 * loaded**2


def _hot(start: int, end: int, times: Array) -> Array:
    """Return how far, from 0 to 1, something has warmed up, or cooled again."""
    since = np.maximum(times - start, 0.0)
    after = np.maximum(times - end, 0.0)
    return np.asarray(since / (since + 90) / (1 + (after / 240) ** 2))


def _put_registers(
    found: Quantities,
    hour: Hour,
    instants: Instants,
    rows: Integers,
    flow_p: Array,
    flow_q: Array,
) -> None:
    now = registers_at(hour, instants.times, rows)
    for number, name in enumerate(REGISTERS):
        found[name] = now[..., number]
    before = registers_at(hour, instants.times - CELL_S, rows)
    demand = (now - before) * (3600 / CELL_S)
    found["active_demand"] = demand[..., counting.IMPORT]
    found["active_demand_export"] = demand[..., counting.EXPORT]
    found["reactive_demand_import"] = demand[..., counting.REACTIVE_IMPORT]
    found["reactive_demand_export"] = demand[..., counting.REACTIVE_EXPORT]


def registers_at(hour: Hour, times: Array, rows: Integers) -> Array:
    """Return registers (meters, n, 24), as if no meter was ever replaced."""
    instants = Instants(hour, times)
    places = rows[:, None]
    begun = hour.counted[places, instants.step]
    turned = hour.turned[places, :, instants.step][..., None]
    pieces = []
    for values in (hour.active, hour.reactive):
        pairs = values[places, :, instants.step] * turned
        until = (
            pairs[..., 0]
            + (pairs[..., 1] - pairs[..., 0]) * (instants.along[..., None])
        )
        pieces.append(np.stack([pairs[..., 0], until], axis=-1))
    rate = hour.rate[instants.step]
    hours = instants.along * STEP_S / 3600
    counted: Array = begun + counting.count(pieces[0], pieces[1], rate, hours=hours)
    return counted


def _put_device(
    found: Quantities, seed: int, hour: Hour, instants: Instants, rows: Integers
) -> None:
    times = instants.times
    keys = rows[:, None]
    leak = 0.04 + 0.03 * uniform(seed, _LEAKAGE, keys)
    moving = 1 + 0.3 * wander(seed, _LEAKAGE * 1000 + keys, times, period_s=300)
    found["residual_current"] = leak * moving
    csq = 17 + 9 * uniform(seed, _SIGNAL, keys)
    csq = csq + 2 * wander(seed, _SIGNAL * 1000 + keys, times, period_s=240)
    found["signal_strength"] = np.round(csq)
    # DI1: the breaker is closed. DI2: it warns of overload. DI3: a phase is missing.
    inputs = np.ones(times.shape)
    for bit, name in ((2, "overload"), (4, "phase-loss")):
        for item in hour.incidents:
            if item.name == name:
                during = (times >= item.start + 60) & (times < item.end)
                inputs += bit * ((rows == item.place)[:, None] & during)
    found["digital_inputs"] = inputs
    # DO1: the alarm lamp.
    found["digital_outputs"] = (inputs > 1).astype(float)
    found["pt_ratio"] = np.ones(times.shape)
    found["ct_ratio"] = np.ones(times.shape)
