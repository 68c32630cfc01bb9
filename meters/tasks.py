"""What the workers do: each task names its service and passes the time."""

import logging
from functools import cache

from celery import shared_task
from django.conf import settings
from django.db import OperationalError, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerIsAwayError

from meters.broker.address import BrokerAddress
from meters.broker.publisher import CommandPublisher
from meters.models import Command
from meters.services import (
    confirm_commands as confirmation,
    drop_old_readings as retention,
    expire_commands as expiry,
    learn_intervals as learning,
    make_partitions as partitions,
    prune_records as pruning,
    send_command as sending,
)

logger = logging.getLogger(__name__)


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


def send_soon(command: Command) -> None:
    """Send a command when its transaction is committed, if it is to be sent at all."""
    if command.state == "approved":
        transaction.on_commit(lambda: _enqueue(command.pk))


def _enqueue(command_id: int) -> None:
    try:
        send_command.apply_async(kwargs={"command_id": command_id}, retry=False)
    except BrokerIsAwayError as error:
        # `expire_commands` finds it.
        logger.warning("Command %d is not queued: %s", command_id, error)


@cache
def command_publisher() -> CommandPublisher:
    """Return the connection of this worker process."""
    return CommandPublisher(BrokerAddress.of(settings.MQTT_URL), clock=timezone.now)


def _take_reply_soon(command_id: int) -> None:
    try:
        take_reply.delay(command_id=command_id)
    except BrokerIsAwayError as error:
        # In the network thread, which would end: the next command would be lost.
        logger.warning("The reply to command %d is not queued: %s", command_id, error)


@shared_task
def send_command(*, command_id: int, **kwargs: object) -> None:
    """Publish one command; safe to run twice: only the first takes it."""
    sending.send_command(
        command_id=command_id,
        publisher=command_publisher(),
        on_reply=_take_reply_soon,
        clock=timezone.now,
    )


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def take_reply(*, command_id: int, **kwargs: object) -> None:
    """Confirm the command whose template waited for a reply; safe to run twice."""
    confirmation.confirm_by_reply(command_id=command_id, now=timezone.now())


@shared_task(ignore_result=True)
def expire_commands(**kwargs: object) -> None:
    """End commands whose time is over, and send what was overlooked."""
    for command_id in expiry.expire_commands(now=timezone.now()):
        _enqueue(command_id)
