"""Uploads of a gateway that come in several messages.

A gateway with many meters cuts an upload: each part is a message of its own, with
`fragNo` of `fragment`, and holds whole meters or parts of one. Each is read as it
comes, so that a part that never arrives costs only itself; what is gathered is what
all parts have in common, so that the halves of a meter meet in one row.
"""

from collections import OrderedDict
from datetime import datetime, timedelta

import msgspec

# Parts of one upload follow each other at once, and were measured together.
_TOGETHER = timedelta(seconds=30)
_GIVEN_UP_AFTER = timedelta(minutes=2)
# Gateways remembered; beyond it the one longest silent is forgotten.
_MOST_GATEWAYS = 10_000


class Part(msgspec.Struct):
    """What a part says of the upload that it belongs to."""

    number: int
    of: int
    upload: str | None
    time: datetime | None
    received_at: datetime
    historical: bool | None
    signal: float | None


class _Upload(msgspec.Struct):
    first: Part
    numbers: set[int]

    def takes(self, part: Part) -> bool:
        first = self.first
        if part.of != first.of:
            return False
        if abs(part.received_at - first.received_at) > _GIVEN_UP_AFTER:
            return False
        if not _together(part.time, first.time):
            return False
        same = part.upload is not None and part.upload == first.upload
        return same or part.number not in self.numbers


def _together(one: datetime | None, other: datetime | None) -> bool:
    if one is None or other is None:
        return True
    if (one.tzinfo is None) != (other.tzinfo is None):
        return False
    return abs(one - other) <= _TOGETHER


class Uploads:
    """The upload that each gateway is in the middle of."""

    def __init__(self) -> None:
        self._by_gateway: OrderedDict[str, _Upload] = OrderedDict()

    def join(self, gateway: str, part: Part) -> Part:
        """Return the part, with what earlier parts said where it is silent."""
        upload = self._by_gateway.get(gateway)
        if upload is None or not upload.takes(part):
            upload = _Upload(part, set())
            self._by_gateway[gateway] = upload
        self._by_gateway.move_to_end(gateway)
        while len(self._by_gateway) > _MOST_GATEWAYS:
            self._by_gateway.popitem(last=False)
        upload.numbers.add(part.number)
        first = upload.first
        if first.historical is None:
            first.historical = part.historical
        if first.signal is None:
            first.signal = part.signal
        if first.time is None:
            first.time = part.time
        return Part(
            part.number,
            part.of,
            part.upload,
            first.time,
            part.received_at,
            first.historical,
            first.signal,
        )

    def __len__(self) -> int:
        return len(self._by_gateway)
