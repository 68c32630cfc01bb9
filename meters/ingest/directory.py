"""Which meter a device is: remembered, so that a batch needs no query."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings

from meters.domain.topic_prefixes import sites_of, with_slash
from meters.models import Meter, Site
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
    # Stored, but not live: nobody wants to see it.
    is_ignored: bool
    # Nothing of it is stored.
    is_blocked: bool
    clock_shift: timedelta | None


class MeterDirectory:
    """Finds the meter of a device; makes those that are new."""

    def __init__(self) -> None:
        self._meters: dict[Device, KnownMeter] = {}
        self._changed_at = datetime(2000, 1, 1, tzinfo=UTC)
        self._refreshed = float("-inf")
        self._zones: dict[int, ZoneInfo] = {}
        # (prefix with its slash, site)
        self._prefixes: list[tuple[str, int]] = []
        self._no_site = ZoneInfo(settings.TIME_ZONE)

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
        sites = list(Site.objects.only("time_zone", "topic_prefix"))
        self._zones = {site.pk: site.zone for site in sites}
        self._prefixes = [
            (with_slash(site.topic_prefix), site.pk)
            for site in sites
            if site.topic_prefix
        ]
        self._refreshed = time.monotonic()

    def get(self, device: Device) -> KnownMeter | None:
        """Return the meter of a device, if it is known."""
        return self._meters.get(device)

    def zone_of(self, meter: KnownMeter, *, topic: str) -> ZoneInfo:
        """Return the zone that a device's clock shows: its site's.

        Of an unclaimed one, that of the site by whose prefix it came.
        """
        if meter.site_id is not None:
            return self._zones.get(meter.site_id, self._no_site)
        for prefix, site_id in self._prefixes:
            if topic.startswith(prefix):
                return self._zones[site_id]
        return self._no_site

    def is_foreign(self, meter: KnownMeter, *, topic: str) -> bool:
        """Return whether a claimed meter comes by the prefix of another site.

        Somebody there may publish under a serial number that is not theirs.
        """
        if meter.site_id is None:
            return False
        sites = self.sites_of(topic)
        return bool(sites) and meter.site_id not in sites

    def sites_of(self, topic: str) -> frozenset[int]:
        """Return the sites by whose prefix a topic comes; empty: it has none."""
        return sites_of(topic, self._prefixes)

    def discover(self, topics: Mapping[Device, str]) -> None:
        """Make meters of devices that are not known; some may be refused."""
        for meter in discover_meters(topics):
            self._remember(meter)

    def _remember(self, meter: Meter) -> None:
        shift = timedelta(minutes=meter.clock_shift_min)
        known = KnownMeter(
            meter.pk,
            meter.site_id,
            meter.interval_s,
            meter.state == Meter.State.IGNORED,
            meter.state == Meter.State.BLOCKED,
            shift or None,
        )
        self._meters[meter.family, meter.device_id] = known
