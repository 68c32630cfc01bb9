"""What the workers do: each task names its service and passes the time."""

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone

from meters.services import (
    drop_old_readings as retention,
    learn_intervals as learning,
    make_partitions as partitions,
    prune_records as pruning,
)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def make_partitions(**kwargs: object) -> None:
    """Make the coming months' partitions; safe to run twice."""
    partitions.make_partitions_ahead(now=timezone.now())


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def learn_intervals(**kwargs: object) -> None:
    """Learn how often meters report; safe to run twice."""
    learning.learn_intervals(now=timezone.now())


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def prune_records(**kwargs: object) -> None:
    """Forget what is kept for a while only; safe to run twice."""
    pruning.prune_records(now=timezone.now())


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def drop_old_readings(**kwargs: object) -> None:
    """Let readings go that no site wants any more; safe to run twice."""
    retention.drop_old_readings(now=timezone.now())
