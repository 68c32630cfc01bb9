"""From what a batch says to rows of known meters."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from meters.domain.instants import OLDEST_STORED, is_historical
from meters.families.times import stand_at
from meters.ingest.batch import Batch, Read
from meters.ingest.directory import KnownMeter, MeterDirectory
from meters.models import DeviceEvent
from meters.services.confirm_commands import AnswerSaid, OutputSaid
from meters.services.count_quality import CountsByHour
from meters.services.discover_meters import MOST_UNCLAIMED, Device
from meters.services.note_presence import Present
from meters.services.record_readings import Row


@dataclass
class Rows:
    """What is to be stored of a batch, of meters that are known."""

    readings: list[Row] = field(default_factory=list)
    # Those of them that tell of now, with their meters.
    live: list[tuple[Row, KnownMeter]] = field(default_factory=list)
    events: list[DeviceEvent] = field(default_factory=list)
    outputs: list[OutputSaid] = field(default_factory=list)
    answers: list[AnswerSaid] = field(default_factory=list)
    online: dict[Present, tuple[bool, datetime]] = field(default_factory=dict)
    counts: CountsByHour = field(default_factory=CountsByHour)


def rows_of(
    batch: Batch,
    directory: MeterDirectory,
    *,
    now: datetime,
) -> Rows:
    """Return what to store; devices met for the first time become discovered meters."""
    _discover(batch, directory)
    rows = Rows()
    oldest = now - OLDEST_STORED
    for read in batch.reads:
        reading, message, family = read
        meter = directory.get((family, reading.device))
        if meter is not None and meter.is_blocked:
            batch.blocked += 1
            continue
        if meter is None:
            reason = _no_room(reading.device)
        elif directory.is_foreign(meter, topic=message.topic):
            reason = _foreign(reading.device)
        else:
            if reading.wall_clock is not None or meter.clock_shift is not None:
                _set_clock(read, meter, directory)
            if reading.time >= oldest:
                _take_reading(read, meter, rows)
                continue
            reason = _too_old(reading.time)
        batch.reject(message, reason, family=family)
    _take_events(batch, directory, rows)
    _take_states(batch, directory, rows)
    return rows


def _take_reading(read: Read, meter: KnownMeter, rows: Rows) -> None:
    """Make a reading a row, count it, and tell whether it is live."""
    reading, message, _ = read
    row = Row(
        meter.id,
        reading.time,
        message.received_at,
        reading.quantities,
        reading.extra,
        reading.gathered,
    )
    rows.readings.append(row)
    is_late = reading.historical or is_historical(
        reading.time, received_at=message.received_at, interval_s=meter.interval_s
    )
    counts = rows.counts.at(meter.id, reading.time)
    counts.received += 1
    counts.late += is_late
    if "device_time" in reading.extra:
        counts.implausible += 1
    if not is_late and not meter.is_ignored:
        rows.live.append((row, meter))


def _set_clock(read: Read, meter: KnownMeter, directory: MeterDirectory) -> None:
    """Read a device's time anew: in the zone of its site, with its shift."""
    reading, message, _ = read
    given = reading.wall_clock
    zone = None
    if given is not None:
        zone = directory.zone_of(meter, topic=message.topic)
    elif "device_time" in reading.extra:
        given = datetime.fromisoformat(reading.extra["device_time"])
    elif reading.time_source == "device":
        given = reading.time
    if given is not None:
        stand_at(
            reading,
            given,
            zone=zone,
            received_at=message.received_at,
            shift=meter.clock_shift or timedelta(0),
        )


def _take_events(batch: Batch, directory: MeterDirectory, rows: Rows) -> None:
    for event, message, family in batch.events:
        meter = directory.get((family, event.device))
        if meter is None or meter.is_blocked:
            continue
        if directory.is_foreign(meter, topic=message.topic):
            batch.reject(message, _foreign(event.device), family=family)
            continue
        rows.events.append(
            DeviceEvent(
                meter_id=meter.id,
                time=event.time,
                received_at=message.received_at,
                code=event.code[:60],
                text=event.text,
                active=event.active,
                value=event.value,
            )
        )


def _take_states(batch: Batch, directory: MeterDirectory, rows: Rows) -> None:
    """Take what devices say of themselves, where it may be they who say it."""
    for state, message, family in batch.outputs:
        meter = directory.get((family, state.device))
        if meter is None or meter.is_blocked:
            continue
        if not directory.is_foreign(meter, topic=message.topic):
            # A retained one was said before the subscription, who knows when.
            at = None if message.retain else message.received_at
            rows.outputs.append(OutputSaid(meter.id, state, at))
    for answer, message, family in batch.answers:
        if not message.retain:
            sites = directory.sites_of(message.topic)
            rows.answers.append(AnswerSaid(family, answer, sites))
    for (family, device, topic), said in batch.online.items():
        rows.online[Present(family, device, directory.sites_of(topic))] = said


def _discover(batch: Batch, directory: MeterDirectory) -> None:
    directory.refresh()
    new: dict[Device, str] = {}
    for reading, message, family in batch.reads:
        if directory.get((family, reading.device)) is None:
            new[family, reading.device] = message.topic
    for event, message, family in batch.events:
        if directory.get((family, event.device)) is None:
            new.setdefault((family, event.device), message.topic)
    if new:
        directory.discover(new)


def _foreign(device: str) -> str:
    return (
        f"Device {device} belongs to a site, but came by the topic prefix of another:"
        " somebody there may use its number."
    )


def _no_room(device: str) -> str:
    return (
        f"Device {device} is new, but {MOST_UNCLAIMED} discovered meters wait to be"
        " claimed already."
    )


def _too_old(time: datetime) -> str:
    return (
        f"The instant {time:%Y-%m-%d %H:%M:%S} UTC is more than {OLDEST_STORED.days}"
        " days old; import_readings takes such."
    )
