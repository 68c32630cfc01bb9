"""Transformer ratios: which values they apply to."""

import pytest

from meters.domain.scaling import UNITY, Factors, factors_of, scale

PRIMARY = dict.fromkeys(
    (
        "voltage_is_primary",
        "current_is_primary",
        "power_is_primary",
        "energy_is_primary",
    ),
    False,
)


def factors(**switches: bool) -> Factors:
    return factors_of(ct_ratio=40, pt_ratio=100, **{**PRIMARY, **switches})


@pytest.mark.parametrize(
    ("quantity", "factor"),
    [
        ("voltage_l12", 100),
        ("current_n", 40),
        ("active_power_l2", 4000),
        ("active_demand_max", 4000),
        ("reactive_energy_q1", 4000),
        # No transformer changes these
        ("power_factor", 1),
        ("frequency", 1),
        ("temperature_l1", 1),
        ("residual_current", 1),
        ("ct_ratio", 1),
    ],
)
def test_a_ratio_applies_to_its_group(quantity, factor):
    assert scale({quantity: 2.0}, factors()) == {quantity: 2.0 * factor}


@pytest.mark.parametrize(
    ("switch", "quantity"),
    [
        ("voltage_is_primary", "voltage_l1"),
        ("current_is_primary", "current_l1"),
        ("power_is_primary", "active_power"),
        ("energy_is_primary", "active_energy_import"),
    ],
)
def test_what_is_primary_already_is_left_alone(switch, quantity):
    assert scale({quantity: 2.0}, factors(**{switch: True})) == {quantity: 2.0}


def test_unity_changes_nothing_and_gives_a_copy():
    values = {"active_power": 1.5}
    scaled = scale(values, UNITY)
    assert scaled == values
    assert scaled is not values
