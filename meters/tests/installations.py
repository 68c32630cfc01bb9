"""Meters that are wired right and wrong, as the checks of an installation see them."""

import cmath
import math

from meters.domain.commissioning import phase_powers

VOLTAGE_ANGLES = (0.0, -120.0, 120.0)


def meter(
    *,
    amperes=(50.0, 50.0, 50.0),
    lags=(25.0, 25.0, 25.0),
    conductors=(0, 1, 2),
    turned=(),
    volts=230.0,
):
    """What a meter shows whose transformers sit on these conductors, some turned."""
    values = {}
    for n, phase in enumerate(("l1", "l2", "l3")):
        voltage = cmath.rect(volts, math.radians(VOLTAGE_ANGLES[n]))
        c = conductors[n]
        current = cmath.rect(amperes[c], math.radians(VOLTAGE_ANGLES[c] - lags[c]))
        power = voltage * (-current if n in turned else current).conjugate() / 1000
        values |= {
            f"voltage_{phase}": volts,
            f"current_{phase}": amperes[c],
            f"active_power_{phase}": power.real,
            f"reactive_power_{phase}": power.imag,
            f"power_factor_{phase}": power.real / abs(power) if power else 1.0,
        }
    values["active_power"] = sum(values[f"active_power_l{n}"] for n in (1, 2, 3))
    return values


def phases(values, rated_current=None):
    return phase_powers(values, rated_current=rated_current)


def told(check):
    """The sentence as people read it."""
    return check.sentence % check.facts
