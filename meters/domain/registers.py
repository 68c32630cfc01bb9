"""Energy from registers that count upwards."""

from collections.abc import Mapping

_RATES = ("_t1", "_t2", "_t3", "_t4")


def with_total_energy(values: Mapping[str, float]) -> dict[str, float]:
    """Return the values with each missing total filled by the sum of its rates.

    A total that was sent stands. Works for import and export. [kWh]
    """
    filled = dict(values)
    for total in ("active_energy_import", "active_energy_export"):
        rates = [values[total + rate] for rate in _RATES if total + rate in values]
        if total not in values and rates:
            filled[total] = sum(rates)
    return filled


def energy_between(start: float | None, end: float | None) -> float | None:
    """Return what a register counted from `start` to `end`, in the register's unit.

    None where a value is missing or the register went back: it was reset, and how far
    it had counted is not known.
    """
    if start is None or end is None or end < start:
        return None
    return end - start
