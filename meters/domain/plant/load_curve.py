"""A load curve from a file, and the meter that would have measured it."""

import csv
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from meters.domain.plant.rounding import decimals_of

Array = NDArray[np.float64]

COLUMNS = ("start", "kw", "kwh", "kvarh_lag", "kvarh_lead", "gen_kw")
# Where the file says nothing of reactive energy.
_TANGENT = math.tan(math.acos(0.92))
_VOLTAGE, _DROP = 231.0, 5.0


class LoadCurveError(Exception):
    """The file cannot be used; the text is one sentence that says why and where."""


@dataclass(frozen=True, slots=True)
class LoadCurve:
    """
    Energy in equal intervals.

    Attributes
    ----------
    start : datetime
        Of the first interval, in UTC.
    interval_s : float
        [s]
    used, fed_in : array of shape (n,)
        Active energy from and to the grid, of each interval. [kWh]
    lagging, leading : array of shape (n,)
        Reactive energy. [kvarh]
    """

    start: datetime
    interval_s: float
    used: Array
    fed_in: Array
    lagging: Array
    leading: Array

    @property
    def duration_s(self) -> float:
        """From the first interval's start to the last one's end. [s]"""
        return self.interval_s * len(self.used)

    def quantities(self, at_s: Array) -> Mapping[str, Array]:
        """
        Return what the meter shows, with power constant over each interval.

        Parameters
        ----------
        at_s : array of shape (n,)
            Since the first interval's start; at the curve's end at the latest. [s]
        """
        index = np.minimum((at_s // self.interval_s).astype(int), len(self.used) - 1)
        along = at_s / self.interval_s - index
        hours = self.interval_s / 3600
        active = (self.used - self.fed_in)[index] / hours
        reactive = (self.lagging - self.leading)[index] / hours
        apparent = np.hypot(active, reactive)
        most = float(np.max(np.hypot(self.used - self.fed_in, self.lagging))) / hours
        voltage = (
            _VOLTAGE - _DROP * apparent / most if most else np.full(len(at_s), _VOLTAGE)
        )
        factor = np.ones(len(at_s))
        np.divide(active, apparent, out=factor, where=apparent > 0)
        found = {
            "active_power": active,
            "reactive_power": reactive,
            "apparent_power": apparent,
            "power_factor": factor,
            "frequency": np.full(len(at_s), 50.0),
        }
        for phase in (1, 2, 3):
            found[f"voltage_l{phase}"] = voltage
            found[f"current_l{phase}"] = 1000 * apparent / 3 / voltage
            found[f"active_power_l{phase}"] = active / 3
            found[f"reactive_power_l{phase}"] = reactive / 3
            found[f"apparent_power_l{phase}"] = apparent / 3
            found[f"power_factor_l{phase}"] = factor
        for name in ("voltage_l12", "voltage_l23", "voltage_l31"):
            found[name] = voltage * math.sqrt(3)
        for names, energy in (
            (("active_energy_import",), self.used),
            (("active_energy_export",), self.fed_in),
            (("reactive_energy_import", "reactive_energy_q1"), self.lagging),
            (("reactive_energy_export", "reactive_energy_q4"), self.leading),
        ):
            before = np.concatenate([[0.0], np.cumsum(energy)])
            for name in names:
                found[name] = before[index] + energy[index] * along
        found["active_demand"] = self.used[index] / hours
        return {
            name: np.round(values, decimals_of(name)) + 0.0
            for name, values in found.items()
        }


def read_load_curve(lines: Iterable[str], zone: ZoneInfo) -> LoadCurve:
    """
    Read ``start,kw`` and what may stand beside them, the header first.

    Times are local and evenly spaced; over a change of the clock they may follow it
    or not.

    Raises
    ------
    LoadCurveError
    """
    rows = _rows(lines)
    line, header = next(rows, (1, []))
    names = [name.strip().lower() for name in header]
    if "start" not in names or "kw" not in names:
        raise LoadCurveError(f"Line {line}: the header must have start and kw.")
    if unknown := [name for name in names if name not in COLUMNS]:
        raise LoadCurveError(
            f"Line {line}: the column {unknown[0]!r} is none of {', '.join(COLUMNS)}."
        )
    starts: list[datetime] = []
    numbers: list[dict[str, float]] = []
    last = line
    for line, cells in rows:
        if len(cells) != len(names):
            raise LoadCurveError(
                f"Line {line}: {len(cells)} values under {len(names)} columns."
            )
        row = dict(zip(names, cells, strict=True))
        starts.append(_time(row.pop("start"), line))
        numbers.append({name: _number(cell, name, line) for name, cell in row.items()})
        _check_spacing(starts, zone, line)
        last = line
    if len(starts) < 2:
        raise LoadCurveError(f"Line {last}: two intervals at least are needed.")
    interval_s = (starts[1] - starts[0]).total_seconds()
    return _curve(starts[0].replace(tzinfo=zone), interval_s, numbers)


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that are not empty, with their numbers."""
    reader = csv.reader(lines)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise LoadCurveError(f"Line {reader.line_num}: {error}.") from error


def _time(text: str, line: int) -> datetime:
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise LoadCurveError(
            f"Line {line}: {text!r} is no time like 2026-01-31 23:45."
        ) from error
    if time.tzinfo is not None:
        raise LoadCurveError(f"Line {line}: {text} has a zone; times are local here.")
    return time


def _number(text: str, name: str, line: int) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise LoadCurveError(f"Line {line}: {name} is {text!r}, which is no number.")
    if number < 0 and name != "kw":
        raise LoadCurveError(f"Line {line}: {name} is {text}, and cannot be negative.")
    return number


def _check_spacing(starts: list[datetime], zone: ZoneInfo, line: int) -> None:
    """Raise where the newest start is not an interval after the one before."""
    if len(starts) < 2:
        return
    step = starts[1] - starts[0]
    if step <= timedelta(0):
        raise LoadCurveError(f"Line {line}: {starts[1]} is not later than the first.")
    first = starts[0].replace(tzinfo=zone).astimezone(UTC)
    by_clock = (first + step * (len(starts) - 1)).astimezone(zone).replace(tzinfo=None)
    if starts[-1] not in (starts[-2] + step, by_clock):
        raise LoadCurveError(
            f"Line {line}: {starts[-1]} does not follow {starts[-2]} by"
            f" {step.total_seconds() / 60:g} minutes."
        )


def _curve(
    start: datetime, interval_s: float, numbers: list[dict[str, float]]
) -> LoadCurve:
    def column(name: str) -> Array | None:
        if name not in numbers[0]:
            return None
        return np.array([row[name] for row in numbers])

    hours = interval_s / 3600
    power = np.array([row["kw"] for row in numbers])
    kwh, generation = column("kwh"), column("gen_kw")
    lagging, leading = column("kvarh_lag"), column("kvarh_lead")
    used = np.maximum(power, 0.0) * hours if kwh is None else kwh
    # A negative power is fed in where generation has no column of its own.
    fed_in = (np.maximum(-power, 0.0) if generation is None else generation) * hours
    nothing = np.zeros(len(power))
    if lagging is None and leading is None:
        lagging = used * _TANGENT
    return LoadCurve(
        start=start.astimezone(UTC),
        interval_s=interval_s,
        used=used,
        fed_in=fed_in,
        lagging=nothing if lagging is None else lagging,
        leading=nothing if leading is None else leading,
    )
