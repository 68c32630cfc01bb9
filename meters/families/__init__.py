"""Device families: from the bytes of a message to readings, plain Python.

A family is one module; `Registry` holds one instance of each, with its state.
"""

from meters.families.message import (
    Announced,
    Answer,
    CannotCommandError,
    Command,
    Commandable,
    Decoded,
    Event,
    Family,
    Message,
    Outgoing,
    OutputState,
    Reading,
    Reply,
    Status,
    UnusableMessageError,
)
from meters.families.registry import LARGEST_PAYLOAD, UNKNOWN_TOPIC, Registry

__all__ = [
    "LARGEST_PAYLOAD",
    "UNKNOWN_TOPIC",
    "Announced",
    "Answer",
    "CannotCommandError",
    "Command",
    "Commandable",
    "Decoded",
    "Event",
    "Family",
    "Message",
    "Outgoing",
    "OutputState",
    "Reading",
    "Registry",
    "Reply",
    "Status",
    "UnusableMessageError",
]
