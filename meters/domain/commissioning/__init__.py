"""Whether a meter is installed right: checks of what it sends, each with a verdict.

Plain Python and numpy: no Django, no clock of its own. Values are those of one meter,
scaled by its ratios, by quantity name in the units of the one table; phases are "l1",
"l2", "l3".
"""

from meters.domain.commissioning.branches import check_children
from meters.domain.commissioning.checks import Check, Verdict
from meters.domain.commissioning.clocks import check_clock
from meters.domain.commissioning.direction import check_angles, check_direction
from meters.domain.commissioning.factors import Ratios
from meters.domain.commissioning.power import check_power
from meters.domain.commissioning.registers import RegisterWindow, check_register
from meters.domain.commissioning.signal import Radio, check_signal
from meters.domain.commissioning.voltages import check_voltages
from meters.domain.commissioning.wiring import PhasePower, phase_powers

__all__ = [
    "Check",
    "PhasePower",
    "Radio",
    "Ratios",
    "RegisterWindow",
    "Verdict",
    "check_angles",
    "check_children",
    "check_clock",
    "check_direction",
    "check_power",
    "check_register",
    "check_signal",
    "check_voltages",
    "phase_powers",
]
