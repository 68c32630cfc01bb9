"""What incidents do to power: additions to what the sources draw, cell by cell."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meters.domain.plant import layout
from meters.domain.plant.curves import CELL_S, STEP_S, STEPS, Curves, Nodes
from meters.domain.plant.incidents import Incident

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

# The incidents that have to do with power.
OF_POWER = frozenset({"overload", "phase-loss", "low-power-factor", "reversed-ct"})
_OF_OVERLOAD = 0.85
_MORE_ON_TWO_PHASES = 0.25


@dataclass(frozen=True, slots=True)
class Effects:
    """
    What incidents do to single sources in single cells.

    Attributes
    ----------
    cell, source : array of shape (n,)
        The cell, counted from the first of the run.
    during : array of shape (n, 90), of booleans
        The steps of the cell that it concerns.
    factors : array of shape (n, 2, 3)
        Added to active and reactive power of each phase, as a multiple of it.
    extra : array of shape (n, 2)
        Added to each phase. [kW], [kvar]
    turned : array of shape (n, 3), of booleans
        Which phases the source's own meter measures backwards.
    ripple : array of shape (n, 91)
        Of the source in the cell.
    """

    cell: Integers
    source: Integers
    during: Booleans
    factors: Array
    extra: Array
    turned: Booleans
    ripple: Array

    def __len__(self) -> int:
        return len(self.cell)

    def power(self, nodes: Nodes, which: Integers) -> tuple[Array, Array]:
        """Return what is added, active and reactive, of some of them: (n, 3, 90, 2)."""
        added = []
        cell, source = self.cell[which], self.source[which]
        for number, values in enumerate((nodes.active, nodes.reactive)):
            line = steps_of(values, self.ripple[which], cell, source)
            factors = self.factors[which, number, :, None, None]
            extra = self.extra[which, number, None, None, None]
            during = self.during[which, None, :, None]
            added.append((line * factors + extra) * during)
        return added[0], added[1]

    def energy(self, nodes: Nodes) -> tuple[Array, Array]:
        """
        Return the energy that is added, and that which is measured backwards.

        Returns
        -------
        two arrays of shape (n, 2, 3)
            Active and reactive, by phase. [kWh], [kvarh]
        """
        middle = (np.arange(STEPS) + 0.5) / STEPS
        count = self.during.sum(axis=1)
        along = (self.during @ middle)[:, None]
        middles = (self.ripple[:, :-1] + self.ripple[:, 1:]) / 2
        waves = np.einsum("ns,ns->n", middles, self.during)[:, None]
        flows = []
        for values in (nodes.active, nodes.reactive):
            start = values[self.cell, self.source]
            end = values[self.cell + 1, self.source]
            line = start * (count[:, None] - along) + end * along
            flows.append((line + np.minimum(start, end) * waves) * (STEP_S / 3600))
        flow = np.stack(flows, axis=1)
        hours = count * (STEP_S / 3600)
        added = flow * self.factors + self.extra[..., None] * hours[:, None, None]
        return added, flow * self.turned[:, None]


def effects_of(incidents: Iterable[Incident], curves: Curves, nodes: Nodes) -> Effects:
    """Return what these incidents do in the cells of `nodes`, which are of sources."""
    pieces = list(_pieces(incidents, nodes))
    items = [item for item, _, _, _ in pieces]
    cell = np.array([cell for _, cell, _, _ in pieces], np.int64)
    first = np.array([first for _, _, first, _ in pieces], np.int64)[:, None]
    last = np.array([last for _, _, _, last in pieces], np.int64)[:, None]
    steps = np.arange(STEPS)
    source = np.array([layout.SOURCE_OF_PLACE[item.place] for item in items], np.int64)
    turned = np.array([_turned(item) for item in items], bool)
    return Effects(
        cell=cell,
        source=source,
        during=(steps >= first) & (steps < last),
        factors=np.array([_factors(item) for item in items]).reshape(-1, 2, 3),
        extra=np.array([_extra(item) for item in items]).reshape(-1, 2),
        turned=turned.reshape(-1, 3),
        ripple=curves.ripple(nodes.first + cell, source),
    )


def steps_of(values: Array, ripple: Array, cell: Integers, source: Integers) -> Array:
    """
    Return power at the start and the end of each step, of pairs of cell and source.

    Parameters
    ----------
    values : array of shape (cells + 1, sources, 3)
    ripple : array of shape (…, 91)

    Returns
    -------
    array of shape (…, 3, 90, 2)
    """
    start = values[cell, source][..., None]
    end = values[cell + 1, source][..., None]
    along = np.arange(STEPS + 1) / STEPS
    curve = start + (end - start) * along
    curve = curve + np.minimum(start, end) * ripple[..., None, :]
    return np.stack([curve[..., :-1], curve[..., 1:]], axis=-1)


def _pieces(
    incidents: Iterable[Incident], nodes: Nodes
) -> Iterator[tuple[Incident, int, int, int]]:
    """Cut the incidents at the ends of the cells: (incident, cell, steps from, to)."""
    count = len(nodes.active) - 1
    for item in incidents:
        if item.name not in OF_POWER:
            continue
        for cell in range(item.start // CELL_S, (item.end - 1) // CELL_S + 1):
            if 0 <= cell - nodes.first < count:
                first = (item.start - cell * CELL_S) // STEP_S
                last = (item.end - cell * CELL_S) // STEP_S
                yield item, cell - nodes.first, first, last


def _factors(item: Incident) -> list[list[float]]:
    """What is added to active and to reactive power, as a multiple, by phase."""
    if item.name == "phase-loss":
        lost = [
            -1.0 if phase == item.phase else _MORE_ON_TWO_PHASES for phase in range(3)
        ]
        return [lost, lost]
    if item.name == "overload":
        # Nearly all of it gives way to a draw that does not depend on the hour.
        return [[-_OF_OVERLOAD] * 3] * 2
    if item.name == "low-power-factor":
        return [[0.0] * 3, [1.6 + item.size] * 3]
    return [[0.0] * 3] * 2


def _extra(item: Incident) -> tuple[float, float]:
    """What is added to each phase. [kW], [kvar]"""
    kind = layout.PLACES[item.place].kind
    if item.name != "overload" or kind is None:
        return 0.0, 0.0
    apparent = (1.12 + 0.15 * item.size) * float(layout.RATED_PHASE_KW[item.place])
    factor = kind.power_factor
    return apparent * factor, apparent * float((1 - factor**2) ** 0.5)


def _turned(item: Incident) -> list[bool]:
    return [item.name == "reversed-ct" and phase == item.phase for phase in range(3)]
