"""Storing readings: all or nothing, once each."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from meters.domain.quantities import QUANTITIES
from meters.models import Reading, RejectedMessage, StoredBatch
from meters.services import record_readings as recording
from meters.services.record_readings import Row, record_readings

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def row(meter_id=7, time=NOON, extra=None, **quantities):
    return Row(meter_id, time, NOON, quantities, extra or {})


def stored(**filters):
    return Reading.objects.filter(**filters).get()


def test_a_reading_keeps_every_quantity():
    values = {
        q.name: 3 if q.kind == "state" else 123456.5 + n
        for n, q in enumerate(QUANTITIES)
    }
    record_readings([row(**values)], source="test")
    reading = stored(meter_id=7)
    assert {q.name: getattr(reading, q.name) for q in QUANTITIES} == values


def test_what_was_not_sent_is_null_not_zero():
    record_readings([row(voltage_l1=0.0)], source="test")
    assert (stored().voltage_l1, stored().voltage_l2) == (0.0, None)


def test_a_number_comes_back_as_it_was_sent():
    # Four bytes hold 211.39999389…
    record_readings(
        [row(voltage_l1=211.4, active_energy_import=123456789.12)], source=""
    )
    assert (stored().voltage_l1, stored().active_energy_import) == (211.4, 123456789.12)


def test_a_batch_notes_what_it_stored():
    rows = [row(9, voltage_l1=1.0), row(7, NOON + timedelta(hours=1), voltage_l1=1.0)]
    record_readings(rows, source="ingest-1")
    batch = StoredBatch.objects.get()
    assert (batch.source, batch.meters, batch.readings) == ("ingest-1", [7, 9], 2)
    assert (batch.first_time, batch.last_time) == (NOON, NOON + timedelta(hours=1))


def test_followers_are_nudged_when_it_is_committed():
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {recording.CHANNEL}")
    record_readings([row(voltage_l1=1.0)], source="test")
    [heard] = connection.connection.notifies(timeout=2, stop_after=1)
    assert heard.payload == str(StoredBatch.objects.get().pk)


class TestOnceEach:
    def test_the_same_rows_again_are_duplicates(self):
        rows = [row(voltage_l1=230.0), row(8, voltage_l1=231.0)]
        assert record_readings(rows, source="test")[:3] == (2, 0, 0)
        assert record_readings(rows, source="test")[:3] == (2, 2, 0)
        assert Reading.objects.count() == 2

    def test_a_row_that_meets_its_key_fills_what_was_empty(self):
        record_readings([row(voltage_l1=230.0, extra={"iccid": "1"})], source="test")
        record_readings([row(current_l1=5.0, extra={"point_99": "x"})], source="test")
        reading = stored()
        assert (reading.voltage_l1, reading.current_l1) == (230.0, 5.0)
        assert reading.extra == {"iccid": "1", "point_99": "x"}

    def test_of_two_differing_values_the_first_stays_and_it_counts(self):
        record_readings([row(voltage_l1=230.0)], source="test")
        again = record_readings([row(voltage_l1=240.0, current_l1=5.0)], source="test")
        assert again[:3] == (1, 1, 1)
        assert (stored().voltage_l1, stored().current_l1) == (230.0, 5.0)

    def test_the_same_holds_within_one_batch(self):
        rows = [row(voltage_l1=230.0), row(voltage_l1=240.0, current_l1=5.0)]
        assert record_readings(rows, source="test")[:3] == (1, 1, 1)
        assert (stored().voltage_l1, stored().current_l1) == (230.0, 5.0)

    def test_new_rows_beside_known_ones_are_stored(self):
        record_readings([row(voltage_l1=230.0)], source="test")
        record_readings([row(voltage_l1=230.0), row(8, voltage_l1=1.0)], source="test")
        assert Reading.objects.count() == 2


class TestAllOrNothing:
    def test_what_is_rejected_is_stored_with_it(self):
        rejected = RejectedMessage(
            received_at=NOON, topic="t", payload=b"x", payload_size=1, reason="No."
        )
        record_readings([row(voltage_l1=1.0)], source="test", rejected=[rejected])
        assert RejectedMessage.objects.get().reason == "No."

    def test_a_value_that_the_database_refuses_leaves_nothing_behind(self):
        rows = [row(voltage_l1=1.0), row(8, digital_inputs="no number")]
        with pytest.raises((TypeError, ValueError, OverflowError)):
            record_readings(rows, source="test")
        assert not Reading.objects.exists()
        assert not StoredBatch.objects.exists()


class TestPartitions:
    def test_a_month_without_a_partition_gets_one(self):
        past = timezone.now() - timedelta(days=390)
        record_readings([row(time=past, voltage_l1=1.0)], source="test")
        assert stored(time=past).voltage_l1 == 1.0

    def test_a_partition_that_has_gone_since_is_made_anew(self):
        past = timezone.now() - timedelta(days=350)
        record_readings([row(time=past, voltage_l1=1.0)], source="test")
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE meters_reading_{past:%Y_%m}")
        record_readings([row(time=past, voltage_l1=2.0)], source="test")
        assert stored(time=past).voltage_l1 == 2.0
