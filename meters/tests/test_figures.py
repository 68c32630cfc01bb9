"""Figures for plotly.js."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from meters.domain.quantities import BY_NAME
from meters.domain.series import Line, Series
from meters.figures import history_figure, power_figure
from meters.models import Meter

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
S = NOW.timestamp()


def figure(*lines, zone="Europe/Berlin"):
    return power_figure(lines, total_name="Site", zone=ZoneInfo(zone), now=NOW)


def line(times, values, key="total", name=""):
    return Line(key, name, Series.of(times, values))


def test_times_are_those_of_the_site_whatever_the_browser_thinks():
    drawn = figure(line([S - 60, S - 0.5], [1, 2]))
    assert drawn["data"][0]["x"] == [
        "2026-07-01T13:59:00.000",
        "2026-07-01T13:59:59.500",
    ]
    assert drawn["layout"]["meta"]["offset_ms"] == 2 * 3600 * 1000
    assert drawn["layout"]["xaxis"]["range"][1] == "2026-07-01T14:00:00.000"


def test_gaps_are_null_and_the_figure_is_json():
    drawn = figure(line([S - 60, S], [1 / 3, float("nan")]))
    assert json.loads(json.dumps(drawn, allow_nan=False))["data"][0]["y"] == [
        0.333333,
        None,
    ]


def test_what_is_generated_has_the_colour_of_export():
    roof = Line("2", "Roof", Series.of([S], [-5]), feeds=True)
    drawn = figure(line([S], [1]), roof, line([S], [2], "3", "Press"))
    assert [trace["meta"]["colour"] for trace in drawn["data"]] == [
        "--data-import",
        "--data-export",
        "--line-1",
    ]


def test_a_name_is_text_for_plotly():
    drawn = figure(line([S], [1], "7", '<a href="javascript:alert(1)">x</a>'))
    assert drawn["data"][0]["name"] == '&lt;a href="javascript:alert(1)"&gt;x&lt;/a&gt;'
    assert drawn["data"][0]["meta"]["key"] == "7"


def test_plotly_s_own_defaults_are_not_sent():
    assert len(json.dumps(figure(line([S], [1])))) < 2000


def test_a_figure_of_nothing_is_drawn():
    assert figure(line([], []))["data"][0]["x"] == []


class TestHistoryFigure:
    def drawn(self, *names, **fields):
        meter = Meter(name="Press", **fields)
        return history_figure(
            [BY_NAME[name] for name in names],
            meter,
            start=NOW,
            end=NOW + timedelta(days=1),
        )

    def traces(self, *names, **fields):
        return [
            (trace["meta"]["quantity"], trace["meta"]["part"], trace["meta"]["colour"])
            for trace in self.drawn(*names, **fields)["data"]
        ]

    def test_power_has_a_band_and_a_line_of_its_own_colour_below_zero(self):
        assert self.traces("active_power") == [
            ("active_power", "band", "--data-import"),
            ("active_power", "mean", "--data-import"),
            ("active_power", "negative", "--data-export"),
        ]

    def test_what_a_generator_makes_has_the_colour_of_export(self):
        traces = self.traces("active_power", positive_power="generation")
        assert traces[1] == ("active_power", "mean", "--data-export")

    def test_phases_have_their_own_colours(self):
        assert [colour for _, part, colour in self.traces(
            "voltage_l1", "voltage_l2", "voltage_l3") if part == "mean"
        ] == ["--phase-1", "--phase-2", "--phase-3"]  # fmt: skip

    def test_many_lines_have_no_bands(self):
        names = [f"active_energy_import_t{n}" for n in range(1, 5)]
        assert "band" in {part for _, part, _ in self.traces(*names)}
        names.append("active_energy_import")
        assert {part for _, part, _ in self.traces(*names)} == {"mean"}

    def test_lines_of_one_chart_differ_in_colour(self):
        names = ["active_power", "active_demand", "active_demand_export",
                 "active_demand_max"]  # fmt: skip
        colours = [colour for _, part, colour in self.traces(*names) if part == "mean"]
        assert len(set(colours)) == 4

    def test_nominal_and_rated_values_are_labelled_lines(self):
        drawn = self.drawn("voltage_l1", nominal_voltage=230.0)
        shape = drawn["layout"]["shapes"][0]
        assert (shape["y0"], shape["label"]["text"]) == (230.0, "nominal 230")
        assert "shapes" not in self.drawn("current_l1")["layout"]
