"""A load curve becomes what a meter would have shown."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from meters.domain.plant.load_curve import LoadCurveError, read_load_curve
from meters.management.commands.replay import default_begin, serial_of

BERLIN = ZoneInfo("Europe/Berlin")
PLAIN = """start,kw
2026-01-05 00:00,10
2026-01-05 00:15,20
2026-01-05 00:30,0
2026-01-05 00:45,40
"""
FULL = """start,kw,kwh,kvarh_lag,kvarh_lead,gen_kw
2026-01-05 00:00,30,30,15,0,0
2026-01-05 01:00,0,0,0,2,50
"""


def read(text):
    return read_load_curve(text.splitlines(), BERLIN)


class TestTheMeter:
    def test_counts_the_energy_of_each_interval(self):
        shown = read(PLAIN).quantities(900.0 * np.arange(5))
        counted = [0, 2.5, 7.5, 7.5, 17.5]
        assert shown["active_energy_import"].tolist() == counted
        assert shown["active_power"].tolist() == [10, 20, 0, 40, 40]

    def test_counts_within_an_interval(self):
        shown = read(PLAIN).quantities(np.array([450.0]))
        assert shown["active_energy_import"].tolist() == [1.25]

    def test_has_voltage_and_current_that_give_the_power(self):
        shown = read(PLAIN).quantities(np.array([0.0, 900.0, 2700.0]))
        watts = 3 * shown["voltage_l1"] * shown["current_l1"] * shown["power_factor_l1"]
        assert np.allclose(watts / 1000, shown["active_power"], rtol=0.002)
        assert shown["power_factor"].tolist() == [0.92] * 3

    def test_takes_reactive_energy_and_generation_from_the_file(self):
        shown = read(FULL).quantities(np.array([0.0, 3600.0, 7200.0]))
        assert shown["active_power"].tolist() == [30, -50, -50]
        assert shown["reactive_power"].tolist() == [15, -2, -2]
        assert shown["active_energy_export"].tolist() == [0, 0, 50]
        assert shown["reactive_energy_q1"].tolist() == [0, 15, 15]
        assert shown["reactive_energy_export"].tolist() == [0, 0, 2]

    def test_a_negative_power_is_fed_in(self):
        shown = read("start,kw\n2026-01-05 00:00,-4\n2026-01-05 01:00,4\n").quantities(
            np.array([7200.0])
        )
        assert shown["active_energy_export"].tolist() == [4]
        assert shown["active_energy_import"].tolist() == [4]

    def test_nothing_at_all_is_no_division_by_zero(self):
        shown = read("start,kw\n2026-01-05 00:00,0\n2026-01-05 01:00,0\n").quantities(
            np.array([0.0])
        )
        assert shown["power_factor"].tolist() == [1]
        assert shown["current_l1"].tolist() == [0]


@pytest.mark.parametrize(
    "hours",
    [
        # The clock is changed at 02:00, the file follows it
        ("2026-03-29 01:00", "2026-03-29 03:00", "2026-03-29 04:00"),
        # The file does not
        ("2026-03-29 01:00", "2026-03-29 02:00", "2026-03-29 03:00"),
        # 02:00 comes twice
        ("2026-10-25 01:00", "2026-10-25 02:00", "2026-10-25 02:00"),
    ],
)
def test_both_kinds_of_files_pass_a_change_of_the_clock(hours):
    # The interval is known from before
    day = hours[0][:10]
    rows = [f"{day} 00:00,1", *(f"{hour},1" for hour in hours)]
    curve = read("start,kw\n" + "\n".join(rows))
    assert curve.duration_s == 4 * 3600


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Line 1: the header must have start and kw."),
        ("time,kw\n", "Line 1: the header must have start and kw."),
        ("start,kw,gas\n", "Line 1: the column 'gas' is none of start"),
        ("start,kw\n2026-01-05 00:00,1\n", "Line 2: two intervals"),
        ("start,kw\nyesterday,1\n", "Line 2: 'yesterday' is no time"),
        ("start,kw\n2026-01-05 00:00Z,1\n", "Line 2: .* has a zone"),
        ("start,kw\n2026-01-05 00:00,a lot\n", "Line 2: kw is 'a lot'"),
        ("start,kw\n2026-01-05 00:00,nan\n", "Line 2: kw is 'nan'"),
        ("start,kw,kwh\n2026-01-05 00:00,1,-2\n", "Line 2: kwh is -2"),
        ("start,kw\n2026-01-05 00:00,1,2\n", "Line 2: 3 values under 2"),
        (PLAIN + "2026-01-05 01:15,1\n", "Line 6: 2026-01-05 01:15:00 does not follow"),
        ("start,kw\n2026-01-05 01:00,1\n2026-01-05 00:00,1\n", "Line 3: .* not later"),
    ],
)
def test_a_bad_file_is_refused_naming_the_line(text, sentence):
    with pytest.raises(LoadCurveError, match=f"^{sentence}"):
        read(text)


class TestWhereItIsLaid:
    NOW = datetime(2026, 11, 22, 13, tzinfo=UTC).timestamp()

    def test_at_once_it_ends_in_the_last_week_on_the_same_weekday_and_hour(self):
        curve = read(PLAIN)
        begin = default_begin(curve, BERLIN, now=self.NOW, speed=0)
        local = datetime.fromtimestamp(begin, BERLIN)
        assert (local.weekday(), local.hour, local.minute) == (0, 0, 0)
        assert 0 <= self.NOW - (begin + curve.duration_s) < 7 * 86_400

    def test_over_a_change_of_the_clock_the_hour_stays(self):
        curve = read(PLAIN.replace("2026-01-05", "2026-07-06"))
        begin = default_begin(curve, BERLIN, now=self.NOW, speed=0)
        assert datetime.fromtimestamp(begin, BERLIN).hour == 0

    @pytest.mark.parametrize("speed", [1, 60])
    def test_at_a_speed_it_ends_in_the_present(self, speed):
        curve = read(PLAIN)
        begin = default_begin(curve, BERLIN, now=self.NOW, speed=speed)
        assert begin + curve.duration_s == self.NOW + curve.duration_s / speed


def test_the_serial_belongs_to_the_name(tmp_path):
    a, b = serial_of(tmp_path / "a.csv"), serial_of(tmp_path / "b.csv")
    assert a != b
    assert a == serial_of(tmp_path / "elsewhere" / "a.csv")
    assert len(a) == 14


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"begin": "2020-01-01"}, "more than 400 days ago"),
        ({"begin": "soon"}, "'soon' is no time"),
        ({"begin": "now", "end": "now"}, "not both"),
        ({"timezone": "Mars/Olympus"}, "no time zone 'Mars/Olympus'"),
        ({"speed": -1.0}, "cannot be negative"),
    ],
)
def test_bad_options_are_refused(tmp_path, options, sentence):
    file = tmp_path / "curve.csv"
    file.write_text(PLAIN)
    with pytest.raises(CommandError, match=sentence):
        call_command("replay", str(file), **options)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CommandError, match=r"none\.csv: No such file"):
        call_command("replay", str(tmp_path / "none.csv"))
