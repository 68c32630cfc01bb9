"""The span of time that a page shows, in the zone of its site."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from meters.domain.periods import following, period_of, previous, switched

BERLIN = ZoneInfo("Europe/Berlin")
# A Tuesday, 11:30 in Berlin
NOW = datetime(2026, 3, 10, 10, 30, tzinfo=UTC)


def of(query="", *, now=NOW, zone=BERLIN, default="day"):
    asked = dict(part.split("=", 1) for part in query.split("&") if part)
    return period_of(asked, zone=zone, now=now, default=default)


def span(period):
    return f"{period.local_start:%Y-%m-%d %H:%M} {period.local_end:%Y-%m-%d %H:%M}"


def hours(period):
    return (period.end - period.start) / timedelta(hours=1)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "2026-03-10 00:00 2026-03-11 00:00"),
        ("period=hour", "2026-03-10 10:30 2026-03-10 11:30"),
        ("period=hour&at=2026-03-10T08:17", "2026-03-10 08:00 2026-03-10 09:00"),
        ("period=day&at=2026-02-28", "2026-02-28 00:00 2026-03-01 00:00"),
        ("period=week", "2026-03-09 00:00 2026-03-16 00:00"),
        ("period=week&at=2026-01-01", "2025-12-29 00:00 2026-01-05 00:00"),
        ("period=month&at=2025-12", "2025-12-01 00:00 2026-01-01 00:00"),
        ("period=year&at=2024", "2024-01-01 00:00 2025-01-01 00:00"),
        (
            "period=custom&from=2026-03-01T10:00&to=2026-03-02T09:30",
            "2026-03-01 10:00 2026-03-02 09:30",
        ),
    ],
)
def test_is_what_the_address_asks_for(query, expected):
    assert span(of(query)) == expected


@pytest.mark.parametrize(
    "query",
    [
        "period=",
        "period=decade",
        "period=day&at=2026-02-30",
        "period=day&at=tomorrow",
        "period=day&at=0001-01-01",
        "period=year&at=9999",
        "period=hour&at=2026-03-10",
        "period=custom",
        "period=custom&from=2026-03-02T10:00",
        "period=custom&from=2026-03-02T10:00&to=2026-03-01T10:00",
        "period=custom&from=2026-03-02T10:00&to=2026-03-02T10:00",
        "period=custom&from=2000-01-01T00:00&to=2099-01-01T00:00",
        "period=custom&from=0001-01-01T00:00%2B23:59&to=2026-03-01T10:00",
        "period=day&at=<script>",
    ],
)
def test_an_address_that_makes_no_sense_shows_today(query):
    period = of(query)
    assert span(period) == "2026-03-10 00:00 2026-03-11 00:00"
    assert period.is_running


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        # Spring: 02:00 to 03:00 does not exist. Autumn: it comes twice
        ("period=day&at=2026-03-29", 23),
        ("period=day&at=2026-10-25", 25),
        ("period=week&at=2026-03-29", 7 * 24 - 1),
        ("period=month&at=2026-10", 31 * 24 + 1),
        ("period=year&at=2026", 365 * 24),
        ("period=custom&from=2026-10-25T00:00&to=2026-10-25T04:00", 5),
    ],
)
def test_days_on_which_clocks_change_have_their_own_length(query, expected):
    assert hours(of(query)) == expected


class TestDoubleHour:
    def test_the_offset_tells_which_of_the_two_is_meant(self):
        first = of("period=hour&at=2026-10-25T02:00")
        second = of("period=hour&at=2026-10-25T02:00+01:00")
        assert second.start - first.start == timedelta(hours=1)
        assert hours(first) == hours(second) == 1

    def test_stepping_passes_both(self):
        now = datetime(2026, 11, 1, tzinfo=UTC)
        period = of("period=hour&at=2026-10-25T01:00", now=now)
        written = []
        for _ in range(4):
            written.append(period.query()["at"])
            period = following(period, now=now)
        assert written == [
            "2026-10-25T01:00",
            "2026-10-25T02:00",
            "2026-10-25T02:00+01:00",
            "2026-10-25T03:00",
        ]

    def test_a_plus_that_became_a_blank_is_understood(self):
        assert of("period=hour&at=2026-10-25T02:00 01:00").query() == {
            "period": "hour",
            "at": "2026-10-25T02:00+01:00",
        }


def test_an_hour_that_does_not_exist_is_the_one_after_it():
    assert span(of("period=hour&at=2026-03-29T02:30")) == (
        "2026-03-29 03:00 2026-03-29 04:00"
    )


def test_hours_of_zones_at_half_hours_begin_by_their_clock():
    period = of("period=hour&at=2026-03-10T08:17", zone=ZoneInfo("Asia/Kolkata"))
    assert span(period) == "2026-03-10 08:00 2026-03-10 09:00"


@pytest.mark.parametrize("name", ["hour", "day", "week", "month", "year"])
def test_the_address_of_a_period_leads_to_it_again(name):
    past = previous(of(f"period={name}"), now=NOW)
    query = "&".join(f"{key}={value}" for key, value in past.query().items())
    assert of(query) == past


@pytest.mark.parametrize(
    ("query", "before"),
    [
        ("period=hour", "2026-03-10 10:00 2026-03-10 11:00"),
        ("period=day", "2026-03-09 00:00 2026-03-10 00:00"),
        ("period=week", "2026-03-02 00:00 2026-03-09 00:00"),
        ("period=month", "2026-02-01 00:00 2026-03-01 00:00"),
        ("period=year", "2025-01-01 00:00 2026-01-01 00:00"),
        (
            "period=custom&from=2026-03-01T10:00&to=2026-03-01T10:30",
            "2026-03-01 09:30 2026-03-01 10:00",
        ),
    ],
)
def test_the_period_before(query, before):
    assert span(previous(of(query), now=NOW)) == before


def test_after_the_running_period_there_is_none():
    assert following(of("period=day"), now=NOW) is None
    assert following(of("period=day&at=2026-03-10"), now=NOW) is None


def test_the_running_period_follows_the_one_before_it_and_goes_on_running():
    yesterday = of("period=day&at=2026-03-09")
    assert following(yesterday, now=NOW) == of("period=day")


def test_the_period_after_a_past_one_is_past():
    assert following(of("period=month&at=2025-12"), now=NOW) == of(
        "period=month&at=2026-01"
    )


class TestSwitched:
    def test_around_now_it_stays_running(self):
        assert switched(of("period=week"), "month", now=NOW) == of("period=month")

    def test_from_a_past_period_it_stays_there(self):
        past = of("period=month&at=2025-12")
        assert switched(past, "day", now=NOW) == of("period=day&at=2025-12-01")

    def test_a_custom_one_begins_with_what_is_shown_and_ends_now(self):
        custom = switched(of("period=day"), "custom", now=NOW)
        assert custom.query() == {
            "period": "custom",
            "from": "2026-03-10T00:00",
            "to": "2026-03-10T11:30",
        }
