"""ESPHome: one value a topic, named by who built the device.

``<node>/sensor/<id>/state`` carries a number as text, or ``nan`` where there is none;
``<node>/switch/<id>/state`` ON or OFF; ``<node>/status`` the will. No unit is sent:
power is in W and energy in kWh, as ESPHome's own components have it, unless the id
names another; the component for P1 ports has power in kW.
"""

import re
from typing import ClassVar

from meters.families import times, values
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
from meters.families.names import guess
from meters.families.prefixed import prefixed

# The ids of the component "dsmr".
_OF_P1 = re.compile(r"(?:reactive_)?power_delivered(?:_l[123])?")
_KINDS = ("sensor", "switch", "binary_sensor", "text_sensor", "light", "output")


class EspHome:
    """The family "esphome"; a switch is an output by the order of its appearance."""

    name = "esphome"
    # Switches are numbered by who hears all of them.
    own_topics: tuple[str, ...] = (
        "+/status",
        *prefixed("+/switch/+/state"),
    )
    actions: ClassVar[frozenset[Action]] = frozenset({"on", "off", "toggle"})
    reports_outputs: ClassVar[bool] = True

    def __init__(self) -> None:
        self._switches: dict[str, list[str]] = {}

    def knows(self, topic: str) -> bool:
        parts = topic.split("/")
        if len(parts) == 2:
            return parts[1] == "status"
        return len(parts) >= 4 and parts[-1] == "state" and parts[-3] in _KINDS

    def decode(self, message: Message) -> Decoded:
        parts = message.topic.split("/")
        text = message.payload.decode("utf-8", "replace").strip()
        if parts[-1] == "status":
            if text not in {"online", "offline"}:
                raise UnusableMessageError("A status message says online or offline.")
            device = values.device_id(parts[0])
            return Decoded(self.name, status=[Status(device, text == "online")])
        device, kind, name = (
            values.device_id("/".join(parts[:-3])),
            parts[-3],
            parts[-2],
        )
        if kind == "switch" and text in {"ON", "OFF"}:
            number = self._number(device, name)
            state = OutputState(device, number, text == "ON")
            return Decoded(self.name, outputs=[state] if number else [])
        if kind != "sensor" or values.number_and_unit(text) is None:
            return Decoded(self.name)
        return self._value(device, name, text, message)

    def encode(self, command: Command) -> list[Outgoing]:
        switches = self._switches.get(command.device, [])
        parts = command.topic.split("/")
        if command.action not in self.actions:
            raise CannotCommandError("ESPHome sends by itself.")
        if len(parts) >= 4 and parts[-3] == "switch":
            name = parts[-2]
        elif 0 < command.output <= len(switches):
            name = switches[command.output - 1]
        else:
            raise CannotCommandError(
                f"Device {command.device} has told of no switch {command.output} yet."
            )
        topic = f"{command.device}/switch/{name}/command"
        return [Outgoing(topic, command.action.upper().encode())]

    def _number(self, device: str, name: str) -> int:
        switches = self._switches.setdefault(device, [])
        if name not in switches:
            if len(switches) >= 31 or len(self._switches) > 10_000:
                return 0
            switches.append(name)
        return switches.index(name) + 1

    def _value(self, device: str, name: str, text: str, message: Message) -> Decoded:
        quantities: dict[str, float] = {}
        extra: dict[str, object] = {}
        known = guess(name)
        if known is not None and _OF_P1.fullmatch(name):
            known = known[0], f"k{known[1]}"
        if "wifi" in name or "rssi" in name:
            known, extra = ("signal_strength", ""), {"signal_unit": "dBm"}
        if known is None or not values.put(quantities, known[0], text, unit=known[1]):
            number = values.number(text)
            extra = {values.text(name): values.text(text) if number is None else number}
        return Decoded(
            self.name, [times.gathered(message, device, quantities, extra=extra)]
        )
