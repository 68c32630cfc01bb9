"""The life of a command, and what an output lets through."""

from datetime import UTC, datetime, timedelta

import pytest

from meters.domain.commands import (
    CommandRefusedError,
    OutputRules,
    Standing,
    State,
    check_interval,
    check_output,
    check_typed,
    confirmation_s,
    expiry,
    expiry_after_approval,
    later_standing,
    remaining_s,
    sources,
    wanted_state,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ago(seconds):
    return NOW - timedelta(seconds=seconds)


class TestLife:
    def test_only_an_approved_command_is_sent(self):
        assert sources(State.SENDING) == {State.APPROVED}

    def test_what_is_over_stays_so(self):
        for end in (State.CONFIRMED, State.FAILED, State.EXPIRED, State.CANCELLED):
            assert not [state for state in State if end in sources(state)]

    def test_an_unknown_one_is_never_sent_but_may_be_settled_by_an_answer(self):
        after = {state for state in State if State.UNKNOWN in sources(state)}
        assert after == {State.CONFIRMED, State.FAILED}

    def test_nothing_that_was_published_expires(self):
        assert State.SENT not in sources(State.EXPIRED)
        assert State.UNKNOWN not in sources(State.EXPIRED)


class TestSwitching:
    @pytest.mark.parametrize(
        ("action", "reported", "wanted"),
        [
            ("on", None, True),
            ("off", True, False),
            ("toggle", True, False),
            ("toggle", False, True),
            ("read", True, None),
        ],
    )
    def test_what_an_action_wants(self, action, reported, wanted):
        assert wanted_state(action, reported=reported) is wanted

    def test_what_is_not_known_is_not_toggled(self):
        with pytest.raises(CommandRefusedError, match="not known"):
            wanted_state("toggle", reported=None)

    def test_off_only(self):
        rules = OutputRules("Pump", off_only=True)
        check_output(rules, Standing(True, ago(1)), wanted=False, now=NOW)
        with pytest.raises(CommandRefusedError, match="never on"):
            check_output(rules, Standing(False, ago(1)), wanted=True, now=NOW)

    @pytest.mark.parametrize(
        ("standing", "wanted", "left_s"),
        [
            # On for 40 of 60 seconds
            (Standing(True, ago(40)), False, 20),
            # Off for 100 of 300
            (Standing(False, ago(100)), True, 200),
            # Long enough
            (Standing(True, ago(60)), False, 0),
            # As it stands already
            (Standing(True, ago(1)), True, 0),
            # Nobody knows
            (Standing(), False, 0),
        ],
    )
    def test_minimum_times(self, standing, wanted, left_s):
        rules = OutputRules("Pump", minimum_on_s=60, minimum_off_s=300)
        assert remaining_s(rules, standing, wanted=wanted, now=NOW) == left_s

    def test_the_refusal_says_how_long_to_wait(self):
        rules = OutputRules("Pump", minimum_on_s=60)
        with pytest.raises(CommandRefusedError, match=r"60 s; 20 s are left"):
            check_output(rules, Standing(True, ago(40)), wanted=False, now=NOW)

    def test_minimum_times_count_from_the_later_of_report_and_command(self):
        report, command = Standing(False, ago(500)), Standing(True, ago(3))
        assert later_standing(reported=report, commanded=command) == command
        report = Standing(False, ago(1))
        assert later_standing(reported=report, commanded=command) == report
        assert later_standing(reported=Standing(), commanded=command) == command
        assert later_standing(reported=report, commanded=Standing()) == report

    def test_the_name_is_typed(self):
        rules = OutputRules("Pump 2", typed_confirmation=True)
        check_typed(rules, " Pump 2 ")
        with pytest.raises(CommandRefusedError, match="Pump 2"):
            check_typed(rules, "pump")
        check_typed(OutputRules("Pump 2"), "")

    @pytest.mark.parametrize("seconds", [None, 0, -5, 86_401, float("nan")])
    def test_no_interval_of_a_device(self, seconds):
        with pytest.raises(CommandRefusedError):
            check_interval(seconds)


class TestTimes:
    def test_a_command_expires_after_a_minute(self):
        assert expiry(requested_at=NOW, needs_approval=False) == NOW + timedelta(
            minutes=1
        )

    def test_there_is_an_hour_to_approve(self):
        assert expiry(requested_at=NOW, needs_approval=True) == NOW + timedelta(hours=1)

    def test_approval_does_not_prolong(self):
        soon = NOW + timedelta(seconds=5)
        later = NOW + timedelta(hours=1)
        assert expiry_after_approval(expires_at=soon, approved_at=NOW) == soon
        assert expiry_after_approval(
            expires_at=later, approved_at=NOW
        ) == NOW + timedelta(minutes=1)

    def test_a_device_has_two_and_a_half_intervals_to_answer(self):
        assert confirmation_s(interval_s=60) == 150
        assert confirmation_s(interval_s=1) == 30
