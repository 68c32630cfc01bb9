"""Commands by a real celery worker and a real broker."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from conftest import wait_until
from meters import tasks
from meters.models import Command
from meters.services.expire_commands import expire_commands
from tests.commands.conftest import Worker, ask

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def worker(broker, tmp_path):
    """Start a worker; what earlier tests left in the queue is thrown away."""
    from energy_site.celery import app

    app.control.purge()
    workers = []

    def start(name="energy_site"):
        worker = Worker(broker.url_for("portal"), tmp_path / f"{name}.log", app=name)
        workers.append(worker)
        worker.start()
        return worker

    yield start
    for worker in workers:
        worker.stop()


def state(command: Command) -> str:
    command.refresh_from_db()
    return command.state


def test_a_command_goes_out_and_its_reply_confirms_it(worker, device, output):
    device.answer = b'{"code": 0}'
    worker()
    command = ask(output)
    tasks.send_soon(command)
    wait_until(lambda: state(command) == "confirmed")
    assert device.heard == [b'{"id": %d, "do": "on"}' % command.pk]
    assert command.sent_at is not None


def test_a_reply_that_says_something_else_does_not(worker, device, output):
    device.answer = b'{"code": 7}'
    worker()
    command = ask(output)
    tasks.send_soon(command)
    wait_until(lambda: state(command) == "sent")
    time.sleep(0.5)
    assert state(command) == "sent"


def test_killed_between_the_claim_and_the_publish_it_is_never_sent(
    worker, device, output
):
    worker("tests.commands.trapped_worker")
    command = ask(output)
    tasks.send_soon(command)
    wait_until(lambda: state(command) == "sending")
    # A healthy worker comes; the queue may deliver the task again, and we do as well
    worker()
    for _ in range(3):
        tasks.send_command.delay(command_id=command.pk)
    time.sleep(2)
    assert (state(command), device.heard) == ("sending", [])
    expire_commands(now=timezone.now() + timedelta(seconds=31))
    assert state(command) == "unknown"
    for _ in range(3):
        tasks.send_command.delay(command_id=command.pk)
    # It works as before for what comes after
    after = ask(output, "off")
    tasks.send_soon(after)
    wait_until(lambda: state(after) == "sent")
    assert [b'"off"' in payload for payload in device.heard] == [True]
    assert state(command) == "unknown"


def test_while_the_broker_is_away_it_waits_and_expires(worker, broker, output):
    worker()
    broker.stop()
    command = ask(output)
    tasks.send_soon(command)
    time.sleep(1.5)
    assert state(command) == "approved"
    assert expire_commands(now=timezone.now() + timedelta(seconds=10)) == [command.pk]
    expire_commands(now=command.expires_at)
    broker.start()
    tasks.send_command.delay(command_id=command.pk)
    time.sleep(1.5)
    assert (state(command), command.sending_at) == ("expired", None)
