"""Whether every phase has its voltage, and each lead is on a phase of its own."""

from collections.abc import Mapping

from meters.domain.commissioning.checks import Check, Verdict, phases_in_words
from meters.domain.electrical import DEAD_PHASE_V
from meters.domain.formatting import format_measure
from meters.domain.quantities import gettext_noop

# EN 50160: within 10 % of the nominal voltage.
_TOLERANCE = 0.10
_PHASES = ("l1", "l2", "l3")
_BETWEEN = {"l12": "L1, L2", "l23": "L2, L3", "l31": "L3, L1"}
# Between two phases there are √3 times as many volts as on each; on the same one, none.
_LEAST_BETWEEN = 1.3


def check_voltages(
    values: Mapping[str, float], *, wiring: str, nominal: float | None
) -> Check:
    """
    Return whether the voltages are those of the installation.

    Parameters
    ----------
    wiring : str
        "3P4W", "3P3W" or "1P".
    nominal : float or None
        Phase to neutral; without it the phases are compared with each other. [V]
    """
    phases = {
        phase: values[f"voltage_{phase}"]
        for phase in _PHASES
        if f"voltage_{phase}" in values
    }
    lines = {
        name: values[f"voltage_{name}"]
        for name in _BETWEEN
        if f"voltage_{name}" in values
    }
    if wiring == "3P3W" and lines:
        # Nothing is connected to the neutral: what it floats at says nothing.
        return _of_each(lines, nominal * 3**0.5 if nominal else None)
    if not phases:
        return _voltages(Verdict.NONE, gettext_noop("The meter sends no voltage."))
    if wiring == "1P":
        phases = {"l1": phases.get("l1", max(phases.values()))}
        lines = {}
    same = _same_phase(phases, lines)
    if same:
        return _voltages(
            Verdict.BAD,
            gettext_noop(
                "Between %(between)s there are only %(voltage)s: both leads seem to be"
                " on one phase."
            ),
            between=_BETWEEN[same],
            voltage=str(format_measure(lines[same], "V")),
        )
    return _of_each(phases, nominal)


def _same_phase(phases: Mapping[str, float], lines: Mapping[str, float]) -> str:
    """Return the first pair of live phases with no voltage between them."""
    if any(abs(phases.get(phase, 0.0)) < DEAD_PHASE_V for phase in _PHASES):
        return ""
    least = _LEAST_BETWEEN * min(phases.values())
    return next((name for name, volts in lines.items() if volts < least), "")


def _of_each(sent: Mapping[str, float], nominal: float | None) -> Check:
    dead = [name for name, volts in sent.items() if abs(volts) < DEAD_PHASE_V]
    if dead:
        return _voltages(
            Verdict.BAD,
            gettext_noop("%(phases)s has no voltage: a lead is off, or a fuse."),
            phases=_names(dead),
        )
    expected = nominal or sum(sent.values()) / len(sent)
    off = [
        name for name, volts in sent.items() if abs(volts / expected - 1) > _TOLERANCE
    ]
    if off:
        return _voltages(
            Verdict.LOOK,
            gettext_noop(
                "%(phases)s is more than 10 %% from %(expected)s: look at the voltage"
                " transformer ratio and the leads."
            ),
            phases=_names(off),
            expected=str(format_measure(expected, "V")),
        )
    if nominal is None and len(sent) > 1:
        return _voltages(
            Verdict.GOOD,
            gettext_noop("Every phase has voltage, all alike: %(mean)s."),
            mean=str(format_measure(expected, "V")),
        )
    if nominal is None:
        return _voltages(
            Verdict.GOOD,
            gettext_noop("There is voltage: %(mean)s."),
            mean=str(format_measure(expected, "V")),
        )
    return _voltages(
        Verdict.GOOD,
        gettext_noop("Every voltage is within 10 %% of %(expected)s."),
        expected=str(format_measure(expected, "V")),
    )


def _names(names: list[str]) -> str:
    return "; ".join(_BETWEEN.get(name, phases_in_words([name])) for name in names)


def _voltages(verdict: Verdict, sentence: str, **facts: str) -> Check:
    return Check("voltages", verdict, sentence, facts)
