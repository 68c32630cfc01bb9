"""From what a batch says to what is stored of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from meters.broker import Incoming
from meters.families import Registry
from meters.families.message import (
    Answer,
    Decoded,
    Event,
    Message,
    OutputState,
    Status,
)
from meters.ingest.batch import Batch, decode_batch
from meters.ingest.directory import MeterDirectory
from meters.ingest.rows import Rows, rows_of
from meters.ingest.writer import _read_at
from meters.services.note_presence import note_presence
from meters.services.record_readings import Row

pytestmark = pytest.mark.django_db


@pytest.fixture
def meter(make_meter, site, other_site):
    for owner, prefix in ((site, "north"), (other_site, "south")):
        owner.topic_prefix = prefix
        owner.save()
    return make_meter("m1", family="relay")


def said_by(topic: str, *, retain: bool = False) -> tuple[Batch, Rows]:
    """Let m1 say all that a device can say beside readings."""
    now = timezone.now()
    batch = Batch()
    decoded = Decoded(
        "relay",
        status=[Status("m1", online=False)],
        events=[Event("m1", now, "trip", "Tripped.", True)],
        outputs=[OutputState("m1", 1, True)],
        answers=[Answer("m1", 7, True)],
    )
    batch.take(decoded, Message(topic, b"", now, retain=retain))
    return batch, rows_of(batch, MeterDirectory(), now=now)


class TestTheTopicPrefix:
    def test_of_another_site_says_nothing_of_a_meter(self, meter, other_site):
        batch, rows = said_by("south/relay/m1/state")
        assert rows.outputs == []
        assert rows.events == []
        assert "the topic prefix of another" in batch.rejected[0].reason
        assert rows.answers[0].sites == {other_site.pk}
        assert note_presence(rows.online) == 0

    @pytest.mark.parametrize("topic", ["north/relay/m1/state", "relay/m1/state"])
    def test_of_its_own_site_or_none_does(self, meter, topic):
        _, rows = said_by(topic)
        assert [said.meter_id for said in rows.outputs] == [meter.pk]
        assert len(rows.events) == 1
        assert note_presence(rows.online) == 1


def test_what_the_broker_kept_is_of_no_known_time_and_no_answer(meter):
    _, rows = said_by("north/relay/m1/state", retain=True)
    assert [said.at for said in rows.outputs] == [None]
    assert rows.answers == []


def test_recent_messages_are_written_in_one_order():
    messages = [
        Incoming(
            f"shellies/em-{n}/emeter/0/power".encode(),
            b"0.0",
            qos=1,
            mid=n,
            duplicate=False,
            retain=False,
            received_us=1_764_000_000_000_000 + n,
        )
        for n in range(20)
    ]
    batch = decode_batch(messages, Registry(), now=timezone.now())
    digests = [message.digest for message in batch.recent]
    assert len(digests) == 20
    assert digests == sorted(digests)


def test_a_reading_is_as_new_as_it_was_measured():
    now = timezone.now().replace(microsecond=600_000)
    rows = [Row(1, now - timedelta(seconds=s), now, {}, {}) for s in (90, 30)] + [
        Row(2, now + timedelta(seconds=20), now, {}, {})
    ]
    assert _read_at(rows) == {1: now - timedelta(seconds=29), 2: now}
