"""Which meter a device is: remembered, so that a batch needs no query."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from meters.models import Meter
from meters.services.discover_meters import Device, discover_meters

# A claim is seen by ingest within this time.
_REFRESH_S = 1.0
# Rows are stamped before their transaction commits: look back a little.
_OVERLAP = timedelta(seconds=30)


class KnownMeter(NamedTuple):
    """What ingest needs to know of a meter."""

    id: int
    site_id: int | None
    interval_s: float


class MeterDirectory:
    """Finds the meter of a device; makes those that are new."""

    def __init__(self) -> None:
        self._meters: dict[Device, KnownMeter] = {}
        self._changed_at = datetime(2000, 1, 1, tzinfo=UTC)
        self._refreshed = float("-inf")

    def refresh(self) -> None:
        """Learn what has changed; asks the database at most once a second."""
        if time.monotonic() - self._refreshed < _REFRESH_S:
            return
        changed = Meter.objects.all()
        if self._meters:
            changed = changed.filter(changed_at__gt=self._changed_at - _OVERLAP)
        for meter in changed.iterator():
            self._remember(meter)
            self._changed_at = max(self._changed_at, meter.changed_at)
        self._refreshed = time.monotonic()

    def get(self, device: Device) -> KnownMeter | None:
        """Return the meter of a device, if it is known."""
        return self._meters.get(device)

    def discover(self, topics: Mapping[Device, str]) -> None:
        """Make meters of devices that are not known; some may be refused."""
        for meter in discover_meters(topics):
            self._remember(meter)

    def _remember(self, meter: Meter) -> None:
        known = KnownMeter(meter.pk, meter.site_id, meter.interval_s)
        self._meters[meter.family, meter.device_id] = known
