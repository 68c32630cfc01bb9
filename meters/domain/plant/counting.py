"""What a meter's registers make of power: directions, quadrants, rates."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_PARTS = ("", "_l1", "_l2", "_l3")
REGISTERS = (
    *(f"active_energy_import{part}" for part in _PARTS),
    *(f"active_energy_export{part}" for part in _PARTS),
    *(f"reactive_energy_import{part}" for part in _PARTS),
    *(f"reactive_energy_export{part}" for part in _PARTS),
    *(f"active_energy_import_t{rate}" for rate in (1, 2, 3, 4)),
    *(f"reactive_energy_q{quadrant}" for quadrant in (1, 2, 3, 4)),
)
IMPORT, EXPORT, REACTIVE_IMPORT, REACTIVE_EXPORT = 0, 4, 8, 12
RATES, QUADRANTS = 16, 20

# Rate by local hour: 1 sharp, 2 peak, 3 flat, 4 valley.
RATE_LABELS = ("sharp", "peak", "flat", "valley")
_RATE_OF_HOUR = np.array(
    [4] * 6 + [3] * 2 + [2] * 2 + [1] * 2 + [3] * 4 + [2] * 2 + [1] * 2 + [3] * 2
    + [4] * 2
)  # fmt: skip


def rates(local_seconds: Integers) -> Integers:
    """Return the rate, 0 to 3, of instants on the local clock."""
    return np.asarray(_RATE_OF_HOUR[local_seconds % 86_400 // 3600] - 1)


def positive_part(start: Array, end: Array) -> Array:
    """Return the mean of the positive part of a straight line from start to end."""
    mean = (start + end) / 2
    crosses = start * end < 0
    high, low = np.maximum(start, end), np.minimum(start, end)
    part = np.divide(
        high * high, 2 * (high - low), out=np.zeros_like(mean), where=crosses
    )
    return np.where(crosses, part, np.maximum(mean, 0.0))


def count(
    active: Array, reactive: Array, rate: Integers, *, hours: Array | float
) -> Array:
    """
    Return what each register counts over steps in which power is a straight line.

    Parameters
    ----------
    active, reactive : array of shape (…, 3, 2)
        Of each phase, at the start and the end of a step. [kW], [kvar]
    rate : array of shape (…)
        0 to 3.
    hours : float, or array of shape (…)
        Length of the step. [h]

    Returns
    -------
    array of shape (…, 24)
        In the order of REGISTERS. [kWh], [kvarh]
    """
    p, q = _with_total(active), _with_total(reactive)
    counted = np.zeros((*p.shape[:-2], len(REGISTERS)))
    length = np.asarray(hours)[..., None]
    for first, values in ((IMPORT, p), (REACTIVE_IMPORT, q)):
        start, end = values[..., 0], values[..., 1]
        positive = positive_part(start, end)
        counted[..., first : first + 4] = positive * length
        net = (start + end) / 2
        counted[..., first + 4 : first + 8] = (positive - net) * length
    importing = p[..., 0, :].sum(axis=-1) >= 0
    for number in range(4):
        counted[..., RATES + number] = (rate == number) * counted[..., IMPORT]
    inductive = counted[..., REACTIVE_IMPORT]
    capacitive = counted[..., REACTIVE_EXPORT]
    counted[..., QUADRANTS] = importing * inductive
    counted[..., QUADRANTS + 1] = inductive - counted[..., QUADRANTS]
    counted[..., QUADRANTS + 3] = importing * capacitive
    counted[..., QUADRANTS + 2] = capacitive - counted[..., QUADRANTS + 3]
    return counted


def _with_total(phases: Array) -> Array:
    """Put the sum of the phases in front of them."""
    total: Array = phases.sum(axis=-2, keepdims=True)
    return np.concatenate([total, phases], axis=-2)
