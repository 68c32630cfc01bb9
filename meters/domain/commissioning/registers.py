"""What the energy register counted, against the power over the same time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meters.domain.commissioning.checks import Check, Verdict
from meters.domain.commissioning.factors import Ratios, factor_in_words
from meters.domain.formatting import format_age, format_measure
from meters.domain.quantities import gettext_noop

Array = NDArray[np.float64]

# Power is read now and then, the register counts always. [share]
_TOLERANCE = 0.1
# A register moves in steps; so many of them make the share exact enough.
_LEAST_STEPS = 10
# Of steps, where none was seen: registers of meters show hundredths or tenths. [kWh]
_USUAL_STEP_KWH = 0.1
_LEAST_S = 60.0


@dataclass(frozen=True, slots=True)
class RegisterWindow:
    """
    The last readings of a meter, scaled, in order of time.

    Attributes
    ----------
    time : array of shape (n,)
        [s]
    power : array of shape (n,)
        Positive is import; NaN where it was not sent. [kW]
    imported, exported : array of shape (n,)
        Registers; NaN where they were not sent. [kWh]
    """

    time: Array
    power: Array
    imported: Array
    exported: Array


def check_register(
    window: RegisterWindow, *, ratios: Ratios, longest_gap_s: float
) -> Check:
    """
    Return whether the register counts what the power makes: ΔR = ∫P dt.

    Parameters
    ----------
    window : RegisterWindow
    ratios : Ratios
        To tell which of them is wrong.
    longest_gap_s : float
        Readings further apart begin the comparison anew. [s]
    """
    if not len(window.time):
        return _register(
            Verdict.WAIT, gettext_noop("No reading yet: it takes a few minutes.")
        )
    if np.isnan(window.imported).all() and np.isnan(window.exported).all():
        return _register(Verdict.NONE, gettext_noop("The meter sends no register."))
    if np.isnan(window.power).all():
        return _register(Verdict.NONE, gettext_noop("The meter sends no power."))
    span = _newest_run(window, longest_gap_s)
    if span is None:
        return _register(
            Verdict.WAIT, gettext_noop("No reading yet: it takes a few minutes.")
        )
    return _compare(span, ratios)


@dataclass(frozen=True, slots=True)
class _Span:
    """From one change of the register to another: energy by power and by register."""

    seconds: float
    by_power: float
    by_register: float
    step: float

    @property
    def is_long_enough(self) -> bool:
        enough = _LEAST_STEPS * self.step
        return self.seconds >= _LEAST_S and (
            abs(self.by_register) >= enough or abs(self.by_power) >= enough
        )


def _newest_run(window: RegisterWindow, longest_gap_s: float) -> _Span | None:
    """Return the newest readings without a gap between them."""
    imported = np.nan_to_num(window.imported, nan=0.0)
    exported = np.nan_to_num(window.exported, nan=0.0)
    known = ~np.isnan(window.power)
    for sent in (window.imported, window.exported):
        if not np.isnan(sent).all():
            known &= ~np.isnan(sent)
    time, power = window.time[known], window.power[known]
    net = (imported - exported)[known]
    if len(time) < 2:
        return None
    breaks = np.flatnonzero(np.diff(time) > longest_gap_s)
    first = int(breaks[-1]) + 1 if len(breaks) else 0
    time, power, net = time[first:], power[first:], net[first:]
    if len(time) < 2:
        return None
    changes = np.abs(np.diff(net))
    moved = changes[changes > 1e-9 * max(1.0, float(np.abs(net).max()))]
    hours = np.diff(time) / 3600
    return _Span(
        seconds=float(time[-1] - time[0]),
        by_power=float(np.sum((power[:-1] + power[1:]) / 2 * hours)),
        by_register=float(net[-1] - net[0]),
        step=float(moved.min()) if len(moved) else _USUAL_STEP_KWH,
    )


def _compare(span: _Span, ratios: Ratios) -> Check:
    facts = {
        "register": str(format_measure(span.by_register, "kWh")),
        "power": str(format_measure(span.by_power, "kWh")),
        "span": format_age(span.seconds),
    }
    if not span.is_long_enough:
        return _register(
            Verdict.WAIT,
            gettext_noop(
                "In %(span)s the register counted %(register)s, the power made"
                " %(power)s: too little to compare. More load tells it sooner."
            ),
            **facts,
        )
    # One step at each end may be missing.
    tolerance = _TOLERANCE + span.step / max(abs(span.by_power), span.step)
    if not span.by_power:
        return _off(facts, "")
    factor = span.by_register / span.by_power
    if abs(factor - 1) <= tolerance:
        return _register(
            Verdict.GOOD,
            gettext_noop(
                "In %(span)s the register counted %(register)s, the power made"
                " %(power)s."
            ),
            **facts,
        )
    if factor < 0:
        return _register(
            Verdict.BAD,
            gettext_noop(
                "In %(span)s the registers went by %(register)s, the power made"
                " %(power)s: import and export are the wrong way round in one of them."
            ),
            **facts,
        )
    facts["factor"] = factor_in_words(factor)
    return _off(facts, ratios.explain(factor) if factor else "")


def _off(facts: dict[str, str], explained: str) -> Check:
    if explained:
        sentence = gettext_noop(
            "In %(span)s the register counted %(register)s, the power made %(power)s:"
            " %(factor)s times as much, as if a factor (%(explained)s) was applied to"
            " one of them and not to the other. Look at what is primary already."
        )
        return _register(Verdict.BAD, sentence, **facts, explained=explained)
    sentence = gettext_noop(
        "In %(span)s the register counted %(register)s, the power made %(power)s: look"
        " at the ratios, and at which values are primary already."
    )
    return _register(Verdict.BAD, sentence, **facts)


def _register(verdict: Verdict, sentence: str, **facts: str) -> Check:
    return Check("register", verdict, sentence, facts)
