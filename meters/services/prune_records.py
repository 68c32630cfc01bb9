"""Forgets what is kept for a while only."""

from datetime import datetime, timedelta

from meters.models import DeviceEvent, RecentMessage, RejectedMessage, StoredBatch

KEEP_STORED_BATCHES = timedelta(days=7)
KEEP_REJECTED = timedelta(days=14)
MOST_REJECTED = 100_000
KEEP_RECENT = timedelta(minutes=10)
# As long as ingest takes readings.
KEEP_EVENTS = timedelta(days=400)


def prune_records(*, now: datetime) -> None:
    """Delete what is old of batches, messages that were kept, and device events."""
    StoredBatch.objects.filter(stored_at__lt=now - KEEP_STORED_BATCHES).delete()
    RecentMessage.objects.filter(received_at__lt=now - KEEP_RECENT).delete()
    RejectedMessage.objects.filter(received_at__lt=now - KEEP_REJECTED).delete()
    DeviceEvent.objects.filter(time__lt=now - KEEP_EVENTS).delete()
    # A flood must not fill the disk: of too many, the newest stay.
    oldest_kept = RejectedMessage.objects.order_by("-pk")[MOST_REJECTED:].first()
    if oldest_kept is not None:
        RejectedMessage.objects.filter(pk__lte=oldest_kept.pk).delete()
