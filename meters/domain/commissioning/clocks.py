"""The device's clock."""

from meters.domain.clock import ClockOffset
from meters.domain.commissioning.checks import Check, Verdict
from meters.domain.formatting import format_age
from meters.domain.quantities import gettext_noop


def check_clock(clock: ClockOffset | None) -> Check:
    """Return whether the clock is right; None: the device sends no time."""
    if clock is None:
        return _clock(
            Verdict.NONE,
            gettext_noop("The device sends no time: that of receipt stands."),
        )
    facts = {"offset": format_age(clock.size_s)}
    if not clock.warns:
        return _clock(Verdict.GOOD, gettext_noop("The clock is right."))
    if clock.zone_shift_min:
        return _clock(
            Verdict.BAD,
            gettext_noop(
                "The clock is %(offset)s off: it seems to be set to another time zone."
                " A manager can shift it on the page of device health."
            ),
            **facts,
        )
    sentence = gettext_noop("The clock is %(offset)s behind: set it.")
    if clock.is_ahead:
        sentence = gettext_noop("The clock is %(offset)s ahead: set it.")
    return _clock(Verdict.LOOK, sentence, **facts)


def _clock(verdict: Verdict, sentence: str, **facts: str) -> Check:
    return Check("clock", verdict, sentence, facts)
