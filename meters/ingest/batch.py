"""From the messages of a batch to the rows to store."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

from meters.broker import Incoming
from meters.domain.instants import OLDEST_STORED, is_historical
from meters.families import Message, Reading, Registry
from meters.ingest.directory import KnownMeter, MeterDirectory
from meters.models import RecentMessage, RejectedMessage
from meters.services.discover_meters import MOST_UNCLAIMED, Device
from meters.services.prune_records import KEEP_RECENT
from meters.services.record_readings import Row

# Of a rejected message, the beginning is kept. [bytes]
_KEPT_PAYLOAD = 4096
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Read(NamedTuple):
    """A reading, with the message and the family it came by."""

    reading: Reading
    message: Message
    family: str


class _WithoutInstant(NamedTuple):
    """The reads of a message whose device told no believable time."""

    digest: bytes
    is_repeated: bool
    reads: list[Read]


@dataclass
class Batch:
    """What a batch of messages comes to."""

    reads: list[Read] = field(default_factory=list)
    rejected: list[RejectedMessage] = field(default_factory=list)
    recent: list[RecentMessage] = field(default_factory=list)
    # Sent again by the broker, and stored already.
    repeated: int = 0
    # Retained values without an instant: when they were measured is not known.
    retained: int = 0

    def reject(self, message: Message, reason: str) -> None:
        self.rejected.append(
            RejectedMessage(
                received_at=message.received_at,
                topic=message.topic,
                payload=message.payload[:_KEPT_PAYLOAD],
                payload_size=len(message.payload),
                reason=reason,
            )
        )


def decode_batch(messages: list[Incoming], registry: Registry) -> Batch:
    """Decode messages; what cannot be used is rejected with its reason."""
    batch = Batch()
    without_instant: list[_WithoutInstant] = []
    for incoming in messages:
        message = message_of(incoming)
        decoded = registry.decode(message)
        if decoded.rejected is not None:
            batch.reject(message, decoded.rejected)
            continue
        reads = [Read(item, message, decoded.family or "") for item in decoded.readings]
        if all(read.reading.time_source == "device" for read in reads):
            batch.reads += reads
        elif message.retain:
            batch.retained += 1
        else:
            without_instant.append(
                _WithoutInstant(_digest(message), incoming.duplicate, reads)
            )
    _take_once(batch, without_instant)
    return batch


def message_of(message: Incoming) -> Message:
    return Message(
        # A topic that is no text stays readable, and the stream goes on.
        topic=message.topic.decode("utf-8", "backslashreplace").replace("\0", ""),
        payload=message.payload,
        received_at=_EPOCH + timedelta(microseconds=message.received_us),
        retain=message.retain,
    )


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
    for digest, is_repeated, reads in without_instant:
        if is_repeated and digest in known:
            batch.repeated += 1
            continue
        batch.reads += reads
        received_at = reads[0].message.received_at
        recent[digest] = RecentMessage(digest=digest, received_at=received_at)
    batch.recent += recent.values()


def _stored_lately(repeated: list[_WithoutInstant]) -> set[bytes]:
    if not repeated:
        return set()
    since = repeated[0].reads[0].message.received_at - KEEP_RECENT
    found = RecentMessage.objects.filter(
        digest__in=[item.digest for item in repeated], received_at__gt=since
    )
    return {bytes(digest) for digest in found.values_list("digest", flat=True)}


def rows_of(
    batch: Batch, directory: MeterDirectory, *, now: datetime
) -> tuple[list[Row], list[tuple[Row, KnownMeter]]]:
    """Return the rows to store, and those of them that are live, with their meters.

    Devices met for the first time become discovered meters.
    """
    _discover(batch, directory)
    rows: list[Row] = []
    live: list[tuple[Row, KnownMeter]] = []
    oldest = now - OLDEST_STORED
    for reading, message, family in batch.reads:
        meter = directory.get((family, reading.device))
        if meter is None:
            batch.reject(
                message,
                f"Device {reading.device} is new, but {MOST_UNCLAIMED} discovered"
                " meters wait to be claimed already.",
            )
            continue
        if reading.time < oldest:
            batch.reject(
                message,
                f"The instant {reading.time:%Y-%m-%d %H:%M:%S} UTC is more than"
                f" {OLDEST_STORED.days} days old; import_readings takes such.",
            )
            continue
        row = Row(
            meter.id,
            reading.time,
            message.received_at,
            reading.quantities,
            reading.extra,
        )
        rows.append(row)
        if not reading.historical and not is_historical(
            reading.time, received_at=message.received_at, interval_s=meter.interval_s
        ):
            live.append((row, meter))
    return rows, live


def _discover(batch: Batch, directory: MeterDirectory) -> None:
    directory.refresh()
    new: dict[Device, str] = {
        (read.family, read.reading.device): read.message.topic
        for read in batch.reads
        if directory.get((read.family, read.reading.device)) is None
    }
    if new:
        directory.discover(new)
