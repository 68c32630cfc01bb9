"""Commands, approvals and lockouts at the same time, each on its own connection."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from meters.domain.commands import CommandRefusedError, State
from meters.services.approve_command import approve_command
from meters.services.expire_commands import expire_commands
from meters.services.lock_output import lift_lockout, lock_output
from meters.services.request_command import Request, request_command
from meters.services.send_command import send_command
from meters.tests.commanding import RememberingPublisher

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada(make_user):
    return make_user("ada@example.com")


def ask(output, by=None):
    return request_command(
        meter_id=output.meter_id,
        request=Request("on", output=output.number),
        by=by,
        now=timezone.now(),
    )


def send_silently(command, publisher):
    send_command(
        command_id=command.pk,
        publisher=publisher,
        on_reply=lambda id_: None,
        clock=timezone.now,
    )


def together(*calls):
    barrier = threading.Barrier(len(calls))

    def run(call):
        try:
            barrier.wait()
            return call()
        except CommandRefusedError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def test_two_workers_publish_one_command_once(make_output):
    output = make_output()
    publisher = RememberingPublisher()
    for _ in range(10):
        command = ask(output)
        together(*[lambda c=command: send_silently(c, publisher)] * 4)
    assert len(publisher.published) == 10


def test_approved_or_expired_never_both(make_output, ada, make_user):
    output = make_output(needs_approval=True)
    bob = make_user("bob@example.com")
    for _ in range(10):
        command = ask(output, ada)
        just_before = command.expires_at - timedelta(seconds=1)
        together(
            lambda c=command, t=just_before: approve_command(command=c, by=bob, now=t),
            lambda c=command: expire_commands(now=c.expires_at),
        )
        states = list(command.steps.values_list("state", flat=True))
        # Approved first it may still expire; expired it is never approved
        assert states in (
            ["requested", "approved"],
            ["requested", "expired"],
            ["requested", "approved", "expired"],
        )


def test_a_locked_output_is_not_switched(make_output, ada):
    output = make_output()
    for _ in range(10):
        command = ask(output)
        publisher = RememberingPublisher()
        lockout, _none = together(
            lambda: lock_output(
                output=output, by=ada, reason="x", until=None, now=timezone.now()
            ),
            lambda c=command, p=publisher: send_silently(c, p),
        )
        command.refresh_from_db()
        assert command.state == (State.SENT if publisher.published else "failed")
        lift_lockout(lockout=lockout, by=ada, is_manager=False, now=timezone.now())
