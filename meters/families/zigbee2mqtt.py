"""Zigbee2MQTT: plugs and meters behind its bridge.

``zigbee2mqtt/<friendly name>`` carries a JSON object; the name may hold slashes. With
the output "attribute" each value has a topic of its own below that. Availability is
retained text or JSON. Units are those of its documentation: W, V, A, kWh. The sockets
of a double plug are the devices ``<name>/<n>``, numbered from 1.
"""

import re
from typing import Any, ClassVar

import msgspec

from meters.families import single_phase, times, values
from meters.families.message import (
    Action,
    CannotCommandError,
    Command,
    Decoded,
    Message,
    Outgoing,
    OutputState,
    Status,
    UnusableMessageError,
)

PREFIX = "zigbee2mqtt/"


def _table() -> dict[str, tuple[str, str]]:
    table = {
        "power": ("active_power", "W"),
        "power_reactive": ("reactive_power", "var"),
        "power_apparent": ("apparent_power", "VA"),
        "power_factor": ("power_factor", ""),
        "voltage": ("voltage_l1", "V"),
        "current": ("current_l1", "A"),
        "current_neutral": ("current_n", "A"),
        "energy": ("active_energy_import", "kWh"),
        "produced_energy": ("active_energy_export", "kWh"),
        # What older converters call it.
        "consumption": ("active_energy_import", "kWh"),
        "energy_produced": ("active_energy_export", "kWh"),
        # Two clamps of one device, together.
        "power_ab": ("active_power", "W"),
        "ac_frequency": ("frequency", "Hz"),
        "temperature": ("temperature", "°C"),
        "device_temperature": ("temperature", "°C"),
        "humidity": ("humidity", "%"),
    }
    table |= {
        f"{produced}energy_tier_{n}": (f"active_energy_{direction}_t{n}", "kWh")
        for produced, direction in (("", "import"), ("produced_", "export"))
        for n in range(1, 5)
    }
    for letter, phase in zip("abc", ("l1", "l2", "l3"), strict=True):
        for end in (f"phase_{letter}", letter):
            table |= {
                f"power_{end}": (f"active_power_{phase}", "W"),
                f"power_reactive_{end}": (f"reactive_power_{phase}", "var"),
                f"power_apparent_{end}": (f"apparent_power_{phase}", "VA"),
                f"power_factor_{end}": (f"power_factor_{phase}", ""),
                f"voltage_{end}": (f"voltage_{phase}", "V"),
                f"current_{end}": (f"current_{phase}", "A"),
                f"energy_{end}": (f"active_energy_import_{phase}", "kWh"),
                f"produced_energy_{end}": (f"active_energy_export_{phase}", "kWh"),
                f"energy_produced_{end}": (f"active_energy_export_{phase}", "kWh"),
            }
    return table


_QUANTITIES = _table()
# Endpoints: "power_l1", "energy_right".
_ENDPOINT = re.compile(r"(.+)_(?:l([1-9])|(left|right))")
_SIDES = {"left": 1, "right": 2}
# Of phase A where phase B is sent beside, as Zigbee's clusters have it.
_OF_PHASE_A = frozenset({"power", "power_reactive", "power_apparent", "power_factor"})
# Which way the energy flows, where powers have no sign.
_FLOW = re.compile(r"energy_flow(_(?:phase_)?[abc]|)")


class Zigbee2Mqtt:
    """The family "zigbee2mqtt"."""

    name = "zigbee2mqtt"
    # States may be retained, and all come by one bridge.
    own_topics: tuple[str, ...] = (f"{PREFIX}#",)
    actions: ClassVar[frozenset[Action]] = frozenset({"on", "off", "toggle", "read"})
    reports_outputs: ClassVar[bool] = True

    def knows(self, topic: str) -> bool:
        return topic.startswith(PREFIX)

    def decode(self, message: Message) -> Decoded:
        name = message.topic.removeprefix(PREFIX)
        if name.startswith("bridge/") or name.endswith(("/set", "/get")):
            return Decoded(self.name)
        if name.endswith("/availability"):
            device = values.device_id(name.removesuffix("/availability"))
            return Decoded(self.name, status=[_status(device, message.payload)])
        head, _, attribute = name.rpartition("/")
        if head and not message.payload.lstrip().startswith(b"{"):
            return self._attribute(values.device_id(head), attribute, message)
        content = values.tolerant_json(message.payload)
        if not isinstance(content, dict):
            raise UnusableMessageError("The payload is no JSON object.")
        return self._state(values.device_id(name), content, message)

    def encode(self, command: Command) -> list[Outgoing]:
        topic = f"{PREFIX}{command.device}"
        key = "state" if command.output == 1 else f"state_l{command.output}"
        if command.action == "read":
            return [Outgoing(f"{topic}/get", msgspec.json.encode({"state": ""}))]
        if command.action not in self.actions:
            raise CannotCommandError("Zigbee2MQTT sets no interval by this command.")
        body = {key: command.action.upper()}
        return [Outgoing(f"{topic}/set", msgspec.json.encode(body))]

    def _state(self, device: str, content: dict[str, Any], message: Message) -> Decoded:
        found = Decoded(self.name)
        own: dict[str, float] = {}
        extra: dict[str, Any] = {}
        by_device: dict[str, dict[str, float]] = {device: own}
        are_phases = any(f"{k}_l3" in content for k in ("power", "current", "voltage"))
        has_total = "power_phase_b" not in content or "power_phase_a" in content
        for key, value in content.items():
            place, name = _place(device, key, are_phases=are_phases)
            if name in _OF_PHASE_A and not has_total:
                name = f"{name}_phase_a"
            if name not in _QUANTITIES:
                _take_other(device, key, value, own, extra, found.outputs)
            elif _counts(name, content):
                _put(by_device.setdefault(place, {}), name, value)
        for key, value in content.items():
            flow = _FLOW.fullmatch(key)
            if flow and value == "producing":
                _turn(own, _QUANTITIES[f"power{flow[1]}"][0])
        for quantities in by_device.values():
            single_phase.fill(quantities)
        last_seen = content.get("last_seen")
        time = times.from_epoch(last_seen) or times.from_text(last_seen)
        found.readings = [
            times.reading(message, place, quantities, time=time)
            for place, quantities in by_device.items()
            if quantities
        ]
        if own:
            found.readings[0].extra.update(extra)
        return found

    def _attribute(self, device: str, key: str, message: Message) -> Decoded:
        text = message.payload.decode("utf-8", "replace").strip().strip('"')
        found = Decoded(self.name)
        quantities: dict[str, float] = {}
        extra: dict[str, Any] = {}
        place, name = _place(device, key, are_phases=False)
        if name in _QUANTITIES:
            _put(quantities, name, text)
        else:
            _take_other(device, key, text, quantities, extra, found.outputs)
        if quantities:
            found.readings = [times.gathered(message, place, quantities, extra=extra)]
        return found


def _place(device: str, key: str, *, are_phases: bool) -> tuple[str, str]:
    """Return the device that a value is of, and its name without the endpoint."""
    match = _ENDPOINT.fullmatch(key)
    if match is None or match[1] not in _QUANTITIES:
        return device, key
    number = int(match[2]) if match[2] else _SIDES[match[3]]
    if are_phases and number <= 3:
        return device, f"{match[1]}_{'abc'[number - 1]}"
    return values.device_id(f"{device}/{number}"), match[1]


def _counts(name: str, content: dict[str, Any]) -> bool:
    """Return whether a value is a meter's: no battery's mV, no second energy."""
    if name == "voltage":
        return "battery" not in content or "power" in content
    return name != "consumption" or "energy" not in content


def _put(quantities: dict[str, float], name: str, value: object) -> None:
    quantity, unit = _QUANTITIES[name]
    number = values.number(value)
    if quantity.startswith("power_factor") and number and 1 < abs(number) <= 100:
        unit = "%"  # some devices send 98 for 0.98
    values.put(quantities, quantity, value, unit=unit)


def _turn(quantities: dict[str, float], quantity: str) -> None:
    """Make a power negative: it flows out, and was sent without a sign."""
    if quantities.get(quantity, 0.0) > 0:
        quantities[quantity] *= -1


def _take_other(
    device: str,
    key: str,
    value: object,
    quantities: dict[str, float],
    extra: dict[str, Any],
    outputs: list[OutputState],
) -> None:
    """Take what is no plain quantity: the radio's quality, and switched outputs."""
    if key == "linkquality":
        if values.put(quantities, "signal_strength", value, unit=""):
            extra["signal_unit"] = "LQI"
        return
    if key != "state" and not key.startswith("state_l"):
        return
    number = 1 if key == "state" else values.whole(key.removeprefix("state_l"))
    if number and number <= 31 and value in ("ON", "OFF"):
        outputs.append(OutputState(device, number, value == "ON"))


def _status(device: str, payload: bytes) -> Status:
    text = payload.strip()
    if text.startswith(b"{"):
        content = values.tolerant_json(text)
        state = content.get("state") if isinstance(content, dict) else None
    else:
        state = text.decode("utf-8", "replace")
    if state not in ("online", "offline"):
        raise UnusableMessageError("An availability message says online or offline.")
    return Status(device, state == "online")
