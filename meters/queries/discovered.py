"""Discovered meters: what announced itself and belongs to no site yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.paginator import Page, Paginator
from django.db.models import Count
from django.utils.functional import cached_property

from meters.models import Meter, Reading, User
from meters.queries.access import claimable_meters, managed_sites
from meters.queries.newest import NewestValues, newest_values
from meters.queries.tree import MeterRow

PER_PAGE = 50


@dataclass(frozen=True)
class DiscoveredMeter:
    """A meter that waits to be claimed."""

    row: MeterRow
    readings_last_hour: int

    @property
    def meter(self) -> Meter:
        return self.row.meter

    @cached_property
    def newest(self) -> NewestValues | None:
        return self.row.newest


@dataclass(frozen=True, slots=True)
class DiscoveredPage:
    """One page of them, newest first, out of all that match the search."""

    meters: list[DiscoveredMeter]
    page: Page[Meter]


def may_claim(*, user: User, now: datetime) -> bool:
    """Return whether discovered meters are the user's business at all."""
    return user.is_staff or managed_sites(user=user, now=now).exists()


def discovered_page(
    *, user: User, search: str, page: str | int, now: datetime
) -> DiscoveredPage:
    """Return a page of what the user may claim; `search` is part of a device id."""
    meters = claimable_meters(user=user, now=now).order_by("-discovered_at", "-pk")
    if search:
        meters = meters.filter(device_id__icontains=search)
    found = Paginator(meters, PER_PAGE).get_page(page)
    newest = newest_values(found.object_list)
    counts = _readings_last_hour([meter.pk for meter in found.object_list], now=now)
    return DiscoveredPage(
        meters=[
            DiscoveredMeter(
                MeterRow(meter, 0, newest.get(meter.pk), now), counts.get(meter.pk, 0)
            )
            for meter in found.object_list
        ],
        page=found,
    )


def _readings_last_hour(meter_ids: list[int], *, now: datetime) -> dict[int, int]:
    last_hour = Reading.objects.filter(
        meter_id__in=meter_ids, time__gt=now - timedelta(hours=1), time__lte=now
    )
    counted = last_hour.values_list("meter_id").annotate(count=Count("time"))
    return dict(counted.order_by())
