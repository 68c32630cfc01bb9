"""Shelly of the second generation and later (Plus, Pro, Gen3, Gen4): JSON-RPC.

``<id>/events/rpc`` carries NotifyStatus (only what has changed) and NotifyFullStatus::

    {"src": "shellypro3em-…", "method": "NotifyStatus",
     "params": {"ts": 1788820998.37, "em:0": {"a_voltage": 230.4, …}}}

``<id>/status/<component>`` carries one component without a time, ``<id>/online`` the
will, ``<our name>/rpc`` answers to what was asked. The device is `src` where there is
one: the prefix of the topic is the owner's to choose. ``em:0`` is the device itself;
the components ``em1:N``, ``switch:N`` and ``pm1:N`` are ``<id>/<N>``, numbered from 0
as the device numbers them.
"""

from datetime import datetime
from typing import Any, ClassVar, NamedTuple

import msgspec

from meters.families import single_phase, times, values
from meters.families.message import (
    Action,
    Answer,
    CannotCommandError,
    Command,
    Decoded,
    Event,
    Message,
    Outgoing,
    OutputState,
    Reading,
    Status,
    UnusableMessageError,
)
from meters.families.prefixed import prefixed

# Who asks; answers come on the topic "<this>/rpc".
ASKER = "energy-site"


class _Field(NamedTuple):
    """What a field of a component is: a quantity, and by what its value is divided."""

    quantity: str
    divisor: float = 1.0


def _three_phases() -> dict[str, _Field]:
    fields = {
        "n_current": _Field("current_n"),
        "total_act_power": _Field("active_power", 1e3),
        "total_aprt_power": _Field("apparent_power", 1e3),
    }
    for letter, phase in zip("abc", ("l1", "l2", "l3"), strict=True):
        fields |= {
            f"{letter}_voltage": _Field(f"voltage_{phase}"),
            f"{letter}_current": _Field(f"current_{phase}"),
            f"{letter}_act_power": _Field(f"active_power_{phase}", 1e3),
            f"{letter}_aprt_power": _Field(f"apparent_power_{phase}", 1e3),
            f"{letter}_pf": _Field(f"power_factor_{phase}"),
        }
    # All phases have one frequency; the last that is sent stands.
    fields |= {f"{letter}_freq": _Field("frequency") for letter in "cba"}
    return fields


def _three_phase_energy() -> dict[str, _Field]:
    fields = {
        "total_act": _Field("active_energy_import", 1e3),
        "total_act_ret": _Field("active_energy_export", 1e3),
    }
    for letter, phase in zip("abc", ("l1", "l2", "l3"), strict=True):
        fields |= {
            f"{letter}_total_act_energy": _Field(f"active_energy_import_{phase}", 1e3),
            f"{letter}_total_act_ret_energy": _Field(
                f"active_energy_export_{phase}", 1e3
            ),
        }
    return fields


_ONE_PHASE = {
    "voltage": _Field("voltage_l1"),
    "current": _Field("current_l1"),
    "act_power": _Field("active_power", 1e3),
    "apower": _Field("active_power", 1e3),
    "aprt_power": _Field("apparent_power", 1e3),
    "pf": _Field("power_factor"),
    "freq": _Field("frequency"),
}
_FIELDS: dict[str, dict[str, _Field]] = {
    "em": _three_phases(),
    "emdata": _three_phase_energy(),
    "em1": _ONE_PHASE,
    "em1data": {
        "total_act_energy": _Field("active_energy_import", 1e3),
        "total_act_ret_energy": _Field("active_energy_export", 1e3),
    },
    "switch": _ONE_PHASE,
    "pm1": _ONE_PHASE,
    "cover": _ONE_PHASE,
    "light": _ONE_PHASE,
    "temperature": {"tC": _Field("temperature")},
    "humidity": {"rh": _Field("humidity")},
}
# These are the device; the others are channels of it.
_WHOLE = frozenset({"em", "emdata", "temperature", "humidity", "wifi", "sys"})
# Components that measure nothing; generic status updates come of them too.
_SILENT = frozenset(
    {
        *("input", "ble", "cloud", "mqtt", "ws", "eth", "script", "ui", "plugs_ui"),
        *("modbus", "matter", "knx", "bthome", "serial", "ota", "schedule", "webhook"),
    }
)
_COUNTERS = {
    "aenergy": "active_energy_import",
    "ret_aenergy": "active_energy_export",
}


class _Rpc(msgspec.Struct):
    src: str | None = None
    method: str | None = None
    params: Any = None
    id: Any = None
    result: Any = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Rpc)


class ShellyGen2:
    """The family "shelly-gen2"."""

    name = "shelly-gen2"
    own_topics: tuple[str, ...] = prefixed("+/online")
    actions: ClassVar[frozenset[Action]] = frozenset({"on", "off", "toggle", "read"})
    reports_outputs: ClassVar[bool] = True

    def knows(self, topic: str) -> bool:
        if topic.endswith(("/events/rpc", "/rpc")):
            return True
        head, _, end = topic.rpartition("/")
        if head.endswith("/status"):
            kind = end.partition(":")[0]
            return kind in _FIELDS or kind in _WHOLE or kind in _SILENT
        return end == "online" and not topic.startswith("shellies/")

    def decode(self, message: Message) -> Decoded:
        topic = message.topic
        if topic.endswith("/rpc"):
            return self._rpc(message)
        if topic.endswith("/online"):
            return self._online(message)
        head, _, component = topic.rpartition("/")
        content = values.tolerant_json(message.payload)
        if not isinstance(content, dict):
            raise UnusableMessageError("The payload is no JSON object.")
        device = values.device_id(head.removesuffix("/status"))
        return self._components(device, {component: content}, None, message)

    def encode(self, command: Command) -> list[Outgoing]:
        device, _, channel = command.device.partition("/")
        number = values.whole(channel)
        number = command.output - 1 if number is None else number
        if command.action == "read":
            method, params = "Shelly.GetStatus", None
        elif command.action in {"on", "off"}:
            method, params = "Switch.Set", {"id": number, "on": command.action == "on"}
        elif command.action == "toggle":
            method, params = "Switch.Toggle", {"id": number}
        else:
            raise CannotCommandError("A Shelly sends when something changes.")
        body = {"id": command.request, "src": ASKER, "method": method, "params": params}
        topic = f"{_prefix(command.topic) or device}/rpc"
        return [Outgoing(topic, msgspec.json.encode(body))]

    def _rpc(self, message: Message) -> Decoded:
        try:
            rpc = _decoder.decode(message.payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            rpc = _tolerant_rpc(message.payload)
        device = values.device_id(rpc.src or _prefix(message.topic))
        if rpc.result is not None or rpc.error is not None:
            return self._answer(device, rpc, message)
        params = rpc.params
        if rpc.method is not None and not rpc.method.startswith("Notify"):
            # A command on its way to a device.
            return Decoded(self.name)
        if not isinstance(params, dict):
            raise UnusableMessageError(f"Device {device} sends no “params”.")
        time = times.from_epoch(params.get("ts"))
        if rpc.method == "NotifyEvent":
            events = _events(device, params, time or message.received_at)
            return Decoded(self.name, events=events)
        return self._components(device, params, time, message)

    def _answer(self, device: str, rpc: _Rpc, message: Message) -> Decoded:
        found = Decoded(self.name)
        result = rpc.result
        if isinstance(result, dict):
            components = _components_of(result)
            found = self._components(device, components, None, message)
        request = values.bit_mask(rpc.id)
        if request is not None:
            error = rpc.error if isinstance(rpc.error, dict) else {}
            text = values.text(error.get("message") or "")
            found.answers = [Answer(device, request, rpc.error is None, text)]
        return found

    def _components(
        self,
        device: str,
        components: dict[str, Any],
        time: datetime | None,
        message: Message,
    ) -> Decoded:
        quantities: dict[str, dict[str, float]] = {}
        extra: dict[str, Any] = {}
        outputs: list[OutputState] = []
        for key, content in components.items():
            if type(content) is not dict:
                continue
            kind, _, number = key.partition(":")
            if kind == "wifi":
                strength = values.number(content.get("rssi"))
                if strength is not None:
                    quantities.setdefault(device, {})["signal_strength"] = strength
                    extra["signal_unit"] = "dBm"
                continue
            fields = _FIELDS.get(kind)
            if fields is None:
                continue
            channel = None if kind in _WHOLE else values.whole(number)
            own = device if channel is None else f"{device}/{channel}"
            into = quantities.get(own)
            if into is None:
                into = quantities[own] = {}
            _read(content, fields, into)
            if channel is not None:
                single_phase.fill(into)
            if isinstance(content.get("output"), bool):
                outputs.append(OutputState(own, 1, content["output"]))
        readings = [
            _reading(message, own, found, time, extra if own == device else {})
            for own, found in quantities.items()
            if found
        ]
        return Decoded(self.name, readings, outputs=outputs)

    def _online(self, message: Message) -> Decoded:
        text = message.payload.strip().lower()
        if text not in {b"true", b"false"}:
            raise UnusableMessageError("An online message says true or false.")
        device = values.device_id(message.topic.removesuffix("/online"))
        return Decoded(self.name, status=[Status(device, text == b"true")])


def _prefix(topic: str) -> str:
    for end in ("/events/rpc", "/rpc", "/online"):
        if topic.endswith(end):
            return topic.removesuffix(end)
    return topic.partition("/status/")[0]


def _tolerant_rpc(payload: bytes) -> _Rpc:
    content = values.tolerant_json(payload)
    if not isinstance(content, dict):
        raise UnusableMessageError("The payload is no JSON object.")
    src, method = content.get("src"), content.get("method")
    return _Rpc(
        src if isinstance(src, str) else None,
        method if isinstance(method, str) else None,
        content.get("params"),
        content.get("id"),
        content.get("result"),
        content.get("error"),
    )


def _components_of(result: dict[str, Any]) -> dict[str, Any]:
    """Return an answer's components: all of a device's, or the one that was asked."""
    if any(":" in key for key in result):
        return result
    number = result.get("id", 0)
    for kind, mark in (
        ("emdata", "total_act_ret"),
        ("em", "total_act_power"),
        ("em", "a_act_power"),
        ("em1data", "total_act_energy"),
        ("em1", "act_power"),
        ("switch", "output"),
        ("pm1", "apower"),
        ("em1", "voltage"),
    ):
        if mark in result:
            return {f"{kind}:{number}": result}
    return {}


def _read(
    content: dict[str, Any], fields: dict[str, _Field], into: dict[str, float]
) -> None:
    for key, value in content.items():
        field = fields.get(key)
        if field is not None:
            number = value if type(value) is float else values.number(value)
            if number is not None and -values.LARGEST < number < values.LARGEST:
                name, divisor = field
                # 5.1 W are 0.0051 kW, not 0.0050999999999999995.
                into[name] = number if divisor == 1.0 else round(number / divisor, 9)
        elif key in _COUNTERS and isinstance(value, dict):
            number = values.number(value.get("total"))
            if number is not None:
                into[_COUNTERS[key]] = round(number / 1e3, 9)
        elif key == "temperature" and isinstance(value, dict):
            number = values.number(value.get("tC"))
            if number is not None:
                into["temperature"] = number


def _reading(
    message: Message,
    device: str,
    quantities: dict[str, float],
    time: datetime | None,
    extra: dict[str, Any],
) -> Reading:
    if time is None:
        # Each component has a topic of its own.
        return times.gathered(message, device, quantities, extra=dict(extra))
    return times.reading(message, device, quantities, time=time, extra=dict(extra))


def _events(device: str, params: dict[str, Any], time: datetime) -> list[Event]:
    listed = params.get("events")
    events = []
    for item in listed if isinstance(listed, list) else []:
        if not isinstance(item, dict) or not isinstance(item.get("event"), str):
            continue
        component = values.text(item.get("component", ""))
        code = values.text(item["event"])
        at = times.from_epoch(item.get("ts")) or time
        text = f"{component}: {code}" if component else code
        events.append(Event(device, at, code[:60], text, active=True))
    return events
