"""Correcting a meter whose clock is set to another zone."""

from datetime import UTC, datetime, timedelta

import pytest

from conftest import TOPIC
from meters.ingest.decode_again import decode_again
from meters.live import newest
from meters.models import DataQuality, Reading, RejectedMessage, StoredBatch
from meters.services.make_partitions import first_of_month, make_partitions
from meters.services.shift_clock import preview_shift, shift_clock
from tests.stream.messages import adw300

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def meter(make_meter):
    return make_meter()


@pytest.fixture
def keep(meter):
    """Store a reading of this device time, received so much later."""

    def keep(time, *, late=timedelta(0), extra=None, **quantities):
        make_partitions([first_of_month(time)])
        return Reading.objects.create(
            meter=meter,
            time=time,
            received_at=time + late + timedelta(milliseconds=300),
            extra=extra,
            **quantities,
        )

    return keep


@pytest.fixture
def shift(meter):
    def shift(minutes, since=START, **options):
        return shift_clock(
            meter_id=meter.pk,
            shift_min=minutes,
            since=since,
            now=START + timedelta(days=1),
            **options,
        )

    return shift


def rows():
    """Everything stored: when, and the power."""
    return list(Reading.objects.order_by("time").values_list("time", "active_power"))


def whole():
    """Everything stored, as it is."""
    return list(Reading.objects.order_by("time").values())


class TestShift:
    def test_moves_what_came_since_and_says_so(self, meter, keep, shift):
        # A clock an hour behind: rows are a minute apart, so they pass each other
        keep(START - timedelta(minutes=1), late=HOUR, active_power=0.0)
        for n in range(100):
            keep(START + timedelta(minutes=n), late=HOUR, active_power=float(n + 1))
        moved = shift(60)
        assert moved.readings == 100
        assert rows() == [
            (START - timedelta(minutes=1), 0.0),
            *((START + HOUR + timedelta(minutes=n), n + 1.0) for n in range(100)),
        ]
        meter.refresh_from_db()
        assert meter.clock_shift_min == 60

    def test_can_be_undone_to_the_last_bit(self, meter, keep, shift):
        for n in range(5):
            keep(START + timedelta(minutes=n), late=HOUR, active_power=float(n))
        keep(START + timedelta(minutes=9), late=HOUR, extra={"signal_unit": "dBm"})
        before = whole()
        shift(60)
        assert whole() != before
        shift(0)
        assert whole() == before
        meter.refresh_from_db()
        assert meter.clock_shift_min == 0

    def test_twice_is_once(self, keep, shift):
        keep(START, late=HOUR)
        shift(60)
        after = whole()
        assert shift(60).readings == 0
        assert whole() == after

    def test_another_shift_takes_the_place_of_the_first(self, keep, shift):
        keep(START, late=2 * HOUR, active_power=1.0)
        shift(60)
        shift(120)
        assert rows() == [(START + 2 * HOUR, 1.0)]

    def test_nothing_is_lost_where_a_reading_stands_already(self, meter, keep, shift):
        # Before it was right; the zone was set later, so an hour is there twice
        for n in range(60):
            keep(START + timedelta(minutes=n), active_power=1.0)
        for n in range(60):
            keep(START + HOUR + timedelta(minutes=n), late=-HOUR, active_power=2.0)
        before = whole()
        shift(-60, since=START + HOUR)
        assert [power for _, power in rows()] == [1.0, 2.0] * 60
        assert rows()[1][0] == START + timedelta(microseconds=1)
        shift(0, since=START + HOUR)
        assert whole() == before

    def test_crosses_a_month_whose_partition_is_not_there(self, keep, shift):
        time = datetime(2026, 4, 30, 23, 30, 0, 1000, tzinfo=UTC)
        keep(time, late=HOUR, active_power=1.0)
        shift(60)
        assert rows() == [(time + HOUR, 1.0)]

    def test_readings_without_a_time_of_the_device_stay(self, meter, keep, shift):
        received = START.replace(microsecond=700_000)
        make_partitions([first_of_month(received)])
        for time in (received, START.replace(microsecond=0)):
            Reading.objects.create(meter=meter, time=time, received_at=received)
        assert shift(60).readings == 0

    def test_other_meters_stay(self, make_meter, keep, shift):
        other = make_meter("2")
        keep(START, late=HOUR)
        Reading.objects.create(meter=other, time=START, received_at=START + HOUR)
        shift(60)
        assert Reading.objects.get(meter=other).time == START

    @pytest.mark.parametrize("minutes", [15 * 60, -15 * 60])
    def test_more_than_zones_differ_is_refused(self, shift, minutes):
        with pytest.raises(ValueError, match="No two zones"):
            shift(minutes)


class TestClockAhead:
    """Device times ahead were not believed: the receipt stands instead."""

    @pytest.fixture
    def ahead(self, meter):
        def ahead(received, told):
            make_partitions([first_of_month(received)])
            return Reading.objects.create(
                meter=meter,
                time=received.replace(microsecond=0),
                received_at=received,
                extra={"device_time": told},
            )

        return ahead

    def test_goes_to_the_time_of_the_device_and_back(self, ahead, shift):
        ahead(START, (START + HOUR - timedelta(seconds=2)).isoformat())
        shift(-60)
        assert rows() == [(START - timedelta(seconds=2), None)]
        shift(0)
        [reading] = whole()
        assert reading["time"] == START
        assert "clock_shift_s" not in reading["extra"]

    def test_a_time_without_a_zone_is_the_sites(self, ahead, shift):
        # 14:00 by a clock in Berlin is 13:00 UTC, in winter
        ahead(START, "2026-03-01T14:00:00")
        shift(-60, zone="Europe/Berlin")
        assert rows() == [(START.replace(microsecond=0), None)]

    def test_stays_where_the_shifted_time_is_not_believed_either(self, ahead, shift):
        ahead(START, (START + 5 * HOUR).isoformat())
        ahead(START + timedelta(minutes=1), "1970-01-01T00:00:10+00:00")
        assert shift(-60).readings == 0


def test_what_ingest_has_shifted_already_is_not_moved_twice(make_meter, site):
    now = datetime.now(UTC)
    told = now.replace(microsecond=0) - 2 * HOUR
    meter = make_meter("1001", clock_shift_min=60)
    message = adw300("1001", tp=round(told.timestamp() * 1000))
    RejectedMessage.objects.create(
        received_at=now,
        topic=TOPIC,
        payload=message.encode(),
        payload_size=len(message),
        reason="As ingest gets it.",
    )
    decode_again(RejectedMessage.objects.all(), now=now)
    for minutes, time in ((60, told + HOUR), (0, told), (120, told + 2 * HOUR)):
        shift_clock(
            meter_id=meter.pk, shift_min=minutes, since=told - 4 * HOUR, now=now
        )
        assert Reading.objects.get().time == time


class TestWhatFollows:
    def test_a_batch_tells_of_both_spans(self, meter, keep, shift):
        keep(START, late=HOUR)
        keep(START + timedelta(minutes=10), late=HOUR)
        shift(60)
        batch = StoredBatch.objects.get()
        assert (batch.meters, batch.readings) == ([meter.pk], 2)
        assert batch.first_time == START
        assert batch.last_time == START + timedelta(minutes=70)

    def test_the_hours_are_counted_anew(self, meter, keep, shift):
        hour = START.replace(minute=0, microsecond=0)
        DataQuality.objects.create(meter=meter, hour=hour, received=2, duplicate=7)
        keep(START, late=HOUR)
        keep(START + timedelta(minutes=10), late=HOUR)
        shift(60)
        counted = DataQuality.objects.order_by("hour")
        assert list(counted.values_list("hour", "received", "duplicate")) == [
            (hour, 0, 7),
            (hour + HOUR, 2, 0),
        ]

    def test_the_newest_value_is_not_the_one_ahead(
        self, meter, keep, shift, django_capture_on_commit_callbacks
    ):
        keep(START, late=-HOUR)
        newest.write([(newest.Newest(meter.pk, 1, {"voltage_l1": 230.0}), None)])
        with django_capture_on_commit_callbacks(execute=True):
            shift(-60)
        assert newest.read([meter.pk]) == {}


def test_the_preview_counts_and_changes_nothing(meter, keep):
    keep(START, late=HOUR)
    keep(START - HOUR, late=HOUR)
    before = whole()
    move = preview_shift(meter=meter, shift_min=60, since=START)
    assert (move.readings, move.first, move.first_new) == (1, START, START + HOUR)
    assert whole() == before
