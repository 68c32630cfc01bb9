"""Reads the incidents that somebody asks for: ``overload@10:30+20``."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from meters.domain.plant import PLACES, ZONE, Incident, incidents, layout

_WRITTEN = re.compile(
    r"(?P<name>[a-z-]+)"
    r"(@(?P<at>[^+=]+))?"
    r"(\+(?P<minutes>\d+(\.\d+)?))?"
    r"(=(?P<serial>\w+))?"
)


def requested_incidents(
    texts: Iterable[str], *, seed: int, now: float, before: Sequence[Incident]
) -> list[Incident]:
    """
    Return the incidents asked for, those already known left out.

    Parameters
    ----------
    texts : iterable of str
        NAME, then optionally @TIME (10:30 of the plant's clock, today or tomorrow, or
        a date and time), +MINUTES, =SERIAL.
    before : sequence of Incident
        What was asked for earlier.

    Raises
    ------
    ValueError
        With one sentence for a person.
    """
    found: list[Incident] = []
    for text in texts:
        item = _incident(text, seed=seed, now=now)
        known = [*before, *found]
        if item in known:
            continue
        for other in known:
            if other.place == item.place and (
                other.start < item.end and item.start < other.end
            ):
                raise ValueError(
                    f"{text}: {PLACES[item.place].name} has {other.name} then already."
                )
        found.append(item)
    return found


def _incident(text: str, *, seed: int, now: float) -> Incident:
    written = _WRITTEN.fullmatch(text)
    if written is None:
        raise ValueError(f"{text}: an incident is written NAME@10:30+MINUTES=SERIAL.")
    minutes, serial = written["minutes"], written["serial"]
    place = None
    if serial is not None:
        serials = [layout.serial_of(seed, number) for number in range(len(PLACES))]
        if serial not in serials:
            raise ValueError(f"{text}: the plant has no meter {serial}.")
        place = serials.index(serial)
    return incidents.requested(
        written["name"],
        seed=seed,
        start=_start(written["at"], text=text, now=now),
        length_s=float(minutes) * 60 if minutes else None,
        place=place,
    )


def _start(at: str | None, *, text: str, now: float) -> float:
    """Return when it starts; never in the past, which is published. [s since 1970]"""
    # The next step, and what is computed ahead.
    soon = now + 20
    if at is None:
        return soon
    zone = ZoneInfo(ZONE)
    local = datetime.fromtimestamp(now, zone)
    try:
        if re.fullmatch(r"\d\d?:\d\d(:\d\d)?", at):
            moment = datetime.combine(
                local.date(), time.fromisoformat(at.zfill(5)), tzinfo=zone
            )
            if moment.timestamp() < soon:
                moment += timedelta(days=1)
        else:
            moment = datetime.fromisoformat(at)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    except ValueError as error:
        raise ValueError(f"{text}: {at} is no time.") from error
    if moment.timestamp() < soon:
        raise ValueError(f"{text}: {at} is over, and published.")
    return moment.timestamp()
