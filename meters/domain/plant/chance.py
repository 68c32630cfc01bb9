"""Chance without memory: the same keys give the same number, in any order.

A generator has a state, and its hundredth number needs the ninety-nine before it. Here
a number is the hash of what it is for, so that any instant is computed by itself.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

# SplitMix64 (Steele, Lea, Flood 2014).
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def uniform(seed: int, *keys: ArrayLike) -> Array:
    """
    Return numbers in [0, 1), one for each combination of keys.

    Parameters
    ----------
    seed : int
        Of the plant.
    *keys : whole numbers, broadcast against each other
        What the number is for: a stream, a load, an instant.
    """
    with np.errstate(over="ignore"):
        state = _mixed(np.uint64(seed) * _GOLDEN + _GOLDEN)
        for key in keys:
            number = np.asarray(key).astype(np.int64).astype(np.uint64)
            state = _mixed((state ^ number) * _GOLDEN + number)
    # 53 bits are what a double holds.
    return np.asarray((state >> np.uint64(11)) * 2.0**-53)


def _mixed(number: NDArray[np.uint64] | np.uint64) -> NDArray[np.uint64]:
    number = (number ^ (number >> np.uint64(30))) * _MIX_1
    number = (number ^ (number >> np.uint64(27))) * _MIX_2
    return np.asarray(number ^ (number >> np.uint64(31)))


def either_side(seed: int, *keys: ArrayLike) -> Array:
    """Return numbers in [-1, 1), one for each combination of keys."""
    return 2.0 * uniform(seed, *keys) - 1.0


def wander(seed: int, stream: ArrayLike, times: Array, *, period_s: float) -> Array:
    """
    Return a smooth course between -1 and 1 that has a new aim every `period_s`.

    Parameters
    ----------
    stream : whole numbers, broadcast against `times`
        Which course.
    times : array
        Seconds since 1970.
    """
    position = times / period_s
    before = np.floor(position)
    along = position - before
    along = along * along * (3.0 - 2.0 * along)
    node = before.astype(np.int64)
    start = either_side(seed, stream, node)
    return start + (either_side(seed, stream, node + 1) - start) * along
