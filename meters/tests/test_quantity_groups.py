"""How the quantities of a meter are laid out."""

from meters.domain.quantities import QUANTITIES
from meters.domain.quantity_groups import grouped


def rows(*names):
    """Return for each row the names in its four places."""
    return [
        [cell.name if cell else None for cell in row.cells]
        for group in grouped(names)
        for row in group.rows
    ]


def test_every_quantity_has_exactly_one_place():
    placed = [
        name for row in rows(*(q.name for q in QUANTITIES)) for name in row if name
    ]
    assert sorted(placed) == sorted(q.name for q in QUANTITIES)


def test_phases_stand_below_each_other():
    assert rows("current_l1", "current_l3", "active_power", "active_power_l1") == [
        ["active_power", "active_power_l1", None, None],
        [None, "current_l1", None, "current_l3"],
    ]


def test_rates_and_line_voltages_have_rows_of_their_own():
    assert rows(
        "active_energy_import", "active_energy_import_t2", "voltage_l1", "voltage_l31"
    ) == [
        [None, "voltage_l1", None, None],
        [None, None, None, "voltage_l31"],
        ["active_energy_import", None, None, None],
        [None, "active_energy_import_t2", None, None],
    ]


def test_groups_without_a_value_are_left_out():
    assert [group.name for group in grouped(["frequency", "humidity"])] == [
        "voltage",
        "temperature",
    ]
    assert grouped([]) == []


def test_registers_beside_each_other_want_a_wide_place():
    assert [group.is_wide for group in grouped(["active_energy_import"])] == [False]
    rates = ["active_energy_import_t1", "active_energy_import_t2"]
    assert [group.is_wide for group in grouped(rates)] == [True]
    assert [g.is_wide for g in grouped(["voltage_l1", "voltage_l2"])] == [False]
