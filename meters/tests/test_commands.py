"""A command from the request to its end, by the services."""

import json
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from meters.broker.publisher import RefusedByBrokerError, UnacknowledgedError
from meters.domain.commands import CommandRefusedError, State
from meters.families.message import Answer, OutputState
from meters.models import (
    Command,
    CommandStep,
    CommandTemplate,
    Membership,
    Meter,
    Output,
    User,
)
from meters.services.approve_command import approve_command, cancel_command
from meters.services.confirm_commands import (
    AnswerSaid,
    OutputSaid,
    confirm_commands,
)
from meters.services.expire_commands import expire_commands
from meters.services.lock_output import lift_lockout, lock_output
from meters.services.move_meter import move_meter
from meters.services.request_command import Request, request_command
from meters.services.send_command import send_command
from meters.tests.commanding import RememberingPublisher

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(make_user, site):
    return make_user("ada@example.com", site=site, role="operator")


@pytest.fixture
def bob(make_user):
    return make_user("bob@example.com")


def ask(output: Output, by=None, action="on", *, now=None, **asked) -> Command:
    return request_command(
        meter_id=output.meter_id,
        request=Request(action, output=output.number, **asked),
        by=by,
        now=now or timezone.now(),
    )


def send(command: Command, publisher=None, *, now: datetime | None = None):
    publisher = publisher or RememberingPublisher()
    send_command(
        command_id=command.pk,
        publisher=publisher,
        on_reply=lambda id_: None,
        clock=lambda: now or timezone.now(),
    )
    command.refresh_from_db()
    return publisher


NOW = object()


def confirm(outputs=(), answers=(), read=(), *, at=NOW, sites=()):
    """Let devices say something, now or at another time."""
    now = timezone.now()
    at = now if at is NOW else at
    confirm_commands(
        outputs=[OutputSaid(meter_id, state, at) for meter_id, state in outputs],
        answers=[
            AnswerSaid(family, answer, frozenset(sites)) for family, answer in answers
        ],
        read=dict.fromkeys(read, at),
        now=now,
    )


def steps(command: Command) -> list[str]:
    return list(command.steps.values_list("state", flat=True))


class TestAWholeLife:
    def test_ends_when_the_device_reports_the_output(self, make_output, ada):
        output = make_output(is_on=False)
        command = ask(output, ada)
        published = send(command).published
        assert command.state == State.SENT
        assert published[0][0] == f"relay/{output.meter.device_id}/cmd"
        assert json.loads(published[0][1])["id"] == command.pk
        assert command.sending_at <= command.sent_at
        confirm([(output.meter_id, OutputState("d", 1, True))])
        command.refresh_from_db()
        output.refresh_from_db()
        assert (command.state, output.is_on) == (State.CONFIRMED, True)
        # Every step, with who and when
        assert steps(command) == [
            "requested",
            "approved",
            "sending",
            "sent",
            "confirmed",
        ]
        first = command.steps.first()
        assert (first.who, first.at) == (ada, command.requested_at)
        assert bytes(command.payload) == published[0][1]

    def test_an_opposite_report_confirms_nothing(self, make_output):
        output = make_output(is_on=False)
        command = ask(output)
        send(command)
        confirm([(output.meter_id, OutputState("d", 1, False))])
        command.refresh_from_db()
        assert command.state == State.SENT

    def test_a_report_quicker_than_the_worker_counts(self, make_output):
        output = make_output(is_on=False)
        command = ask(output)

        class Quick(RememberingPublisher):
            def publish(self, topic, payload, *, expires_in_s):
                confirm([(output.meter_id, OutputState("d", 1, True))])

        send(command, Quick())
        assert command.state == State.CONFIRMED
        assert command.sent_at is not None

    @pytest.mark.parametrize(
        ("accepted", "state"), [(True, State.CONFIRMED), (False, State.FAILED)]
    )
    def test_the_device_answers(self, make_output, accepted, state):
        output = make_output(is_on=False)
        command = ask(output)
        send(command)
        device = output.meter.device_id
        answer = Answer(device, command.pk, accepted, "overload")
        # Of another device or family: not this one's
        confirm(answers=[("relay", Answer("other", command.pk, accepted))])
        confirm(answers=[("mute", answer)])
        command.refresh_from_db()
        assert command.state == State.SENT
        confirm(answers=[("relay", answer)])
        command.refresh_from_db()
        assert command.state == state
        assert "overload" in command.steps.last().text

    def test_what_was_said_before_confirms_nothing(self, make_output):
        output = make_output(is_on=False)
        switching, reading = ask(output), ask(output, action="read")
        for command in (switching, reading):
            send(command)
        before = switching.sending_at - timedelta(milliseconds=1)
        told = [(output.meter_id, OutputState("d", 1, True))]
        confirm(told, read={output.meter_id}, at=before)
        # Kept by the broker: from before the subscription
        confirm(told, at=None)
        for command in (switching, reading):
            command.refresh_from_db()
            assert command.state == State.SENT
        # It tells how the output stands all the same
        output.refresh_from_db()
        assert output.is_on

    def test_the_same_number_of_another_device_hides_no_answer(self, make_output):
        output = make_output(is_on=False)
        command = ask(output)
        send(command)
        own = Answer(output.meter.device_id, command.pk, True)
        other = Answer("other", command.pk, False)
        confirm(answers=[("relay", own), ("relay", other)])
        command.refresh_from_db()
        assert command.state == State.CONFIRMED

    def test_an_answer_by_another_sites_prefix_is_none(self, make_output, other_site):
        output = make_output(is_on=False)
        command = ask(output)
        send(command)
        answers = [("relay", Answer(output.meter.device_id, command.pk, True))]
        confirm(answers=answers, sites=[other_site.pk])
        command.refresh_from_db()
        assert command.state == State.SENT
        confirm(answers=answers, sites=[other_site.pk, output.meter.site_id])
        command.refresh_from_db()
        assert command.state == State.CONFIRMED

    def test_a_device_answers_for_its_channel(self, make_output):
        output = make_output(is_on=False)
        Meter.objects.filter(pk=output.meter_id).update(device_id="box/2")
        command = ask(output)
        send(command)
        confirm(answers=[("relay", Answer("box", command.pk, True))])
        command.refresh_from_db()
        assert command.state == State.CONFIRMED

    def test_reading_now_is_confirmed_by_the_next_reading(self, make_output):
        output = make_output()
        command = request_command(
            meter_id=output.meter_id,
            request=Request("read"),
            by=None,
            now=timezone.now(),
        )
        send(command)
        confirm(read={output.meter_id + 1})
        command.refresh_from_db()
        assert command.state == State.SENT
        confirm(read={output.meter_id})
        command.refresh_from_db()
        assert command.state == State.CONFIRMED

    def test_a_device_that_never_tells_leaves_it_sent(self, make_output):
        command = ask(make_output(family="mute"))
        send(command)
        expire_commands(now=timezone.now() + timedelta(hours=1))
        command.refresh_from_db()
        assert (command.state, command.confirm_by) == (State.SENT, None)

    def test_nothing_confirmed_in_time_is_a_failure(self, make_output):
        command = ask(make_output(is_on=False))
        send(command)
        expire_commands(now=command.confirm_by + timedelta(seconds=1))
        command.refresh_from_db()
        assert command.state == State.FAILED
        assert "Nothing confirmed it" in command.failure


class TestToggle:
    def test_becomes_the_opposite_of_what_is_known(self, make_output):
        output = make_output(is_on=True)
        command = ask(output, action="toggle")
        assert json.loads(send(command).published[0][1])["do"] == "off"

    def test_is_refused_where_the_state_is_not_known(self, make_output):
        with pytest.raises(CommandRefusedError, match="not known"):
            ask(make_output(), action="toggle")

    def test_is_refused_where_the_family_does_not_report(self, make_output):
        with pytest.raises(CommandRefusedError, match="no way"):
            ask(make_output(family="mute", is_on=True), action="toggle")


class TestRefused:
    def test_a_family_that_cannot_be_commanded(self, make_output):
        output = make_output(family="acrel-json-v2")
        with pytest.raises(CommandRefusedError, match="no way"):
            ask(output)

    def test_a_retired_meter(self, make_output):
        output = make_output()
        Meter.objects.filter(pk=output.meter_id).update(state="retired")
        with pytest.raises(CommandRefusedError, match="active"):
            ask(output)

    def test_an_output_that_is_not_there(self, make_output):
        output = make_output()
        with pytest.raises(CommandRefusedError, match="no output 2"):
            request_command(
                meter_id=output.meter_id,
                request=Request("on", output=2),
                by=None,
                now=timezone.now(),
            )

    def test_what_the_family_refuses_fails_with_its_sentence(self, make_output):
        command = ask(make_output(number=5))
        assert send(command).published == []
        assert (command.state, command.failure) == (
            State.FAILED,
            "A relay board has four relays.",
        )

    def test_off_only_minimum_times_and_the_typed_name(self, make_output, ada):
        with pytest.raises(CommandRefusedError, match="never on"):
            ask(make_output(off_only=True))
        now = timezone.now()
        output = make_output(is_on=True, changed_at=now, minimum_on_s=60)
        with pytest.raises(CommandRefusedError, match="60 s"):
            ask(output, action="off")
        output = make_output(typed_confirmation=True)
        with pytest.raises(CommandRefusedError, match="Type the name"):
            ask(output, ada)
        assert ask(output, ada, typed="Pump").state == State.APPROVED
        # A rule has nobody to type
        assert ask(output, action="off").state == State.APPROVED

    def test_the_second_of_two_opposite_commands_waits_its_time(self, make_output):
        output = make_output(is_on=False, minimum_on_s=60)
        on, off = ask(output, action="on"), ask(output, action="off")
        assert send(on).published
        assert not send(off).published
        assert "stays on" in off.failure


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


class TestApproval:
    def test_takes_another_person(self, make_output, ada, bob):
        command = ask(make_output(needs_approval=True), ada)
        assert command.state == State.REQUESTED
        assert send(command).published == []
        with pytest.raises(CommandRefusedError, match="Another person"):
            approve_command(command=command, by=ada, now=timezone.now())
        approve_command(command=command, by=bob, now=timezone.now())
        assert send(command).published
        assert command.steps.get(state="approved").who == bob

    def test_the_database_agrees(self, make_output, ada):
        command = ask(make_output(needs_approval=True), ada)
        with pytest.raises(IntegrityError):
            Command.objects.filter(pk=command.pk).update(approved_by=ada)

    def test_a_meter_can_ask_for_it(self, make_output):
        output = make_output()
        Meter.objects.filter(pk=output.meter_id).update(commands_need_approval=True)
        assert ask(output).state == State.REQUESTED

    def test_comes_too_late_for_an_expired_one(self, make_output, ada, bob):
        command = ask(make_output(needs_approval=True), ada)
        with pytest.raises(CommandRefusedError, match="any more"):
            approve_command(command=command, by=bob, now=command.expires_at)

    def test_a_declined_one_is_never_sent(self, make_output, ada, bob):
        command = ask(make_output(needs_approval=True), ada)
        cancel_command(command=command, by=bob, now=timezone.now(), text="No.")
        assert send(command).published == []
        with pytest.raises(CommandRefusedError, match="too late"):
            cancel_command(command=command, by=ada, now=timezone.now(), text="")


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


class TestOutputs:
    def test_one_that_a_device_reports_is_made(self, make_meter):
        meter = make_meter()
        confirm([(meter.pk, OutputState("d", 2, True))])
        output = Output.objects.get(meter=meter)
        assert (output.number, output.is_on) == (2, True)

    def test_a_report_of_the_same_changes_nothing(self, make_output):
        output = make_output(is_on=True)
        confirm([(output.meter_id, OutputState("d", 1, True))])
        before, _ = output.changed_at, output.refresh_from_db()
        assert output.changed_at == before

    def test_the_last_word_of_a_batch_counts(self, make_output):
        output = make_output(is_on=False)
        states = [OutputState("d", 1, on) for on in (True, False, True)]
        confirm([(output.meter_id, state) for state in states])
        output.refresh_from_db()
        assert output.is_on

    def test_numbers_beyond_belief_are_left_out(self, make_meter):
        meter = make_meter()
        numbers = (0, -1, 65, 10**9)
        confirm([(meter.pk, OutputState("d", n, True)) for n in numbers])
        assert not Output.objects.exists()

    def test_cost_one_query_when_nothing_is_new(
        self, make_output, django_assert_num_queries
    ):
        output = make_output(is_on=True)
        with django_assert_num_queries(1):
            confirm([(output.meter_id, OutputState("d", 1, True))], read={1, 2})
        with django_assert_num_queries(0):
            confirm()


class TestAudit:
    def test_a_step_is_never_changed_nor_deleted(self, make_output):
        command = ask(make_output())
        step = command.steps.first()
        with pytest.raises(TypeError):
            step.save()
        for change in (
            lambda: CommandStep.objects.update(text="x"),
            lambda: CommandStep.objects.filter(pk=step.pk).delete(),
        ):
            refused = pytest.raises(DatabaseError, match="never changed")
            with refused, transaction.atomic():
                change()


class TestTemplates:
    @pytest.fixture
    def template(self, relays):
        return CommandTemplate.objects.create(
            name="DO on",
            family="acrel-json-v2",
            action="on",
            topic="down/{device}",
            payload='{"do": {output}, "n": {request}, "v": {on}}',
            read_back="output",
            timeout_s=10,
        )

    def test_is_off_until_it_is_turned_on(self, make_output, template):
        output = make_output(family="acrel-json-v2")
        with pytest.raises(CommandRefusedError, match="no way"):
            ask(output)
        CommandTemplate.objects.update(enabled=True)
        command = ask(output)
        topic, payload = send(command).published[0]
        assert topic == f"down/{output.meter.device_id}"
        assert json.loads(payload) == {"do": 1, "n": command.pk, "v": 1}
        assert command.confirm_by - command.sending_at == timedelta(seconds=10)

    def test_one_turned_off_after_the_request_is_not_used(self, make_output, template):
        CommandTemplate.objects.update(enabled=True)
        command = ask(make_output(family="acrel-json-v2"))
        CommandTemplate.objects.update(enabled=False)
        assert send(command).published == []
        assert command.state == State.FAILED

    def test_the_meters_own_comes_before_the_familys(self, make_output, template):
        CommandTemplate.objects.update(enabled=True)
        output = make_output(family="acrel-json-v2")
        CommandTemplate.objects.create(
            name="own", meter=output.meter, action="on", topic="own", enabled=True
        )
        assert send(ask(output)).published[0][0] == "own"

    def test_a_device_id_cannot_break_out(self, make_output, template):
        CommandTemplate.objects.update(enabled=True)
        output = make_output(family="acrel-json-v2")
        Meter.objects.filter(pk=output.meter_id).update(device_id='a","x":"b')
        command = ask(output)
        assert send(command).published == []
        assert "device" in command.failure
