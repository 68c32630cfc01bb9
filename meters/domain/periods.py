"""The span of time that a page shows: an hour, a day, a week, a month, a year, or any.

It lives in the address of the page as the site's clock shows it, and is half-open:
``?period=day&at=2026-03-10``, ``?period=custom&from=2026-03-10T14:05&to=…``. Without
``at`` it is the running one. A local day has 23 or 25 hours when the clocks change.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Name = Literal["hour", "day", "week", "month", "year", "custom"]
NAMES: tuple[Name, ...] = ("hour", "day", "week", "month", "year", "custom")

# What a page may ask for at most.
_LONGEST = timedelta(days=20 * 366)
_SHORTEST = timedelta(seconds=1)
_EARLIEST_YEAR, _LATEST_YEAR = 2000, 2100
_HOUR = timedelta(hours=1)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?([+-]\d\d:\d\d|Z)?")


@dataclass(frozen=True, slots=True)
class Period:
    """
    A span of time in a zone.

    Attributes
    ----------
    start, end : datetime
        Aware, in UTC; the end is not part of it.
    is_running : bool
        Whether the address names no instant: the period that goes on now.
    """

    name: Name
    start: datetime
    end: datetime
    zone: ZoneInfo
    is_running: bool

    @property
    def local_start(self) -> datetime:
        return self.start.astimezone(self.zone)

    @property
    def local_end(self) -> datetime:
        return self.end.astimezone(self.zone)

    @property
    def last_day(self) -> date:
        """The last local day that is part of it."""
        return (self.end - timedelta(microseconds=1)).astimezone(self.zone).date()

    def query(self) -> dict[str, str]:
        """Return what stands in an address for this period."""
        if self.name == "custom":
            return {
                "period": self.name,
                "from": _written(self.start, self.zone),
                "to": _written(self.end, self.zone),
            }
        if self.is_running:
            return {"period": self.name}
        return {"period": self.name, "at": self._at()}

    def _at(self) -> str:
        local = self.local_start
        if self.name == "hour":
            return _written(self.start, self.zone)
        return local.strftime({"month": "%Y-%m", "year": "%Y"}.get(self.name, "%F"))


def period_of(
    asked: Mapping[str, str], *, zone: ZoneInfo, now: datetime, default: Name = "day"
) -> Period:
    """Return the period that an address asks for; the default where it makes none."""
    name = asked.get("period", default)
    try:
        if name == "custom":
            return _custom(asked["from"], asked["to"], zone=zone)
        if name in NAMES:
            return _named(name, asked.get("at", ""), zone=zone, now=now)
    except (ValueError, KeyError, OverflowError):
        pass
    return _named(default, "", zone=zone, now=now)


def containing(name: Name, instant: datetime, *, zone: ZoneInfo) -> Period:
    """Return the calendar period of this name around an instant."""
    if name == "hour":
        start = _floor_hour(instant, zone)
        return Period(name, start, start + _HOUR, zone, is_running=False)
    first = _first_day(name, instant.astimezone(zone).date())
    return _between(name, first, _next_first(name, first), zone=zone)


def previous(period: Period, *, now: datetime) -> Period:
    """Return the period right before; a custom one moves by its own length."""
    if period.name == "custom":
        return _moved(period, -1)
    start = min(period.start, now)
    if period.name == "hour" and period.is_running:
        # The last sixty minutes reach into the hour before.
        start = _floor_hour(now, period.zone)
    return containing(period.name, start - _SHORTEST, zone=period.zone)


def following(period: Period, *, now: datetime) -> Period | None:
    """Return the period right after; None where it would begin in the future."""
    if period.is_running or period.end > now:
        return None
    if period.name == "custom":
        return _moved(period, 1)
    after = containing(period.name, period.end, zone=period.zone)
    return period_of(
        {"period": period.name} if after.end > now else after.query(),
        zone=period.zone,
        now=now,
    )


def switched(period: Period, name: Name, *, now: datetime) -> Period:
    """Return the period of another name around the same time."""
    if name == "custom":
        end = min(period.end, max(now, period.start + timedelta(minutes=1)))
        return Period(name, period.start, end, period.zone, is_running=False)
    if period.start <= now < period.end or period.is_running:
        return _named(name, "", zone=period.zone, now=now)
    return containing(name, period.start, zone=period.zone)


def _named(name: Name, at: str, *, zone: ZoneInfo, now: datetime) -> Period:
    if not at:
        if name == "hour":
            return Period(name, now - _HOUR, now, zone, is_running=True)
        running = containing(name, now, zone=zone)
        return Period(name, running.start, running.end, zone, is_running=True)
    if name == "hour":
        return containing(name, _instant(at, zone), zone=zone)
    if not re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", at):
        raise ValueError(at)
    year, month, day = (*map(int, at.split("-")), 1, 1)[:3]
    first = _first_day(name, date(_believable(year), month, day))
    return _between(name, first, _next_first(name, first), zone=zone)


def _custom(start_text: str, end_text: str, *, zone: ZoneInfo) -> Period:
    start, end = _instant(start_text, zone), _instant(end_text, zone)
    if not _SHORTEST <= end - start <= _LONGEST:
        raise ValueError(start_text)
    return Period("custom", start, end, zone, is_running=False)


def _moved(period: Period, times: int) -> Period:
    by = (period.end - period.start) * times
    return Period(
        "custom", period.start + by, period.end + by, period.zone, is_running=False
    )


def _first_day(name: Name, day: date) -> date:
    if name == "week":
        return day - timedelta(days=day.weekday())
    if name == "month":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if name == "year" else day


def _next_first(name: Name, first: date) -> date:
    if name == "month":
        return (first + timedelta(days=31)).replace(day=1)
    if name == "year":
        return first.replace(year=first.year + 1)
    return first + timedelta(days=7 if name == "week" else 1)


def _between(name: Name, first: date, after: date, *, zone: ZoneInfo) -> Period:
    return Period(
        name, _midnight(first, zone), _midnight(after, zone), zone, is_running=False
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def _floor_hour(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return where the local clock's hour began; zones may stand at half hours."""
    local = instant.astimezone(zone)
    past = timedelta(
        minutes=local.minute, seconds=local.second, microseconds=local.microsecond
    )
    return instant.astimezone(UTC) - past


def _instant(text: str, zone: ZoneInfo) -> datetime:
    """Read what the site's clock shows; an offset settles what is double."""
    # A plus in an address is a blank to whoever did not encode it.
    text = text.replace(" ", "+")
    if not _INSTANT.fullmatch(text):
        raise ValueError(text)
    instant = datetime.fromisoformat(text)
    _believable(instant.year)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=zone)
    return instant.astimezone(UTC)


def _written(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    spec = "seconds" if local.second else "minutes"
    plain = local.replace(tzinfo=None, microsecond=0).isoformat(timespec=spec)
    if local.fold:
        # The clock shows this hour for the second time: only the offset tells.
        offset = local.strftime("%z")
        return f"{plain}{offset[:3]}:{offset[3:]}"
    return plain


def _believable(year: int) -> int:
    if not _EARLIEST_YEAR <= year <= _LATEST_YEAR:
        raise ValueError(year)
    return year
