"""Totals that a device leaves to whoever reads its phases."""

_PHASES_OF = {
    total: tuple(f"{total}_l{phase}" for phase in (1, 2, 3))
    for total in (
        "active_power",
        "reactive_power",
        "active_energy_import",
        "active_energy_export",
        "reactive_energy_import",
        "reactive_energy_export",
    )
}


def fill(quantities: dict[str, float]) -> None:
    """Let a total that was not sent be the sum of its three phases, where all were.

    Powers are signed, so that the sum holds for export too. Apparent power is no sum:
    how it adds up is a matter of definition.
    """
    for total, (first, second, third) in _PHASES_OF.items():
        if total in quantities or first not in quantities:
            continue
        if second in quantities and third in quantities:
            summed = quantities[first] + quantities[second] + quantities[third]
            # 0.1 + 0.2 is 0.3 again.
            quantities[total] = float(f"{summed:.12g}")
