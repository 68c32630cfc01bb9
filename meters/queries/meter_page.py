"""What the page of one meter shows beside its values."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from meters.models import Meter, User
from meters.queries.access import visible_meters
from meters.queries.newest import newest_values
from meters.queries.today import EnergyToday, energy_today
from meters.queries.tree import MeterRow


@dataclass(frozen=True, slots=True)
class MeterPage:
    """A meter with its place in the tree, as far as the visitor may see it."""

    row: MeterRow
    today: EnergyToday | None
    ancestors: list[Meter]
    children: list[Meter]


def meter_page(meter: Meter, *, user: User, now: datetime) -> MeterPage:
    """Return the meter's newest values, and what is above and below it."""
    visible = visible_meters(user=user, now=now).filter(site=meter.site_id)
    by_id = {other.pk: other for other in visible}
    ancestors: list[Meter] = []
    parent = by_id.get(meter.parent_id or 0)
    while parent and parent != meter and parent not in ancestors:
        ancestors.insert(0, parent)
        parent = by_id.get(parent.parent_id or 0)
    children = [other for other in by_id.values() if other.parent_id == meter.pk]
    newest = newest_values([meter])
    zone = meter.site.zone if meter.site else ZoneInfo("UTC")
    today = energy_today([meter], newest=newest, zone=zone, now=now)
    return MeterPage(
        row=MeterRow(meter, 0, newest.get(meter.pk), now),
        today=today.get(meter.pk),
        ancestors=ancestors,
        children=children,
    )
