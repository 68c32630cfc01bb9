"""Electrical arithmetic of one instant.

Active power + is import, reactive power + is inductive while importing. Powers are in
kW, kvar and kVA, voltages in V, currents in A. The counterpart in the browser is
``static/js/lib/electrical.js``, tested with the same cases.
"""

import math
from collections.abc import Mapping
from typing import Literal

Character = Literal["lagging", "leading", ""]

# Below this a phase carries no voltage: a lead that is not connected shows some. [V]
DEAD_PHASE_V = 5.0
_PHASES = ("l1", "l2", "l3")


def power_factor(values: Mapping[str, float]) -> float | None:
    """
    Return |P|/S of the totals.

    S from P and Q where it was not sent; None without power, where there is none to
    judge.
    """
    active = values.get("active_power")
    if active is None:
        return None
    apparent = values.get("apparent_power")
    if apparent is None:
        reactive = values.get("reactive_power")
        if reactive is None:
            return None
        apparent = math.hypot(active, reactive)
    if not apparent > 0:
        return None
    # Rounding in the meter can make |P| a little more than S.
    return min(1.0, abs(active) / apparent)


def character(values: Mapping[str, float]) -> Character:
    """
    Return whether the current lags or leads the voltage, from the quadrant.

    Quadrants 1 and 3 lag, 2 and 4 lead; empty where P or Q is zero or missing.
    Source: DOMAIN, "Power factor signs" (IEC 62053-23).
    """
    product = values.get("active_power", 0.0) * values.get("reactive_power", 0.0)
    if product == 0 or math.isnan(product):
        return ""
    return "lagging" if product > 0 else "leading"


def mean_voltage(values: Mapping[str, float]) -> float | None:
    """Return the mean of the live phases, phase to neutral, else phase to phase. [V]"""
    for names in (_PHASES, ("l12", "l23", "l31")):
        sent = [values[f"voltage_{n}"] for n in names if f"voltage_{n}" in values]
        if sent:
            live = [volts for volts in sent if abs(volts) >= DEAD_PHASE_V]
            return sum(live) / len(live) if live else 0.0
    return None


def highest_current(values: Mapping[str, float]) -> float | None:
    """Return the current of the phase that carries most. [A]"""
    sent = [values[f"current_{n}"] for n in _PHASES if f"current_{n}" in values]
    return max(sent, key=abs) if sent else None
