"""Whatever breaks, every acknowledged message is stored, and stored once."""

import random
import time

import pytest

from conftest import wait_until
from meters.models import Meter, Reading
from tests.stream.messages import adw300, now_ms

pytestmark = pytest.mark.django_db(transaction=True)


def publish_in_background(meter, messages):
    """Publish without waiting; return what tells when the broker has them all."""
    return [
        meter.client.publish("platform/acrel/meter/json-v2/analog/0000", m, qos=1)
        for m in messages
    ]


def all_acknowledged(sent):
    for info in sent:
        info.wait_for_publish(60)
        assert info.is_published()


@pytest.mark.parametrize("has_device_time", [True, False])
def test_ingest_killed_five_times_under_load_stores_everything_once(
    ingest, meter, broker, has_device_time
):
    count = 20_000 if broker.kind == "mosquitto" else 4_000
    rng = random.Random(11)  # noqa: S311 - when to kill
    start = now_ms() - count
    messages = [
        # The running number, so that every message is another one
        adw300(f"m{n % 50}", tp=start + n if has_device_time else 0, p28=n)
        for n in range(count)
    ]
    kills = 5
    sent = []
    for part in range(kills):
        chunk = messages[part * count // kills : (part + 1) * count // kills]
        sent += publish_in_background(meter, chunk)
        time.sleep(rng.uniform(0.05, 0.5))
        ingest.kill()
        ingest.start()
    all_acknowledged(sent)
    wait_until(lambda: Reading.objects.count() >= count, timeout_s=90)
    time.sleep(1)
    numbers = list(Reading.objects.values_list("active_energy_import", flat=True))
    assert sorted(numbers) == list(range(count))


def test_after_sigterm_nothing_is_delivered_again(ingest, meter):
    meter.publish(*(adw300(f"m{n}") for n in range(500)))
    wait_until(Reading.objects.exists)
    assert ingest.stop() == 0
    stored = Reading.objects.count()
    ingest.start()
    wait_until(lambda: Reading.objects.count() == 500)
    assert stored <= 500


def test_a_broker_that_was_restarted_in_an_orderly_way_loses_nothing(
    ingest, meter, broker
):
    ingest.stop()
    meter.publish(*(adw300(f"m{n}") for n in range(200)))
    broker.stop()
    broker.start()
    ingest.start()
    wait_until(lambda: Reading.objects.count() == 200)


def test_ingest_comes_back_by_itself_when_the_broker_was_away(ingest, meter, broker):
    broker.stop()
    time.sleep(2)
    broker.start()
    wait_until(lambda: ingest.text().count("Connected to the broker") == 2)
    meter.client.reconnect()
    meter.publish(adw300("after"))
    wait_until(lambda: Meter.objects.filter(device_id="after").exists())
    assert ingest.is_running()


def test_ingest_waits_for_a_broker_that_is_not_there_yet(ingest, meter, broker):
    ingest.stop()
    broker.stop()
    log = ingest.text()
    ingest._process = None
    import threading

    starter = threading.Thread(target=ingest.start)
    starter.start()
    wait_until(lambda: "cannot be reached" in ingest.text()[len(log) :])
    broker.start()
    starter.join(30)
    meter.client.reconnect()
    meter.publish(adw300("after"))
    wait_until(lambda: Meter.objects.filter(device_id="after").exists())
