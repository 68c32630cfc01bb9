"""What is kept for a while goes after a while."""

from datetime import timedelta

import pytest
from django.utils import timezone

from meters.models import DeviceEvent, RecentMessage, RejectedMessage, StoredBatch
from meters.services import prune_records as pruning
from meters.services.prune_records import prune_records

pytestmark = pytest.mark.django_db


def reject(age):
    return RejectedMessage.objects.create(
        received_at=timezone.now() - age,
        topic="t",
        payload=b"",
        payload_size=0,
        reason="No.",
    )


def test_rejected_messages_go_after_two_weeks():
    old, new = reject(timedelta(days=15)), reject(timedelta(days=13))
    prune_records(now=timezone.now())
    assert list(RejectedMessage.objects.all()) == [new]
    assert old.pk != new.pk


def test_of_a_flood_of_rejected_messages_the_newest_stay(monkeypatch):
    monkeypatch.setattr(pruning, "MOST_REJECTED", 2)
    made = [reject(timedelta()) for _ in range(4)]
    prune_records(now=timezone.now())
    assert set(RejectedMessage.objects.all()) == set(made[2:])


def test_stored_batches_go_after_a_week():
    now = timezone.now()
    batch = StoredBatch.objects.create(
        meters=[1], first_time=now, last_time=now, readings=1
    )
    prune_records(now=now + timedelta(days=6))
    assert StoredBatch.objects.count() == 1
    prune_records(now=batch.stored_at + timedelta(days=7, seconds=1))
    assert StoredBatch.objects.count() == 0


def test_recent_messages_go_after_ten_minutes():
    now = timezone.now()
    for minutes in (9, 11):
        RecentMessage.objects.create(
            digest=bytes([minutes]), received_at=now - timedelta(minutes=minutes)
        )
    prune_records(now=now)
    assert [bytes(m.digest) for m in RecentMessage.objects.all()] == [bytes([9])]


def test_events_of_devices_go_after_400_days(make_meter):
    now, meter = timezone.now(), make_meter()
    for days in (399, 401):
        at = now - timedelta(days=days)
        DeviceEvent.objects.create(
            meter=meter, time=at, received_at=at, code="x", text="x", active=True
        )
    prune_records(now=now)
    assert DeviceEvent.objects.get().time == now - timedelta(days=399)
