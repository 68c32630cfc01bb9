"""From the broker to the database, through real servers."""

from datetime import UTC, datetime

import pytest

from conftest import wait_until
from meters.models import Meter, Reading, StoredBatch
from tests.stream.messages import adw300, now_ms

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_message_becomes_a_reading_of_a_discovered_meter(ingest, meter):
    sent = now_ms()
    meter.publish(adw300(tp=sent, p2="230.9"))
    wait_until(Reading.objects.exists)
    found = Meter.objects.get()
    assert (found.family, found.device_id) == ("acrel-json-v2", "24102809510006")
    assert (found.state, found.site) == ("discovered", None)
    reading = Reading.objects.get(meter=found)
    assert round(reading.time.timestamp() * 1000) == sent
    assert (reading.voltage_l1, reading.voltage_l2) == (231.4, 230.9)
    assert abs((datetime.now(UTC) - reading.received_at).total_seconds()) < 30


def test_a_message_of_several_instants_becomes_several_readings(ingest, meter):
    sent = now_ms()
    first = adw300(tp=sent - 60_000)
    meter.publish(first[:-2] + ", " + adw300(tp=sent)[len('{"data": [') :])
    wait_until(lambda: Reading.objects.count() == 2)


def test_what_came_while_ingest_was_away_is_stored_when_it_is_back(ingest, meter):
    meter.publish(adw300(tp=now_ms()))
    wait_until(Reading.objects.exists)
    assert ingest.stop() == 0
    sent = now_ms()
    meter.publish(*(adw300(tp=sent + n) for n in range(50)))
    assert Reading.objects.count() == 1
    ingest.start()
    wait_until(lambda: Reading.objects.count() == 51)


def test_a_claim_changes_where_live_values_go_within_seconds(ingest, meter, site):
    from meters.live import newest

    meter.publish(adw300())
    wait_until(Reading.objects.exists)
    listener = newest.redis_client().pubsub(ignore_subscribe_messages=True)
    listener.subscribe(newest.site_channel(site.pk))
    found = Meter.objects.get()
    found.site, found.name, found.state = site, "Press", Meter.State.ACTIVE
    found.save()

    def heard():
        meter.publish(adw300())
        return listener.get_message(timeout=0.5)

    wait_until(heard)
    listener.close()


def test_batches_tell_what_was_stored_and_by_whom(ingest, meter):
    meter.publish(*(adw300(str(n)) for n in range(20)))
    wait_until(lambda: Reading.objects.count() == 20)
    batches = StoredBatch.objects.all()
    assert sum(batch.readings for batch in batches) == 20
    assert {batch.source for batch in batches} == {"ingest-1"}
    assert {m for batch in batches for m in batch.meters} == set(
        Meter.objects.values_list("pk", flat=True)
    )
