"""Shelly of the first generation (EM, 3EM, 1PM, plugs): one value a topic, no time.

``shellies/<id>/emeter/<n>/power`` carries a number as text. `total` is in Wh and
counts for ever; `energy` of an emeter is in watt-minutes, begins anew with every
report, and is not a register. That of a relay (1PM, plugs) is one, in watt-minutes
too: it counts from the last start of the device. Each emeter and relay is the device
``<id>/<n>``, numbered from 0.
"""

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

_EMETER: dict[str, tuple[str, str]] = {
    "power": ("active_power", "W"),
    "reactive_power": ("reactive_power", "var"),
    "pf": ("power_factor", ""),
    "current": ("current_l1", "A"),
    "voltage": ("voltage_l1", "V"),
    "total": ("active_energy_import", "Wh"),
    "total_returned": ("active_energy_export", "Wh"),
}
_RELAY: dict[str, tuple[str, str]] = {
    "power": ("active_power", "W"),
    "energy": ("active_energy_import", "Wmin"),
}
_DEVICE: dict[str, tuple[str, str]] = {
    "temperature": ("temperature", "°C"),
    "voltage": ("voltage_l1", "V"),
}


class ShellyGen1:
    """The family "shelly-gen1"."""

    name = "shelly-gen1"
    # Announcements and relays are retained, and there are few of these devices.
    own_topics: tuple[str, ...] = ("shellies/#",)
    actions: ClassVar[frozenset[Action]] = frozenset({"on", "off", "toggle"})
    reports_outputs: ClassVar[bool] = True

    def knows(self, topic: str) -> bool:
        return topic.startswith("shellies/")

    def decode(self, message: Message) -> Decoded:
        parts = message.topic.split("/")
        if len(parts) < 3:
            return Decoded(self.name)  # shellies/announce
        device = values.device_id(parts[1])
        match parts[2:]:
            case ["online"]:
                return Decoded(self.name, status=[_status(device, message.payload)])
            case ["emeter", number, key] if (n := values.whole(number)) is not None:
                return self._value(f"{device}/{n}", _EMETER.get(key), message)
            case ["relay" | "light", number] if (n := values.whole(number)) is not None:
                return self._output(device, n, message)
            case ["relay" | "light" | "roller", number, key] if (
                n := values.whole(number)
            ) is not None:
                return self._value(f"{device}/{n}", _RELAY.get(key), message)
            case [key]:
                return self._value(device, _DEVICE.get(key), message)
        return Decoded(self.name)

    def encode(self, command: Command) -> list[Outgoing]:
        if command.action not in self.actions:
            raise CannotCommandError(
                "A Shelly of the first generation sends by itself."
            )
        device, _, channel = command.device.partition("/")
        number = values.whole(channel)
        number = command.output - 1 if number is None else number
        topic = f"shellies/{device}/relay/{number}/command"
        return [Outgoing(topic, command.action.encode())]

    def _value(
        self, device: str, found: tuple[str, str] | None, message: Message
    ) -> Decoded:
        if found is None:
            return Decoded(self.name)
        quantities: dict[str, float] = {}
        text = message.payload.decode("utf-8", "replace")
        if not values.put(quantities, found[0], text, unit=found[1]):
            raise UnusableMessageError(f"Topic {message.topic} carries no number.")
        return Decoded(self.name, [times.gathered(message, device, quantities)])

    def _output(self, device: str, number: int, message: Message) -> Decoded:
        text = message.payload.strip().lower()
        if text not in {b"on", b"off"}:
            # "overpower" says nothing of on or off.
            return Decoded(self.name)
        state = OutputState(f"{device}/{number}", 1, text == b"on")
        return Decoded(self.name, outputs=[state])


def _status(device: str, payload: bytes) -> Status:
    text = payload.strip().lower()
    if text not in {b"true", b"false"}:
        raise UnusableMessageError("An online message says true or false.")
    return Status(device, text == b"true")
