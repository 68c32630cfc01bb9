"""What an edge node has declared at its birth, and how far its sequence has come."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from meters.domain.quantities import BY_NAME
from meters.domain.units import UnknownUnitError, factor_to
from meters.families.names import guess
from meters.families.sparkplug.payload import BOOLEAN, value_of

_MOST_METRICS = 5_000
_CONTROL = ("Node Control/", "Device Control/", "bdSeq", "Properties/")
_UNIT_KEYS = frozenset({b"engUnit", b"Engineering Units", b"unit", b"units"})


class Declared(NamedTuple):
    """A metric as its birth declares it."""

    name: str
    datatype: int
    # Of the one table, and what makes values its own; None: it goes to `extra`.
    quantity: str | None
    factor: float
    # Of the protocol itself: it says nothing of what is measured.
    is_control: bool


@dataclass
class Born:
    """A node or a device that has been born: its metrics by alias and by name."""

    by_alias: dict[int, Declared] = field(default_factory=dict)
    by_name: dict[str, Declared] = field(default_factory=dict)
    # Names of switched outputs, in the order of the birth: the first is output 1.
    outputs: list[str] = field(default_factory=list)

    def declare(self, metrics: Any) -> None:
        for metric in list(metrics)[:_MOST_METRICS]:
            name = metric.name.decode("utf-8", "replace")
            known = quantity_of(name, _unit(metric))
            quantity, factor = None, 1.0
            if known is not None:
                quantity, factor = known[0], factor_to(known[0], known[1])
            declared = Declared(
                name, metric.datatype, quantity, factor, name.startswith(_CONTROL)
            )
            self.by_name[name] = declared
            if metric.HasField("alias"):
                self.by_alias[metric.alias] = declared
            if is_output(name) and metric.datatype == BOOLEAN:
                self.outputs.append(name)

    def find(self, metric: Any) -> Declared | None:
        """Return what a metric of a DATA message is; None where no birth told."""
        name = metric.name
        if name:
            return self.by_name.get(name.decode("utf-8", "replace"))
        return self.by_alias.get(metric.alias)


@dataclass
class Node:
    """An edge node, with its devices: they share one sequence."""

    bd_seq: float | None = None
    # Of the last message, 0 to 255; None before a birth was heard.
    seq: int | None = None
    rebirth_asked: bool = False
    born: dict[str, Born] = field(default_factory=dict)

    def follows(self, seq: int) -> bool:
        """Take the next number; return whether it is the one after the last."""
        before, self.seq = self.seq, seq
        return before is not None and seq == (before + 1) % 256


def is_output(name: str) -> bool:
    """Return whether a metric of this name is a switched output."""
    lower = name.lower()
    return any(word in lower for word in ("output", "relay", "switch", "digital out"))


def quantity_of(name: str, unit: str) -> tuple[str, str] | None:
    """Return quantity and unit of a metric; registers without a unit are in kWh."""
    if name not in BY_NAME:
        return guess(name, unit)
    try:
        factor_to(name, unit or BY_NAME[name].unit)
    except UnknownUnitError:
        return None
    return name, unit or BY_NAME[name].unit


def _unit(metric: Any) -> str:
    if not metric.HasField("properties"):
        return ""
    properties = metric.properties
    for key, value in zip(properties.keys, properties.values, strict=False):
        if key in _UNIT_KEYS:
            text = value_of(value, 0)
            return text if isinstance(text, str) else ""
    return ""
