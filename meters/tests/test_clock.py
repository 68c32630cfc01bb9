"""How far a device's clock is off."""

from datetime import UTC, datetime, timedelta

import pytest

from meters.domain.clock import Sample, clock_offset, zone_text

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def offset_of(*seconds):
    """Return the offset that readings tell, so many seconds behind each."""
    return clock_offset(
        Sample(
            START + timedelta(minutes=n, seconds=-behind), START + timedelta(minutes=n)
        )
        for n, behind in enumerate(seconds)
    )


def test_is_the_median():
    assert offset_of(1.0, 2.0, 900.0).seconds == 2.0


def test_without_readings_there_is_none():
    assert clock_offset([]) is None


def test_of_a_message_with_many_instants_the_newest_counts():
    samples = [Sample(START - timedelta(minutes=n), START) for n in range(10)]
    offset = clock_offset(samples)
    assert (offset.seconds, offset.readings) == (0.0, 1)


@pytest.mark.parametrize(
    ("behind", "warns"), [(0.5, False), (59.9, False), (60.0, True), (-60.0, True)]
)
def test_warns_from_a_minute(behind, warns):
    assert offset_of(behind).warns is warns


@pytest.mark.parametrize(
    ("behind", "shift_min"),
    [
        (3600.0, 60),
        (-3600.0, -60),
        # Nepal
        (20_700.0, 345),
        # A minute and a half beside it still is a zone
        (3690.0, 60),
        (-3510.0, -60),
        (3691.0, None),
        # Right, but for a while
        (80.0, None),
        (450.0, None),
        # No two zones differ by that
        (15 * 3600.0, None),
    ],
)
def test_near_a_quarter_of_an_hour_it_seems_to_be_another_zone(behind, shift_min):
    assert offset_of(behind, behind, behind).zone_shift_min == shift_min


def test_what_a_meter_had_kept_is_no_zone():
    # The median is an hour by chance; the others do not agree
    offset = offset_of(0.0, 1800.0, 3600.0, 5400.0, 7200.0)
    assert offset.seconds == 3600.0
    assert offset.zone_shift_min is None


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(0, "UTC"), (60, "UTC+1"), (-210, "UTC−3:30"), (345, "UTC+5:45")],
)
def test_a_zone_is_written_as_people_do(minutes, text):
    assert zone_text(timedelta(minutes=minutes)) == text
