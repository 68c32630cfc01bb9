"""Transformer ratios: from what the device sent to primary values.

A meter behind current and voltage transformers may send secondary values, primary
ones, or a mixture: one switch per group says which. This is the only place where
ratios are applied.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from meters.domain.quantities import BY_NAME


@dataclass(frozen=True, slots=True)
class Factors:
    """What each group of quantities is multiplied by."""

    voltage: float = 1.0
    current: float = 1.0
    power: float = 1.0
    energy: float = 1.0
    none: float = 1.0

    def of(self, quantity: str) -> float:
        """Return the factor of a quantity by its name."""
        factor: float = getattr(self, BY_NAME[quantity].group)
        return factor


UNITY = Factors()


def factors_of(
    *,
    ct_ratio: float,
    pt_ratio: float,
    voltage_is_primary: bool,
    current_is_primary: bool,
    power_is_primary: bool,
    energy_is_primary: bool,
) -> Factors:
    """
    Return the four factors of a meter.

    Parameters
    ----------
    ct_ratio, pt_ratio : float
        Ratios of the current and voltage transformers, primary over secondary.
    voltage_is_primary … : bool
        Whether the device already sends this group as primary values.

    The multiplier of power and energy is the product of both ratios.
    """
    both = ct_ratio * pt_ratio
    return Factors(
        voltage=1.0 if voltage_is_primary else pt_ratio,
        current=1.0 if current_is_primary else ct_ratio,
        power=1.0 if power_is_primary else both,
        energy=1.0 if energy_is_primary else both,
    )


def scale(values: Mapping[str, float], factors: Factors) -> dict[str, float]:
    """Return the values by quantity, multiplied by the factor of each one's group."""
    if factors == UNITY:
        return dict(values)
    return {name: value * factors.of(name) for name, value in values.items()}
