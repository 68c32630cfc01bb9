"""Nothing that comes stops the stream or costs a good message."""

import json
from uuid import uuid4

import pytest

from conftest import running_ingest, wait_until
from energy_site.embedded.credentials import Credentials
from meters.models import Meter, Reading, RejectedMessage
from meters.services.discover_meters import MOST_UNCLAIMED
from tests.stream.conftest import KINDS
from tests.stream.messages import adw300, now_ms

pytestmark = pytest.mark.django_db(transaction=True)

YEAR_MS = 365 * 86_400_000


@pytest.fixture(scope="module", params=KINDS)
def broker(request, tmp_path_factory):
    """One for all: the stream has to go on after each of these anyway."""
    directory = tmp_path_factory.mktemp("broker") / "broker"
    server = request.param(directory, credentials=Credentials())
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def ingest(broker, django_db_setup, tmp_path_factory):
    log = tmp_path_factory.mktemp("ingest") / "ingest.log"
    with running_ingest(broker.url_for("ingest"), log) as process:
        yield process


@pytest.fixture
def serial():
    """A device that ingest does not remember from the test before."""
    return f"device-{uuid4().hex[:12]}"


def the_next_good_message_is_stored(meter):
    good = f"good-{uuid4().hex[:12]}"
    meter.publish(adw300(good))
    wait_until(lambda: Reading.objects.filter(meter__device_id=good).exists())


UNUSABLE = {
    "empty": (b"", "The payload is empty."),
    "not JSON": (b"hello", "The payload is not JSON at character 0."),
    "not text": (b"\xff\xfe\x00\x01", "The payload is not text."),
    "JSON of another shape": (
        b'{"Time": "2026-03-01", "ENERGY": {"Power": 5}}',
        'The payload has no list "data" of instants.',
    ),
    "ten megabytes": (
        b'{"data":"' + b"x" * 10_000_000 + b'"}',
        "The payload has 10000011 bytes; at most 1048576 are taken.",
    ),
    "a serial of 500 characters": (
        adw300("7" * 500),
        "The device id has 500 characters; at most 100 are taken.",
    ),
    "no serial": (
        adw300(None),
        "The message names no device: there is no point 0.",
    ),
    "older than what is kept": (
        adw300(tp=1_600_000_000_000),
        "The instant 2020-09-13 12:26:40 UTC is more than 400 days old;"
        " import_readings takes such.",
    ),
}


@pytest.mark.parametrize("what", list(UNUSABLE))
def test_an_unusable_message_is_kept_with_the_reason(ingest, meter, what):
    payload, reason = UNUSABLE[what]
    meter.publish(payload)
    the_next_good_message_is_stored(meter)
    rejected = RejectedMessage.objects.get()
    assert rejected.reason == reason
    whole = payload.encode() if isinstance(payload, str) else payload
    assert rejected.payload_size == len(whole)
    assert whole.startswith(bytes(rejected.payload))
    assert not Reading.objects.exclude(meter__device_id__startswith="good-").exists()


def test_a_topic_that_no_family_knows_is_kept_with_the_reason(ingest, meter):
    meter.publish(adw300(), topic="some/where/else")
    the_next_good_message_is_stored(meter)
    rejected = RejectedMessage.objects.get()
    assert (rejected.topic, rejected.reason) == (
        "some/where/else",
        "No device family knows this topic.",
    )


@pytest.mark.parametrize("tp", ["missing", 0, now_ms() + YEAR_MS])
def test_a_time_that_cannot_be_is_replaced_by_the_receipt(ingest, meter, tp, serial):
    message = json.loads(adw300(serial, tp=tp))
    if tp == "missing":
        del message["data"][0]["tp"]
    before = now_ms()
    meter.publish(json.dumps(message))
    the_next_good_message_is_stored(meter)
    reading = Reading.objects.get(meter__device_id=serial)
    assert before - 50 <= reading.time.timestamp() * 1000 <= now_ms()


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", '"--"', "1e400"])
def test_a_value_that_is_none_is_absent_and_the_others_are_stored(
    ingest, meter, value, serial
):
    meter.publish(adw300(serial, p2="HERE").replace('"HERE"', value))
    the_next_good_message_is_stored(meter)
    reading = Reading.objects.get(meter__device_id=serial)
    assert (reading.voltage_l1, reading.voltage_l2) == (231.4, None)


def test_of_a_point_sent_twice_the_first_is_stored(ingest, meter, serial):
    message = json.loads(adw300(serial))
    message["data"][0]["point"].append({"id": 1, "val": 1.0})
    meter.publish(json.dumps(message))
    the_next_good_message_is_stored(meter)
    assert Reading.objects.get(meter__device_id=serial).voltage_l1 == 231.4


def test_the_same_message_twice_is_stored_once(ingest, meter, serial):
    message = adw300(serial)
    meter.publish(message, message)
    meter.publish(message)
    the_next_good_message_is_stored(meter)
    assert Reading.objects.filter(meter__device_id=serial).count() == 1


def test_a_meter_without_a_clock_may_send_the_same_values_again(ingest, meter, serial):
    message = adw300(serial, tp=0)
    meter.publish(message, message, message)
    the_next_good_message_is_stored(meter)
    assert Reading.objects.filter(meter__device_id=serial).count() == 3


class TestRetained:
    @pytest.fixture
    def subscribing_again(self, ingest):
        def again():
            ingest.stop()
            ingest.start()

        return again

    def test_with_its_own_time_it_is_stored_once(
        self, ingest, meter, subscribing_again, serial
    ):
        meter.publish(adw300(serial), retain=True)
        the_next_good_message_is_stored(meter)
        subscribing_again()
        the_next_good_message_is_stored(meter)
        assert Reading.objects.filter(meter__device_id=serial).count() == 1

    def test_without_a_time_a_replay_is_no_new_reading(
        self, ingest, meter, subscribing_again, serial
    ):
        meter.publish(adw300(serial, tp=0), retain=True)
        the_next_good_message_is_stored(meter)
        subscribing_again()
        the_next_good_message_is_stored(meter)
        assert Reading.objects.filter(meter__device_id=serial).count() == 1


def test_of_twenty_thousand_unknown_serials_ten_thousand_become_meters(ingest, meter):
    sent = now_ms()
    meter.publish(*(adw300(f"flood-{n:05}", tp=sent) for n in range(20_000)))
    wait_until(
        lambda: RejectedMessage.objects.count() == 20_000 - MOST_UNCLAIMED,
        timeout_s=60,
    )
    assert Meter.objects.count() == MOST_UNCLAIMED
    assert Reading.objects.count() == MOST_UNCLAIMED
    assert RejectedMessage.objects.first().reason.endswith(
        "10000 discovered meters wait to be claimed already."
    )
    # A meter that is known goes on being stored
    meter.publish(adw300("flood-00000", tp=sent + 1))
    wait_until(lambda: Reading.objects.count() == MOST_UNCLAIMED + 1)
