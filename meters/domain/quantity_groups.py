"""How the quantities of one meter are laid out for reading: groups, rows, places.

A row is what is compared across: active power of all, L1, L2, L3. It has four places,
so that phases stand below each other.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from meters.domain.quantities import QUANTITIES, Quantity, gettext_noop

PLACES = 4


@dataclass(frozen=True, slots=True)
class QuantityRow:
    """Quantities of one label and unit, each in its place; None where none was sent."""

    label: str
    # Phases, phase to phase, rates or quadrants.
    kind: str
    unit: str
    cells: tuple[Quantity | None, ...]

    @property
    def is_single(self) -> bool:
        """Whether there is one value, in the first place."""
        return self.cells[0] is not None and not any(self.cells[1:])


@dataclass(frozen=True, slots=True)
class QuantityGroup:
    """The rows under one heading."""

    name: str
    heading: str
    rows: tuple[QuantityRow, ...]

    @property
    def is_wide(self) -> bool:
        """Whether registers of up to ten digits stand beside each other."""
        return self.name == "energy" and not all(row.is_single for row in self.rows)


# Name, heading, and the beginnings of the names of its quantities, in order.
_GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "power",
        gettext_noop("Power"),
        ("active_power", "reactive_power", "apparent_power", "power_factor"),
    ),
    ("voltage", gettext_noop("Voltage"), ("voltage_l", "frequency")),
    ("current", gettext_noop("Current"), ("current_l", "current_n", "residual")),
    ("energy", gettext_noop("Energy"), ("active_energy", "reactive_energy", "heat_")),
    ("demand", gettext_noop("Demand"), ("active_demand", "reactive_demand")),
    (
        "quality",
        gettext_noop("Power quality"),
        ("voltage_thd", "current_thd", "voltage_unbalance", "current_unbalance"),
    ),
    ("temperature", gettext_noop("Temperature"), ("temperature", "humidity")),
    ("flow", gettext_noop("Volume and flow"), ("volume", "flow")),
    ("device", gettext_noop("Device"), ()),
)
_PLACE = {
    "": 0, "n": 0, "l1": 1, "l2": 2, "l3": 3, "l12": 1, "l23": 2, "l31": 3,
    "t1": 0, "t2": 1, "t3": 2, "t4": 3, "q1": 0, "q2": 1, "q3": 2, "q4": 3,
}  # fmt: skip
# Suffixes that stand in one row together.
_KIND_OF_ROW = {
    **dict.fromkeys(("", "n", "l1", "l2", "l3"), "phases"),
    **dict.fromkeys(("l12", "l23", "l31"), "phase to phase"),
    **dict.fromkeys(("t1", "t2", "t3", "t4"), "rates"),
    **dict.fromkeys(("q1", "q2", "q3", "q4"), "quadrants"),
}


def grouped(sent: Iterable[str]) -> list[QuantityGroup]:
    """Return the groups of the quantities sent, empty groups and rows left out."""
    wanted = set(sent)
    rows: dict[str, dict[tuple[str, str, int], list[Quantity | None]]] = {}
    for quantity in QUANTITIES:
        if quantity.name not in wanted:
            continue
        suffix = _suffix(quantity.name)
        key = (quantity.base_label, _KIND_OF_ROW[suffix], int(suffix == "n"))
        row = rows.setdefault(_group_of(quantity.name), {})
        row.setdefault(key, [None] * PLACES)[_PLACE[suffix]] = quantity
    return [
        QuantityGroup(
            name, heading, tuple(_row(cells) for cells in rows[name].values())
        )
        for name, heading, _ in _GROUPS
        if name in rows
    ]


def _row(cells: list[Quantity | None]) -> QuantityRow:
    first = next(cell for cell in cells if cell is not None)
    kind = _KIND_OF_ROW[_suffix(first.name)]
    return QuantityRow(first.base_label, kind, first.unit, tuple(cells))


def _group_of(name: str) -> str:
    for group, _, beginnings in _GROUPS:
        if name.startswith(beginnings):
            return group
    return "device"


def _suffix(name: str) -> str:
    last = name.rpartition("_")[2]
    return last if last in _PLACE else ""
