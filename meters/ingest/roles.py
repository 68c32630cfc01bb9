"""Which messages each of several ingest processes hears, so that each is stored once.

Those that share hear everything by one shared subscription, so that the broker gives
each message to one of them, and leave out what the one hears that must hear it all.
docs/decisions/0012-shared-ingest.md tells why.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from meters.broker.filters import matcher, overlap
from meters.families import Announced, Family

SHARE = "$share/energy-site/"


class Role(NamedTuple):
    """What a process subscribes to, and what of it another process stores."""

    topics: list[str]
    leaves_out: Callable[[str], bool]


class OverlapError(ValueError):
    """Two filters would deliver a message twice; the text is one sentence."""


def everything(topics: list[str]) -> Role:
    """Return the role of one that stores all that it hears; raise OverlapError."""
    return Role(_apart(topics), matcher(()))


def shared(families: Iterable[Family], topics: list[str]) -> Role:
    """Return the role of each of those that share these topics; raise OverlapError."""
    families = list(families)
    announcements = {
        topic
        for family in families
        if isinstance(family, Announced)
        for topic in family.announcements
    }
    return Role(
        [*(f"{SHARE}{topic}" for topic in _apart(topics)), *sorted(announcements)],
        matcher(own(families).topics),
    )


def own(families: Iterable[Family]) -> Role:
    """Return the role of the one that hears what only one may hear.

    Where its filters overlap, messages tell presence: hearing that twice does no harm.
    """
    filters = {topic for family in families for topic in family.own_topics}
    return Role(sorted(filters), matcher(()))


def _apart(topics: list[str]) -> list[str]:
    """Return the filters, where a broker delivers each message by one of them."""
    for number, one in enumerate(topics):
        for other in topics[number + 1 :]:
            if overlap(one, other):
                raise OverlapError(
                    f"The filters {one} and {other} overlap: what both hear would be"
                    " stored twice."
                )
    return topics
