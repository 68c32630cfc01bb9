"""Active power against voltage, current and power factor."""

import math
from collections.abc import Mapping, Sequence
from statistics import median

from meters.domain.commissioning.checks import Check, Verdict, phases_in_words
from meters.domain.commissioning.factors import Ratios, factor_in_words
from meters.domain.commissioning.wiring import PhasePower
from meters.domain.quantities import gettext_noop

# Meters round each of the four figures, and read them within a second.
_TOLERANCE = 0.06
# Below this power factor the product says little.
_LEAST_FACTOR = 0.05
_LINES = ("voltage_l12", "voltage_l23", "voltage_l31")


def check_power(
    phases: Sequence[PhasePower], values: Mapping[str, float], *, ratios: Ratios
) -> Check:
    """
    Return whether P = U · I · PF holds, in each phase or else for the three wires.

    Three wires without phase voltages: P = √3 · U · I · PF of the totals.
    """
    found = {phase.phase: _share(phase) for phase in phases if phase.is_loaded}
    shares = {name: share for name, share in found.items() if share is not None}
    if not shares:
        total = _share_of_lines(values)
        shares = {} if total is None else {"": total}
    if not shares:
        return _nothing_to_compare(phases, values)
    wrong = [name for name, share in shares.items() if abs(share - 1) > _TOLERANCE]
    if not wrong:
        return _power(
            Verdict.GOOD,
            gettext_noop("Power is voltage times current times power factor."),
        )
    factor = median(shares[name] for name in wrong)
    facts = {
        "phases": phases_in_words([name for name in wrong if name]),
        "factor": factor_in_words(factor),
    }
    explained = ratios.explain(factor) if factor > 0 else ""
    if explained and len(wrong) == len(shares):
        return _power(
            Verdict.BAD,
            gettext_noop(
                "Power is %(factor)s times what voltage, current and power factor make,"
                " as if a factor (%(explained)s) was applied to one of them and not to"
                " the other: look at the ratios, and at what is primary already."
            ),
            explained=explained,
            **facts,
        )
    if facts["phases"]:
        sentence = gettext_noop(
            "Power of %(phases)s is %(factor)s times what voltage, current and power"
            " factor make: look at the ratios, and whether voltage and current of a"
            " phase are of the same phase."
        )
    else:
        sentence = gettext_noop(
            "Power is %(factor)s times what voltage, current and power factor make:"
            " look at the ratios and at the wiring."
        )
    return _power(Verdict.BAD, sentence, **facts)


def _share(phase: PhasePower) -> float | None:
    """
    Return power over the product; None where that says nothing.

    By reactive power, which is of the same instant as P, or by the device's own factor,
    which may be averaged but knows of harmonics: whichever is nearer to one.
    """
    apparent, active = phase.apparent, phase.active
    if not apparent or not active:
        return None
    factors = []
    if phase.reactive is not None:
        factors.append(abs(active) / math.hypot(active, phase.reactive))
    if phase.power_factor is not None:
        factors.append(abs(phase.power_factor))
    shares = [
        abs(active) / (apparent * factor)
        for factor in factors
        if factor >= _LEAST_FACTOR
    ]
    return min(shares, key=lambda share: abs(math.log(share)), default=None)


def _share_of_lines(values: Mapping[str, float]) -> float | None:
    lines = [values[name] for name in _LINES if name in values]
    # With two transformers, that of the middle phase is not measured.
    currents = [
        abs(values[name])
        for name in ("current_l1", "current_l2", "current_l3")
        if values.get(name)
    ]
    active, factor = values.get("active_power"), values.get("power_factor")
    if not lines or not currents or not active or factor is None:
        return None
    if abs(factor) < _LEAST_FACTOR or not sum(currents):
        return None
    voltage, current = sum(lines) / len(lines), sum(currents) / len(currents)
    return abs(active) / (math.sqrt(3) * voltage * current * abs(factor) / 1000)


def _nothing_to_compare(
    phases: Sequence[PhasePower], values: Mapping[str, float]
) -> Check:
    sends_all = any(phase.apparent is not None for phase in phases) and (
        "active_power" in values or any(phase.active is not None for phase in phases)
    )
    if sends_all and not any(phase.is_loaded for phase in phases):
        return _power(
            Verdict.WAIT, gettext_noop("No phase carries enough current: add load.")
        )
    return _power(
        Verdict.NONE,
        gettext_noop(
            "The meter does not send what it takes: voltage, current, power, and power"
            " factor or reactive power."
        ),
    )


def _power(verdict: Verdict, sentence: str, **facts: str) -> Check:
    return Check("power", verdict, sentence, facts)
