"""The lines of the dashboard's chart."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from meters.queries import series
from meters.queries.newest import newest_values
from meters.queries.series import five_minute_table, power_line, power_lines
from meters.queries.tree import tree_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages")]

NOW = datetime(2026, 3, 10, 9, 2, 30, tzinfo=UTC)


@pytest.fixture
def put(store):
    """Store the power of a meter, some seconds ago."""

    def put(meter, *powers):
        for seconds_ago, power in powers:
            store(meter, at=NOW - timedelta(seconds=seconds_ago), active_power=power)

    return put


def lines_of(*meters):
    rows = tree_rows(meters, newest=newest_values(meters), now=NOW)
    return {
        line.key: line.series.values.tolist() for line in power_lines(rows, now=NOW)
    }


def test_the_last_hour_is_half_open(make_meter, put):
    meter = make_meter("1")
    put(meter, (3600, 1.0), (3599, 2.0), (0, 3.0), (-1, 4.0))
    np.testing.assert_equal(lines_of(meter)["total"], [2.0, np.nan, 3.0])


def test_values_have_the_ratios_applied(make_meter, put):
    meter = make_meter("1", ct_ratio=40.0)
    put(meter, (60, 1.5))
    assert lines_of(meter) == {"total": [60.0]}


def test_the_site_is_the_sum_of_its_incomers(make_meter, put):
    first, second = make_meter("1"), make_meter("2", positive_power="generation")
    put(first, (60, 100.0))
    put(second, (60, 30.0))
    lines = lines_of(first, second)
    assert lines["total"] == [70.0]
    # Without feeders below them, the incomers are lines of their own
    assert lines[str(second.pk)] == [-30.0]


def test_only_the_greatest_feeders_are_drawn(make_meter, put, monkeypatch):
    monkeypatch.setattr(series, "MOST_FEEDERS", 2)
    incomer = make_meter("1")
    feeders = [make_meter(f"2{n}", parent=incomer) for n in range(3)]
    for meter, power in zip([incomer, *feeders], [9.0, 1.0, 5.0, -3.0], strict=True):
        put(meter, (60, power))
    assert list(lines_of(incomer, *feeders)) == [
        "total",
        str(feeders[1].pk),
        str(feeders[2].pk),
    ]


def test_a_site_without_readings_has_one_empty_line(make_meter):
    assert lines_of(make_meter("1")) == {"total": []}
    assert lines_of() == {"total": []}


def test_many_readings_are_thinned(make_meter, put, monkeypatch):
    monkeypatch.setattr(series, "_MOST_POINTS", 10)
    meter = make_meter("1")
    put(meter, *((n, 5.0) for n in range(50)))
    assert power_line(meter, now=NOW).series.values.tolist() == [5.0] * 10


def test_the_table_has_the_means_of_five_minutes_newest_first(make_meter, put):
    meter = make_meter("1")
    # 09:00:30, 09:01:30 and 08:59:30
    put(meter, (120, 10.0), (60, 20.0), (180, 3.0))
    table = five_minute_table([power_line(meter, now=NOW)], now=NOW)
    assert len(table) == 12
    assert table[0] == (datetime(2026, 3, 10, 9, 0, tzinfo=UTC), [15.0])
    assert table[1] == (datetime(2026, 3, 10, 8, 55, tzinfo=UTC), [3.0])
    assert table[2][1] == [None]
