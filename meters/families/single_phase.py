"""Single-phase meters: phase 1 and the totals stand for each other."""

from meters.domain.quantities import BY_NAME

_BEYOND_PHASE_1 = frozenset(
    name for name in BY_NAME if name.endswith(("_l2", "_l3", "_l12", "_l23", "_l31"))
)
_TOTAL_AND_PHASE_1 = [
    (total, f"{total}_l1")
    for total in (
        "active_power",
        "reactive_power",
        "apparent_power",
        "power_factor",
        "active_energy_import",
        "active_energy_export",
        "reactive_energy_import",
        "reactive_energy_export",
    )
]


def fill(quantities: dict[str, float]) -> None:
    """Let phase 1 and the totals of a single-phase meter stand for each other.

    A meter is taken for one where nothing of another phase comes. A total alone is
    given to phase 1 only where that phase's voltage and current came with it: any
    subset of points can be configured, on a three-phase meter too.
    """
    if not _BEYOND_PHASE_1.isdisjoint(quantities):
        return
    measures_phase_1 = "voltage_l1" in quantities and "current_l1" in quantities
    for total, phase_1 in _TOTAL_AND_PHASE_1:
        if phase_1 in quantities:
            quantities.setdefault(total, quantities[phase_1])
        elif measures_phase_1 and total in quantities:
            quantities[phase_1] = quantities[total]
