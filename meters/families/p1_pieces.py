"""Telegrams of a P1 port that a serial bridge sends in several messages.

Tasmota cuts what a serial line says wherever its buffer is full, and publishes each
piece: ``{"SerialReceived": "..."}``. A telegram goes from "/" to "!", with its checksum
or the end of the line; it has neither within.
"""

import re
from collections import OrderedDict
from datetime import datetime, timedelta
from operator import itemgetter

import msgspec

from meters.families.dsmr_p1 import DsmrP1
from meters.families.message import Decoded, Message, UnusableMessageError

KEYS = ("SerialReceived", "SSerialReceived")
# From the first piece of a telegram to its last.
_TOGETHER = timedelta(seconds=30)
_MOST_TOPICS = 1_000
# Of a topic, in characters: the longest telegrams have 4,000.
_LARGEST = 16_000

_TELEGRAM = re.compile(r"/[^/!]*!(?:[0-9A-Fa-f]{4}|\r?\n)")
_LOOKS_LIKE_ONE = re.compile(r"\d-\d:\d|(?:^|\n)/|![0-9A-Fa-f]{4}")

# When it was received, and what it says.
_Piece = tuple[datetime, str]


class P1Pieces:
    """What the serial line of each topic has said lately.

    Pieces of a telegram that is whole are kept as well: while the database is away,
    messages are decoded again.
    """

    def __init__(self) -> None:
        self._by_topic: OrderedDict[str, list[_Piece]] = OrderedDict()

    def decode(self, text: str, message: Message) -> Decoded:
        """Return what the telegrams say that end in this piece."""
        telegrams = self._join((message.received_at, text), message.topic)
        found = Decoded(DsmrP1.name)
        for telegram in telegrams:
            whole = msgspec.structs.replace(message, payload=telegram.encode())
            found.readings += DsmrP1().decode(whole).readings
        return found

    def _join(self, piece: _Piece, topic: str) -> list[str]:
        pieces = self._by_topic.pop(topic, [])
        if piece not in pieces:
            pieces.append(piece)
            pieces.sort(key=itemgetter(0))
        pieces = pieces[_first_of_now(pieces, pieces.index(piece)) :]
        self._by_topic[topic] = pieces
        while len(self._by_topic) > _MOST_TOPICS:
            self._by_topic.popitem(last=False)
        if not any(_LOOKS_LIKE_ONE.search(text) for _, text in pieces):
            raise UnusableMessageError(
                "The message is a piece of a serial line’s text, and of no telegram of"
                " a P1 port: set the device up to decode the meter itself."
            )
        before = "".join(text for _, text in pieces[: pieces.index(piece)])
        found = _TELEGRAM.finditer(before + piece[1])
        return [match[0] for match in found if match.end() > len(before)]

    def __len__(self) -> int:
        return sum(len(text) for each in self._by_topic.values() for _, text in each)


def _first_of_now(pieces: list[_Piece], number: int) -> int:
    """Return the number of the first piece that belongs together with this one."""
    now, text = pieces[number]
    size = len(text)
    while number and now - pieces[number - 1][0] <= _TOGETHER:
        size += len(pieces[number - 1][1])
        if size > _LARGEST:
            break
        number -= 1
    return number
