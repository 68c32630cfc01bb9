"""What tests of the pages share."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from meters.families.registry import Registry, built_in_families
from meters.live import newest
from meters.models import Meter, Output, Reading, User
from meters.queries import commanding
from meters.services.make_partitions import first_of_month, make_partitions
from meters.tests.commanding import MuteRelay, Relay


@pytest.fixture
def pages(settings) -> None:
    """Let pages render without collectstatic; test_static_files does run it."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {
            "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        },
    }
    newest.redis_client().delete(newest.KEY)


@pytest.fixture
def log_in(pages, client: Client, make_user) -> Callable[..., User]:
    """Log in somebody new: ``log_in(site=site, role="viewer")``."""

    def log_in(**scope: object) -> User:
        user = make_user(**scope)
        client.force_login(user)
        return user

    return log_in


@pytest.fixture
def store() -> Callable[..., Reading]:
    """Store a reading: ``store(meter, active_power=12.5)``.

    Without a time it is 70 s old: fresh, and "1 min ago" however slow the test is.
    """

    def store(
        meter: Meter,
        *,
        at: datetime | None = None,
        seconds_ago: float = 70.0,
        extra: dict[str, object] | None = None,
        **quantities: float,
    ) -> Reading:
        time = (at or timezone.now() - timedelta(seconds=seconds_ago)).astimezone(UTC)
        make_partitions([first_of_month(time)])
        return Reading.objects.create(
            meter=meter, time=time, received_at=time, extra=extra, **quantities
        )

    return store


@pytest.fixture
def relays(monkeypatch) -> None:
    """Let there be families that can be commanded: ``relay`` and ``mute``."""
    families = Registry((*built_in_families(), Relay(), MuteRelay()))
    monkeypatch.setattr(commanding, "registry", lambda: families)


@pytest.fixture
def make_output(make_meter, relays) -> Callable[..., Output]:
    """Make an output of a new meter: ``make_output(is_on=False, off_only=True)``."""

    def make(*, family: str = "relay", number: int = 1, **fields: object) -> Output:
        meter = make_meter(f"board-{Meter.objects.count()}", family=family)
        if fields.get("is_on") is not None:
            fields.setdefault("changed_at", timezone.now() - timedelta(hours=1))
        return Output.objects.create(
            meter=meter, number=number, **{"name": "Pump", **fields}
        )

    return make


@pytest.fixture
def ada(make_user, site) -> User:
    """An operator of the site."""
    return make_user("ada@example.com", site=site, role="operator")


@pytest.fixture
def bob(make_user) -> User:
    """Somebody without a membership."""
    return make_user("bob@example.com")
