"""What Acrel devices call their quantities.

The EIOT platform, the overseas protocol "acrelHW" and the codecs of the LoRaWAN meters
share these names but for case: "Ua", "ua"; "PFa", "Pfa".
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from meters.families import values

_PHASES = {"a": "l1", "b": "l2", "c": "l3"}
# No device has more; what is beyond is somebody's mistake.
_MOST_EXTRA = 60
_LONGEST_KEY = 60


def _table() -> dict[str, tuple[str, str]]:
    """Return quantity and unit of each name, in lower case."""
    names = {
        "u": ("voltage_l1", "V"),
        "i": ("current_l1", "A"),
        "uab": ("voltage_l12", "V"),
        "ubc": ("voltage_l23", "V"),
        "uca": ("voltage_l31", "V"),
        "uac": ("voltage_l31", "V"),
        "in": ("current_n", "A"),
        # The codec's document says mA; EIOT's "Lg" is the same measurement.
        "il": ("residual_current", "mA"),
        "lg": ("residual_current", "mA"),
        "p": ("active_power", "kW"),
        "q": ("reactive_power", "kvar"),
        "s": ("apparent_power", "kVA"),
        "pf": ("power_factor", ""),
        "fr": ("frequency", "Hz"),
        "f": ("frequency", "Hz"),
        "hz": ("frequency", "Hz"),
        "ep": ("active_energy_total", "kWh"),
        "epi": ("active_energy_import", "kWh"),
        "epe": ("active_energy_export", "kWh"),
        "eql": ("reactive_energy_inductive", "kvarh"),
        "eqc": ("reactive_energy_capacitive", "kvarh"),
        "tempn": ("temperature_n", "°C"),
        "uub": ("voltage_unbalance", "%"),
        "vub": ("voltage_unbalance", "%"),
        "iub": ("current_unbalance", "%"),
        "cub": ("current_unbalance", "%"),
        "epid": ("active_demand", "kW"),
        "rd": ("active_demand", "kW"),
        "mepimd": ("active_demand_max", "kW"),
        "md": ("active_demand_max", "kW"),
        "pt": ("pt_ratio", ""),
        "ct": ("ct_ratio", ""),
    }
    for letter, phase in _PHASES.items():
        for prefix, name, unit in (
            ("u", "voltage", "V"),
            ("i", "current", "A"),
            ("p", "active_power", "kW"),
            ("q", "reactive_power", "kvar"),
            ("s", "apparent_power", "kVA"),
            ("pf", "power_factor", ""),
            ("temp", "temperature", "°C"),
            ("epi", "active_energy_import", "kWh"),
            ("epe", "active_energy_export", "kWh"),
        ):
            names[f"{prefix}{letter}"] = (f"{name}_{phase}", unit)
        names[f"u{letter}thd"] = (f"voltage_thd_{phase}", "%")
        names[f"i{letter}thd"] = (f"current_thd_{phase}", "%")
    # Sharp 尖, peak 峰, flat 平, valley 谷; EIOT says EPIJ where the codecs say EPJ.
    for rate, letter in enumerate("jfpg", start=1):
        for prefix in ("epi", "ep"):
            names[f"{prefix}{letter}"] = (f"active_energy_import_t{rate}", "kWh")
    return names


NAMES = _table()
# When the maximum demand was.
_MAXIMUM_AT = frozenset({"mepimdt", "mdtimestamp"})
# "D01" with the digit is how some firmware writes DO1.
_BIT = re.compile(r"d([io0])_?([0-9])")
_MASKS = {
    "di_state": "digital_inputs",
    "distate": "digital_inputs",
    "do_state": "digital_outputs",
    "dostate": "digital_outputs",
}


class Fields(msgspec.Struct):
    """What the fields of one meter say."""

    quantities: dict[str, float] = {}
    extra: dict[str, Any] = {}
    # Whether an output is on, by its number from 1.
    outputs: dict[int, bool] = {}


def read(
    fields: Mapping[str, Any],
    *,
    names: Mapping[str, tuple[str, str]] = NAMES,
    first_input: int = 1,
    apart: Iterable[str] = (),
) -> Fields:
    """
    Return the quantities among the fields of a meter; what is no quantity, beside.

    Parameters
    ----------
    fields : mapping
        Names and values, the values numbers or texts with a number.
    names : mapping
        Quantity and unit of each name in lower case.
    first_input : int
        Which number the device gives its first digital input.
    apart : iterable of str
        Names in lower case of fields that are neither.
    """
    found = Fields({}, {}, {})
    skipped = frozenset(apart)
    for key, value in fields.items():
        name = key.strip().lower()
        if name in skipped:
            continue
        known = names.get(name)
        if known is not None:
            values.put(found.quantities, known[0], value, unit=known[1])
        elif name in _MAXIMUM_AT:
            keep(found.extra, "active_demand_max_time", value)
        elif name in _MASKS:
            values.put(found.quantities, _MASKS[name], value, unit="")
            if _MASKS[name] == "digital_outputs":
                _outputs_of_mask(found)
        elif bit := _BIT.fullmatch(name):
            _take_bit(found, bit, value, first_input=first_input)
        else:
            keep(found.extra, key, value)
    return found


def keep(extra: dict[str, Any], key: str, value: object) -> None:
    """Keep a value that is no quantity, where it is one number or one text."""
    if len(extra) >= _MOST_EXTRA:
        return
    name = values.text(key.strip())[:_LONGEST_KEY]
    if isinstance(value, bool):
        extra[name] = value
    elif isinstance(value, int | float):
        plain = values.number(value)
        if plain is not None:
            extra[name] = plain
    elif isinstance(value, str) and value.strip():
        extra[name] = values.text(value)


def switched_on(value: object) -> bool | None:
    """Return whether a contact is closed: 1, "1", true, "ON"; None where unclear."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = value.strip().lower()
        if word in {"on", "true", "close", "closed"}:
            return True
        if word in {"off", "false", "open"}:
            return False
    number = values.number(value)
    return bool(number) if number in (0.0, 1.0) else None


def _take_bit(
    found: Fields, bit: re.Match[str], value: object, *, first_input: int
) -> None:
    on = switched_on(value)
    is_input = bit[1] == "i"
    index = int(bit[2]) - (first_input if is_input else 1)
    if on is None or index < 0:
        return
    quantity = "digital_inputs" if is_input else "digital_outputs"
    mask = int(found.quantities.get(quantity, 0)) & ~(1 << index)
    found.quantities[quantity] = mask | (on << index)
    if not is_input:
        found.outputs[index + 1] = on


def _outputs_of_mask(found: Fields) -> None:
    """Tell the outputs that are on; a mask does not say which others exist."""
    mask = int(found.quantities.get("digital_outputs", 0))
    for index in range(8):
        if mask >> index & 1:
            found.outputs[index + 1] = True
    if "digital_outputs" in found.quantities:
        found.outputs.setdefault(1, bool(mask & 1))
