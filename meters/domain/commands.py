"""The life of a command, and what an output lets through.

Plain Python: no Django, no clock, no I/O. Times are given, spans are in seconds.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# To be published within this time of the request, or of the approval.
VALID_S = 60.0
# So long somebody may take to approve.
APPROVAL_S = 3600.0
# In `sending` for longer: the worker that published it is gone.
SENDING_LOST_AFTER_S = 30.0
# A device answers within this time, or within two and a half of its intervals.
SHORTEST_CONFIRMATION_S = 30.0
_INTERVALS_TO_CONFIRM = 2.5
# More outputs than any meter has: a message that claims more is not believed.
MOST_OUTPUTS = 64
SHORTEST_INTERVAL_S = 1.0
LONGEST_INTERVAL_S = 86_400.0


class State(StrEnum):
    """Where a command stands; `unknown` may have been published or not."""

    REQUESTED = "requested"
    APPROVED = "approved"
    SENDING = "sending"
    SENT = "sent"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


# Not published yet.
WAITING = frozenset({State.REQUESTED, State.APPROVED})

_SOURCES: dict[State, frozenset[State]] = {
    State.REQUESTED: frozenset(),
    State.APPROVED: frozenset({State.REQUESTED}),
    State.SENDING: frozenset({State.APPROVED}),
    State.SENT: frozenset({State.SENDING}),
    # The device may be quicker than the worker that notes the acknowledgement. And
    # what a crash left open, the device's own answer settles.
    State.CONFIRMED: frozenset({State.SENDING, State.SENT, State.UNKNOWN}),
    State.FAILED: WAITING | {State.SENDING, State.SENT, State.UNKNOWN},
    # From `sending` only by the worker that has not published yet.
    State.EXPIRED: WAITING | {State.SENDING},
    State.CANCELLED: WAITING,
    State.UNKNOWN: frozenset({State.SENDING}),
}


def sources(state: State) -> frozenset[State]:
    """Return the states from which a command may come to this one."""
    return _SOURCES[state]


class CommandRefusedError(ValueError):
    """The command is not allowed; the text is one sentence that says why."""


@dataclass(frozen=True, slots=True)
class OutputRules:
    """What an output lets through."""

    name: str
    off_only: bool = False
    # Once on (off), it stays so for at least this long. [s]
    minimum_on_s: float = 0.0
    minimum_off_s: float = 0.0
    typed_confirmation: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How an output stands, and since when; None where it is not known."""

    on: bool | None = None
    since: datetime | None = None


def later_standing(*, reported: Standing, commanded: Standing) -> Standing:
    """Return the later of what the device told and what it was told to do."""
    if commanded.on is None or commanded.since is None:
        return reported
    if reported.on is None or reported.since is None:
        return commanded
    return reported if reported.since >= commanded.since else commanded


def wanted_state(action: str, *, reported: bool | None) -> bool | None:
    """
    Return how the output will stand after the action; None where it is no switching.

    A toggle becomes plain on or off: a message that a broker delivers twice must not
    switch twice.

    Raises
    ------
    CommandRefusedError
        A toggle of an output whose state is not known.
    """
    if action == "on":
        return True
    if action == "off":
        return False
    if action == "toggle":
        if reported is None:
            raise CommandRefusedError(
                "The state of this output is not known, so it cannot be toggled;"
                " switch it on or off."
            )
        return not reported
    return None


def remaining_s(
    rules: OutputRules, standing: Standing, *, wanted: bool, now: datetime
) -> float:
    """Return how long the minimum times still hold an output from `wanted`. [s]"""
    if standing.on is None or standing.since is None or standing.on == wanted:
        return 0.0
    least_s = rules.minimum_on_s if standing.on else rules.minimum_off_s
    end = standing.since + timedelta(seconds=least_s)
    return max(0.0, (end - now).total_seconds())


def check_output(
    rules: OutputRules, standing: Standing, *, wanted: bool, now: datetime
) -> None:
    """Raise CommandRefusedError where the output's own rules forbid it."""
    if wanted and rules.off_only:
        raise CommandRefusedError(
            f"{rules.name} may only be switched off from here, never on."
        )
    wait_s = remaining_s(rules, standing, wanted=wanted, now=now)
    if wait_s > 0:
        stands = "on" if standing.on else "off"
        least_s = rules.minimum_on_s if standing.on else rules.minimum_off_s
        raise CommandRefusedError(
            f"{rules.name} stays {stands} for at least {least_s:.0f} s;"
            f" {wait_s:.0f} s are left."
        )


def check_typed(rules: OutputRules, typed: str) -> None:
    """Raise CommandRefusedError where the output's name was to be typed and was not."""
    if rules.typed_confirmation and typed.strip() != rules.name:
        raise CommandRefusedError(
            f"Type the name of the output, {rules.name}, to confirm."
        )


def check_interval(interval_s: float | None) -> None:
    """Raise CommandRefusedError where this is no interval for a device. [s]"""
    if interval_s is None or not (
        SHORTEST_INTERVAL_S <= interval_s <= LONGEST_INTERVAL_S
    ):
        raise CommandRefusedError(
            f"An interval lies between {SHORTEST_INTERVAL_S:.0f}"
            f" and {LONGEST_INTERVAL_S:.0f} s."
        )


def expiry(
    *, requested_at: datetime, needs_approval: bool, valid_s: float | None = None
) -> datetime:
    """Return when a new command expires."""
    default_s = APPROVAL_S if needs_approval else VALID_S
    return requested_at + timedelta(seconds=default_s if valid_s is None else valid_s)


def expiry_after_approval(*, expires_at: datetime, approved_at: datetime) -> datetime:
    """Return when an approved command expires: soon, and never later than before."""
    return min(expires_at, approved_at + timedelta(seconds=VALID_S))


def confirmation_s(*, interval_s: float) -> float:
    """Return how long a device has to show that it did what it was told. [s]"""
    return max(SHORTEST_CONFIRMATION_S, _INTERVALS_TO_CONFIRM * interval_s)
