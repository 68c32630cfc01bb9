"""DSMR P1: smart meters of the Netherlands, Belgium, Luxembourg, the Nordics.

A whole telegram as text, by a topic that the owner chooses: told by its topic where
that says so, else by its look. Lines are ``OBIS(value*unit)``; the unit is read from
the line, for some meters send Wh and W. Times end in W or S: winter or summer time of
Central Europe, whatever the host's zone. Gas, water and heat meters behind it are
devices of their own, with their own time.

`dsmr-parser` checks the telegram; its readers of lines are not used: each knows the
lines of one country's telegram in the units of that country.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from dsmr_parser.exceptions import InvalidChecksumError, ParseError
from dsmr_parser.parsers import TelegramParser

from meters.families import times, values
from meters.families.message import Decoded, Message, Reading, UnusableMessageError

_LINE = re.compile(r"^(\d+-\d+:\d+\.\d+\.\d+)(?:\.\d+)?((?:\([^()\r\n]*\))+)", re.M)
_GROUP = re.compile(r"\(([^()]*)\)")
_TIME = re.compile(r"\d{12}[WS]?")
_OFFSETS = {"W": timedelta(hours=1), "S": timedelta(hours=2)}


def _table() -> dict[str, tuple[str, str]]:
    table = {
        "1.8.0": ("active_energy_import", "kWh"),
        "2.8.0": ("active_energy_export", "kWh"),
        "3.8.0": ("reactive_energy_import", "kvarh"),
        "4.8.0": ("reactive_energy_export", "kvarh"),
        "1.4.0": ("active_demand", "kW"),
        "1.6.0": ("active_demand_max", "kW"),
        "14.7.0": ("frequency", "Hz"),
        "13.7.0": ("power_factor", ""),
    }
    for rate in (1, 2, 3, 4):
        table[f"1.8.{rate}"] = (f"active_energy_import_t{rate}", "kWh")
        table[f"2.8.{rate}"] = (f"active_energy_export_t{rate}", "kWh")
    for phase, code in ((1, 30), (2, 50), (3, 70)):
        table[f"{code + 2}.7.0"] = (f"voltage_l{phase}", "V")
        table[f"{code + 1}.7.0"] = (f"current_l{phase}", "A")
        table[f"{code + 3}.7.0"] = (f"power_factor_l{phase}", "")
    for phase, code in ((1, 20), (2, 40), (3, 60)):
        table[f"{code + 1}.8.0"] = (f"active_energy_import_l{phase}", "kWh")
        table[f"{code + 2}.8.0"] = (f"active_energy_export_l{phase}", "kWh")
    return table


_QUANTITIES = _table()
# Two unsigned values, of which ours is import − export.
_SIGNED = {
    "active_power": ("1.7.0", "2.7.0"),
    "reactive_power": ("3.7.0", "4.7.0"),
    **{
        f"active_power_l{phase}": (f"{code + 1}.7.0", f"{code + 2}.7.0")
        for phase, code in ((1, 20), (2, 40), (3, 60))
    },
    **{
        f"reactive_power_l{phase}": (f"{code + 3}.7.0", f"{code + 4}.7.0")
        for phase, code in ((1, 20), (2, 40), (3, 60))
    },
}
_TOPIC_WORDS = frozenset({"dsmr", "p1", "telegram", "smartmeter", "slimmemeter"})


class _Line(NamedTuple):
    """A line of a telegram: medium, channel and code of its OBIS, and its groups."""

    medium: int
    channel: int
    code: str
    groups: list[str]


class DsmrP1:
    """The family "dsmr-p1"."""

    name = "dsmr-p1"
    shared_topics: tuple[str, ...] = ("dsmr/#", "p1/#")
    own_topics: tuple[str, ...] = ()

    def knows(self, topic: str) -> bool:
        parts = topic.lower().split("/")
        return parts[-1] in {"raw", "telegram"} and bool(
            _TOPIC_WORDS.intersection(parts)
        )

    def recognises(self, message: Message) -> bool:
        return message.payload.lstrip()[:1] == b"/" and b"-0:1." in message.payload

    def decode(self, message: Message) -> Decoded:
        text = message.payload.decode("ascii", "replace").replace("\0", "").strip()
        if not text.startswith("/") or "!" not in text:
            raise UnusableMessageError(
                "The message is no whole telegram, which goes from “/” to “!”: publish"
                " each telegram in one message."
            )
        _check(text)
        lines = _lines(text)
        readings = _devices_behind(lines, message)
        main = _main_meter(lines, text, message)
        if main is not None:
            readings.insert(0, main)
        if not readings:
            raise UnusableMessageError("The telegram has no value that is known.")
        return Decoded(self.name, readings)


def _check(text: str) -> None:
    """Check the CRC, where there is one; line ends may have changed on the way."""
    if not re.search(r"![0-9A-Fa-f]{4}\s*$", text):
        return
    plain = text.replace("\r\n", "\n")
    for variant in (text, plain.replace("\n", "\r\n"), plain):
        try:
            TelegramParser.validate_checksum(variant)
        except InvalidChecksumError:
            continue
        except ParseError:
            break
        else:
            return
    raise UnusableMessageError(
        "The telegram’s checksum does not fit: something was lost on the way."
    )


def _lines(text: str) -> list[_Line]:
    lines = []
    for match in _LINE.finditer(text):
        head, _, code = match[1].partition(":")
        medium, _, channel = head.partition("-")
        groups = _GROUP.findall(match[2])
        lines.append(_Line(int(medium[:3]), int(channel[:3]), code, groups))
    return lines


def _main_meter(lines: list[_Line], text: str, message: Message) -> Reading | None:
    quantities: dict[str, float] = {}
    time = None
    device = ""
    by_code: dict[str, str] = {}
    for line in lines:
        if line.medium == 0 and line.code == "1.0.0":
            time = _time(line.groups[0])
        elif line.channel == 0 and line.code in {"96.1.1", "96.1.0"}:
            device = device or _decoded(line.groups[0])
        elif line.medium == 1:
            by_code.setdefault(line.code, line.groups[-1])
    for code, value in by_code.items():
        if code in _QUANTITIES:
            quantity, unit = _QUANTITIES[code]
            values.put(quantities, quantity, value, unit=unit)
    for quantity, (imported, exported) in _SIGNED.items():
        _put_signed(quantities, quantity, by_code.get(imported), by_code.get(exported))
    if not quantities:
        return None
    if not device:
        device = text[1:].splitlines()[0].strip()
    return times.reading(message, values.device_id(device), quantities, time=time)


def _put_signed(
    quantities: dict[str, float],
    quantity: str,
    imported: str | None,
    exported: str | None,
) -> None:
    unit = "kvar" if quantity.startswith("reactive") else "kW"
    parts: dict[str, float] = {}
    both = []
    for value in (imported, exported):
        parts.clear()
        if value is not None:
            values.put(parts, quantity, value, unit=unit)
        both.append(parts.get(quantity))
    if both != [None, None]:
        quantities[quantity] = float(f"{(both[0] or 0.0) - (both[1] or 0.0):.12g}")


def _devices_behind(lines: list[_Line], message: Message) -> list[Reading]:
    """Return the readings of gas, water and heat meters on the M-Bus channels."""
    names = {
        line.channel: _decoded(line.groups[0])
        for line in lines
        if line.medium == 0 and line.channel and line.code in {"96.1.0", "96.1.1"}
    }
    readings = []
    for line in lines:
        is_value = line.code in {"24.2.1", "24.2.3"} and len(line.groups) >= 2
        if line.medium != 0 or not line.channel or not is_value:
            continue
        quantities: dict[str, float] = {}
        if not values.put(quantities, "volume", line.groups[-1], unit="m3"):
            values.put(quantities, "heat_energy", line.groups[-1], unit="GJ")
        device = names.get(line.channel)
        if device and quantities:
            device = values.device_id(device)
            time = _time(line.groups[0])
            readings.append(times.reading(message, device, quantities, time=time))
    return readings


def _decoded(identifier: str) -> str:
    """Return the text of an identifier that is sent as hexadecimal digits."""
    try:
        text = bytes.fromhex(identifier).decode("ascii")
    except ValueError:
        return identifier
    return text.strip() if text.isprintable() and text.strip() else identifier


def _time(text: str) -> datetime | None:
    """Return the instant of YYMMDDhhmmss and W or S; local where neither stands."""
    if not _TIME.fullmatch(text):
        return None
    try:
        local = datetime.strptime(text[:12], "%y%m%d%H%M%S")  # noqa: DTZ007
    except ValueError:
        return None
    if len(text) == 12:
        return local
    return local.replace(tzinfo=timezone(_OFFSETS[text[12]])).astimezone(UTC)
