"""How far a device's clock is off, and whether it is set to another time zone.

Plain Python: no Django, no clock of its own. Offsets are in seconds, the time of
receipt minus the device's time: positive where the device's clock is behind.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

# So many readings tell it; more would only tell how it was.
READINGS = 50
# A warning begins here. [s]
WARN_FROM_S = 60.0
# Zones differ by multiples of this, up to that. [min]
_ZONE_STEP_MIN = 15
_MOST_ZONE_MIN = 14 * 60
# How far from such a multiple the offset may be. [s]
_ZONE_TOLERANCE_S = 90.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading: what the device's clock said, and when it came."""

    device_time: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """
    The median offset of a meter's clock.

    Attributes
    ----------
    seconds : float
        Positive where the clock is behind. [s]
    readings : int
        How many messages told it.
    is_steady : bool
        Whether most of them agree: a meter that sends what it had kept is not off.
    """

    seconds: float
    readings: int
    is_steady: bool

    @property
    def warns(self) -> bool:
        return abs(self.seconds) >= WARN_FROM_S

    @property
    def size_s(self) -> float:
        return abs(self.seconds)

    @property
    def is_ahead(self) -> bool:
        return self.seconds < 0

    @property
    def zone_shift_min(self) -> int | None:
        """Minutes to add, where it seems to be set to another zone; None else."""
        steps = round(self.seconds / (60 * _ZONE_STEP_MIN))
        shift_min = steps * _ZONE_STEP_MIN
        if not shift_min or abs(shift_min) > _MOST_ZONE_MIN or not self.is_steady:
            return None
        off_by_s = abs(self.seconds - 60 * shift_min)
        return shift_min if off_by_s <= _ZONE_TOLERANCE_S else None


def clock_offset(samples: Iterable[Sample]) -> ClockOffset | None:
    """Return the median offset of the samples; None without any.

    A message with several instants tells the clock by its newest one.
    """
    newest: dict[datetime, datetime] = {}
    for sample in samples:
        known = newest.get(sample.received_at)
        if known is None or sample.device_time > known:
            newest[sample.received_at] = sample.device_time
    offsets = sorted(
        (received_at - device_time).total_seconds()
        for received_at, device_time in newest.items()
    )
    if not offsets:
        return None
    middle = median(offsets)
    near = sum(abs(offset - middle) <= _ZONE_TOLERANCE_S for offset in offsets)
    return ClockOffset(middle, len(offsets), is_steady=2 * near > len(offsets))


def zone_text(utc_offset: timedelta) -> str:
    """Return an offset from UTC as people write it: "UTC+1", "UTC−3:30"."""
    minutes = round(utc_offset.total_seconds() / 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    sign = "+" if minutes > 0 else "−"
    return f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "")
