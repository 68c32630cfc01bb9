"""Figures read the same from the server and from the browser's own formatting."""

import json
from pathlib import Path

import pytest
from django.conf import settings

from meters.domain import electrical, formatting

CASES = json.loads(
    (Path(settings.BASE_DIR) / "static/js/tests/format-cases.json").read_text("utf-8")
)


class TestFigures:
    @pytest.mark.parametrize(("value", "unit", "expected"), CASES["measure"])
    def test_measures_have_the_unit_that_fits(self, value, unit, expected):
        assert str(formatting.format_measure(value, unit)) == expected

    @pytest.mark.parametrize(("value", "decimals", "expected"), CASES["fixed"])
    def test_fixed_decimals_round_half_away_from_zero(self, value, decimals, expected):
        assert formatting.format_fixed(value, decimals) == expected

    @pytest.mark.parametrize(("seconds", "expected"), CASES["age"])
    def test_ages_have_one_unit(self, seconds, expected):
        assert formatting.format_age(seconds) == expected

    @pytest.mark.parametrize(("mask", "expected"), CASES["bits"])
    def test_bits_are_counted_from_one(self, mask, expected):
        assert formatting.format_bits(mask) == expected

    @pytest.mark.parametrize(("value", "expected"), CASES["plain"])
    def test_numbers_as_sent_have_no_zeros_for_show(self, value, expected):
        assert formatting.format_plain(value) == expected

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
    def test_what_is_no_number_is_shown_as_nothing(self, value):
        assert formatting.format_fixed(value, 1) == "–"
        assert str(formatting.format_measure(value, "kW")) == "– kW"

    @pytest.mark.parametrize(
        ("largest", "decimals"),
        [(0.0, 3), (9.99, 3), (12.0, 2), (412.0, 1), (4120.0, 0), (99999.0, 0)],
    )
    def test_a_column_has_the_decimals_of_its_largest_value(self, largest, decimals):
        assert formatting.column_decimals(largest) == decimals


class TestElectrical:
    @pytest.mark.parametrize("case", CASES["electrical"])
    def test_power_factor_is_active_over_apparent(self, case):
        factor = electrical.power_factor(case["values"])
        if case["power_factor"] is None:
            assert factor is None
        else:
            assert factor == pytest.approx(case["power_factor"])

    @pytest.mark.parametrize("case", CASES["electrical"])
    def test_lagging_or_leading_comes_from_the_quadrant(self, case):
        assert electrical.character(case["values"]) == case["character"]

    @pytest.mark.parametrize(
        "case", [case for case in CASES["electrical"] if "mean_voltage" in case]
    )
    def test_dead_phases_do_not_pull_the_voltage_down(self, case):
        assert electrical.mean_voltage(case["values"]) == case["mean_voltage"]
        assert electrical.highest_current(case["values"]) == case["highest_current"]
