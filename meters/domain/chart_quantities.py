"""Which quantities of a meter stand together in one chart, and which are chosen.

What is drawn together shares a unit; quantities without one share their label.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from meters.domain.quantities import BY_NAME, QUANTITIES, Quantity

# More lines than these do not tell more.
MOST_LINES = 8
# What a chart begins with, the first that the meter sends.
_FIRST = ("active_power", "flow", "volume", "heat_energy", "voltage_l1")


@dataclass(frozen=True, slots=True)
class ChartGroup:
    """Quantities that can be drawn together, in the order of the table."""

    quantities: tuple[Quantity, ...]

    @property
    def unit(self) -> str:
        return self.quantities[0].unit

    @property
    def label(self) -> str:
        return self.quantities[0].base_label


@dataclass(frozen=True, slots=True)
class ChartChoice:
    """What a chart offers and what it shows."""

    groups: tuple[ChartGroup, ...]
    group: ChartGroup
    chosen: tuple[Quantity, ...]


def chart_choice(sent: Iterable[str], asked: Sequence[str]) -> ChartChoice | None:
    """
    Return what a chart shows.

    Parameters
    ----------
    sent : iterable of str
        The quantities that the meter sends.
    asked : sequence of str
        Those wanted; unknown ones are passed over, and so are those of another unit
        than the first. One that is no longer sent can be looked at all the same.

    None where there is nothing to draw.
    """
    wanted = [BY_NAME[name] for name in asked if name in BY_NAME]
    names = {*sent, *(quantity.name for quantity in wanted)}
    groups = _groups(names)
    if not groups:
        return None
    first = wanted[0] if wanted else _default(names)
    group = next(group for group in groups if first in group.quantities)
    asked_names = {quantity.name for quantity in wanted} or {first.name}
    chosen = tuple(q for q in group.quantities if q.name in asked_names)
    return ChartChoice(tuple(groups), group, chosen[:MOST_LINES])


def _groups(names: set[str]) -> list[ChartGroup]:
    together: dict[str, list[Quantity]] = {}
    for quantity in QUANTITIES:
        if quantity.name in names:
            key = quantity.unit or quantity.base_label
            together.setdefault(key, []).append(quantity)
    return [ChartGroup(tuple(members)) for members in together.values()]


def _default(names: set[str]) -> Quantity:
    for name in _FIRST:
        if name in names:
            return BY_NAME[name]
    return next(quantity for quantity in QUANTITIES if quantity.name in names)
