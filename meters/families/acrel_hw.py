"""Acrel's overseas dialect "acrelHW": ADW300, ARCM300, ADL400 and gateways.

Topic ``/gw/acrelHW/{product}/{command}/{serial}``, with a leading slash; answers go to
``/server/acrelHW/…``. The bodies of login, time and para are documented; data is read
as flat fields, as far as their names tell. Times are local and name no zone.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from meters.families import acrel_keys, single_phase, times, values
from meters.families.acrel_events import event
from meters.families.acrel_json_v2 import AcrelJsonV2
from meters.families.message import (
    Decoded,
    Message,
    OutputState,
    Reply,
    Status,
    UnusableMessageError,
)

_TOPIC = re.compile(r"(?:^|/)gw/acrelHW/[^/]*/([^/]+)/([^/]+)$")
_CLOCK = "%Y%m%d%H%M%S"
_APART = frozenset(
    {"type", "time", "gwsn", "metersn", "meterstatus", "ch", "rssi", "data"}
)
_KILO = {
    **acrel_keys.NAMES,
    "wh": ("active_energy_import", "kWh"),
    "varh": ("reactive_energy_import", "kvarh"),
}
_SMALL_UNIT = {"kW": "W", "kvar": "var", "kVA": "VA"}
# A model that sends no transformer ratio sends power in W; registers are the same.
_PLAIN = {
    name: (quantity, _SMALL_UNIT.get(unit, unit))
    for name, (quantity, unit) in _KILO.items()
}


class AcrelHw:
    """The family "acrel-hw"."""

    name = "acrel-hw"
    own_topics: tuple[str, ...] = ()

    def knows(self, topic: str) -> bool:
        return _TOPIC.search(topic) is not None

    def decode(self, message: Message) -> Decoded:
        match = _TOPIC.search(message.topic)
        if match is None:
            raise UnusableMessageError("The topic names no command and no serial.")
        command, serial = match[1].lower(), match[2]
        content = values.tolerant_json(message.payload)
        if command in {"data", "hstdata"}:
            return self._readings(message, content, serial, command == "hstdata")
        if not isinstance(content, dict):
            raise UnusableMessageError("The payload is no JSON object.")
        if command in {"alarm", "event"}:
            return self._events(message, content, serial, command)
        # Login, heart and the rest: the device is there, there is nothing to store.
        return Decoded(
            self.name,
            status=[Status(values.device_id(serial), online=True)],
            replies=_replies(message, command),
        )

    def _readings(
        self, message: Message, content: Any, serial: str, historical: bool
    ) -> Decoded:
        if _holds_points(content):
            # Some firmware sends the content of json-v2 by this topic.
            return Decoded(self.name, AcrelJsonV2().decode(message).readings)
        decoded = Decoded(self.name, [], [])
        for fields in _entries(content):
            device = _device(fields, serial)
            if _is_missing(fields):
                decoded.status.append(Status(device, online=False))
            else:
                _take_meter(message, decoded, device, fields, historical=historical)
        if not decoded.readings and not decoded.status:
            raise UnusableMessageError(f"No field of meter {serial} has a value.")
        return decoded

    def _events(
        self, message: Message, content: Mapping[str, Any], serial: str, command: str
    ) -> Decoded:
        events = []
        for fields in _entries(content):
            device = _device(fields, serial)
            time = times.reading(message, device, {}, time=_time(fields)).time
            # "type" is the kind of message, not of alarm.
            item = {key: value for key, value in fields.items() if key != "type"}
            events.append(event(item, device=device, time=time, default=command))
        return Decoded(self.name, events=events)


def _take_meter(
    message: Message,
    decoded: Decoded,
    device: str,
    fields: Mapping[str, Any],
    *,
    historical: bool,
) -> None:
    names = _KILO if values.number(fields.get("ct")) else _PLAIN
    found = acrel_keys.read(fields, names=names, apart=_APART)
    if not found.quantities:
        return
    single_phase.fill(found.quantities)
    strength = values.number(fields.get("rssi"))
    if strength is not None:
        found.quantities["signal_strength"] = strength
        found.extra["signal_unit"] = "%"
    decoded.readings.append(
        times.reading(
            message,
            device,
            found.quantities,
            time=_time(fields),
            extra=found.extra,
            historical=historical,
        )
    )
    if not historical:
        decoded.status.append(Status(device, online=True))
        if not message.retain:
            decoded.outputs += [
                OutputState(device, number, on) for number, on in found.outputs.items()
            ]


def _holds_points(content: Any) -> bool:
    listed = content.get("data") if isinstance(content, dict) else None
    return isinstance(listed, list) and any(
        isinstance(item, dict) and "point" in item for item in listed
    )


def _entries(content: Any) -> list[dict[str, Any]]:
    """Return the meters or instants in a message: one flat object, or a list."""
    if isinstance(content, list):
        entries = [item for item in content if isinstance(item, dict)]
    elif isinstance(content, dict):
        inner = content.get("data")
        listed = inner if isinstance(inner, list) else [inner]
        entries = [{**content, **item} for item in listed if isinstance(item, dict)]
        entries = entries or [content]
    else:
        entries = []
    if not entries:
        raise UnusableMessageError("The payload has no object with fields.")
    return entries


def _device(fields: Mapping[str, Any], serial: str) -> str:
    """Return the meter's serial; with its circuit, where it has several."""
    device = values.device_id(fields.get("meterSN") or fields.get("gwSN") or serial)
    channel = values.bit_mask(fields.get("ch"))
    return values.device_id(f"{device}/{channel}") if channel else device


def _is_missing(fields: Mapping[str, Any]) -> bool:
    status = fields.get("meterStatus")
    return isinstance(status, str) and status.strip().lower() == "missing"


def _time(fields: Mapping[str, Any]) -> datetime | None:
    value = fields.get("time")
    if isinstance(value, int) and not isinstance(value, bool) and value < 10**14:
        value = str(value)
    return times.from_text(value, (_CLOCK,))


def _replies(message: Message, command: str) -> list[Reply]:
    if message.retain:
        return []
    if command in {"login", "para"}:
        body = {"type": command, "res": 1}
    elif command == "time":
        local = message.received_at.astimezone(ZoneInfo(message.timezone))
        body = {"type": "time", "res": 1, "time": local.strftime(_CLOCK)}
    else:
        return []
    head, _, rest = message.topic.rpartition("gw/acrelHW/")
    topic = f"{head}server/acrelHW/{rest}"
    return [Reply(topic, json.dumps(body, separators=(",", ":")))]
