"""Tasmota: plugs, meters behind serial lines (SML, Teleinfo), sensors.

Topics hold ``tele``, ``stat`` or ``cmnd`` and the device's name in any order, and end
in what the message is: ``tele/plug7/SENSOR``, ``hall/tele/LWT``. Values stand in an
object per driver; ``ENERGY`` is the usual one::

    {"Time": "2026-05-19T20:52:56", "ENERGY": {"Total": 514.153, "Power": 56, …}}

The time is local and names no zone. Arrays are phases or channels with a meter each: a
channel is the device ``<name>/<n>``, numbered from 1. What such a device sends for all
its channels together, by default the register `Total`, is of the device itself.
"""

from datetime import datetime
from typing import Any, ClassVar

from meters.families import single_phase, times, values
from meters.families.message import (
    Action,
    CannotCommandError,
    Command,
    Decoded,
    Message,
    Outgoing,
    OutputState,
    Reading,
    Status,
    UnusableMessageError,
)
from meters.families.names import guess
from meters.families.p1_pieces import KEYS, P1Pieces
from meters.families.prefixed import prefixed

_PREFIXES = ("tele", "stat", "cmnd")
_ENDS = ("SENSOR", "STATE", "LWT", "RESULT")
# Key: (quantity of a total, quantity of a phase without its _l1, unit).
_ENERGY: dict[str, tuple[str | None, str | None, str]] = {
    "Total": ("active_energy_import", "active_energy_import", "kWh"),
    "TotalIn": ("active_energy_import", "active_energy_import", "kWh"),
    "TotalOut": ("active_energy_export", "active_energy_export", "kWh"),
    "ExportActive": ("active_energy_export", "active_energy_export", "kWh"),
    "Power": ("active_power", "active_power", "W"),
    "ApparentPower": ("apparent_power", "apparent_power", "VA"),
    "ReactivePower": ("reactive_power", "reactive_power", "var"),
    "Factor": ("power_factor", "power_factor", ""),
    "Voltage": (None, "voltage", "V"),
    "Current": (None, "current", "A"),
    "Frequency": ("frequency", None, "Hz"),
    "ImportReactive": ("reactive_energy_import", "reactive_energy_import", "kvarh"),
    "ExportReactive": ("reactive_energy_export", "reactive_energy_export", "kvarh"),
}
# Teleinfo of French meters: registers in Wh by tariff, texts with leading zeros.
_TELEINFO: dict[str, tuple[str, str]] = {
    "BASE": ("active_energy_import", "Wh"),
    "EAST": ("active_energy_import", "Wh"),
    "EAIT": ("active_energy_export", "Wh"),
    "HCHC": ("active_energy_import_t1", "Wh"),
    "HCHP": ("active_energy_import_t2", "Wh"),
    "EJPHN": ("active_energy_import_t1", "Wh"),
    "EJPHPM": ("active_energy_import_t2", "Wh"),
    "EASF01": ("active_energy_import_t1", "Wh"),
    "EASF02": ("active_energy_import_t2", "Wh"),
    "EASF03": ("active_energy_import_t3", "Wh"),
    "EASF04": ("active_energy_import_t4", "Wh"),
    "PAPP": ("apparent_power", "VA"),
    "SINSTS": ("apparent_power", "VA"),
    "SINSTS1": ("apparent_power_l1", "VA"),
    "SINSTS2": ("apparent_power_l2", "VA"),
    "SINSTS3": ("apparent_power_l3", "VA"),
    "IINST": ("current_l1", "A"),
    "IINST1": ("current_l1", "A"),
    "IINST2": ("current_l2", "A"),
    "IINST3": ("current_l3", "A"),
    "IRMS1": ("current_l1", "A"),
    "IRMS2": ("current_l2", "A"),
    "IRMS3": ("current_l3", "A"),
    "URMS1": ("voltage_l1", "V"),
    "URMS2": ("voltage_l2", "V"),
    "URMS3": ("voltage_l3", "V"),
}
# SML scripts name their keys freely; these are common besides what `guess` knows.
_SCRIPTS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(
        ("total", "totalin", "total_in", "total_summe", "en_in", "verbrauch_summe"),
        ("active_energy_import", "kWh"),
    ),
    **dict.fromkeys(
        ("totalout", "en_out", "supply", "einspeisung_summe"),
        ("active_energy_export", "kWh"),
    ),
    **{
        f"{name}{n}": (f"active_energy_import_t{n}", "kWh")
        for name in ("total_t", "total_tarif", "total_tariff", "verbrauch_t")
        for n in (1, 2)
    },
    "e_in": ("active_energy_import", "kWh"),
    "bezug": ("active_energy_import", "kWh"),
    "verbrauch": ("active_energy_import", "kWh"),
    "zaehlerstand": ("active_energy_import", "kWh"),
    "total_out": ("active_energy_export", "kWh"),
    "e_out": ("active_energy_export", "kWh"),
    "einspeisung": ("active_energy_export", "kWh"),
    "importactive": ("active_energy_import", "kWh"),
    "p_in": ("active_power", "W"),
    "p_tot": ("active_power", "W"),
    "power_curr": ("active_power", "W"),
    "power_cur": ("active_power", "W"),
    "watt": ("active_power", "W"),
    "leistung": ("active_power", "W"),
    **{f"volt_p{n}": (f"voltage_l{n}", "V") for n in (1, 2, 3)},
    **{f"amp_p{n}": (f"current_l{n}", "A") for n in (1, 2, 3)},
    **{f"curr_p{n}": (f"current_l{n}", "A") for n in (1, 2, 3)},
    **{f"power_p{n}": (f"active_power_l{n}", "W") for n in (1, 2, 3)},
    "hz": ("frequency", "Hz"),
    **{
        code.replace(".", dot): found
        for code, found in {
            "1.8.0": ("active_energy_import", "kWh"),
            "1.8.1": ("active_energy_import_t1", "kWh"),
            "1.8.2": ("active_energy_import_t2", "kWh"),
            "2.8.0": ("active_energy_export", "kWh"),
            "2.8.1": ("active_energy_export_t1", "kWh"),
            "2.8.2": ("active_energy_export_t2", "kWh"),
            "16.7.0": ("active_power", "W"),
            "36.7.0": ("active_power_l1", "W"),
            "56.7.0": ("active_power_l2", "W"),
            "76.7.0": ("active_power_l3", "W"),
        }.items()
        for dot in "._"
    },
}
# Import and export without a sign, where an object has both.
_SIGNED = (("power_in", "power_out"), ("p_in", "p_out"), ("pp", "pm"))
_NOT_DRIVERS = frozenset({"Time", "TempUnit", "PressureUnit", "SpeedUnit"})


class Tasmota:
    """The family "tasmota"."""

    name = "tasmota"
    # Telegrams of a serial line come in pieces.
    own_topics: tuple[str, ...] = prefixed(
        *("tele/+/LWT", "+/tele/LWT", "tele/+/RESULT", "+/tele/RESULT")
    )
    actions: ClassVar[frozenset[Action]] = frozenset(
        {"on", "off", "toggle", "read", "set_interval"}
    )
    reports_outputs: ClassVar[bool] = True

    def __init__(self) -> None:
        self._pieces = P1Pieces()

    def knows(self, topic: str) -> bool:
        parts = topic.split("/")
        if len(parts) < 3 or not any(part in _PREFIXES for part in parts[:-1]):
            return False
        end = parts[-1]
        return end in _ENDS or end.startswith(("STATUS", "POWER", "INFO"))

    def decode(self, message: Message) -> Decoded:
        device = values.device_id(_name(message.topic))
        end = message.topic.rpartition("/")[2]
        if end == "LWT":
            return Decoded(self.name, status=[_status(device, message.payload)])
        if end.startswith("POWER"):
            outputs = [_output(device, end, message.payload.decode(errors="replace"))]
            return Decoded(self.name, outputs=[item for item in outputs if item])
        content = values.tolerant_json(message.payload)
        if not isinstance(content, dict):
            raise UnusableMessageError("The payload is no JSON object.")
        status = content.get("StatusSNS") or content.get("StatusSTS")
        content = status if isinstance(status, dict) else content
        outputs = [_output(device, key, value) for key, value in content.items()]
        found = Decoded(self.name, outputs=[item for item in outputs if item])
        found.readings = [
            *self._drivers(device, content, message),
            *self._state(device, content, message),
        ]
        if end == "SENSOR" and not found.readings and not found.outputs:
            raise UnusableMessageError(f"Device {device} sends no value that is known.")
        serial = next((content[key] for key in KEYS if key in content), None)
        if end == "RESULT" and serial is not None:
            return self._pieces.decode(str(serial), message)
        return found

    def encode(self, command: Command) -> list[Outgoing]:
        base = _command_base(command.topic)
        device, _, _channel = command.device.partition("/")
        output = command.output
        if command.action in {"on", "off", "toggle"}:
            topic = f"{base}/POWER{output}"
            return [Outgoing(topic, command.action.upper().encode())]
        if command.action == "read":
            return [Outgoing(f"{base}/STATUS", b"8")]
        if command.interval_s is None or not 10 <= command.interval_s <= 3600:
            raise CannotCommandError(
                f"Device {device} takes an interval of 10 to 3,600 seconds."
            )
        return [Outgoing(f"{base}/TelePeriod", str(round(command.interval_s)).encode())]

    def _drivers(
        self, device: str, content: dict[str, Any], message: Message
    ) -> list[Reading]:
        quantities: dict[str, float] = {}
        extra: dict[str, Any] = {}
        channels: list[dict[str, float]] = []
        for driver, item in content.items():
            if driver in _NOT_DRIVERS or not isinstance(item, dict):
                continue
            if driver == "ENERGY":
                channels = _energy(item, quantities, extra)
            elif driver != "Wifi":
                _free_keys(item, quantities, extra)
        if content.get("TempUnit") == "F" and "temperature" in quantities:
            celsius = (quantities["temperature"] - 32) / 1.8
            quantities["temperature"] = round(celsius, 3)
        time = times.from_text(content.get("Time"))
        readings = []
        for whole in (quantities, *channels):
            single_phase.fill(whole)
        if quantities:
            readings.append(
                times.reading(message, device, quantities, time=time, extra=extra)
            )
        for number, channel in enumerate(channels, start=1):
            if channel:
                own = f"{device}/{number}"
                readings.append(times.reading(message, own, channel, time=time))
        return readings

    def _state(
        self, device: str, content: dict[str, Any], message: Message
    ) -> list[Reading]:
        wifi = content.get("Wifi")
        if not isinstance(wifi, dict):
            return []
        signal, unit = values.number(wifi.get("Signal")), "dBm"
        if signal is None:
            signal, unit = values.number(wifi.get("RSSI")), "%"
        if signal is None:
            return []
        time: datetime | None = times.from_text(content.get("Time"))
        quantities = {"signal_strength": signal}
        extra = {"signal_unit": unit}
        return [times.reading(message, device, quantities, time=time, extra=extra)]


def _name(topic: str) -> str:
    """Return the device's part of a topic, wherever the prefix stands."""
    parts = [part for part in topic.split("/")[:-1] if part]
    for number, part in enumerate(parts):
        if part in _PREFIXES:
            return "/".join([*parts[:number], *parts[number + 1 :]])
    return "/".join(parts)


def _command_base(topic: str) -> str:
    parts = topic.split("/")[:-1]
    for number, part in enumerate(parts):
        if part in _PREFIXES:
            return "/".join([*parts[:number], "cmnd", *parts[number + 1 :]])
    raise CannotCommandError(f"Topic {topic} has no place for a command.")


def _status(device: str, payload: bytes) -> Status:
    text = payload.strip().lower()
    if text not in {b"online", b"offline"}:
        raise UnusableMessageError("An LWT message says Online or Offline.")
    return Status(device, text == b"online")


def _output(device: str, key: str, value: object) -> OutputState | None:
    number = values.whole(key.removeprefix("POWER") or "1", longest=2)
    if not key.startswith("POWER") or number is None or not isinstance(value, str):
        return None
    state = value.strip().upper()
    if state not in {"ON", "OFF"}:
        return None
    return OutputState(device, number, state == "ON")


def _energy(
    item: dict[str, Any], quantities: dict[str, float], extra: dict[str, Any]
) -> list[dict[str, float]]:
    """Read the ENERGY object; return the channels where its arrays are such."""
    lists = {key: value for key, value in item.items() if isinstance(value, list)}
    are_channels = _are_channels(item, lists)
    channels: list[dict[str, float]] = []
    if are_channels:
        longest = max(len(lists[key]) for key in _ENERGY if key in lists)
        channels = [{} for _ in range(longest)]
    for key, (total, phase, unit) in _ENERGY.items():
        value = item.get(key)
        of_all = key in {"Voltage", "Frequency"}
        if isinstance(value, list):
            for number, part in enumerate(value[:8], start=1):
                if are_channels:
                    _put_one(channels[number - 1], total, phase, part, unit)
                elif phase and number <= 3:
                    values.put(quantities, f"{phase}_l{number}", part, unit=unit)
                elif total and number == 1:
                    values.put(quantities, total, part, unit=unit)
        elif are_channels and of_all:
            for channel in channels:  # one voltage for all of them
                _put_one(channel, total, phase, value, unit)
        else:
            _put_one(quantities, total, phase, value, unit)
    # Scripts add keys of their own to those of the driver.
    rest = {key: value for key, value in item.items() if key not in _ENERGY}
    _free_keys(rest, quantities, None)
    _sum_of_phases(quantities, "active_power")
    if are_channels and quantities:
        _sum_of_channels(quantities, channels)
    if "TotalStartTime" in item:
        extra["total_start_time"] = values.text(item["TotalStartTime"])
    return channels


def _are_channels(item: dict[str, Any], lists: dict[str, list[Any]]) -> bool:
    """Return whether arrays are channels with a meter each.

    Phases have voltages of their own, channels of one supply share theirs; where no
    voltage tells, phases come by three, or with a total for all of them.
    """
    powers = lists.get("Power") or lists.get("Current")
    if not powers:
        return False
    voltages = item.get("Voltage")
    if isinstance(voltages, list) and len(voltages) == len(powers) == 3:
        return False
    if isinstance(item.get("Total"), list):
        return True
    if len(powers) == 3:
        return False
    return "Total" not in item or isinstance(voltages, int | float)


def _put_one(
    quantities: dict[str, float],
    total: str | None,
    phase: str | None,
    value: object,
    unit: str,
) -> None:
    """Put a value that is the only one: the total, or phase 1 of what has none."""
    quantity = total or (f"{phase}_l1" if phase else None)
    if quantity:
        values.put(quantities, quantity, value, unit=unit)


def _sum_of_phases(quantities: dict[str, float], quantity: str) -> None:
    phases = [quantities.get(f"{quantity}_l{number}") for number in (1, 2, 3)]
    known = [value for value in phases if value is not None]
    if quantity not in quantities and len(known) > 1:
        quantities[quantity] = float(f"{sum(known):.12g}")


def _sum_of_channels(
    quantities: dict[str, float], channels: list[dict[str, float]]
) -> None:
    """Let a device with a register for all its channels have their power too."""
    powers = [channel.get("active_power") for channel in channels]
    known = [power for power in powers if power is not None]
    if known and len(known) == len(powers):
        quantities.setdefault("active_power", float(f"{sum(known):.12g}"))


def _free_keys(
    item: dict[str, Any], quantities: dict[str, float], extra: dict[str, Any] | None
) -> None:
    """
    Read an object of a driver whose keys the device's owner may have chosen.

    What is not understood goes to `extra`, if there is one.
    """
    item = _with_signed_power(item)
    for key, value in item.items():
        if isinstance(value, dict | list) or value is None:
            continue
        known = _TELEINFO.get(key) or _SCRIPTS.get(key.lower()) or guess(key)
        if known is not None and known[0] not in quantities:
            if values.put(quantities, known[0], value, unit=known[1]):
                continue
        elif known is None and extra is not None and len(extra) < 40:
            extra[values.text(key)] = values.text(value)


def _with_signed_power(item: dict[str, Any]) -> dict[str, Any]:
    """Put one power with a sign in the place of two without."""
    by_lower = {key.lower(): key for key in item}
    for imported, exported in _SIGNED:
        keys = [by_lower.get(imported), by_lower.get(exported)]
        both = [values.number(item[key]) for key in keys if key is not None]
        if len(both) == 2 and both[0] is not None and both[1] is not None:
            rest = {key: value for key, value in item.items() if key not in keys}
            return {"p_in": both[0] - both[1], **rest}
    return item
