"""Figures as people read them: three or four significant digits and a fitting unit.

The counterpart in the browser is ``static/js/lib/format.js``; both are tested with
``static/js/tests/format-cases.json``. Rounds half away from zero, as JavaScript does.
"""

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

NOTHING = "–"
_MINUS = "−"

# Units that change with the size of the value: (written before the unit, times the
# stored unit), smallest first.
_KILO_BASED = (("", 1e-3), ("k", 1.0), ("M", 1e3), ("G", 1e6))
_PLAIN = (("", 1.0), ("k", 1e3))
_SCALES: dict[str, tuple[str, tuple[tuple[str, float], ...]]] = {
    "kW": ("W", _KILO_BASED),
    "kvar": ("var", _KILO_BASED),
    "kVA": ("VA", _KILO_BASED),
    "kWh": ("Wh", _KILO_BASED),
    "kvarh": ("varh", _KILO_BASED),
    "V": ("V", _PLAIN),
    "A": ("A", _PLAIN),
}
# Voltages and frequencies differ in the fourth digit.
_DIGITS = {"V": 4, "Hz": 4}
# Decimals where a value is shown exactly.
_DECIMALS = {
    "V": 1, "A": 2, "kW": 3, "kvar": 3, "kVA": 3, "kWh": 2, "kvarh": 2,
    "Hz": 2, "%": 1, "°C": 1, "m³": 3, "m³/h": 3,
}  # fmt: skip
_HUGE = 1e15
# The default context would round before the rounding asked for.
_CONTEXT = Context(prec=400, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure and its unit, apart because they are set apart."""

    figure: str
    unit: str

    def __str__(self) -> str:
        return f"{self.figure} {self.unit}".rstrip()


def format_fixed(value: float | None, decimals: int) -> str:
    """Return the value with this many decimals: "12.50"."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if abs(value) >= _HUGE:
        text = f"{abs(value):.2e}"
    else:
        step = Decimal(1).scaleb(-decimals)
        text = format(Decimal(abs(value)).quantize(step, context=_CONTEXT), "f")
    negative = value < 0 and float(text) != 0
    return _MINUS + text if negative else text


def format_plain(value: float | None) -> str:
    """Return a number as it was sent or set, without zeros for show: "40"."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"{value:.10g}".replace("-", _MINUS)


def format_significant(value: float | None, digits: int = 3) -> str:
    """Return the value with this many significant digits, none of them for show."""
    if value is None or value == 0:
        return NOTHING if value is None else "0"
    for decimals in range(digits - 1, 0, -1):
        text = format_fixed(value, decimals)
        whole = text.lstrip(_MINUS).split(".")[0]
        if len(whole) + decimals <= digits:
            return text
    return format_fixed(value, 0)


def format_measure(value: float | None, unit: str) -> Measure:
    """Return the value in the unit that fits its size: 0.95 kW is 950 W."""
    digits = _DIGITS.get(unit, 3)
    if unit not in _SCALES or not value or not math.isfinite(value):
        text = NOTHING if value is not None and not math.isfinite(value) else None
        return Measure(text or format_significant(value, digits), unit)
    base, steps = _SCALES[unit]
    measure = Measure(NOTHING, unit)
    for prefix, size in steps:
        text = format_significant(value / size, digits)
        measure = Measure(text, prefix + base)
        if abs(value / size) < 1000 and text.lstrip(_MINUS) != "1000":
            break
    return measure


def decimals_of(unit: str) -> int:
    """Return with how many decimals a value in this unit is shown exactly."""
    return _DECIMALS.get(unit, 3)


def column_decimals(largest: float, digits: int = 4) -> int:
    """Return the decimals of a table column: the largest value keeps `digits` digits.

    At most three: one column has one unit and its points stand below each other.
    """
    whole = len(str(int(abs(largest)))) if math.isfinite(largest) else digits
    return max(0, min(3, digits - whole))


def format_age(seconds: float) -> str:
    """Return a time span in its largest fitting unit: "20 s", "12 min", "3 h"."""
    seconds = max(0.0, seconds)
    if seconds < 60:
        return f"{int(seconds)} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min"
    if seconds < 48 * 3600:
        return f"{int(seconds // 3600)} h"
    return f"{int(seconds // 86400)} d"


def format_bits(mask: float | None) -> str:
    """Return the numbers of the bits that are set, from 1: 5 is "1, 3"."""
    if mask is None:
        return NOTHING
    bits = int(mask)
    numbers = [str(n + 1) for n in range(bits.bit_length()) if bits >> n & 1]
    return ", ".join(numbers) or "0"
