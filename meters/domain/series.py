"""Series of readings laid beside each other: sums, gaps, buckets.

Times are UTC seconds in ascending order, values NaN where they are not known.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# So many steps on either side tell what is usual.
_NEIGHBOURS = 4


@dataclass(frozen=True, slots=True)
class Series:
    """Values over time."""

    times: Array
    values: Array

    @classmethod
    def of(cls, times: Sequence[float], values: Sequence[float | None]) -> "Series":
        return cls(np.array(times, dtype=float), np.array(values, dtype=float))

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True, slots=True)
class Line:
    """
    A series to be drawn.

    Attributes
    ----------
    key : str
        What the browser knows it by: "total", or the id of a meter.
    name : str
        What a person reads.
    feeds : bool
        Whether it is a generator's, or a battery's that discharges.
    """

    key: str
    name: str
    series: Series
    feeds: bool = False


EMPTY = Series.of([], [])


def sum_held(parts: Sequence[Series], *, hold_s: Sequence[float]) -> Series:
    """
    Return the sum of several series, at every instant at which one of them has a value.

    Parameters
    ----------
    parts : sequence of Series
        Meters report at different seconds; each value holds until the next one comes.
    hold_s : sequence of float
        For how long it holds at most, for each part. [s]

    The sum is NaN where one of them has no value: a part is not the whole.
    """
    if len(parts) == 1:
        return parts[0]
    times = np.unique(np.concatenate([EMPTY.times, *(part.times for part in parts)]))
    total = np.zeros(len(times))
    for part, hold in zip(parts, hold_s, strict=True):
        total += _held(part, at=times, hold_s=hold)
    return Series(times, total)


def _held(part: Series, *, at: Array, hold_s: float) -> Array:
    if not len(part):
        return np.full(len(at), np.nan)
    index = np.searchsorted(part.times, at, side="right") - 1
    age = at - part.times[index]
    held: Array = np.where((index >= 0) & (age <= hold_s), part.values[index], np.nan)
    return held


def gap_positions(times: Array, *, longest_s: float) -> NDArray[np.intp]:
    """
    Return before which instants something is missing.

    Parameters
    ----------
    times : array of shape (n,)
        Instants in ascending order. [s]
    longest_s : float
        The longest step that is no gap. [s]

    A step is a gap only where it is also two and a half times as long as is usual
    around it: a meter may have reported less often at the time.
    """
    steps = np.diff(times)
    if not (steps > longest_s).any():
        return np.zeros(0, dtype=np.intp)
    padded = np.pad(steps, _NEIGHBOURS, constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEIGHBOURS + 1)
    around = np.delete(around, _NEIGHBOURS, axis=1)
    # Alone, nothing is usual.
    around[np.isnan(around).all(axis=1)] = 0.0
    usual = np.nanmedian(around, axis=1)
    gaps: NDArray[np.intp] = np.flatnonzero((steps > longest_s) & (steps > 2.5 * usual))
    return gaps + 1


def with_gaps(series: Series, *, longest_s: float) -> Series:
    """Return the series with a NaN in every gap longer than `longest_s`.

    A line is not drawn across what was not measured.
    """
    after = gap_positions(series.times, longest_s=longest_s)
    middles = (series.times[after - 1] + series.times[after]) / 2
    return Series(
        np.insert(series.times, after, middles),
        np.insert(series.values, after, np.nan),
    )


def bucket_means(series: Series, *, start: float, end: float, buckets: int) -> Array:
    """Return the mean of each of `buckets` equal spans of [start, end).

    NaN where a span has no value.
    """
    times, values = series.times, series.values
    known = ~np.isnan(values) & (times >= start) & (times < end)
    index = ((times[known] - start) / (end - start) * buckets).astype(np.intp)
    sums = np.bincount(index, weights=values[known], minlength=buckets)
    counts = np.bincount(index, minlength=buckets)
    means = np.full(buckets, np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return means


def thinned(series: Series, *, points: int) -> Series:
    """Return the series with at most `points` points, each the mean of a bucket."""
    if len(series) <= points:
        return series
    start, end = float(series.times[0]), float(series.times[-1]) + 1e-6
    means = bucket_means(series, start=start, end=end, buckets=points)
    known = ~np.isnan(means)
    edges = np.linspace(start, end, points + 1)
    return Series(((edges[:-1] + edges[1:]) / 2)[known], means[known])
