"""The plant works when a plant works."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from meters.domain.plant import Plant
from meters.domain.plant.calendar import (
    REST,
    SATURDAY,
    WORKDAY,
    LocalTime,
    day_kind,
    easter,
    holidays,
)

SINCE = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "day",
    [
        # From the tables of the Astronomical Applications Department, US Navy
        date(2000, 4, 23),
        date(2008, 3, 23),
        date(2025, 4, 20),
        date(2026, 4, 5),
        date(2027, 3, 28),
        date(2038, 4, 25),
    ],
)
def test_easter(day):
    assert easter(day.year) == day


def test_the_holidays_of_2026():
    assert sorted(holidays(2026)) == [
        date(2026, 1, 1),
        date(2026, 4, 3),
        date(2026, 4, 6),
        date(2026, 5, 1),
        date(2026, 5, 14),
        date(2026, 5, 25),
        date(2026, 10, 3),
        date(2026, 12, 25),
        date(2026, 12, 26),
    ]


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 6, 16), WORKDAY),
        (date(2026, 6, 20), SATURDAY),
        (date(2026, 6, 21), REST),
        # Ascension, and a holiday on a Saturday
        (date(2026, 5, 14), REST),
        (date(2026, 10, 3), REST),
    ],
)
def test_kinds_of_days(day, kind):
    assert day_kind(day) == kind


def test_local_seconds_follow_the_clock_over_its_change():
    local = LocalTime("Europe/Berlin")
    # 2026-03-29: 02:00 becomes 03:00, at 01:00 UTC
    change = int(datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp())
    seconds = local.seconds(np.array([change - 1, change]))
    assert (seconds % 86_400).tolist() == [2 * 3600 - 1, 3 * 3600]


def energies(*days):
    """Return what production hall A uses on these days, in kWh."""
    plant = Plant(1, since=SINCE, calm=True)
    times = [
        datetime(*day, hour, tzinfo=UTC).timestamp() for day in days for hour in (2, 21)
    ]
    readings = plant.readings(np.array(times), places=[1])
    register = readings.values[0, :, readings.names.index("active_energy_import")]
    return register[1::2] - register[::2]


def test_saturdays_are_lower_sundays_and_holidays_much_lower():
    tuesday, saturday, sunday, ascension, whit_monday = energies(
        (2026, 6, 16), (2026, 6, 20), (2026, 6, 21), (2026, 5, 14), (2026, 5, 25)
    )
    assert saturday < 0.5 * tuesday
    for rest in (sunday, ascension, whit_monday):
        assert rest < 0.2 * saturday


def test_two_shifts_on_a_workday():
    plant = Plant(1, since=SINCE, calm=True)
    # 04:00, 10:30, 20:30 and 23:30 local
    times = [
        datetime(2026, 6, 16, h, m, tzinfo=UTC).timestamp()
        for h, m in ((2, 0), (8, 30), (18, 30), (21, 30))
    ]
    readings = plant.readings(np.array(times), places=[1])
    power = readings.values[0, :, readings.names.index("active_power")]
    night, early, late, after = power
    assert min(early, late) > 8 * max(night, after)
