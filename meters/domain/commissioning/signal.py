"""How well the device's radio is heard."""

from typing import Literal

from meters.domain.commissioning.checks import Check, Verdict
from meters.domain.formatting import format_plain
from meters.domain.quantities import gettext_noop

Radio = Literal["cellular", "wifi", "lora"]

# By unit and kind of radio: from here on it is good, and from here on it will do.
# Signal is told in many ways; these are the usual bounds, not a standard's.
_BOUNDS: dict[tuple[str, str], tuple[float, float]] = {
    ("dBm", "cellular"): (-85.0, -100.0),
    ("dBm", "wifi"): (-67.0, -80.0),
    ("dBm", "lora"): (-110.0, -120.0),
    # 3GPP TS 27.007: 0 to 31, where dBm = 2 · CSQ − 113; 99 is not known.
    ("CSQ", "cellular"): (14.0, 7.0),
    ("%", "cellular"): (50.0, 25.0),
    ("%", "wifi"): (50.0, 25.0),
    ("LQI", "wifi"): (100.0, 50.0),
}
_CSQ_UNKNOWN = 99


def check_signal(strength: float | None, unit: str, *, radio: Radio) -> Check:
    """Return whether the radio is heard well enough to be relied on."""
    if strength is None or (unit == "CSQ" and strength == _CSQ_UNKNOWN):
        return _signal(Verdict.NONE, gettext_noop("The device tells no signal."))
    facts = {"signal": f"{format_plain(strength)} {unit}".strip()}
    bounds = _BOUNDS.get((unit, radio)) or _BOUNDS.get((unit, "cellular"))
    if bounds is None:
        return _signal(
            Verdict.NONE,
            gettext_noop("The device tells %(signal)s; what is good is not known."),
            **facts,
        )
    good, enough = bounds
    if strength >= good:
        return _signal(
            Verdict.GOOD, gettext_noop("It is heard well: %(signal)s."), **facts
        )
    if strength >= enough:
        return _signal(
            Verdict.LOOK,
            gettext_noop(
                "It is heard, but weakly: %(signal)s. A better place for the aerial"
                " saves trouble."
            ),
            **facts,
        )
    return _signal(
        Verdict.BAD,
        gettext_noop(
            "It is hardly heard: %(signal)s. Put the aerial elsewhere, or outside the"
            " cabinet."
        ),
        **facts,
    )


def _signal(verdict: Verdict, sentence: str, **facts: str) -> Check:
    return Check("signal", verdict, sentence, facts)
