from datetime import UTC, datetime

import pytest

from meters.families.message import Message
from meters.families.times import from_epoch, from_text, reading

RECEIVED = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


def message(zone="UTC", received_at=RECEIVED):
    return Message("meter", b"", received_at, timezone=zone)


class TestFromEpoch:
    @pytest.mark.parametrize(
        "value",
        [1782907200, 1782907200.0, "1782907200", 1782907200000, 1782907200000000],
    )
    def test_the_size_tells_the_unit(self, value):
        assert from_epoch(value) == RECEIVED

    @pytest.mark.parametrize("value", [0, -5, None, "", "soon", float("nan"), True])
    def test_what_is_no_instant_is_none(self, value):
        assert from_epoch(value) is None


class TestFromText:
    def test_a_text_without_a_zone_has_none(self):
        assert from_text("2023-05-19T20:52:56") == datetime(2023, 5, 19, 20, 52, 56)

    def test_nanoseconds_are_cut(self):
        found = from_text("2026-07-01T12:00:00.123456789Z")
        assert found == RECEIVED.replace(microsecond=123456)

    def test_a_format_of_the_device(self):
        found = from_text("20260712163900", ["%Y%m%d%H%M%S"])
        assert found == datetime(2026, 7, 12, 16, 39)

    @pytest.mark.parametrize("value", ["", "12:00", None, 5, "yesterday"])
    def test_what_is_no_time_is_none(self, value):
        assert from_text(value) is None


class TestReading:
    def test_local_time_is_read_in_the_zone_of_the_message(self):
        local = datetime(2026, 7, 1, 13, 59)
        found = reading(message("Europe/Berlin"), "m1", {}, time=local)
        assert found.time == datetime(2026, 7, 1, 11, 59, tzinfo=UTC)
        assert (found.time_source, found.wall_clock) == ("device", local)

    def test_the_doubled_hour_is_the_one_nearer_to_the_receipt(self):
        received = datetime(2026, 10, 25, 1, 31, tzinfo=UTC)
        found = reading(
            message("Europe/Berlin", received),
            "m1",
            {},
            time=datetime(2026, 10, 25, 2, 30),
        )
        assert found.time == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)

    def test_a_time_that_cannot_be_believed_is_kept_beside(self):
        ahead = datetime(2026, 7, 1, 13, 0, tzinfo=UTC)
        found = reading(message(), "m1", {}, time=ahead)
        assert (found.time, found.time_source) == (RECEIVED, "received")
        assert found.extra == {"device_time": "2026-07-01T13:00:00+00:00"}

    def test_without_a_time_the_receipt_stands(self):
        found = reading(message(), "m1", {"voltage_l1": 230.0})
        assert (found.time, found.time_source, found.extra) == (
            RECEIVED,
            "received",
            {},
        )
