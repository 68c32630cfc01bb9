"""A check and its verdict."""

from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """What a check comes to."""

    GOOD = "good"
    # Right in some installations, wrong in most: somebody looks.
    LOOK = "look"
    BAD = "bad"
    # More load, or more time, and it can be told.
    WAIT = "wait"
    # The meter does not send what it takes.
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Check:
    """
    One check of an installation.

    `sentence` is English with named places, for gettext; `facts` fill them, written as
    people read them. What is not in the site's language are only figures and names.
    """

    name: str
    verdict: Verdict
    sentence: str
    facts: dict[str, str] = field(default_factory=dict)


def phases_in_words(phases: "list[str] | tuple[str, ...]") -> str:
    """Return "L1, L3"."""
    return ", ".join(phase.upper() for phase in phases)
