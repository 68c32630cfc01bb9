"""Commands that must not go out: late, locked out, overtaken, sent before."""

from datetime import timedelta

import pytest
from django.utils import timezone

from meters.broker.publisher import RefusedByBrokerError, UnacknowledgedError
from meters.domain.commands import CommandRefusedError, State
from meters.families.message import Answer, OutputState
from meters.models import (
    Command,
    Membership,
    User,
)
from meters.services.approve_command import approve_command
from meters.services.expire_commands import expire_commands
from meters.services.lock_output import lift_lockout, lock_output
from meters.services.move_meter import move_meter
from meters.services.send_command import send_command
from meters.tests.commanding import RememberingPublisher, ask, confirm, send

pytestmark = pytest.mark.django_db


class TestAMeterThatMoves:
    @pytest.fixture
    def move(self, make_user, other_site):
        bob = make_user("bob@example.com")

        def move(meter):
            now = timezone.now()
            move_meter(
                meter_id=meter.pk, site=other_site, parent=None, at=now, by=bob, now=now
            )

        return move

    def test_takes_no_command_along_that_was_asked_before(
        self, make_output, move, ada, other_site
    ):
        output = make_output(needs_approval=True)
        command = ask(output, ada)
        move(output.meter)
        command.refresh_from_db()
        assert (command.state, command.failure) == (
            State.FAILED,
            "The meter was moved to another site.",
        )

    def test_is_not_commanded_by_the_topic_prefix_of_its_old_site(
        self, make_output, move, site
    ):
        output = make_output()
        site.topic_prefix = "relay"
        site.save()
        assert len(send(ask(output)).published) == 1
        move(output.meter)
        command = ask(output)
        assert send(command).published == []
        assert command.state == State.FAILED
        assert "the topic prefix of another site" in command.failure


class TestWhoHasLeft:
    @pytest.mark.parametrize("how", ["deactivated", "membership ended"])
    def test_is_not_obeyed_any_more(self, make_output, ada, bob, how):
        command = ask(make_output(needs_approval=True), ada)
        if how == "deactivated":
            User.objects.filter(pk=ada.pk).update(is_active=False)
        else:
            Membership.objects.filter(user=ada).delete()
        approve_command(command=command, by=bob, now=timezone.now())
        assert send(command).published == []
        assert command.failure == "ada@example.com may not command this meter any more."


class TestExpiry:
    def test_an_expired_command_never_reaches_the_broker(self, make_output):
        command = ask(make_output())
        assert send(command, now=command.expires_at).published == []
        assert command.state == State.EXPIRED

    def test_nor_one_that_expires_between_claim_and_publish(self, make_output):
        command = ask(make_output())
        times = iter([timezone.now(), command.expires_at, command.expires_at])
        publisher = RememberingPublisher()
        send_command(
            command_id=command.pk,
            publisher=publisher,
            on_reply=lambda id_: None,
            clock=lambda: next(times),
        )
        command.refresh_from_db()
        assert (publisher.published, command.state) == ([], State.EXPIRED)

    def test_the_broker_keeps_none_for_long(self, make_output):
        # A device that comes back later may be locked out by then
        command = ask(make_output(), valid_s=3600)
        now = command.requested_at + timedelta(seconds=5)
        assert send(command, now=now).kept_s == [60.0]

    def test_those_that_wait_expire_by_themselves(self, make_output):
        waiting = ask(make_output(needs_approval=True))
        approved = ask(make_output(), valid_s=5)
        expire_commands(now=timezone.now() + timedelta(seconds=6))
        approved.refresh_from_db()
        waiting.refresh_from_db()
        assert (approved.state, waiting.state) == (State.EXPIRED, State.REQUESTED)

    def test_one_whose_task_was_lost_is_found(self, make_output):
        command = ask(make_output())
        assert expire_commands(now=timezone.now()) == []
        later = timezone.now() + timedelta(seconds=5)
        assert expire_commands(now=later) == [command.pk]


class TestOrder:
    def test_an_older_command_does_not_undo_a_later_one(self, make_output):
        output = make_output(is_on=False)
        older, later = ask(output, action="on"), ask(output, action="off")
        # Another worker was quicker
        assert len(send(later).published) == 1
        assert send(older).published == []
        assert older.state == State.FAILED
        assert "A later command" in older.failure

    def test_what_is_approved_later_is_later(self, make_output, ada, bob):
        output = make_output(is_on=False, needs_approval=True)
        commands = [ask(output, ada, action) for action in ("on", "off")]
        for command in reversed(commands):
            approve_command(command=command, by=bob, now=timezone.now())
            assert len(send(command).published) == 1


class TestSendingOnce:
    def test_a_second_run_publishes_nothing(self, make_output):
        command = ask(make_output())
        assert len(send(command).published) == 1
        assert send(command).published == []

    def test_one_left_in_sending_becomes_unknown_and_is_never_sent(self, make_output):
        command = ask(make_output(is_on=False))
        now = timezone.now()
        Command.objects.filter(pk=command.pk).update(state="sending", sending_at=now)
        expire_commands(now=now + timedelta(seconds=29))
        command.refresh_from_db()
        assert command.state == State.SENDING
        expire_commands(now=now + timedelta(seconds=31))
        command.refresh_from_db()
        assert command.state == State.UNKNOWN
        assert send(command).published == []

    def test_the_answer_of_the_device_settles_an_unknown_one(self, make_output):
        output = make_output(is_on=False)
        command = ask(output)
        send(command, RememberingPublisher(UnacknowledgedError("No word.")))
        assert (command.state, command.failure) == (State.UNKNOWN, "No word.")
        # What the output does may have another cause
        confirm([(output.meter_id, OutputState("d", 1, True))])
        command.refresh_from_db()
        assert command.state == State.UNKNOWN
        answer = Answer(output.meter.device_id, command.pk, True)
        confirm(answers=[("relay", answer)])
        command.refresh_from_db()
        assert command.state == State.CONFIRMED

    def test_what_the_broker_refuses_has_failed(self, make_output):
        command = ask(make_output())
        send(command, RememberingPublisher(RefusedByBrokerError("Not authorised.")))
        assert (command.state, command.failure) == (State.FAILED, "Not authorised.")


class TestLockout:
    def test_every_command_is_refused(self, make_output, ada):
        output = make_output(is_on=True)
        lock_output(
            output=output, by=ada, reason="Belt off", until=None, now=timezone.now()
        )
        for by in (ada, None):
            for action in ("on", "off", "toggle"):
                with pytest.raises(CommandRefusedError, match="Belt off"):
                    ask(output, by, action)

    def test_what_waits_fails_and_is_not_sent(self, make_output, ada):
        output = make_output()
        command = ask(output)
        lock_output(output=output, by=ada, reason="x", until=None, now=timezone.now())
        assert send(command).published == []
        assert command.state == State.FAILED

    def test_one_approved_behind_its_back_is_not_sent(self, make_output, ada):
        output = make_output()
        lock_output(output=output, by=ada, reason="x", until=None, now=timezone.now())
        command = Command.objects.create(
            meter=output.meter,
            output=output,
            action="on",
            wanted_on=True,
            state="approved",
            requested_at=timezone.now(),
            expires_at=timezone.now() + timedelta(minutes=1),
        )
        assert send(command).published == []
        assert "locked out" in command.failure

    def test_ends_by_the_clock(self, make_output, ada):
        output, now = make_output(), timezone.now()
        until = now + timedelta(hours=1)
        lock_output(output=output, by=ada, reason="x", until=until, now=now)
        with pytest.raises(CommandRefusedError):
            ask(output, now=until - timedelta(seconds=1))
        assert ask(output, now=until).state == State.APPROVED

    def test_is_lifted_by_that_person_or_a_manager(self, make_output, ada, bob):
        output, now = make_output(), timezone.now()
        lockout = lock_output(output=output, by=ada, reason="x", until=None, now=now)
        with pytest.raises(CommandRefusedError, match="Only ada"):
            lift_lockout(lockout=lockout, by=bob, is_manager=False, now=now)
        lift_lockout(lockout=lockout, by=bob, is_manager=True, now=now)
        lockout.refresh_from_db()
        assert lockout.lifted_by == bob
        assert ask(output).state == State.APPROVED

    def test_each_person_has_a_lock_of_their_own(self, make_output, ada, bob):
        output, now = make_output(), timezone.now()
        first = lock_output(output=output, by=ada, reason="x", until=None, now=now)
        lock_output(output=output, by=bob, reason="still", until=None, now=now)
        lift_lockout(lockout=first, by=ada, is_manager=False, now=now)
        with pytest.raises(CommandRefusedError, match="still"):
            ask(output)
