"""The meters of a site in the order of its distribution tree, with newest values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from meters.domain import balance, electrical
from meters.domain.instants import stale_after_s
from meters.models import Meter
from meters.queries.newest import NewestValues

# Whose positive power flows towards the grid.
_FEEDING = (Meter.PositivePower.GENERATION, Meter.PositivePower.DISCHARGE)


@dataclass(frozen=True, slots=True)
class MeterRow:
    """One meter at its place in the tree; depth 0 has no visible parent."""

    meter: Meter
    depth: int
    newest: NewestValues | None
    now: datetime

    @property
    def values(self) -> dict[str, float]:
        return self.newest.values if self.newest else {}

    @property
    def age_s(self) -> float | None:
        """Seconds since the newest reading."""
        return (self.now - self.newest.time).total_seconds() if self.newest else None

    @property
    def stale_after_s(self) -> float:
        return stale_after_s(self.meter.interval_s)

    @property
    def state(self) -> str:
        """Fresh, stale, or silent: nothing has come yet."""
        if self.age_s is None:
            return "silent"
        return "stale" if self.age_s > self.stale_after_s else "fresh"

    @property
    def power(self) -> float | None:
        """Active power, positive where it flows from the grid. [kW]"""
        power = self.values.get("active_power")
        return None if power is None else power * self.sign

    @property
    def power_size(self) -> float | None:
        """The power without its sign; a word says the direction."""
        return None if self.power is None else abs(self.power)

    @property
    def sign(self) -> int:
        return -1 if self.is_feeding else 1

    @property
    def voltage(self) -> float | None:
        return electrical.mean_voltage(self.values)

    @property
    def current(self) -> float | None:
        return electrical.highest_current(self.values)

    @property
    def power_factor(self) -> float | None:
        return electrical.power_factor(self.values)

    @property
    def character(self) -> str:
        return electrical.character(self.values)

    @property
    def is_incomer(self) -> bool:
        """Whether its power is part of the site's."""
        return self.depth == 0 and self.is_electric

    @property
    def is_electric(self) -> bool:
        return self.meter.medium == Meter.Medium.ELECTRICITY

    @property
    def is_feeding(self) -> bool:
        """Whether it generates, or discharges a battery."""
        return self.meter.positive_power in _FEEDING


@dataclass(frozen=True, slots=True)
class TreeItem:
    """
    A line of the drawn tree: a meter, or what no meter below it shows.

    Attributes
    ----------
    row : MeterRow
        The meter; for a rest, the meter above.
    guides : tuple of bool
        For each level to the left, whether its line goes on downwards.
    is_last : bool
        Whether no sibling follows.
    below : tuple of MeterRow
        The electricity meters right below.
    """

    row: MeterRow
    guides: tuple[bool, ...]
    is_last: bool
    below: tuple[MeterRow, ...]
    is_rest: bool = False

    @property
    def level(self) -> int:
        return len(self.guides) + 1

    @property
    def rest(self) -> float | None:
        """What no meter below shows; not known unless all of them are fresh. [kW]"""
        rows = (self.row, *self.below)
        if any(row.state != "fresh" for row in rows):
            return None
        return balance.rest_of(self.row.power, [row.power for row in self.below])

    @property
    def contradicts(self) -> bool:
        below = [row.power for row in self.below]
        return balance.contradicts(self.rest, self.row.power, below)


def tree_items(rows: Sequence[MeterRow]) -> list[TreeItem]:
    """Return what the drawn tree shows, from rows in tree order."""
    children: dict[int, list[int]] = {}
    path: list[int] = []
    for index, row in enumerate(rows):
        del path[row.depth :]
        children.setdefault(path[-1] if path else -1, []).append(index)
        path.append(index)
    items: list[TreeItem] = []
    roots = children.get(-1, [])
    # Index of the row, guides, whether the last of its siblings, whether the rest.
    stack: list[tuple[int, tuple[bool, ...], bool, bool]] = [
        (index, (), index == roots[-1], False) for index in reversed(roots)
    ]
    while stack:
        index, guides, is_last, is_rest = stack.pop()
        row, own = rows[index], children.get(index, [])
        below = tuple(rows[n] for n in own if rows[n].is_electric)
        items.append(TreeItem(row, guides, is_last, below, is_rest))
        if is_rest or not own:
            continue
        deeper = (*guides, not is_last)
        if below:
            stack.append((index, deeper, True, True))
        stack += [(n, deeper, n == own[-1] and not below, False) for n in reversed(own)]
    return items


def tree_rows(
    meters: Iterable[Meter], *, newest: dict[int, NewestValues], now: datetime
) -> list[MeterRow]:
    """Return a row for each meter, each below its parent, siblings by name."""
    return [
        MeterRow(meter, depth, newest.get(meter.pk), now)
        for meter, depth in in_tree_order(meters)
    ]


def in_tree_order(meters: Iterable[Meter]) -> list[tuple[Meter, int]]:
    """Return (meter, depth); one whose parent is not among them is a root."""
    waiting = {m.pk: m for m in sorted(meters, key=lambda m: (str(m).lower(), m.pk))}
    children: dict[int | None, list[Meter]] = {}
    for meter in waiting.values():
        parent = meter.parent_id if meter.parent_id in waiting else None
        children.setdefault(parent, []).append(meter)
    ordered: list[tuple[Meter, int]] = []
    stack = [(meter, 0) for meter in reversed(children.get(None, []))]
    while stack or waiting:
        if not stack:
            # Only parents that hang below themselves are left: show them all the same.
            stack = [(next(iter(waiting.values())), 0)]
        meter, depth = stack.pop()
        if waiting.pop(meter.pk, None) is None:
            continue
        ordered.append((meter, depth))
        stack += [(child, depth + 1) for child in reversed(children.get(meter.pk, []))]
    return ordered
