"""Ingest in several processes: shared topics, one holder of the rest, draining."""

import json
import os
import subprocess
import sys

import pytest

from conftest import ROOT, database_url, running_ingest, wait_until
from meters.models import IngestSession, Meter, Reading
from tests.stream.messages import adw300, now_ms

pytestmark = pytest.mark.django_db(transaction=True)
COUNT = 2_000


@pytest.fixture
def url(broker):
    if broker.kind != "mosquitto":
        pytest.skip("amqtt has no shared subscriptions")
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
            meter.publish("200", topic=topic)
            wait_until(lambda: readings_of("shelly-gen1") == 2)
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
