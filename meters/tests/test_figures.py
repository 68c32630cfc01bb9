"""Figures for plotly.js."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from meters.domain.series import Line, Series
from meters.figures import power_figure

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


def test_a_name_is_text_for_plotly():
    drawn = figure(line([S], [1], "7", '<a href="javascript:alert(1)">x</a>'))
    assert drawn["data"][0]["name"] == '&lt;a href="javascript:alert(1)"&gt;x&lt;/a&gt;'
    assert drawn["data"][0]["meta"]["key"] == "7"


def test_plotly_s_own_defaults_are_not_sent():
    assert len(json.dumps(figure(line([S], [1])))) < 2000


def test_a_figure_of_nothing_is_drawn():
    assert figure(line([], []))["data"][0]["x"] == []
