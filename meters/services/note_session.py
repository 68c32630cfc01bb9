"""Notes which sessions ingest holds at the broker, so that a forgotten one is found."""

from datetime import datetime

from meters.models import IngestSession


def note_session(*, name: str, topics: list[str], now: datetime) -> None:
    """Note that a process holds the session of this name."""
    IngestSession.objects.update_or_create(
        name=name, defaults={"topics": topics, "seen_at": now}
    )


def forget_session(*, name: str) -> None:
    """Forget a session that has been ended at the broker."""
    IngestSession.objects.filter(name=name).delete()
