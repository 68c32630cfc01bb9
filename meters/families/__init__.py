"""Device families: from the bytes of a message to readings, plain Python.

A family is one module; `Registry` holds one instance of each, with its state.
"""

from collections.abc import Iterable

from meters.families.acrel_json_v2 import AcrelJsonV2
from meters.families.message import (
    Decoded,
    Event,
    Family,
    Message,
    Reading,
    Reply,
    Status,
    UnusableMessageError,
)

__all__ = [
    "Decoded",
    "Event",
    "Family",
    "Message",
    "Reading",
    "Registry",
    "Reply",
    "Status",
    "UnusableMessageError",
]

# A longer one is no reading: 60 instants of all points make 100 kB.
LARGEST_PAYLOAD = 2**20
# Topics remembered with their family; beyond it the memory starts anew.
_REMEMBERED_TOPICS = 50_000


class Registry:
    """Finds the family of a message and lets it decode."""

    def __init__(self, families: Iterable[Family] | None = None) -> None:
        self._families = tuple(families or (AcrelJsonV2(),))
        self._by_name = {family.name: family for family in self._families}
        self._by_topic: dict[str, Family | None] = {}

    def decode(self, message: Message, *, family: str | None = None) -> Decoded:
        """
        Return what a message says; never raises for what a device sent.

        Parameters
        ----------
        message : Message
        family : str, optional
            The family's name, where the topic does not tell it.
        """
        found = self._by_name.get(family) if family else self._of_topic(message.topic)
        if found is None:
            reason = (
                f"There is no family “{family}”."
                if family
                else "No device family knows this topic."
            )
            return Decoded(None, rejected=reason)
        size = len(message.payload)
        if size > LARGEST_PAYLOAD:
            reason = (
                f"The payload has {size} bytes; at most {LARGEST_PAYLOAD} are taken."
            )
            return Decoded(found.name, rejected=reason)
        try:
            return found.decode(message)
        except UnusableMessageError as error:
            return Decoded(found.name, rejected=str(error))

    def _of_topic(self, topic: str) -> Family | None:
        try:
            return self._by_topic[topic]
        except KeyError:
            pass
        found = next((family for family in self._families if family.knows(topic)), None)
        if len(self._by_topic) >= _REMEMBERED_TOPICS:
            self._by_topic.clear()
        self._by_topic[topic] = found
        return found
