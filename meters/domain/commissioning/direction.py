"""The direction of power in each phase, and the angles between current and voltage."""

import math
from collections.abc import Sequence

from meters.domain.commissioning.checks import Check, Verdict, phases_in_words
from meters.domain.commissioning.wiring import (
    AS_DRAWN,
    PHASES,
    PhasePower,
    Wiring,
    find_wiring,
)
from meters.domain.formatting import format_measure
from meters.domain.quantities import gettext_noop

# From here on the phases are balanced enough to say "a third".
_A_THIRD = (0.2, 0.45)
# From here on power flows backwards by more than its own losses. [°]
_SURELY_BACKWARDS = 100.0
# From here on to there, hardly any active power flows either way. [°]
_MOSTLY_REACTIVE = 75.0
# Beyond this a phase shows hardly any reactive power, and nothing tells why. [°]
_GENERATES_ALONE = 165.0
# A generator that feeds in turns all phases at once, by angles as alike as these. [°]
_SPREAD_OF_ALL = 75.0


def check_direction(phases: Sequence[PhasePower], *, flows_both_ways: bool) -> Check:
    """
    Return whether the power of each phase flows as what the meter measures says.

    Parameters
    ----------
    phases : sequence of PhasePower
        Positive power is what the meter measures: consumption, or generation.
    flows_both_ways : bool
        A battery: any direction will do, but for all phases the same.
    """
    known = [phase for phase in phases if phase.active is not None]
    if not known:
        return _direction(
            Verdict.NONE, gettext_noop("The meter sends no power of single phases.")
        )
    loaded = [phase for phase in known if phase.tells_direction]
    if not loaded:
        return _direction(
            Verdict.WAIT,
            gettext_noop("No phase carries enough active power: add load."),
        )
    negative = [phase.phase for phase in loaded if (phase.active or 0.0) < 0]
    if not negative or (flows_both_ways and len(negative) == len(loaded)):
        return _all_one_way(loaded, known)
    if len(negative) == len(loaded):
        return _direction(
            Verdict.LOOK,
            gettext_noop(
                "Power flows backwards in every phase (%(phases)s). Right while a"
                " generator feeds in; else all current transformers are turned round,"
                " or the meter measures generation."
            ),
            phases=phases_in_words(negative),
        )
    if flows_both_ways and 2 * len(negative) > len(loaded):
        negative = [phase.phase for phase in loaded if phase.phase not in negative]
    if all(_may_generate(phase) for phase in loaded if phase.phase in negative):
        return _direction(
            Verdict.LOOK,
            gettext_noop(
                "Power flows backwards in %(phases)s, with inductive reactive power:"
                " right while a generator feeds in on that phase alone; else its"
                " current transformer is turned round."
            ),
            phases=phases_in_words(negative),
        )
    return _some_backwards(loaded, negative)


def _may_generate(phase: PhasePower) -> bool:
    """
    Return whether it shows what a generator beside inductive loads does.

    A load behind a turned transformer shows P and Q turned; a generator takes P alone.
    """
    return phase.lag is not None and 90 < phase.lag < _GENERATES_ALONE


def _all_one_way(loaded: Sequence[PhasePower], known: Sequence[PhasePower]) -> Check:
    idle = [phase.phase for phase in known if phase not in loaded]
    if idle:
        return _direction(
            Verdict.WAIT,
            gettext_noop(
                "Power flows the right way in %(phases)s; %(idle)s carries too little"
                " active power to tell."
            ),
            phases=phases_in_words([phase.phase for phase in loaded]),
            idle=phases_in_words(idle),
        )
    return _direction(
        Verdict.GOOD, gettext_noop("Power flows the right way in every phase.")
    )


def _some_backwards(loaded: Sequence[PhasePower], negative: list[str]) -> Check:
    powers = [phase.active or 0.0 for phase in loaded]
    total, carried = math.fsum(powers), math.fsum(abs(power) for power in powers)
    facts = {
        "phases": phases_in_words(negative),
        "total": str(format_measure(total, "kW")),
        "carried": str(format_measure(carried, "kW")),
    }
    lowest, highest = _A_THIRD
    if len(loaded) == 3 and lowest <= abs(total) / carried <= highest:
        sentence = gettext_noop(
            "Power flows backwards in %(phases)s: the meter shows %(total)s, a third of"
            " the %(carried)s that the phases carry. A current transformer is turned"
            " round, or sits on another phase."
        )
    else:
        sentence = gettext_noop(
            "Power flows backwards in %(phases)s: the meter shows %(total)s of the"
            " %(carried)s that the phases carry. A current transformer is turned round,"
            " or sits on another phase; or a generator feeds in on that phase alone."
        )
    return _direction(Verdict.BAD, sentence, **facts)


def _direction(verdict: Verdict, sentence: str, **facts: str) -> Check:
    return Check("direction", verdict, sentence, facts)


def check_angles(phases: Sequence[PhasePower], *, flows_both_ways: bool) -> Check:
    """Return whether the angle of each phase is that of a load, and if not, why."""
    by_name = {phase.phase: phase for phase in phases}
    lags = [by_name[name].lag if name in by_name else None for name in PHASES]
    known = [lag for lag in lags if lag is not None]
    if all(phase.reactive is None for phase in phases):
        return _angles(
            Verdict.NONE,
            gettext_noop("The meter sends no reactive power of single phases."),
        )
    if not known:
        return _angles(
            Verdict.WAIT, gettext_noop("No phase carries enough current: add load.")
        )
    facts = {"angles": _in_words(lags)}
    backwards = sum(abs(lag) > _SURELY_BACKWARDS for lag in known)
    if backwards == len(known):
        if flows_both_ways:
            lags = [_opposite(lag) for lag in lags]
        elif len(known) == len(phases) and _spread(known) <= _SPREAD_OF_ALL:
            return _angles(
                Verdict.LOOK,
                gettext_noop(
                    "The angles are those of power that flows backwards: %(angles)s."
                    " Right while a generator feeds in; else all current transformers"
                    " are turned round, or each sits one phase further."
                ),
                **facts,
            )
    wiring = find_wiring(lags)
    if wiring == AS_DRAWN:
        verdict = Verdict.GOOD if len(known) == len(phases) else Verdict.WAIT
        sentence = gettext_noop("The angles are those of loads: %(angles)s.")
        return _angles(verdict, sentence, **facts)
    if wiring is None:
        return _angles(
            Verdict.LOOK,
            gettext_noop(
                "No way to wire it explains these angles: %(angles)s. Look whether the"
                " load is an unusual one, or wait until every phase carries current."
            ),
            **facts,
        )
    if wiring.moved and all(
        _MOSTLY_REACTIVE <= abs(lag) <= _SURELY_BACKWARDS for lag in known
    ):
        return _angles(
            Verdict.LOOK,
            gettext_noop(
                "Almost only reactive power flows: %(angles)s. Idle motors, lamps or"
                " capacitors do that; so do transformers on other phases (%(places)s):"
                " add a load that does work."
            ),
            places=_places(wiring),
            **facts,
        )
    turned = [by_name[PHASES[n]] for n in wiring.reversed]
    if not wiring.moved and all(_may_generate(phase) for phase in turned):
        return _angles(
            Verdict.LOOK,
            gettext_noop(
                "The angle of %(phases)s is that of a generator beside loads, or of a"
                " current transformer that is turned round: %(angles)s."
            ),
            phases=phases_in_words([phase.phase for phase in turned]),
            **facts,
        )
    sentence, more = _finding(wiring)
    certain = backwards and len(wiring.reversed) < len(known)
    verdict = Verdict.BAD if certain else Verdict.LOOK
    return _angles(verdict, sentence, **facts, **more)


def _finding(wiring: Wiring) -> tuple[str, dict[str, str]]:
    moved = [PHASES[n] for n in wiring.moved]
    turned = [PHASES[n] for n in wiring.reversed]
    facts = {"moved": phases_in_words(moved), "turned": phases_in_words(turned)}
    if not moved:
        return gettext_noop(
            "The current transformer of %(turned)s seems to be turned round:"
            " %(angles)s."
        ), facts
    if len(moved) == 2:
        sentence = gettext_noop(
            "The current transformers of %(moved)s seem to be swapped: %(angles)s."
        )
        if turned:
            sentence = gettext_noop(
                "The current transformers of %(moved)s seem to be swapped, and that of"
                " %(turned)s turned round: %(angles)s."
            )
        return sentence, facts
    facts["places"] = _places(wiring)
    sentence = gettext_noop(
        "Each current transformer seems to sit one phase further (%(places)s):"
        " %(angles)s."
    )
    if turned:
        sentence = gettext_noop(
            "Each current transformer seems to sit one phase further (%(places)s), and"
            " that of %(turned)s to be turned round: %(angles)s."
        )
    return sentence, facts


def _places(wiring: Wiring) -> str:
    """Return "L1 → L2, L2 → L1": the inputs, and where their transformers sit."""
    return ", ".join(
        f"{PHASES[n].upper()} → {PHASES[wiring.conductors[n]].upper()}"
        for n in wiring.moved
    )


def _opposite(lag: float | None) -> float | None:
    return None if lag is None else lag - math.copysign(180, lag)


def _spread(backwards: Sequence[float]) -> float:
    """Return how far angles beyond 90° lie apart, across 180°. [°]"""
    ahead = [lag % 360 for lag in backwards]
    return max(ahead) - min(ahead)


def _in_words(lags: Sequence[float | None]) -> str:
    """Return "L1 12°, L2 −133°"."""
    return ", ".join(
        f"{name.upper()} {lag:.0f}°".replace("-", "−")
        for name, lag in zip(PHASES, lags, strict=True)
        if lag is not None
    )


def _angles(verdict: Verdict, sentence: str, **facts: str) -> Check:
    return Check("angles", verdict, sentence, facts)
