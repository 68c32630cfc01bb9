"""Reads what a codec made of a LoRaWAN uplink.

Acrel's ADW300 and ADW310 by the names of their own codec, others by names and units as
people write them; what is not understood is kept beside.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from meters.families import acrel_keys, lora_names, single_phase, times, values
from meters.families.acrel_keys import Fields

_CIRCUIT = re.compile(r"(.+?)\s*\((\d{1,3})\)")
_ACREL_BITS = re.compile(r"(DI|DO)_?(\d|state)", re.IGNORECASE)
_DEEPEST = 3
# Numbers smaller than this are no seconds since 1970 that a meter measured at.
_FIRST_EPOCH = 9e8
_CLOCK = ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y%m%d%H%M%S")
# Codecs that put out whole numbers in units of their own, by what the model is called.
_SMALL = {"current": "mA", "power": "W", "energy": "Wh"}
_SOCKET = {**_SMALL, "power_factor": "%"}
_UNITS_OF_MODEL = {"EM4301": _SMALL, "WS52": _SOCKET, "WS558": _SOCKET}
# Objects that hold the values and say nothing of them.
_WRAPPERS = frozenset({"data", "payload", "decoded", "measurements", "values"})


class Measured(msgspec.Struct):
    """What an uplink says: the fields of each channel ("" for the device itself)."""

    channels: dict[str, Fields]
    time: datetime | None = None


def read(content: Mapping[str, Any], *, model: str = "") -> Measured:
    """
    Return what a codec's object says.

    Parameters
    ----------
    content : mapping
        The codec's output.
    model : str
        Names of profile and application, which may tell what the device is.
    """
    measured = Measured({})
    acrel: dict[str, dict[str, Any]] = {}
    units = next(
        (u for name, u in _UNITS_OF_MODEL.items() if name in model.upper()), {}
    )
    prefix = _address(content)
    for key, value in _flat(content):
        match = _CIRCUIT.fullmatch(key)
        plain, circuit = (match[1], match[2]) if match else (key, "")
        channel = "/".join(part for part in (prefix, circuit) if part)
        if _is_acrel(plain):
            acrel.setdefault(channel, {})[plain] = value
        elif lora_names.names_a_time(plain) and (found := _time(value)) is not None:
            measured.time = measured.time or found
        elif plain != "addr":
            fields = measured.channels.setdefault(channel, Fields({}, {}, {}))
            _take(fields, plain, value, units)
    for channel, raw in acrel.items():
        _merge(measured.channels, channel, raw)
    for fields in measured.channels.values():
        if fields.quantities.keys() & {"voltage_l1", "current_l1"} and not (
            {"Ua", "Ia"} & acrel.get("", {}).keys()
        ):
            single_phase.fill(fields.quantities)
    return measured


def _flat(
    content: Mapping[str, Any], path: str = "", depth: int = 0
) -> Iterator[tuple[str, Any]]:
    """Yield names and values; of nested objects the names joined."""
    for key, value in content.items():
        name = f"{path}_{key}" if path else key
        is_wrapper = name.lower() in _WRAPPERS and depth < _DEEPEST
        if isinstance(value, dict) and is_wrapper:
            yield from _flat(value, "", depth + 1)
        elif isinstance(value, dict):
            number = next((value[k] for k in ("value", "val") if k in value), None)
            if number is not None:
                unit = value.get("unit")
                text = f"{number} {unit}" if isinstance(unit, str) else number
                yield name, text if isinstance(number, int | float | str) else None
            elif depth < _DEEPEST:
                yield from _flat(value, name, depth + 1)
        elif isinstance(value, list) and len(value) == 3:
            for phase, item in enumerate(value, start=1):
                if isinstance(item, int | float | str):
                    yield f"{name}_l{phase}", item
        elif not isinstance(value, list):
            yield name, value


def _is_acrel(key: str) -> bool:
    """Return whether the name is Acrel's, which begins with a capital: "Ua", "EPI"."""
    lower = key.lower()
    return key[:1].isupper() and (
        lower in acrel_keys.NAMES
        or lower == "mdtimestamp"
        or _ACREL_BITS.fullmatch(key) is not None
    )


def _merge(channels: dict[str, Fields], channel: str, raw: Mapping[str, Any]) -> None:
    found = acrel_keys.read(raw, first_input=0 if "DI0" in raw else 1)
    fields = channels.setdefault(channel, found)
    if fields is not found:
        fields.quantities.update(found.quantities)
        fields.extra.update(found.extra)
        fields.outputs.update(found.outputs)


def _take(fields: Fields, key: str, value: Any, units: Mapping[str, str]) -> None:
    # What a Milesight socket sums up is its energy.
    known = lora_names.quantity_of("energy" if units and key == "power_sum" else key)
    number = values.number_and_unit(value)
    if known is not None and number is not None and not isinstance(value, bool):
        name, unit = known
        kind = next((unit_ for word, unit_ in units.items() if word in name), None)
        if name.startswith(("power_factor", "reactive")):
            kind = units.get("power_factor") if name.startswith("power") else None
        if number[1] or kind or unit is not None:
            stated = kind if kind and unit in (None, "A", "") else unit
            if values.put(fields.quantities, name, value, unit=stated or ""):
                return
    acrel_keys.keep(fields.extra, key, value)


def _address(content: Mapping[str, Any]) -> str:
    """Return the channel of a meter behind the device: address 35, circuit 2."""
    address = content.get("addr")
    if isinstance(address, bool) or not isinstance(address, str | int):
        return ""
    parts = values.device_id(address or "0").split("_")
    return "/".join(part for part in parts if part)


def _time(value: Any) -> datetime | None:
    if isinstance(value, str):
        return times.from_text(value, _CLOCK)
    number = values.number(value)
    return times.from_epoch(number) if number and number > _FIRST_EPOCH else None
