"""Ingest in several processes: shared topics, one holder of the rest, draining."""

import json
import os
import subprocess
import sys
import time

import pytest

from conftest import ROOT, database_url, running_ingest, wait_until
from meters.models import IngestSession, Meter, Profile, Reading, RejectedMessage
from tests.stream.conftest import on_mosquitto
from tests.stream.messages import adw300, now_ms

pytestmark = [pytest.mark.django_db(transaction=True), on_mosquitto]
COUNT = 2_000
PROFILE = """
name = "mine"
topics = ["hall/{device}/data", "yard/{device}/data"]
[quantities]
active_power = { path = "P", unit = "W" }
"""


@pytest.fixture
def url(broker):
    return broker.url_for("portal")


def readings_of(family):
    return Reading.objects.filter(meter__family=family).count()


def test_shared_topics_are_stored_once_by_two_processes(
    url, meter, tmp_path, transactional_db
):
    one, two = ("--shared", "--name", "ingest-1"), ("--shared", "--name", "ingest-2")
    with (
        running_ingest(url, tmp_path / "1.log", *one),
        running_ingest(url, tmp_path / "2.log", *two),
    ):
        start = now_ms() - COUNT
        meter.publish(*(adw300(f"m{n % 40}", tp=start + n) for n in range(COUNT)))
        wait_until(lambda: readings_of("acrel-json-v2") >= COUNT)
        sources = set(IngestSession.objects.values_list("name", flat=True))
    assert readings_of("acrel-json-v2") == COUNT
    assert sources == {"ingest-1", "ingest-2"}


@pytest.fixture
def all_of_them(url, tmp_path, transactional_db):
    """Two that share, and one that hears what only one may hear."""
    with (
        running_ingest(url, tmp_path / "1.log", "--shared", "--name", "ingest-1"),
        running_ingest(url, tmp_path / "2.log", "--shared", "--name", "ingest-2"),
        running_ingest(url, tmp_path / "own.log", "--own"),
    ):
        yield


@pytest.mark.parametrize(
    ("topic", "body", "family"),
    [
        # Of a family that one hears
        ("zigbee2mqtt/press", '{"power": %d}', "zigbee2mqtt"),
        # Of one that is shared
        ("tele/press/SENSOR", '{"ENERGY": {"Power": %d}}', "tasmota"),
        # Of a profile that somebody has made
        ("hall/press/data", '{"P": %d}', "mine"),
        # Of one of two profiles that mean the same
        ("yard/press/data", '{"P": %d}', "mine"),
    ],
)
def test_what_has_no_time_of_its_own_is_stored_once(
    url, meter, all_of_them, topic, body, family
):
    Profile.objects.create(name="mine", definition=PROFILE)
    Profile.objects.create(name="other", definition=PROFILE.replace("mine", "other"))
    # Ingest looks for profiles every two seconds, with the next message.
    time.sleep(2.5)
    meter.publish(*(body % (n + 1) for n in range(300)), topic=topic)
    wait_until(lambda: readings_of(family) >= 300)
    # A second delivery would be there by now.
    time.sleep(1.0)
    assert (readings_of(family), Reading.objects.count()) == (300, 300)
    assert not RejectedMessage.objects.exists()


def test_what_no_family_knows_is_kept_once(url, meter, all_of_them):
    meter.publish(*(json.dumps({"n": n}) for n in range(100)), topic="nobody/knows")
    wait_until(lambda: RejectedMessage.objects.count() >= 100)
    time.sleep(1.0)
    assert RejectedMessage.objects.count() == 100


def test_what_is_announced_for_home_assistant_is_read_by_all(
    url, meter, tmp_path, transactional_db
):
    config = {
        "state_topic": "odd/place",
        "device_class": "voltage",
        "unit_of_measurement": "V",
        "value_template": "{{ value_json.u }}",
        "device": {"identifiers": ["d1"]},
    }
    topic = "homeassistant/sensor/d1/u/config"
    meter.publish(json.dumps(config), topic=topic, retain=True)
    with (
        running_ingest(url, tmp_path / "1.log", "--shared", "--name", "ingest-1"),
        running_ingest(url, tmp_path / "2.log", "--shared", "--name", "ingest-2"),
        running_ingest(url, tmp_path / "own.log", "--own"),
    ):
        time.sleep(1.0)
        for n in range(6):
            meter.publish(json.dumps({"u": 230 + n}), topic="odd/place")
            time.sleep(1.0)
        wait_until(lambda: readings_of("home-assistant") >= 5)
    assert not RejectedMessage.objects.exists()


def test_a_session_leaves_the_filters_that_it_had_before(
    url, meter, tmp_path, transactional_db
):
    with running_ingest(url, tmp_path / "1.log", "--topics", "old/#", "both/#"):
        wait_until(IngestSession.objects.exists)
    with running_ingest(url, tmp_path / "1.log", "--topics", "new/#", "both/#"):
        for topic in ("old/a", "new/a", "both/a"):
            meter.publish("{}", topic=topic)
        wait_until(lambda: RejectedMessage.objects.count() >= 2)
        time.sleep(0.5)
    topics = set(RejectedMessage.objects.values_list("topic", flat=True))
    assert topics == {"new/a", "both/a"}


@pytest.mark.parametrize("arguments", [[], ["--shared"]])
def test_filters_that_overlap_are_refused(url, transactional_db, arguments):
    run = subprocess.run(
        [sys.executable, "manage.py", "ingest", *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": database_url(),
            "MQTT_URL": url,
            "MQTT_TOPICS": "a/#,a/+/c",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1
    assert "a/# and a/+/c overlap" in run.stderr


def test_the_next_in_line_takes_over_what_only_one_may_hear(
    url, meter, tmp_path, transactional_db
):
    topic = "shellies/shellyem-1/emeter/0/power"
    with running_ingest(url, tmp_path / "1.log", "--own") as first:
        meter.publish("100", topic=topic)
        wait_until(lambda: readings_of("shelly-gen1") == 1)
        log = (tmp_path / "2.log").open("wb")
        second = subprocess.Popen(
            [sys.executable, "manage.py", "ingest", "--own"],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": database_url(), "MQTT_URL": url},
            stdout=log,
            stderr=log,
        )
        try:
            first.kill()
            # The broker keeps it for the session that both hold in turn.
            meter.publish("250", topic=topic)
            # It may be of the same second, in which the last value stands.
            wait_until(Reading.objects.filter(active_power=0.25).exists)
        finally:
            second.terminate()
            second.wait(20)


def test_a_session_without_a_client_is_drained_and_ended(
    url, meter, tmp_path, transactional_db
):
    with running_ingest(url, tmp_path / "1.log", "--name", "ingest-9"):
        pass
    meter.publish(*(adw300(f"m{n}") for n in range(300)))
    said = drain(url, "ingest-9")
    assert said == "300 messages of session ingest-9 are stored; it is ended.\n"
    assert readings_of("acrel-json-v2") == 300
    assert not IngestSession.objects.exists()
    assert drain(url, "ingest-9") == "The broker kept no session ingest-9.\n"


def drain(url, name):
    run = subprocess.run(
        [sys.executable, "manage.py", "ingest", "--drain", name],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url(), "MQTT_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return run.stdout


def test_processes_with_their_own_filters_that_overlap_store_once(
    url, meter, tmp_path, transactional_db
):
    with (
        running_ingest(url, tmp_path / "1.log", "--name", "a", "--topics", "#"),
        running_ingest(
            url, tmp_path / "2.log", "--name", "b", "--topics", "platform/#"
        ),
    ):
        meter.publish(*(adw300(f"m{n % 10}", tp=now_ms() - n) for n in range(200)))
        meter.publish(json.dumps({"src": "s1"}), topic="nothing/known")
        wait_until(lambda: readings_of("acrel-json-v2") >= 200)
    assert readings_of("acrel-json-v2") == 200
    assert Meter.objects.count() == 10
