"""Acrel "json-v2": ADW300 and ADW310 meters that publish straight to the broker.

Topic ``{target}/{vendor}/{devtype}/json-v2/analog/{group}``; the device is not in the
topic but is point 0. A message holds one or several instants, each with any subset of
the 73 points::

    {"data": [{"tp": 1736871132698, "point": [{"id": 0, "val": "2410…"}, …]}]}

`tp` is in milliseconds since 1970; `val` is a number or a text with a number.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from meters.domain.instants import believable_instant
from meters.families import single_phase, values
from meters.families.message import Decoded, Message, Reading, UnusableMessageError

SERIAL = 0
SIGNAL = 27
ICCID = 33
DIGITAL_INPUTS = 41


def _phases(name: str) -> list[str]:
    return [f"{name}_l{phase}" for phase in (1, 2, 3)]


def _table() -> dict[int, str]:
    """Return the quantity of each point, by the protocol's table of ids."""
    names: dict[int, str] = {}

    def put(first: int, *quantities: str) -> None:
        names.update(enumerate(quantities, start=first))

    put(1, *_phases("voltage"), "voltage_l12", "voltage_l23", "voltage_l31")
    put(7, *_phases("current"))
    put(10, *_phases("active_power"), "active_power")
    put(14, *_phases("reactive_power"), "reactive_power")
    put(18, *_phases("apparent_power"), "apparent_power")
    put(22, *_phases("power_factor"), "power_factor")
    put(26, "frequency", "signal_strength")
    put(28, "active_energy_import", "active_energy_export")
    put(30, "reactive_energy_import", "reactive_energy_export")
    put(32, "active_demand")
    put(34, "pt_ratio", "ct_ratio")
    put(36, *_phases("temperature"), "temperature_n", "residual_current")
    put(DIGITAL_INPUTS, "digital_inputs")
    for phase in (1, 2, 3):
        put(
            38 + 4 * phase,
            f"active_energy_import_l{phase}",
            f"active_energy_export_l{phase}",
            f"reactive_energy_import_l{phase}",
            f"reactive_energy_export_l{phase}",
        )
    put(54, *_phases("voltage_thd"), *_phases("current_thd"))
    put(60, "active_demand_export", "reactive_demand_import", "reactive_demand_export")
    put(63, "voltage_unbalance", "current_unbalance")
    # Sharp, peak, flat, valley.
    put(65, *(f"active_energy_import_t{rate}" for rate in (1, 2, 3, 4)))
    put(69, *(f"reactive_energy_q{quadrant}" for quadrant in (1, 2, 3, 4)))
    return names


QUANTITY_BY_ID = _table()
_ID_BY_QUANTITY = {name: id_ for id_, name in QUANTITY_BY_ID.items()}
# These are neither plain numbers nor quantities.
_PLAIN = {
    id_: name
    for id_, name in QUANTITY_BY_ID.items()
    if id_ not in (DIGITAL_INPUTS, SIGNAL)
}


class _Point(msgspec.Struct, gc=False):
    id: int
    val: Any = None


class _Instant(msgspec.Struct):
    point: list[_Point]
    tp: Any = None


class _Payload(msgspec.Struct):
    data: list[_Instant]


_decoder = msgspec.json.Decoder(_Payload)


class AcrelJsonV2:
    """The family "acrel-json-v2"."""

    name = "acrel-json-v2"
    own_topics: tuple[str, ...] = ()

    def knows(self, topic: str) -> bool:
        return "/json-v2/analog" in topic

    def decode(self, message: Message) -> Decoded:
        try:
            instants = _decoder.decode(message.payload).data
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            instants = _tolerant_instants(message.payload)
        serial = _serial(instants)
        readings = [
            reading
            for instant in instants
            if (reading := _reading(instant, serial, message.received_at)) is not None
        ]
        if not readings:
            raise UnusableMessageError(f"No point of device {serial} has a value.")
        return Decoded(self.name, readings)


def encode(device: str, instants: Mapping[datetime, Mapping[str, float]]) -> bytes:
    """Return the payload with which a meter sends these quantities, instant by instant.

    Quantities that the protocol has no point for are left out.
    """
    data = [
        {
            "tp": round(time.timestamp() * 1000),
            "point": [
                {"id": SERIAL, "val": device},
                *(
                    {"id": _ID_BY_QUANTITY[name], "val": value}
                    for name, value in quantities.items()
                    if name in _ID_BY_QUANTITY
                ),
            ],
        }
        for time, quantities in instants.items()
    ]
    return msgspec.json.encode({"data": data})


def _tolerant_instants(payload: bytes) -> list[_Instant]:
    """Read a payload that is not quite as documented; keep what can be read."""
    content = values.tolerant_json(payload)
    data = content.get("data") if isinstance(content, dict) else None
    if isinstance(data, dict):
        data = [data]
    if not isinstance(data, list):
        raise UnusableMessageError('The payload has no list "data" of instants.')
    instants = [
        _Instant([_Point(*point) for point in _points(item)], item.get("tp"))
        for item in data
        if isinstance(item, dict)
    ]
    if not instants:
        raise UnusableMessageError('The list "data" has no instant in it.')
    return instants


def _points(instant: Mapping[str, Any]) -> list[tuple[int, Any]]:
    points = instant.get("point")
    if not isinstance(points, list):
        return []
    read = []
    for point in points:
        if isinstance(point, dict):
            id_ = values.bit_mask(point.get("id"))
            if id_ is not None:
                read.append((id_, point.get("val")))
    return read


def _serial(instants: list[_Instant]) -> str:
    for instant in instants:
        for point in instant.point:
            if point.id == SERIAL:
                return values.device_id(point.val)
    raise UnusableMessageError("The message names no device: there is no point 0.")


def _reading(instant: _Instant, serial: str, received_at: datetime) -> Reading | None:
    quantities: dict[str, float] = {}
    extra: dict[str, Any] = {}
    plain = _PLAIN
    # Backwards, so that of a point sent twice the first stands.
    for point in reversed(instant.point):
        value = point.val
        name = plain.get(point.id)
        if name is None:
            serial = _other_point(point, serial, quantities, extra)
        elif type(value) is float and -values.LARGEST < value < values.LARGEST:
            quantities[name] = value
        elif (parsed := values.number(value)) is not None:
            quantities[name] = parsed
    if not quantities and not extra:
        return None
    if "voltage_l2" not in quantities:
        single_phase.fill(quantities)
    time = _device_time(instant.tp)
    if time is None or not believable_instant(time, received_at=received_at):
        if time is not None:
            extra["device_time"] = time.isoformat()
        return Reading(serial, received_at, "received", quantities, extra)
    return Reading(serial, time, "device", quantities, extra)


def _other_point(
    point: _Point, serial: str, quantities: dict[str, float], extra: dict[str, Any]
) -> str:
    """Take a point that is no plain number; return the device's serial."""
    if point.id == SERIAL:
        return values.device_id(point.val)
    if point.id == DIGITAL_INPUTS:
        mask = values.bit_mask(point.val)
        if mask is not None:
            quantities["digital_inputs"] = mask
    elif point.id == SIGNAL:
        strength = values.number(point.val)
        if strength is not None:
            quantities["signal_strength"] = strength
            unit = _signal_unit(strength)
            if unit:
                extra["signal_unit"] = unit
    elif point.val is not None and point.val != "":
        key = "iccid" if point.id == ICCID else f"point_{point.id}"
        extra[key] = values.text(point.val)
    return serial


def _signal_unit(strength: float) -> str:
    """Return the unit that the number can only be in.

    The protocol's table says dBm, real meters send the modem's CSQ (0 to 31, or 99
    where it is not known).
    """
    if strength < 0:
        return "dBm"
    return "CSQ" if strength <= 31 or strength == 99 else ""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _device_time(tp: object) -> datetime | None:
    milliseconds = values.number(tp)
    if milliseconds is None:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None
