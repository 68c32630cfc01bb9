"""Which device times are believed, and what counts as historical."""

from datetime import UTC, datetime, timedelta

import pytest

from meters.domain.instants import believable_instant, is_historical, stale_after_s

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("device_time", "believed"),
    [
        (NOON, True),
        (NOON - timedelta(days=300), True),
        # A clock may run ten minutes ahead, not more
        (NOON + timedelta(minutes=10), True),
        (NOON + timedelta(minutes=10, seconds=1), False),
        # A clock that was never set
        (datetime(1999, 12, 31, 23, 59, tzinfo=UTC), False),
        (datetime(2000, 1, 1, tzinfo=UTC), True),
        (None, False),
    ],
)
def test_a_device_time_is_believed_or_not(device_time, believed):
    assert believable_instant(device_time, received_at=NOON) is believed


@pytest.mark.parametrize(
    ("age_s", "interval_s", "historical"),
    [
        # Five minutes, for meters that report often
        (299, 5, False),
        (301, 5, True),
        # Three intervals, for those that report seldom
        (2699, 900, False),
        (2701, 900, True),
    ],
)
def test_a_reading_is_historical_after_a_while(age_s, interval_s, historical):
    time = NOON - timedelta(seconds=age_s)
    assert is_historical(time, received_at=NOON, interval_s=interval_s) is historical


def test_a_value_is_stale_after_two_and_a_half_intervals_and_a_minute():
    assert stale_after_s(60) == 210
