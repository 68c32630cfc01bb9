"""Whether everything the portal depends on is there, in one sentence each."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from kombu.exceptions import OperationalError
from redis import RedisError

from meters.broker import BrokerAddress, BrokerError, speaks_mqtt_5
from meters.live.newest import redis_client
from meters.models import IngestSession, StoredBatch

# Ingest says every minute that it holds its session.
_ABSENT_AFTER = timedelta(minutes=3)
_WORKERS_ANSWER_WITHIN_S = 2.0


class Finding(NamedTuple):
    """What was found out about one dependency."""

    name: str
    is_well: bool
    text: str


def examine(*, now: datetime) -> Iterator[Finding]:
    """Yield a finding for each dependency; one that is away ends none of the others."""
    database = _database()
    yield database
    checks: list[Callable[[], Iterator[Finding]]] = [_redis, _broker, _workers]
    for check in checks:
        yield from check()
    if not database.is_well:
        return
    tables = _tables()
    yield tables
    if tables.is_well:
        yield from _sessions(now)
        yield _stream(now)


def _database() -> Finding:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            [version] = cursor.fetchone()
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        return Finding("PostgreSQL", False, f"cannot be reached: {reason}.")
    return Finding("PostgreSQL", True, f"answers, version {version}.")


def _tables() -> Finding:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        text = f"{len(missing)} migrations are not applied: run manage.py migrate."
        return Finding("Tables", False, text)
    return Finding("Tables", True, "every migration is applied.")


def _redis() -> Iterator[Finding]:
    try:
        redis_client().ping()
    except RedisError as error:
        yield Finding("Redis", False, f"cannot be reached: {error}.")
    else:
        yield Finding("Redis", True, "answers.")


def _broker() -> Iterator[Finding]:
    try:
        is_v5 = speaks_mqtt_5(BrokerAddress.of(settings.MQTT_URL))
    except BrokerError as error:
        yield Finding("Broker", False, str(error))
        return
    version = "MQTT 5" if is_v5 else "MQTT 3.1.1 only"
    yield Finding(
        "Broker",
        True,
        f"lets us in and speaks {version}. Not to be seen from here: how many messages"
        " it queues for an absent session, and whether its queues survive a crash.",
    )


def _workers() -> Iterator[Finding]:
    try:
        answers = current_app.control.ping(timeout=_WORKERS_ANSWER_WITHIN_S)
    except (OperationalError, RedisError, OSError) as error:
        yield Finding("Workers", False, f"cannot be asked: {error}.")
        return
    if answers:
        yield Finding("Workers", True, f"{len(answers)} answer.")
    else:
        yield Finding("Workers", False, "none answers: is celery running?")


def _sessions(now: datetime) -> Iterator[Finding]:
    sessions = list(IngestSession.objects.order_by("name"))
    if not sessions:
        yield Finding("Ingest", False, "no process has ever run: manage.py ingest.")
    for session in sessions:
        absent = now - session.seen_at
        if absent < _ABSENT_AFTER:
            yield Finding("Ingest", True, f"session {session.name} is held.")
            continue
        yield Finding(
            "Ingest",
            False,
            f"session {session.name} has had no client since"
            f" {session.seen_at:%Y-%m-%d %H:%M} UTC, and the broker keeps its messages:"
            f" start it again, or end it with manage.py ingest --drain {session.name}.",
        )


def _stream(now: datetime) -> Finding:
    newest = StoredBatch.objects.order_by("-stored_at").first()
    if newest is None:
        return Finding("Readings", True, "none stored yet.")
    ago_s = (now - newest.stored_at).total_seconds()
    return Finding("Readings", True, f"the last were stored {ago_s:.0f} s ago.")
