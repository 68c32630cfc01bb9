"""Energy from registers."""

import pytest

from meters.domain.registers import energy_between, with_total_energy


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (100.0, 112.5, 12.5),
        (100.0, 100.0, 0.0),
        # It went back: reset, nobody knows from where
        (100.0, 3.0, None),
        (None, 3.0, None),
        (3.0, None, None),
    ],
)
def test_energy_is_the_difference_of_a_register(start, end, expected):
    assert energy_between(start, end) == expected


def test_a_missing_total_is_the_sum_of_its_rates():
    rates = {f"active_energy_import_t{n}": float(n) for n in (1, 2, 3, 4)}
    assert with_total_energy(rates)["active_energy_import"] == 10.0


def test_a_total_that_was_sent_stands():
    values = {"active_energy_export": 7.0, "active_energy_export_t1": 1.0}
    assert with_total_energy(values) == values


def test_without_rates_no_total_appears():
    assert with_total_energy({"voltage_l1": 230.0}) == {"voltage_l1": 230.0}
