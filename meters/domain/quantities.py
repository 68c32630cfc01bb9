"""The one table of quantities: what a meter can measure, and in which unit.

The only place where a unit is written. The columns of a reading, the pages and the
documentation come from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

# An instant is measured now; a register counts; a ratio has no unit; a state is bits.
Kind = Literal["instant", "register", "ratio", "state"]
# The group of values that one transformer factor applies to.
Group = Literal["voltage", "current", "power", "energy", "none"]


def gettext_noop(text: str) -> str:
    """Mark a text for translation; pages translate it when they show it."""
    return text


@dataclass(frozen=True, slots=True)
class Quantity:
    """
    One thing a meter can measure.

    Attributes
    ----------
    name : str
        The name everywhere: column, API, JSON.
    unit : str
        The unit of every stored and shown value; empty where there is none.
    base_label, suffix : str
        What a person reads: "Voltage" and "L1".
    kind : Kind
        Instant, register, ratio or state.
    group : Group
        Which transformer factor applies.
    obis : str
        OBIS code (IEC 62056-6-1) where one exists, else empty.
    """

    name: str
    unit: str
    base_label: str
    suffix: str
    kind: Kind
    group: Group
    obis: str

    @property
    def label(self) -> str:
        """The label in English: "Voltage L1"."""
        return f"{self.base_label} {self.suffix}".strip()


def _family(
    name: str,
    unit: str,
    label: str,
    *,
    kind: Kind = "instant",
    group: Group = "none",
    parts: dict[str, str],
) -> Iterator[Quantity]:
    """Yield a quantity for each part: its suffix and its OBIS code."""
    for part, obis in parts.items():
        yield Quantity(
            name=f"{name}_{part}" if part else name,
            unit=unit,
            base_label=label,
            suffix=_SUFFIXES.get(part, part.upper()),
            kind=kind,
            group=group,
            obis=obis,
        )


_SUFFIXES = {
    "l12": "L1-L2",
    "l23": "L2-L3",
    "l31": "L3-L1",
    "t1": "rate 1",
    "t2": "rate 2",
    "t3": "rate 3",
    "t4": "rate 4",
}


def _electrical() -> Iterator[Quantity]:
    yield from _family(
        "voltage",
        "V",
        gettext_noop("Voltage"),
        group="voltage",
        parts={
            "l1": "1-0:32.7.0",
            "l2": "1-0:52.7.0",
            "l3": "1-0:72.7.0",
            "l12": "",
            "l23": "",
            "l31": "",
        },
    )
    yield from _family(
        "current",
        "A",
        gettext_noop("Current"),
        group="current",
        parts={
            "l1": "1-0:31.7.0",
            "l2": "1-0:51.7.0",
            "l3": "1-0:71.7.0",
            "n": "1-0:91.7.0",
        },
    )
    # A residual current transformer is no phase transformer: its own ratio, in it.
    yield from _family(
        "residual_current", "A", gettext_noop("Residual current"), parts={"": ""}
    )
    for name, unit, label, codes in (
        (
            "active_power",
            "kW",
            gettext_noop("Active power"),
            ("1-0:16.7.0", "1-0:36.7.0", "1-0:56.7.0", "1-0:76.7.0"),
        ),
        ("reactive_power", "kvar", gettext_noop("Reactive power"), ("", "", "", "")),
        (
            "apparent_power",
            "kVA",
            gettext_noop("Apparent power"),
            ("1-0:9.7.0", "1-0:29.7.0", "1-0:49.7.0", "1-0:69.7.0"),
        ),
    ):
        parts = dict(zip(("", "l1", "l2", "l3"), codes, strict=True))
        yield from _family(name, unit, label, group="power", parts=parts)
    yield from _family(
        "power_factor",
        "",
        gettext_noop("Power factor"),
        kind="ratio",
        parts={
            "": "1-0:13.7.0",
            "l1": "1-0:33.7.0",
            "l2": "1-0:53.7.0",
            "l3": "1-0:73.7.0",
        },
    )
    yield from _family(
        "frequency", "Hz", gettext_noop("Frequency"), parts={"": "1-0:14.7.0"}
    )


def _energy() -> Iterator[Quantity]:
    for name, label, code, phases in (
        (
            "active_energy_import",
            gettext_noop("Active energy import"),
            1,
            (21, 41, 61),
        ),
        (
            "active_energy_export",
            gettext_noop("Active energy export"),
            2,
            (22, 42, 62),
        ),
    ):
        yield from _family(
            name,
            "kWh",
            label,
            kind="register",
            group="energy",
            parts={
                "": f"1-0:{code}.8.0",
                **{f"l{n}": f"1-0:{c}.8.0" for n, c in enumerate(phases, start=1)},
                **{f"t{n}": f"1-0:{code}.8.{n}" for n in range(1, 5)},
            },
        )
    yield from _family(
        "active_energy_total",
        "kWh",
        gettext_noop("Active energy, combined"),
        kind="register",
        group="energy",
        parts={"": ""},
    )
    for name, label, code, phases in (
        (
            "reactive_energy_import",
            gettext_noop("Reactive energy import"),
            3,
            (23, 43, 63),
        ),
        (
            "reactive_energy_export",
            gettext_noop("Reactive energy export"),
            4,
            (24, 44, 64),
        ),
    ):
        yield from _family(
            name,
            "kvarh",
            label,
            kind="register",
            group="energy",
            parts={
                "": f"1-0:{code}.8.0",
                **{f"l{n}": f"1-0:{c}.8.0" for n, c in enumerate(phases, start=1)},
            },
        )
    yield from _family(
        "reactive_energy",
        "kvarh",
        gettext_noop("Reactive energy quadrant"),
        kind="register",
        group="energy",
        parts={f"q{n}": f"1-0:{n + 4}.8.0" for n in range(1, 5)},
    )
    for name, label in (
        ("reactive_energy_inductive", gettext_noop("Reactive energy, inductive")),
        ("reactive_energy_capacitive", gettext_noop("Reactive energy, capacitive")),
    ):
        yield from _family(
            name, "kvarh", label, kind="register", group="energy", parts={"": ""}
        )


def _demand() -> Iterator[Quantity]:
    for name, unit, label, obis in (
        ("active_demand", "kW", gettext_noop("Active demand"), "1-0:1.4.0"),
        (
            "active_demand_export",
            "kW",
            gettext_noop("Active demand export"),
            "1-0:2.4.0",
        ),
        ("active_demand_max", "kW", gettext_noop("Maximum demand"), "1-0:1.6.0"),
        (
            "reactive_demand_import",
            "kvar",
            gettext_noop("Reactive demand import"),
            "1-0:3.4.0",
        ),
        (
            "reactive_demand_export",
            "kvar",
            gettext_noop("Reactive demand export"),
            "1-0:4.4.0",
        ),
    ):
        yield from _family(name, unit, label, group="power", parts={"": obis})


def _quality() -> Iterator[Quantity]:
    phases = {"l1": "", "l2": "", "l3": ""}
    yield from _family("voltage_thd", "%", gettext_noop("Voltage THD"), parts=phases)
    yield from _family("current_thd", "%", gettext_noop("Current THD"), parts=phases)
    yield from _family(
        "voltage_unbalance", "%", gettext_noop("Voltage unbalance"), parts={"": ""}
    )
    yield from _family(
        "current_unbalance", "%", gettext_noop("Current unbalance"), parts={"": ""}
    )


def _surroundings() -> Iterator[Quantity]:
    yield from _family(
        "temperature",
        "°C",
        gettext_noop("Temperature"),
        parts=dict.fromkeys(("l1", "l2", "l3", "n", ""), ""),
    )
    yield from _family("humidity", "%", gettext_noop("Humidity"), parts={"": ""})


def _other_media() -> Iterator[Quantity]:
    yield from _family(
        "volume", "m³", gettext_noop("Volume"), kind="register", parts={"": ""}
    )
    yield from _family("flow", "m³/h", gettext_noop("Flow"), parts={"": ""})
    yield from _family(
        "heat_energy",
        "kWh",
        gettext_noop("Heat energy"),
        kind="register",
        parts={"": ""},
    )
    yield from _family(
        "temperature_supply", "°C", gettext_noop("Supply temperature"), parts={"": ""}
    )
    yield from _family(
        "temperature_return", "°C", gettext_noop("Return temperature"), parts={"": ""}
    )


def _device() -> Iterator[Quantity]:
    for name, label in (
        ("digital_inputs", gettext_noop("Digital inputs")),
        ("digital_outputs", gettext_noop("Digital outputs")),
    ):
        yield from _family(name, "", label, kind="state", parts={"": ""})
    # As sent: dBm, CSQ or %, told by signal_unit beside it.
    yield from _family(
        "signal_strength", "", gettext_noop("Signal strength"), parts={"": ""}
    )
    yield from _family(
        "pt_ratio",
        "",
        gettext_noop("Voltage transformer ratio"),
        kind="ratio",
        parts={"": ""},
    )
    yield from _family(
        "ct_ratio",
        "",
        gettext_noop("Current transformer ratio"),
        kind="ratio",
        parts={"": ""},
    )


QUANTITIES: tuple[Quantity, ...] = (
    *_electrical(),
    *_energy(),
    *_demand(),
    *_quality(),
    *_surroundings(),
    *_other_media(),
    *_device(),
)
BY_NAME: dict[str, Quantity] = {quantity.name: quantity for quantity in QUANTITIES}
