"""What a chart over time offers, and what it shows."""

import pytest

from meters.domain.chart_quantities import chart_choice

SENT = [
    "voltage_l1", "voltage_l12", "active_power", "active_power_l1", "active_demand",
    "power_factor", "frequency", "active_energy_import", "digital_inputs",
]  # fmt: skip


def chosen(*asked, sent=SENT):
    choice = chart_choice(sent, asked)
    return [quantity.name for quantity in choice.chosen]


def test_what_shares_a_unit_can_be_drawn_together():
    choice = chart_choice(SENT, [])
    assert [
        [quantity.name for quantity in group.quantities] for group in choice.groups
    ] == [
        ["voltage_l1", "voltage_l12"],
        ["active_power", "active_power_l1", "active_demand"],
        ["power_factor"],
        ["frequency"],
        ["active_energy_import"],
        ["digital_inputs"],
    ]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (SENT, ["active_power"]),
        (["volume", "temperature"], ["volume"]),
        (["voltage_l2", "voltage_l1"], ["voltage_l1"]),
        (["humidity"], ["humidity"]),
    ],
)
def test_begins_with_what_matters_most(sent, expected):
    assert chosen(sent=sent) == expected


def test_shows_what_is_asked_for_in_the_order_of_the_table():
    assert chosen("active_power_l1", "active_power") == [
        "active_power",
        "active_power_l1",
    ]


def test_another_unit_than_the_first_is_passed_over():
    assert chosen("voltage_l1", "active_power") == ["voltage_l1"]


def test_unknown_quantities_are_passed_over():
    assert chosen("warp_factor", "frequency") == ["frequency"]
    assert chosen("warp_factor") == ["active_power"]


def test_what_is_no_longer_sent_can_be_looked_at():
    assert chosen("current_l1") == ["current_l1"]


def test_a_meter_that_sent_nothing_has_no_chart():
    assert chart_choice([], []) is None


def test_there_are_not_more_lines_than_one_can_read():
    names = [
        f"active_energy_{way}_{part}"
        for way in ("import", "export")
        for part in ("l1", "l2", "l3", "t1", "t2", "t3", "t4")
    ]
    assert len(chosen(*names, sent=names)) == 8
