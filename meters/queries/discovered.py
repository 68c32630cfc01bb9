"""Discovered meters: what announced itself and belongs to no site yet."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet
from django.utils.functional import cached_property

from meters.models import Meter, Reading, User
from meters.queries.access import managed_sites, unclaimed_meters
from meters.queries.newest import NewestValues, newest_values
from meters.queries.tree import MeterRow

PER_PAGE = 50
# What stands under "energy", the first that is there.
_COUNTED = (
    ("active_energy_import", "kWh"),
    ("active_energy_total", "kWh"),
    ("heat_energy", "kWh"),
    ("volume", "m³"),
)


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

    @property
    def counted(self) -> tuple[float, str] | None:
        """What its register shows, with the unit."""
        for name, unit in _COUNTED:
            if name in self.row.values:
                return self.row.values[name], unit
        return None


@dataclass(frozen=True, slots=True)
class DiscoveredPage:
    """One page of them, newest first, out of all that match the search."""

    meters: list[DiscoveredMeter]
    page: Page[Meter]
    # How many there are of each state that has no site.
    counts: dict[str, int]


def may_claim(*, user: User, now: datetime) -> bool:
    """Return whether discovered meters are the user's business at all."""
    return user.is_staff or managed_sites(user=user, now=now).exists()


def discovered_page(
    *,
    user: User,
    search: str,
    page: str | int,
    now: datetime,
    state: str = Meter.State.DISCOVERED,
) -> DiscoveredPage:
    """Return a page of what the user may claim, or has put aside, in this state."""
    meters = unclaimed_meters(user=user, now=now)
    counted = meters.values_list("state").annotate(count=Count("pk")).order_by()
    shown = _matching(meters.filter(state=state), search)
    found = Paginator(shown.order_by("-discovered_at", "-pk"), PER_PAGE).get_page(page)
    return DiscoveredPage(
        meters=described(found.object_list, now=now),
        page=found,
        counts={**dict.fromkeys(Meter.UNCLAIMED_STATES, 0), **dict(counted)},
    )


def described(meters: Iterable[Meter], *, now: datetime) -> list[DiscoveredMeter]:
    """Return the meters with what they sent last."""
    listed = list(meters)
    newest = newest_values(listed)
    counts = _readings_last_hour([meter.pk for meter in listed], now=now)
    return [
        DiscoveredMeter(
            MeterRow(meter, 0, newest.get(meter.pk), now), counts.get(meter.pk, 0)
        )
        for meter in listed
    ]


def _matching(meters: QuerySet[Meter], search: str) -> QuerySet[Meter]:
    """Return those with every word in the device id, the family or the topic."""
    for word in search.split()[:8]:
        meters = meters.filter(
            Q(device_id__icontains=word)
            | Q(family__icontains=word)
            | Q(first_topic__icontains=word)
        )
    return meters


def _readings_last_hour(meter_ids: list[int], *, now: datetime) -> dict[int, int]:
    last_hour = Reading.objects.filter(
        meter_id__in=meter_ids, time__gt=now - timedelta(hours=1), time__lte=now
    )
    counted = last_hour.values_list("meter_id").annotate(count=Count("time"))
    return dict(counted.order_by())
