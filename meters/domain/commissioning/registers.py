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
_FINEST_STEP_KWH = 1e-4
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
    # By how much the load between the readings may have differed from them.
    unseen: float

    @property
    def is_long_enough(self) -> bool:
        enough = _LEAST_STEPS * self.step
        return self.seconds >= _LEAST_S and (
            abs(self.by_register) >= enough or abs(self.by_power) >= enough
        )


def _newest_run(window: RegisterWindow, longest_gap_s: float) -> _Span | None:
    """Return the newest readings without a gap between them."""
    known = ~np.isnan(window.power)
    time, power = window.time[known], _counted(window)[known]
    if len(time) < 2:
        return None
    breaks = np.flatnonzero(np.diff(time) > longest_gap_s)
    first = int(breaks[-1]) + 1 if len(breaks) else 0
    time, power = time[first:], power[first:]
    # Registers may come by messages of their own, less often than the power.
    told = _told(window) & (window.time >= time[0]) & (window.time <= time[-1])
    at, net = window.time[told], _net(window)[told]
    if len(time) < 2 or len(at) < 2:
        return None
    within = (time > at[0]) & (time < at[-1])
    instants = np.concatenate(([at[0]], time[within], [at[-1]]))
    powers = np.interp(instants, time, power)
    hours = np.diff(instants) / 3600
    return _Span(
        seconds=float(at[-1] - at[0]),
        by_power=float(np.sum((powers[:-1] + powers[1:]) / 2 * hours)),
        by_register=float(net[-1] - net[0]),
        step=_step(net),
        # Twice the standard error of a mean of so many readings.
        unseen=2 * float(powers.std()) * float(hours.sum()) / len(powers) ** 0.5,
    )


def _step(net: Array) -> float:
    """
    Return the step in which a register moves. [kWh]

    Between readings far apart it moves by many: by the largest that all have in common.
    """
    changes = np.rint(np.abs(np.diff(net)) / _FINEST_STEP_KWH).astype(np.int64)
    return int(np.gcd.reduce(changes)) * _FINEST_STEP_KWH or _USUAL_STEP_KWH


def _counted(window: RegisterWindow) -> Array:
    """Return the power that the registers count which the meter has. [kW]"""
    if np.isnan(window.exported).all():
        return np.maximum(window.power, 0.0)
    if np.isnan(window.imported).all():
        return np.minimum(window.power, 0.0)
    return window.power


def _net(window: RegisterWindow) -> Array:
    """Return import less export, each as it was told last. [kWh]"""
    return _carried(window.imported) - _carried(window.exported)


def _told(window: RegisterWindow) -> NDArray[np.bool_]:
    """Return which readings tell a register, and both are known by then."""
    sent = ~(np.isnan(window.imported) & np.isnan(window.exported))
    return sent & ~np.isnan(_net(window))


def _carried(register: Array) -> Array:
    """Return what was told last; 0 of a register that the meter does not have."""
    known = ~np.isnan(register)
    if not known.any():
        return np.zeros(len(register))
    last = np.maximum.accumulate(np.where(known, np.arange(len(register)), 0))
    return register[last]


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
    if abs(factor - 1) <= tolerance + span.unseen / abs(span.by_power):
        return _register(
            Verdict.WAIT,
            gettext_noop(
                "In %(span)s the register counted %(register)s, the power made"
                " %(power)s: the load changes too much between readings to compare. A"
                " steady load tells it."
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
