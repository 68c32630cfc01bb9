"""DSMR P1: smart meters of the Netherlands, Belgium, Luxembourg, the Nordics.

A whole telegram as text, by a topic that the owner chooses: told by its topic where
that says so, else by its look. Lines are ``OBIS(value*unit)``; the unit is read from
the line, for some meters send Wh and W. Times end in W or S: winter or summer time of
Central Europe, whatever the host's zone. Gas, water and heat meters behind it are
devices of their own, with their own time.

The readout of an optical head (IEC 62056-21) is much the same: the OBIS codes may lack
medium and channel, the values their unit, and registers stored at past resets stand
beside the present ones (``1.8.0*01``). Its clock is local.

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

_LINE = re.compile(
    r"^(?:(\d+)-(\d+):)?(\d+\.\d+\.\d+|C\.1\.0)(?:[.*&](\d+))?"
    # Version 2 of the telegram has a gas meter's value on a line of its own.
    r"((?:\([^()\r\n]*\))+(?:\r?\n\([^()\r\n]*\))?)",
    re.MULTILINE,
)
# After "*": the present value. What is stored at a reset is numbered from 1.
_PRESENT = frozenset({"", "0", "00", "255"})
_START, _ACKNOWLEDGED = "\x02", "\x06"
# What a readout begins with where its control characters were lost on the way.
_FIRST_LINE = r"(?:F\.F|\d+\.\d+\.\d+)\("
_READOUT = re.compile(
    rb"(?:[\x02\x06/]|%b).*?(?:[\n\x02]|\n1-\d:)1\.8\.\d[(*]" % _FIRST_LINE.encode(),
    re.DOTALL,
)
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
        "2.4.0": ("active_demand_export", "kW"),
        "9.7.0": ("apparent_power", "kVA"),
        "14.7.0": ("frequency", "Hz"),
        "13.7.0": ("power_factor", ""),
        "91.7.0": ("current_n", "A"),
    }
    for rate in (1, 2, 3, 4):
        table[f"1.8.{rate}"] = (f"active_energy_import_t{rate}", "kWh")
        table[f"2.8.{rate}"] = (f"active_energy_export_t{rate}", "kWh")
        table[f"{rate + 4}.8.0"] = (f"reactive_energy_q{rate}", "kvarh")
    for phase, code in ((1, 30), (2, 50), (3, 70)):
        table[f"{code + 2}.7.0"] = (f"voltage_l{phase}", "V")
        table[f"{code + 1}.7.0"] = (f"current_l{phase}", "A")
        table[f"{code + 3}.7.0"] = (f"power_factor_l{phase}", "")
    for phase, code in ((1, 20), (2, 40), (3, 60)):
        table[f"{code + 1}.8.0"] = (f"active_energy_import_l{phase}", "kWh")
        table[f"{code + 2}.8.0"] = (f"active_energy_export_l{phase}", "kWh")
        table[f"{code + 9}.7.0"] = (f"apparent_power_l{phase}", "kVA")
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
# Import less export in one value, where the two do not come.
_NET = {
    "16.7.0": "active_power",
    **{f"{20 * phase + 16}.7.0": f"active_power_l{phase}" for phase in (1, 2, 3)},
}
_IDENTIFIERS = ("96.1.1", "96.1.0", "96.1.255", "0.0.0", "C.1.0")
_TOPIC_WORDS = frozenset({"dsmr", "p1", "telegram", "smartmeter", "slimmemeter"})


class _Line(NamedTuple):
    """A line of a telegram: medium, channel and code of its OBIS, and its groups."""

    medium: int
    channel: int
    code: str
    groups: list[str]

    @property
    def value(self) -> str:
        """The value; a peak's time stands before it, or after it in a readout."""
        with_unit = (group for group in self.groups if "*" in group)
        first = self.groups[-1 if _TIME.fullmatch(self.groups[0]) else 0]
        return next(with_unit, first)


class DsmrP1:
    """The family "dsmr-p1"."""

    name = "dsmr-p1"
    own_topics: tuple[str, ...] = ()

    def knows(self, topic: str) -> bool:
        parts = topic.lower().split("/")
        return parts[-1] in {"raw", "telegram"} and bool(
            _TOPIC_WORDS.intersection(parts)
        )

    def recognises(self, message: Message) -> bool:
        payload = message.payload.lstrip()[:4096]
        is_telegram = payload[:1] == b"/" and b"-0:1." in message.payload
        return is_telegram or _READOUT.match(payload) is not None

    def decode(self, message: Message) -> Decoded:
        text = message.payload.decode("ascii", "replace").replace("\0", "").strip()
        if text.startswith((_START, _ACKNOWLEDGED)):
            text = text[text.find(_START) :]
        begins = text.startswith(("/", _START)) or re.match(_FIRST_LINE, text)
        if not begins or "!" not in text:
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
    plain: list[_Line] = []
    marked: list[_Line] = []
    for match in _LINE.finditer(text.replace(_START, "\n")):
        medium, channel, code, storage, groups = match.groups()
        if (storage or "") in _PRESENT:
            line = _Line(
                int((medium or "1")[:3]),
                int((channel or "0")[:3]),
                code,
                _GROUP.findall(groups),
            )
            (marked if storage else plain).append(line)
    # The value without a mark goes before one that is marked as the present.
    return plain + marked


def _main_meter(lines: list[_Line], text: str, message: Message) -> Reading | None:
    quantities: dict[str, float] = {}
    time = None
    by_code: dict[str, str] = {}
    identifiers: dict[str, str] = {}
    for line in lines:
        if line.medium == 0 and line.code == "1.0.0":
            time = _time(line.groups[0])
        elif line.channel == 0 and line.code in _IDENTIFIERS:
            identifiers.setdefault(line.code, line.groups[0])
        elif line.medium == 1:
            by_code.setdefault(line.code, line.value)
    for code, value in by_code.items():
        if code in _QUANTITIES:
            quantity, unit = _QUANTITIES[code]
            values.put(quantities, quantity, value, unit=unit)
    for code, quantity in _NET.items():
        if code in by_code:
            values.put(quantities, quantity, by_code[code], unit="kW")
    for quantity, (imported, exported) in _SIGNED.items():
        _put_signed(quantities, quantity, by_code.get(imported), by_code.get(exported))
    if not quantities:
        return None
    if time is None:
        time = _clock(by_code.get("0.9.2", ""), by_code.get("0.9.1", ""))
    device = _device(identifiers, text) or message.topic
    return times.reading(message, values.device_id(device), quantities, time=time)


def _device(identifiers: dict[str, str], text: str) -> str:
    """Return the meter's number, else what the telegram's first line says."""
    for code in _IDENTIFIERS:
        if number := identifiers.get(code, "").strip():
            return _decoded(number) if code in {"96.1.1", "96.1.0"} else number
    return text[1:].splitlines()[0].strip() if text.startswith("/") else ""


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
    kinds = {line.channel: line.groups[0] for line in lines if line.code == "24.1.0"}
    readings = []
    for line in lines:
        value = _value_behind(line)
        if line.medium != 0 or not line.channel or value is None:
            continue
        quantities: dict[str, float] = {}
        is_electric = kinds.get(line.channel, "").lstrip("0") == "2"
        energy = "active_energy_import" if is_electric else "heat_energy"
        if not values.put(quantities, "volume", value, unit="m3"):
            values.put(quantities, energy, value, unit="GJ")
        device = names.get(line.channel)
        if device and quantities:
            device = values.device_id(device)
            time = _time(line.groups[0])
            readings.append(times.reading(message, device, quantities, time=time))
    return readings


def _value_behind(line: _Line) -> str | None:
    """Return the value of a meter behind, with its unit."""
    if line.code in {"24.2.1", "24.2.3"} and len(line.groups) >= 2:
        return line.groups[-1]
    if line.code == "24.3.0" and len(line.groups) >= 3:
        return f"{line.groups[-1]}*{line.groups[-2]}"
    return None


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


def _clock(date: str, time: str) -> datetime | None:
    """Return the local time of a readout: 260131 or 26-01-31, 235958 or 23:59:58."""
    digits = [re.sub(r"\D", "", part)[-6:] for part in (date, time)]
    return _time("".join(digits))
