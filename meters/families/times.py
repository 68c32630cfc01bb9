"""Instants as devices send them, and the reading that stands at one."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from meters.domain.instants import believable_instant, in_zone
from meters.families import values
from meters.families.message import Message, Reading

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# (below this, so many a second): seconds until the year 5138, milliseconds from 1973.
_BY_SIZE = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6))


def from_epoch(value: object) -> datetime | None:
    """
    Return the instant of seconds, milli-, micro- or nanoseconds since 1970.

    Which of them it is, the size tells. None for no number, zero and less, and what no
    calendar holds.
    """
    number = values.number(value)
    if number is None or number <= 0:
        return None
    per_second = next(
        (per_second for largest, per_second in _BY_SIZE if number < largest), 1e9
    )
    try:
        return _EPOCH + timedelta(seconds=number / per_second)
    except OverflowError:
        return None


def from_text(value: object, formats: Iterable[str] = ()) -> datetime | None:
    """
    Return the time that a text says; without a zone where the text names none.

    Parameters
    ----------
    value : object
        ISO 8601, or a text of one of `formats`.
    formats : iterable of str
        As `datetime.strptime` takes them, tried first.
    """
    if not isinstance(value, str):
        return None
    plain = value.strip()
    for form in formats:
        try:
            return datetime.strptime(plain, form)  # noqa: DTZ007 - the zone is the site's
        except ValueError:
            continue
    if not plain[:4].isdigit() or "-" not in plain:
        return None
    try:
        return datetime.fromisoformat(_six_decimals(plain))
    except ValueError:
        return None


def _six_decimals(text: str) -> str:
    """Cut nanoseconds to the microseconds that a datetime holds."""
    head, point, rest = text.partition(".")
    if not point:
        return text
    digits = len(rest) - len(rest.lstrip("0123456789"))
    return f"{head}.{rest[:digits][:6]:0<6}{rest[digits:]}"


def reading(
    message: Message,
    device: str,
    quantities: dict[str, float],
    *,
    time: datetime | None = None,
    extra: dict[str, Any] | None = None,
    historical: bool = False,
) -> Reading:
    """
    Return a reading at the device's time, or at the receipt where that is no good.

    Parameters
    ----------
    time : datetime or None
        The device's: aware, or without a zone; None where it sent none. One that
        cannot be believed is kept as ``device_time`` in `extra`.
    """
    extra = extra if extra is not None else {}
    made = Reading(device, message.received_at, "received", quantities, extra)
    made.historical = historical
    if time is not None:
        zone = ZoneInfo(message.timezone) if time.tzinfo is None else None
        stand_at(made, time, zone=zone, received_at=message.received_at)
    return made


def gathered(
    message: Message,
    device: str,
    quantities: dict[str, float],
    *,
    extra: dict[str, Any] | None = None,
) -> Reading:
    """Return the reading of a second, of a device with a topic for each value."""
    made = reading(message, device, quantities, extra=extra)
    made.time = made.time.replace(microsecond=0)
    made.gathered = True
    return made


def stand_at(
    reading: Reading,
    time: datetime,
    *,
    zone: ZoneInfo | None,
    received_at: datetime,
    shift: timedelta = timedelta(0),
) -> None:
    """
    Let a reading stand at the device's time, or at the receipt where that is no good.

    Parameters
    ----------
    time : datetime
        The device's: aware, or a wall clock in `zone`.
    shift : timedelta
        Added to it, for a clock that is known to be set wrong.
    """
    instant = time
    reading.wall_clock = None
    if zone is not None:
        reading.wall_clock = time.replace(tzinfo=None)
        instant = in_zone(reading.wall_clock, zone, received_at=received_at)
    try:
        instant = instant.astimezone(UTC) + shift
    except OverflowError:  # the year 1 or 9999
        instant = received_at + timedelta(days=365)
    if believable_instant(instant, received_at=received_at):
        reading.time, reading.time_source = instant, "device"
        reading.extra.pop("device_time", None)
        if shift:
            # So that who shifts what is stored leaves this alone.
            reading.extra["clock_shift_s"] = shift.total_seconds()
    else:
        reading.time, reading.time_source = received_at, "received"
        reading.extra["device_time"] = time.isoformat()
