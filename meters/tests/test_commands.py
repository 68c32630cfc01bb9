"""A command from the request to its end, by the services."""

import json
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from meters.domain.commands import CommandRefusedError, State
from meters.families.message import Answer, OutputState
from meters.models import (
    Command,
    CommandStep,
    CommandTemplate,
    Meter,
    Output,
)
from meters.services.approve_command import approve_command, cancel_command
from meters.services.expire_commands import expire_commands
from meters.services.request_command import Request, request_command
from meters.tests.commanding import RememberingPublisher, ask, confirm, send, steps

pytestmark = pytest.mark.django_db


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
