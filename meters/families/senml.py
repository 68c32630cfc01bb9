"""SenML (RFC 8428): lists of records with names, units and values, on any topic.

Base fields hold for the records that follow; a time below 2**28 is relative to the
receipt. Names begin with the device: ``urn:dev:ow:10e2073a01080063:voltage``; one that
ends with it leaves it to the unit what the value is.
"""

import re
from datetime import datetime, timedelta
from typing import Any

from meters.domain.quantities import BY_NAME
from meters.families import times, values
from meters.families.message import Decoded, Message, UnusableMessageError
from meters.families.names import guess

_RELATIVE_BELOW = 2**28
_MOST_RECORDS = 1_000
# A device's name of its own (RFC 9039), and what it measures.
_URN = re.compile(r"(urn:dev:[^:]+:[^:/_]+)[:/_]?(.*)")
_BY_UNIT = {
    "Cel": "temperature",
    "%RH": "humidity",
    "V": "voltage_l1",
    "A": "current_l1",
    "Hz": "frequency",
    **dict.fromkeys(("W", "kW"), "active_power"),
    **dict.fromkeys(("Wh", "kWh", "J"), "active_energy_import"),
}


class SenMl:
    """The family "senml"."""

    name = "senml"
    own_topics: tuple[str, ...] = ()

    def knows(self, topic: str) -> bool:
        return topic.endswith("/senml") or topic.startswith("senml/")

    def recognises(self, message: Message) -> bool:
        start = message.payload[:400].lstrip()
        return start[:1] == b"[" and b'"n"' in start and b'"v"' in message.payload

    def decode(self, message: Message) -> Decoded:
        records = values.tolerant_json(message.payload)
        if not isinstance(records, list) or not records:
            raise UnusableMessageError("The payload is no list of SenML records.")
        gathered: dict[
            tuple[str, datetime], tuple[dict[str, float], dict[str, Any]]
        ] = {}
        base: dict[str, Any] = {}
        for record in records[:_MOST_RECORDS]:
            if not isinstance(record, dict):
                raise UnusableMessageError("A SenML record is no JSON object.")
            base |= {key: value for key, value in record.items() if key[:1] == "b"}
            name = f"{base.get('bn', '')}{record.get('n', '')}"
            device, key = _split(name, str(base.get("bn", "")))
            time = _time(base.get("bt"), record.get("t"), message.received_at)
            place = (values.device_id(device or message.topic), time)
            quantities, extra = gathered.setdefault(place, ({}, {}))
            unit = record.get("u", base.get("bu", ""))
            _take(key, str(unit), _value(record, base), quantities, extra)
        readings = []
        for (device, time), (quantities, extra) in gathered.items():
            if quantities or extra:
                at = None if time == message.received_at else time
                readings.append(
                    times.reading(message, device, quantities, time=at, extra=extra)
                )
        if not readings:
            raise UnusableMessageError("No SenML record has a value.")
        return Decoded(self.name, readings)


def _split(name: str, base_name: str) -> tuple[str, str]:
    """Return device and key of a name: the base, or what stands before the last ":"."""
    stripped = base_name.rstrip(":/._-")
    if stripped and name != base_name:
        return stripped, name[len(base_name) :]
    if urn := _URN.fullmatch(name):
        return urn[1], urn[2]
    if stripped:
        return stripped, ""
    head, _, key = name.rpartition(":")
    if not head:
        head, _, key = name.rpartition("/")
    return head, key


def _time(base: object, own: object, received_at: datetime) -> datetime:
    seconds = (values.number(base) or 0.0) + (values.number(own) or 0.0)
    if seconds < _RELATIVE_BELOW:
        try:
            return received_at + timedelta(seconds=seconds)
        except OverflowError:
            return received_at
    return times.from_epoch(seconds) or received_at


def _value(record: dict[str, Any], base: dict[str, Any]) -> object:
    if "v" in record or ("bv" in base and not {"vs", "vb", "vd"}.intersection(record)):
        number, offset = (
            values.number(record.get("v", 0)),
            values.number(base.get("bv")),
        )
        return None if number is None else number + (offset or 0.0)
    if "vb" in record:
        return int(record["vb"] is True)
    return record.get("vs")


def _take(
    key: str,
    unit: str,
    value: object,
    quantities: dict[str, float],
    extra: dict[str, Any],
) -> None:
    known = (key, unit or BY_NAME[key].unit) if key in BY_NAME else guess(key, unit)
    if not key and unit in _BY_UNIT:
        known = _BY_UNIT[unit], unit
    if known is not None and values.put(quantities, known[0], value, unit=known[1]):
        return
    if value is not None and len(extra) < 100:
        number = values.number(value)
        extra[values.text(key or "value")] = (
            values.text(value) if number is None else number
        )
