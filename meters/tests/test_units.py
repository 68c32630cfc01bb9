import pytest

from meters.domain.quantities import QUANTITIES
from meters.domain.units import UnknownUnitError, factor_to, to_table


@pytest.mark.parametrize(
    ("value", "unit", "quantity", "expected"),
    [
        (56, "W", "active_power", 0.056),
        (1.5, "MW", "active_power", 1500.0),
        (2500, "mW", "active_power", 0.0025),
        (7.5, "kw", "active_power", 7.5),
        (60_000, "Wmin", "active_energy_import", 1.0),
        (3.6, "MJ", "active_energy_import", 1.0),
        (17, "KVAr", "reactive_power", 17.0),
        (250, "mA", "current_l1", 0.25),
        (1250, "l", "volume", 1.25),
        (98, "%", "power_factor", 0.98),
    ],
)
def test_values_come_into_the_tables_unit(value, unit, quantity, expected):
    assert to_table(value, unit=unit, quantity=quantity) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("quantity", "unit"),
    # "mw" might be milliwatts or megawatts.
    [("active_power", "V"), ("active_power", "kWh"), ("active_power", "mw")],
)
def test_a_unit_the_quantity_cannot_have_is_refused(quantity, unit):
    with pytest.raises(UnknownUnitError, match=quantity):
        factor_to(quantity, unit)


def test_every_quantity_can_be_given_in_its_own_unit():
    for quantity in QUANTITIES:
        assert factor_to(quantity.name, quantity.unit) == 1.0
