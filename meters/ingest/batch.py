"""From the messages of a batch to what is to be stored of them."""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

from meters.broker import Incoming
from meters.families import (
    Answer,
    Decoded,
    Event,
    Message,
    OutputState,
    Reading,
    Registry,
    Reply,
)
from meters.models import RecentMessage, RejectedMessage
from meters.services.prune_records import KEEP_RECENT

logger = logging.getLogger(__name__)

# Of a rejected message, the beginning is kept; all of it, for most. [bytes]
KEPT_PAYLOAD = 64 * 1024
# An answer that comes later than this answers nothing.
_REPLY_WITHIN = timedelta(seconds=60)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Read(NamedTuple):
    """A reading, with the message and the family it came by."""

    reading: Reading
    message: Message
    family: str


class Happened(NamedTuple):
    """An event of a device, with the message and the family it came by."""

    event: Event
    message: Message
    family: str


class Told(NamedTuple):
    """How an output stands, with the message and the family it came by."""

    state: OutputState
    message: Message
    family: str


class Answered(NamedTuple):
    """A device's answer to a command, with the message and the family it came by."""

    answer: Answer
    message: Message
    family: str


class _WithoutInstant(NamedTuple):
    """What a message says whose device told no believable time."""

    digest: bytes
    is_repeated: bool
    message: Message
    decoded: Decoded


@dataclass
class Batch:
    """What a batch of messages comes to."""

    reads: list[Read] = field(default_factory=list)
    events: list[Happened] = field(default_factory=list)
    # By family, device and topic: whether it is there, as it said last, and when.
    online: dict[tuple[str, str, str], tuple[bool, datetime]] = field(
        default_factory=dict
    )
    outputs: list[Told] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    rejected: list[RejectedMessage] = field(default_factory=list)
    recent: list[RecentMessage] = field(default_factory=list)
    # Sent again by the broker, and stored already.
    repeated: int = 0
    # Retained values without an instant: when they were measured is not known.
    retained: int = 0
    # Of blocked meters.
    blocked: int = 0

    def reject(self, message: Message, reason: str, *, family: str = "") -> None:
        self.rejected.append(
            RejectedMessage(
                received_at=message.received_at,
                topic=message.topic,
                payload=message.payload[:KEPT_PAYLOAD],
                payload_size=len(message.payload),
                reason=reason,
                family=family,
                retain=message.retain,
            )
        )

    def take(self, decoded: Decoded, message: Message) -> None:
        """Take everything that a message says."""
        family = decoded.family or ""
        self.reads += [Read(item, message, family) for item in decoded.readings]
        if decoded.events:
            self.events += [Happened(item, message, family) for item in decoded.events]
        for status in decoded.status:
            key = (family, status.device, message.topic)
            self.online[key] = (status.online, message.received_at)
        self.outputs += [Told(item, message, family) for item in decoded.outputs]
        self.answers += [Answered(item, message, family) for item in decoded.answers]


def decode_batch(
    messages: list[Incoming], registry: Registry, *, now: datetime
) -> Batch:
    """Decode messages; what cannot be used is rejected with its reason."""
    batch = Batch()
    without_instant: list[_WithoutInstant] = []
    for incoming in messages:
        message = message_of(incoming)
        decoded = _decode(message, registry)
        if decoded.rejected is not None:
            batch.reject(message, decoded.rejected, family=decoded.family or "")
            continue
        if decoded.replies and _is_present(message, now):
            batch.replies += decoded.replies
        if _has_instants(decoded, message):
            batch.take(decoded, message)
        elif message.retain:
            batch.retained += 1
            _take_retained(batch, decoded, message)
        else:
            without_instant.append(
                _WithoutInstant(_digest(message), incoming.duplicate, message, decoded)
            )
    _take_once(batch, without_instant)
    return batch


def _decode(message: Message, registry: Registry) -> Decoded:
    try:
        return registry.decode(message)
    except Exception:
        # A fault of the family, not of the message; it must not stop the stream.
        logger.exception("A message on topic %s cannot be read.", message.topic)
        return Decoded(None, rejected="The program cannot read this message.")


def message_of(message: Incoming) -> Message:
    return Message(
        # A topic that is no text stays readable, and the stream goes on.
        topic=message.topic.decode("utf-8", "backslashreplace").replace("\0", ""),
        payload=message.payload,
        received_at=_EPOCH + timedelta(microseconds=message.received_us),
        retain=message.retain,
    )


def _is_present(message: Message, now: datetime) -> bool:
    """Return whether who sent it still waits for an answer."""
    return not message.retain and now - message.received_at < _REPLY_WITHIN


def _has_instants(decoded: Decoded, message: Message) -> bool:
    """Return whether everything it tells has an instant of the device's own."""
    return all(item.time_source == "device" for item in decoded.readings) and all(
        item.time != message.received_at for item in decoded.events
    )


def _take_retained(batch: Batch, decoded: Decoded, message: Message) -> None:
    """Take what a retained message says of now: its state, not its values."""
    told = Decoded(decoded.family, status=decoded.status, outputs=decoded.outputs)
    batch.take(told, message)


def _digest(message: Message) -> bytes:
    content = message.topic.encode() + b"\0" + message.payload
    return blake2b(content, digest_size=16).digest()


def _take_once(batch: Batch, without_instant: list[_WithoutInstant]) -> None:
    """Take messages without a device time, but none that is delivered again.

    Such a message has no key that would meet itself: a second delivery is told by the
    broker's DUP flag and by the hash of what came lately. The same values sent anew by
    a meter without a clock are another reading.
    """
    known = _stored_lately([item for item in without_instant if item.is_repeated])
    recent: dict[bytes, RecentMessage] = {}
    for digest, is_repeated, message, decoded in without_instant:
        if is_repeated and digest in known:
            batch.repeated += 1
            continue
        batch.take(decoded, message)
        recent[digest] = RecentMessage(digest=digest, received_at=message.received_at)
    # Always in the same order: two processes must not wait for each other.
    batch.recent += [recent[digest] for digest in sorted(recent)]


def _stored_lately(repeated: list[_WithoutInstant]) -> set[bytes]:
    if not repeated:
        return set()
    since = repeated[0].message.received_at - KEEP_RECENT
    found = RecentMessage.objects.filter(
        digest__in=[item.digest for item in repeated], received_at__gt=since
    )
    return {bytes(digest) for digest in found.values_list("digest", flat=True)}
