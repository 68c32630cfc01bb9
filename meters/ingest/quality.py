"""Keeps what has been counted of the stream; writes it every few seconds."""

import time

from meters.services.count_quality import CountsByHour, count_quality
from meters.services.record_readings import Stored

# A row for each batch would cost more than it tells.
_WRITE_EVERY_S = 5.0


class QualityCounts:
    """What has been counted since it was last written; a crash loses no more."""

    def __init__(self) -> None:
        self._counts = CountsByHour()
        self._written = time.monotonic()

    def add(self, counts: CountsByHour) -> None:
        """Take the counts of a batch that has been stored."""
        for (meter_id, hour), count in counts.items():
            self._counts.at(meter_id, hour).add(count)

    def met_again(self, stored: Stored) -> None:
        """Take what of it was there already."""
        for meter_id, at, is_duplicate, conflicts in stored.met_again:
            kept = self._counts.at(meter_id, at)
            # It was counted when it came first.
            kept.received -= 1
            kept.duplicate += is_duplicate
            kept.conflicting += conflicts

    def write_if_due(self, *, at_once: bool = False) -> None:
        """Write what has been counted for a while."""
        is_due = time.monotonic() - self._written >= _WRITE_EVERY_S
        if self._counts and (is_due or at_once):
            count_quality(self._counts)
            self._counts = CountsByHour()
            self._written = time.monotonic()
