"""emonHub and emonTx of OpenEnergyMonitor.

``emon/<node>/<key>`` carries one number as text; ``emon/JSON/<node>`` an object with
`time`; ``emonhub/rx/<id>/values`` numbers without names, which only the hub's own
configuration knows: they are kept as they come, beside the quantities.
"""

import re
from typing import Any

from meters.families import times, values
from meters.families.message import Decoded, Message, UnusableMessageError
from meters.families.names import guess

_NUMBERED = re.compile(r"([a-zA-Z]+?)_?([1-9]\d?)")
# Inputs of a board are numbered; they are phases where there are three at most.
_INPUTS: dict[str, tuple[str, str]] = {
    "power": ("active_power_l{}", "W"),
    "p": ("active_power_l{}", "W"),
    "realpower": ("active_power_l{}", "W"),
    "vrms": ("voltage_l{}", "V"),
    "v": ("voltage_l{}", "V"),
    "irms": ("current_l{}", "A"),
    "i": ("current_l{}", "A"),
    "e": ("active_energy_import_l{}", "Wh"),
    "energy": ("active_energy_import_l{}", "Wh"),
    "wh": ("active_energy_import_l{}", "Wh"),
    "kwh": ("active_energy_import_l{}", "kWh"),
    "pf": ("power_factor_l{}", ""),
    "apparentpower": ("apparent_power_l{}", "VA"),
}
_SINGLE: dict[str, tuple[str, str]] = {
    "vrms": ("voltage_l1", "V"),
    "irms": ("current_l1", "A"),
    "energy": ("active_energy_import", "Wh"),
    "wh": ("active_energy_import", "Wh"),
    "kwh": ("active_energy_import", "kWh"),
    "v": ("voltage_l1", "V"),
    "i": ("current_l1", "A"),
    "p": ("active_power", "W"),
    # The hub's own sum of both inputs of an emonPi.
    "power1_plus_power2": ("active_power", "W"),
    "power1pluspower2": ("active_power", "W"),
    "va": ("apparent_power", "VA"),
    "var": ("reactive_power", "var"),
    "f": ("frequency", "Hz"),
    "fr": ("frequency", "Hz"),
    "temp": ("temperature", "°C"),
}
_PHASES = 3


class EmonHub:
    """The family "emonhub"."""

    name = "emonhub"
    own_topics: tuple[str, ...] = ()

    def knows(self, topic: str) -> bool:
        return topic.startswith(("emon/", "emonhub/rx/"))

    def decode(self, message: Message) -> Decoded:
        parts = message.topic.split("/")
        match parts:
            case ["emonhub", "rx", node, "values"]:
                return self._numbers(values.device_id(node), message)
            case ["emon", "JSON", node]:
                return self._object(values.device_id(node), message)
            case ["emon", node, *keys] if keys:
                text = message.payload.decode("utf-8", "replace").strip()
                return self._values(
                    values.device_id(node), {"_".join(keys): text}, None, message
                )
        return Decoded(self.name)

    def _object(self, device: str, message: Message) -> Decoded:
        content = values.tolerant_json(message.payload)
        if not isinstance(content, dict):
            raise UnusableMessageError("The payload is no JSON object.")
        time = content.pop("time", None)
        return self._values(device, content, time, message)

    def _values(
        self, device: str, content: dict[str, Any], time: object, message: Message
    ) -> Decoded:
        quantities: dict[str, float] = {}
        extra: dict[str, Any] = {}
        for key, value in content.items():
            known = _quantity(key)
            if known is not None:
                values.put(quantities, known[0], value, unit=known[1])
            elif (number := values.number(value)) is not None and len(extra) < 100:
                extra[values.text(key)] = number
        if not quantities and not extra:
            raise UnusableMessageError(f"Topic {message.topic} carries no number.")
        at = times.from_epoch(time)
        if at is None:
            reading = times.gathered(message, device, quantities, extra=extra)
        else:
            reading = times.reading(message, device, quantities, time=at, extra=extra)
        return Decoded(self.name, [reading])

    def _numbers(self, device: str, message: Message) -> Decoded:
        parts = message.payload.decode("utf-8", "replace").split(",")
        found = [values.number(part) for part in parts]
        if not found or len(found) > 100 or None in found:
            raise UnusableMessageError("The payload is no list of numbers with commas.")
        extra = {
            f"value_{number}": value for number, value in enumerate(found, start=1)
        }
        return Decoded(self.name, [times.reading(message, device, {}, extra=extra)])


def _quantity(key: str) -> tuple[str, str] | None:
    lower = key.lower()
    if lower in _SINGLE:
        return _SINGLE[lower]
    match = _NUMBERED.fullmatch(lower)
    if match and match[1] in _INPUTS:
        pattern, unit = _INPUTS[match[1]]
        number = int(match[2])
        return (pattern.format(number), unit) if number <= _PHASES else None
    return guess(key)
