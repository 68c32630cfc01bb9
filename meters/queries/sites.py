"""What the list of sites and the dashboard of one site show."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from meters.domain import electrical
from meters.models import Meter, Site, User
from meters.queries.access import visible_meters, visible_sites
from meters.queries.newest import newest_values
from meters.queries.today import EnergyToday, energy_today
from meters.queries.tree import MeterRow, TreeItem, tree_items, tree_rows


class _Rows:
    """What follows from the rows of a site's meters."""

    rows: list[MeterRow]

    @property
    def power(self) -> float | None:
        return total_power(self.rows)

    @property
    def power_size(self) -> float | None:
        """The power without its sign; a word says the direction."""
        return None if self.power is None else abs(self.power)

    @property
    def fresh(self) -> int:
        return self._count("fresh")

    @property
    def stale(self) -> int:
        return self._count("stale")

    @property
    def silent(self) -> int:
        return self._count("silent")

    def _count(self, state: str) -> int:
        return sum(row.state == state for row in self.rows)


@dataclass(frozen=True)
class SiteSummary(_Rows):
    """One site in the list."""

    site: Site
    rows: list[MeterRow]


@dataclass(frozen=True)
class SiteOverview(_Rows):
    """What one site's dashboard shows; the site's power is that of its incomers."""

    rows: list[MeterRow]
    today: dict[int, EnergyToday]

    @cached_property
    def tree(self) -> list[TreeItem]:
        return tree_items(self.rows)

    @property
    def contradictions(self) -> list[TreeItem]:
        """Where the meters below show more than the one above."""
        return [item for item in self.tree if item.is_rest and item.contradicts]

    @property
    def not_fresh(self) -> list[MeterRow]:
        """Stale and silent meters, those that went silent last on top."""
        waiting = [row for row in self.rows if row.state != "fresh"]
        return sorted(waiting, key=lambda row: (row.age_s is None, row.age_s or 0.0))

    @property
    def generation(self) -> float | None:
        """What the generators of the site make, wherever they hang. [kW]"""
        known = [
            -row.power
            for row in self.rows
            if row.meter.positive_power == Meter.PositivePower.GENERATION
            and row.power is not None
        ]
        return math.fsum(known) if known else None

    @property
    def incomers(self) -> list[MeterRow]:
        return [row for row in self.rows if row.is_incomer]

    @property
    def totals(self) -> dict[str, float]:
        """Active, reactive and apparent power of the incomers together."""
        incomers = [row for row in self.incomers if row.power is not None]
        if len(incomers) == 1:
            return incomers[0].values
        totals = {"active_power": self.power or 0.0}
        reactive = [row.values.get("reactive_power") for row in incomers]
        known = [q * row.sign for q, row in zip(reactive, incomers, strict=True)
                 if q is not None]  # fmt: skip
        if incomers and len(known) == len(incomers):
            totals["reactive_power"] = math.fsum(known)
        return totals

    @property
    def power_factor(self) -> float | None:
        return electrical.power_factor(self.totals)

    @property
    def character(self) -> str:
        return electrical.character(self.totals)

    @property
    def stalest_incomer(self) -> MeterRow | None:
        """The incomer heard of longest ago: the site's power is as old as that."""
        heard = [row for row in self.incomers if row.newest]
        return max(heard, key=lambda row: row.age_s or 0.0, default=None)

    @property
    def energy_import(self) -> float | None:
        return self._energy("import_kwh")

    @property
    def energy_export(self) -> float | None:
        return self._energy("export_kwh")

    @property
    def energy_since(self) -> datetime | None:
        """When the count began, if later than midnight."""
        days = [self.today.get(row.meter.pk) for row in self.incomers]
        return max((day.since for day in days if day and day.since), default=None)

    @property
    def energy_is_estimated(self) -> bool:
        days = [self.today.get(row.meter.pk) for row in self.incomers]
        return any(day.is_estimated for day in days if day)

    def _energy(self, name: str) -> float | None:
        days = [self.today.get(row.meter.pk) for row in self.incomers]
        known = [getattr(day, name) for day in days if day]
        known = [kwh for kwh in known if kwh is not None]
        return math.fsum(known) if known else None


def total_power(rows: Sequence[MeterRow]) -> float | None:
    """Return the power that flows in from the grid, by the incomers heard of. [kW]"""
    known = [row.power for row in rows if row.is_incomer and row.power is not None]
    return math.fsum(known) if known else None


def site_summaries(*, user: User, now: datetime) -> list[SiteSummary]:
    """Return the user's sites, each with its active meters."""
    meters_of: dict[int | None, list[Meter]] = {}
    meters = visible_meters(user=user, now=now).filter(state=Meter.State.ACTIVE)
    for meter in meters:
        meters_of.setdefault(meter.site_id, []).append(meter)
    newest = newest_values(m for group in meters_of.values() for m in group)
    return [
        SiteSummary(site, tree_rows(meters_of.get(site.pk, []), newest=newest, now=now))
        for site in visible_sites(user=user, now=now).select_related("organisation")
    ]


def site_overview(*, user: User, site: Site, now: datetime) -> SiteOverview:
    """Return the active meters of the site that the user may see."""
    visible = visible_meters(user=user, now=now)
    meters = list(visible.filter(site=site, state=Meter.State.ACTIVE))
    newest = newest_values(meters)
    return SiteOverview(
        rows=tree_rows(meters, newest=newest, now=now),
        today=energy_today(meters, newest=newest, zone=site.zone, now=now),
    )


def matching_rows(rows: Sequence[MeterRow], *, text: str, state: str) -> list[MeterRow]:
    """Return the rows whose name or device has the text, in this state if one is."""
    wanted = text.casefold()
    return [
        row
        for row in rows
        if (not state or row.state == state)
        and (
            wanted in str(row.meter).casefold()
            or wanted in row.meter.device_id.casefold()
        )
    ]
