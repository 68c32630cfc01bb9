"""Home Assistant discovery: devices that announce where their values stand.

``homeassistant/<component>/[<node>/]<object>/config`` is retained JSON, with long or
short keys, and ``~`` for a base topic; a ``device`` announces several components. What
it names as state topic is decoded by it, unless a family of its own or a user's profile
knows that topic. A template that is more than a path is
refused: what it computes only Home Assistant knows.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from meters.domain.units import UnknownUnitError, factor_to
from meters.families import times, values
from meters.families.message import (
    Decoded,
    Message,
    Status,
    UnusableMessageError,
)
from meters.families.names import guess
from meters.families.profiles.paths import Getter, getter

_PREFIX = "homeassistant/"
_MOST_TOPICS = 10_000
_MOST_SENSORS = 200
# Long key: the short one.
_SHORT = {
    "components": "cmps",
    "platform": "p",
    "state_topic": "stat_t",
    "value_template": "val_tpl",
    "unit_of_measurement": "unit_of_meas",
    "device_class": "dev_cla",
    "unique_id": "uniq_id",
    "device": "dev",
    "identifiers": "ids",
    "availability_topic": "avty_t",
    "payload_available": "pl_avail",
    "payload_not_available": "pl_not_avail",
}
_QUANTITIES = {
    "power": "active_power",
    "apparent_power": "apparent_power",
    "reactive_power": "reactive_power",
    "energy": "active_energy_import",
    "voltage": "voltage_l1",
    "current": "current_l1",
    "power_factor": "power_factor",
    "frequency": "frequency",
    "temperature": "temperature",
    "humidity": "humidity",
    "gas": "volume",
    "water": "volume",
}
# A path, and filters that change nothing of what the value is.
_TEMPLATE = re.compile(
    r"\{\{-?\s*value(?P<json>_json)?(?P<path>(?:\.\w+|\[\d+\]|\['[^']+'\]|\[\"[^\"]+\"\])*)"
    r"\s*(?:\|\s*(?:float|int|round)(?:\([^()]*\))?\s*)*-?\}\}"
)


class _Sensor(NamedTuple):
    """A value that a config has announced."""

    config: str
    device: str
    quantity: str
    unit: str
    # None: the payload itself is the value.
    find: Getter | None


class HomeAssistant:
    """The family "home-assistant"."""

    name = "home-assistant"
    own_topics: tuple[str, ...] = ()
    announcements: tuple[str, ...] = (f"{_PREFIX}#",)

    def __init__(self) -> None:
        self._sensors: dict[str, list[_Sensor]] = {}
        # The state topics that a config has announced.
        self._announced: dict[str, set[str]] = {}
        # Topic: device, and what says that it is there or gone.
        self._presence: dict[str, tuple[str, str, str]] = {}

    def knows(self, topic: str) -> bool:
        if topic.startswith(_PREFIX):
            return True
        return topic in self._sensors or topic in self._presence

    def decode(self, message: Message) -> Decoded:
        topic = message.topic
        if topic.startswith(_PREFIX):
            if topic.endswith("/config"):
                self._announce(message)
            return Decoded(self.name)
        if topic in self._presence:
            device, there, gone = self._presence[topic]
            text = message.payload.decode("utf-8", "replace").strip()
            online = {there: True, gone: False}.get(text)
            status = [] if online is None else [Status(device, online)]
            return Decoded(self.name, status=status)
        return self._values(self._sensors.get(topic, []), message)

    def _announce(self, message: Message) -> None:
        self._forget(message.topic)
        if not message.payload.strip():
            return
        config = values.tolerant_json(message.payload)
        if not isinstance(config, dict):
            raise UnusableMessageError("The payload is no JSON object.")
        if message.topic.split("/")[1] not in {"sensor", "device"}:
            return
        refused: UnusableMessageError | None = None
        for each in _configs(config):
            try:
                self._take(message.topic, each)
            except UnusableMessageError as error:
                # The other values of the device are good.
                refused = error
        if refused is not None:
            raise refused

    def _take(self, topic: str, config: dict[str, Any]) -> None:
        """Remember the value that a config announces."""
        device = values.device_id(_device(config) or topic.split("/")[-2])
        quantity = _quantity(config)
        state_topic = _topic(config, "state_topic")
        if quantity is None or not state_topic:
            return
        find = _path(config, state_topic)
        sensors = self._sensors.get(state_topic, [])
        is_full = state_topic not in self._sensors and (
            len(self._sensors) >= _MOST_TOPICS
        )
        if is_full or len(sensors) >= _MOST_SENSORS:
            raise UnusableMessageError("Too many values are announced already.")
        sensors.append(_Sensor(topic, device, *quantity, find))
        self._sensors[state_topic] = sensors
        self._announced.setdefault(topic, set()).add(state_topic)
        availability = _topic(config, "availability_topic")
        if availability and len(self._presence) < _MOST_TOPICS:
            there = _of(config, "payload_available") or "online"
            gone = _of(config, "payload_not_available") or "offline"
            self._presence[availability] = (device, str(there), str(gone))

    def _forget(self, config: str) -> None:
        for topic in self._announced.pop(config, ()):
            kept = [each for each in self._sensors[topic] if each.config != config]
            if kept:
                self._sensors[topic] = kept
            else:
                del self._sensors[topic]

    def _values(self, sensors: list[_Sensor], message: Message) -> Decoded:
        content: Any = None
        if any(sensor.find for sensor in sensors):
            content = values.tolerant_json(message.payload)
        text = message.payload.decode("utf-8", "replace")
        found: dict[str, dict[str, float]] = {}
        for sensor in sensors:
            value = sensor.find(content) if sensor.find else text
            quantities = found.setdefault(sensor.device, {})
            values.put(quantities, sensor.quantity, value, unit=sensor.unit)
        readings = [
            times.gathered(message, device, quantities)
            for device, quantities in found.items()
            if quantities
        ]
        return Decoded(self.name, readings)


def _configs(config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what is announced: one value, or all those of a device."""
    components = _of(config, "components")
    if not isinstance(components, dict):
        yield config
        return
    for component in components.values():
        if isinstance(component, dict) and _of(component, "platform") == "sensor":
            yield {**config, **component}


def _of(config: dict[str, Any], key: str) -> Any:
    return config.get(key, config.get(_SHORT[key]))


def _topic(config: dict[str, Any], key: str) -> str:
    topic, base = _of(config, key), config.get("~")
    if not isinstance(topic, str):
        return ""
    if not isinstance(base, str):
        return topic
    if topic.startswith("~"):
        return base + topic[1:]
    return topic[:-1] + base if topic.endswith("~") else topic


def _device(config: dict[str, Any]) -> str:
    device = _of(config, "device")
    if not isinstance(device, dict):
        return ""
    identifiers = _of(device, "identifiers")
    if isinstance(identifiers, list):
        identifiers = identifiers[0] if identifiers else ""
    return identifiers if isinstance(identifiers, str) else ""


def _quantity(config: dict[str, Any]) -> tuple[str, str] | None:
    """Return quantity and unit of a config; its names may tell phase and direction."""
    unit = _of(config, "unit_of_measurement")
    unit = unit if isinstance(unit, str) else ""
    default = _QUANTITIES.get(str(_of(config, "device_class")))
    if default is None:
        return None
    try:
        factor_to(default, unit)
    except UnknownUnitError:
        return None
    base = default.removesuffix("_l1").removesuffix("_import")
    for name in (_of(config, "unique_id"), config.get("name")):
        found = guess(name, unit) if isinstance(name, str) else None
        if found is not None and found[0].startswith(base):
            return found
    return default, unit


def _path(config: dict[str, Any], topic: str) -> Getter | None:
    template = _of(config, "value_template")
    if template is None:
        return None
    match = _TEMPLATE.fullmatch(template.strip()) if isinstance(template, str) else None
    if match is None or (not match["json"] and match["path"]):
        raise UnusableMessageError(
            f"The template for {topic} is more than a path: make a profile for that"
            " topic instead."
        )
    if not match["json"]:
        return None
    path = match["path"].replace("'", '"')
    return getter(path.removeprefix("."))
