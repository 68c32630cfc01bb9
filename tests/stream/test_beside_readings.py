"""What devices say beside readings, and values that come one by one."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from conftest import running_ingest, wait_until
from meters.models import (
    DataQuality,
    DeviceEvent,
    Meter,
    Output,
    Reading,
    RejectedMessage,
)
from tests.stream.messages import adw300, now_ms

pytestmark = pytest.mark.django_db(transaction=True)
EM = "shellies/shellyem-1/emeter/0"


def test_values_of_one_second_are_one_reading_and_the_last_of_each_stands(
    ingest, meter
):
    wait_until(lambda: time.time() % 1 < 0.2)
    meter.publish("100", topic=f"{EM}/power")
    meter.publish("230.1", topic=f"{EM}/voltage")
    meter.publish("120", topic=f"{EM}/power")
    wait_until(lambda: Reading.objects.filter(voltage_l1__isnull=False).exists())
    time.sleep(0.3)
    reading = Reading.objects.get()
    assert (reading.active_power, reading.voltage_l1) == (0.12, 230.1)
    assert reading.time.microsecond == 0


def test_presence_is_that_of_the_last_will(ingest, meter):
    meter.publish("100", topic=f"{EM}/power")
    wait_until(Meter.objects.exists)
    meter.publish("false", topic="shellies/shellyem-1/online", retain=True)
    wait_until(lambda: Meter.objects.filter(is_online=False).exists())
    meter.publish("true", topic="shellies/shellyem-1/online", retain=True)
    wait_until(lambda: Meter.objects.filter(is_online=True).exists())


def test_an_event_is_kept_once_and_makes_its_device_known(ingest, meter):
    at = now_ms() / 1000 - 5
    event = {"component": "switch:0", "event": "overpower", "ts": at}
    body = {
        "src": "shellypro1-7",
        "method": "NotifyEvent",
        "params": {"ts": at, "events": [event]},
    }
    for _ in range(2):
        meter.publish(json.dumps(body), topic="shellypro1-7/events/rpc")
    meter.publish(adw300("m1"))
    wait_until(Reading.objects.exists)
    kept = DeviceEvent.objects.get()
    assert (kept.meter.device_id, kept.code) == ("shellypro1-7", "overpower")


def test_a_device_that_demands_an_answer_gets_it(broker, meter, tmp_path, db):
    asked = []
    meter.client.on_message = lambda _c, _d, message: asked.append(message.topic)
    with running_ingest(broker.url_for("portal"), tmp_path / "ingest.log"):
        listener = subscribed(broker, "spBv1.0/#", asked)
        meter.publish(b"\x08\x01\x18\x05", topic="spBv1.0/g/NDATA/n1")
        wait_until(lambda: "spBv1.0/g/NCMD/n1" in asked)
        listener.disconnect()
        listener.loop_stop()


def subscribed(broker, topic, heard):
    from meters.broker import BrokerAddress, new_client

    address = BrokerAddress.of(broker.url_for("portal"))
    client = new_client(address, client_id="")
    ready = []
    client.on_message = lambda _c, _d, message: heard.append(message.topic)
    client.on_subscribe = lambda *_: ready.append(True)
    client.on_connect = lambda *_: client.subscribe(topic, 1)
    client.connect(address.host, address.port)
    client.loop_start()
    wait_until(lambda: ready)
    return client


def test_local_time_is_that_of_the_site(ingest, meter, site):
    Meter.objects.create(
        family="tasmota", device_id="plug7", site=site, name="Plug", state="active"
    )
    now = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=5)
    local = now.astimezone(site.zone).replace(tzinfo=None)
    body = {"Time": local.isoformat(), "ENERGY": {"Power": 56}}
    meter.publish(json.dumps(body), topic="tele/plug7/SENSOR")
    wait_until(Reading.objects.exists)
    assert Reading.objects.get().time == now


def test_a_clock_that_is_known_to_be_set_wrong_is_shifted(ingest, meter, site):
    Meter.objects.create(
        family="acrel-json-v2",
        device_id="m1",
        site=site,
        name="Incomer",
        state="active",
        clock_shift_min=-60,
    )
    ahead = now_ms() + 3_600_000
    meter.publish(adw300("m1", tp=ahead))
    wait_until(Reading.objects.exists)
    reading = Reading.objects.get()
    assert round(reading.time.timestamp() * 1000) == ahead - 3_600_000
    assert reading.extra is None or "device_time" not in reading.extra


def test_a_blocked_meter_is_not_stored_an_ignored_one_is(ingest, meter):
    for state in ("blocked", "ignored"):
        Meter.objects.create(family="acrel-json-v2", device_id=state, state=state)
    meter.publish(adw300("blocked"), adw300("ignored"))
    wait_until(Reading.objects.exists)
    assert Reading.objects.get().meter.device_id == "ignored"
    assert not RejectedMessage.objects.exists()


def test_what_came_of_a_meter_is_counted_by_the_hour(ingest, meter):
    now = now_ms()
    first = adw300("m1", tp=now - 1000)
    meter.publish(
        first,
        first,
        adw300("m1", tp=now - 1000, p13=99.0),
        adw300("m1", tp=now),
        adw300("m1", tp=now - 7_200_000),
        adw300("m1", tp=now + 86_400_000),
    )
    wait_until(DataQuality.objects.exists, timeout_s=30)
    found = DataQuality.objects.all()
    assert sum(item.received for item in found) == 4
    assert sum(item.duplicate for item in found) == 2
    assert sum(item.conflicting for item in found) == 1
    assert sum(item.late for item in found) == 1
    assert sum(item.implausible for item in found) == 1


def test_a_known_device_on_the_prefix_of_another_site_is_rejected(
    ingest, meter, site, other_site
):
    for owner, prefix in ((site, "north"), (other_site, "south")):
        owner.topic_prefix = prefix
        owner.save()
    Meter.objects.create(
        family="acrel-json-v2", device_id="m1", site=site, name="M1", state="active"
    )
    for prefix in ("south", "north"):
        meter.publish(adw300("m1"), topic=f"{prefix}/acrel/meter/json-v2/analog/0000")
    wait_until(Reading.objects.exists)
    rejected = RejectedMessage.objects.get()
    assert rejected.topic.startswith("south/")
    assert "came by the topic prefix of another" in rejected.reason
    assert Reading.objects.count() == 1


def test_outputs_are_as_their_device_says(ingest, meter):
    state = {"POWER1": "ON", "POWER2": "OFF", "Wifi": {"Signal": -60}}
    for first in ("ON", "OFF"):
        meter.publish(json.dumps({**state, "POWER1": first}), topic="tele/duo/STATE")
        wait_until(Meter.objects.filter(device_id="duo").exists)
    meter.publish(json.dumps({**state, "POWER1": "OFF"}), topic="tele/duo/STATE")
    outputs = Output.objects.filter(meter__device_id="duo").order_by("number")
    wait_until(lambda: [item.is_on for item in outputs.all()] == [False, False])
