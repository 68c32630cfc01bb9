"""ThingsBoard's device and gateway protocols, from devices set up for it.

A device publishes ``v1/devices/me/telemetry`` and is known by its login, which no
subscriber ever learns: the broker must mount a name in front of it, such as
``tb/<name>/v1/devices/me/telemetry``. A gateway names its devices in the payload.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from meters.domain.quantities import BY_NAME
from meters.families import times, values
from meters.families.message import (
    Answer,
    Decoded,
    Message,
    Reading,
    Status,
    UnusableMessageError,
)
from meters.families.names import guess

_DEVICE = "v1/devices/me/"
_GATEWAY = "v1/gateway/"
_MOST_KEYS = 100
_MOST_INSTANTS = 1_000


class ThingsBoard:
    """The family "thingsboard"."""

    name = "thingsboard"
    own_topics: tuple[str, ...] = ()

    def knows(self, topic: str) -> bool:
        return f"/{_DEVICE}" in f"/{topic}"

    def decode(self, message: Message) -> Decoded:
        mounted, _, kind = f"/{message.topic}".partition(f"/{_DEVICE}")
        if kind not in {"telemetry", "attributes"}:
            return Decoded(self.name)
        # tb/<name>: the last part is the name; more parts before it are the mount's.
        name = mounted.strip("/").rpartition("/")[2] or message.username
        if not name:
            raise UnusableMessageError(
                "A subscriber never learns which device published"
                " v1/devices/me/telemetry: let the broker mount its name in front of"
                " it, such as tb/<name>/v1/devices/me/telemetry."
            )
        device = values.device_id(name)
        content = values.tolerant_json(message.payload)
        readings = list(_readings(device, content, message))
        if not readings and kind == "telemetry":
            raise UnusableMessageError(f"Device {device} sends no value.")
        return Decoded(self.name, readings)


class ThingsBoardGateway:
    """The family "thingsboard-gateway"."""

    name = "thingsboard-gateway"
    own_topics: tuple[str, ...] = ()

    def knows(self, topic: str) -> bool:
        return f"/{_GATEWAY}" in f"/{topic}"

    def decode(self, message: Message) -> Decoded:
        kind = f"/{message.topic}".partition(f"/{_GATEWAY}")[2]
        content = values.tolerant_json(message.payload)
        if not isinstance(content, dict):
            raise UnusableMessageError("The payload is no JSON object.")
        if kind in {"connect", "disconnect"}:
            device = values.device_id(content.get("device"))
            return Decoded(self.name, status=[Status(device, kind == "connect")])
        if kind == "rpc":
            return Decoded(self.name, answers=_answers(content))
        if kind not in {"telemetry", "attributes"}:
            return Decoded(self.name)
        readings = [
            reading
            for name, instants in content.items()
            for reading in _readings(values.device_id(name), instants, message)
        ]
        if not readings and kind == "telemetry":
            raise UnusableMessageError("The gateway’s message has no value.")
        return Decoded(self.name, readings)


def _answers(content: dict[str, Any]) -> list[Answer]:
    """Return a device's answer; what goes down to a device is none."""
    request = values.bit_mask(content.get("id"))
    if request is None:
        return []
    data = content.get("data")
    success = data.get("success") if isinstance(data, dict) else None
    device = values.device_id(content.get("device"))
    return [Answer(device, request, success is not False)]


def _readings(device: str, content: Any, message: Message) -> Iterator[Reading]:
    """Yield the readings of all forms: an object, with or without ts, or a list."""
    items = content if isinstance(content, list) else [content]
    for item in items[:_MOST_INSTANTS]:
        if not isinstance(item, dict):
            continue
        time, keys = None, item
        if isinstance(item.get("values"), dict):
            time, keys = times.from_epoch(item.get("ts")), item["values"]
        reading = _reading(device, keys, time, message)
        if reading is not None:
            yield reading


def _reading(
    device: str, keys: dict[str, Any], time: datetime | None, message: Message
) -> Reading | None:
    quantities: dict[str, float] = {}
    extra: dict[str, Any] = {}
    for key, value in list(keys.items())[:_MOST_KEYS]:
        known = (key, BY_NAME[key].unit) if key in BY_NAME else guess(key)
        if known is not None and values.put(quantities, known[0], value, unit=known[1]):
            continue
        if isinstance(value, bool):
            extra[values.text(key)] = value
        elif (number := values.number(value)) is not None:
            extra[values.text(key)] = number
        elif isinstance(value, str) and value:
            extra[values.text(key)] = values.text(value)
    if not quantities and not extra:
        return None
    return times.reading(message, device, quantities, time=time, extra=extra)
