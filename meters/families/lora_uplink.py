"""From a network server's uplink to readings; sets of values that come in pieces.

A meter cuts a reading into several uplinks: the pieces of one set take the instant of
the first, so that they fill one row.
"""

import base64
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from meters.domain.instants import believable_instant
from meters.families import lora_values, times, values
from meters.families.message import (
    CannotCommandError,
    Command,
    Message,
    OutputState,
    Reading,
    UnusableMessageError,
)

_ONE_SET = timedelta(seconds=60)
# Devices remembered; beyond it the one longest silent is forgotten.
_MOST_DEVICES = 20_000
# Where nothing of the device has been heard: the documents name no port.
_USUAL_PORT = 2
# Modbus RTU to the ADW300's register 01C2, with its check sum.
_FRAMES = {
    "on": b"Modbus:001001C200010200016A22",
    "off": b"Modbus:001001C20001020000ABE2",
}


class Uplink(msgspec.Struct):
    """What a network server says of an uplink."""

    device: str
    content: Mapping[str, Any]
    time: datetime | None
    model: str = ""
    port: object = None
    signals: Iterable[object] = ()


class _Set(msgspec.Struct):
    instant: datetime
    names: set[str]
    uplinks: set[datetime]


class Sets:
    """The set of values that each device is in the middle of; the port it sends on."""

    def __init__(self) -> None:
        self._by_device: OrderedDict[str, _Set] = OrderedDict()
        self._ports: OrderedDict[str, int] = OrderedDict()

    def instant(
        self, device: str, time: datetime, names: Iterable[str]
    ) -> tuple[datetime, bool]:
        """Return the instant of the uplink's set, and whether the uplink began it."""
        new = set(names)
        known = self._by_device.get(device)
        if known is not None and time in known.uplinks:
            return known.instant, time == known.instant
        joins = (
            known is not None
            and abs(time - known.instant) <= _ONE_SET
            and known.names.isdisjoint(new)
        )
        if known is None or not joins:
            known = _Set(time, set(), set())
            self._by_device[device] = known
        known.names |= new
        known.uplinks.add(time)
        self._by_device.move_to_end(device)
        while len(self._by_device) > _MOST_DEVICES:
            self._by_device.popitem(last=False)
        return known.instant, not joins

    def heard_on(self, device: str, port: object) -> None:
        number = values.bit_mask(port)
        if number is not None and 1 <= number <= 223:
            self._ports[device] = number
            self._ports.move_to_end(device)
            while len(self._ports) > _MOST_DEVICES:
                self._ports.popitem(last=False)

    def port(self, device: str) -> int:
        return self._ports.get(device, _USUAL_PORT)


def readings(
    message: Message, uplink: Uplink, sets: Sets
) -> tuple[list[Reading], list[OutputState]]:
    """Return what an uplink says; raise UnusableMessageError where that is nothing."""
    measured = lora_values.read(uplink.content, model=uplink.model)
    sets.heard_on(uplink.device, uplink.port)
    found: list[Reading] = []
    outputs: list[OutputState] = []
    for channel, fields in measured.channels.items():
        if not fields.quantities:
            continue
        device = f"{uplink.device}/{channel}" if channel else uplink.device
        device = values.device_id(device)
        reading = times.reading(
            message,
            device,
            fields.quantities,
            time=_best_time(message, measured.time, uplink.time),
            extra=fields.extra,
        )
        begins = True
        if measured.time is None or reading.time_source == "received":
            reading.time, begins = sets.instant(device, reading.time, fields.quantities)
        strength = _strongest(uplink.signals)
        # One of each set: the pieces would contradict each other.
        if strength is not None and begins:
            fields.quantities["signal_strength"] = strength
            fields.extra["signal_unit"] = "dBm"
        found.append(reading)
        if not message.retain:
            outputs += [OutputState(device, n, on) for n, on in fields.outputs.items()]
    if not found:
        raise UnusableMessageError(
            "No field of the decoded uplink is a quantity with a known unit."
        )
    return found, outputs


def frame(command: Command) -> str:
    """Return the ADW300's frame for a command, in base64; raise CannotCommandError."""
    payload = _FRAMES.get(command.action)
    if payload is None:
        raise CannotCommandError(
            "By LoRaWAN an output can be switched on and off, nothing else."
        )
    if command.output != 1:
        raise CannotCommandError("By LoRaWAN only output 1 can be switched.")
    return base64.b64encode(payload).decode()


def decoded_object(content: object) -> dict[str, Any]:
    """Return what the network server's codec put out; without it, say so."""
    if not isinstance(content, dict) or not content:
        raise UnusableMessageError(
            "The uplink is not decoded: give the device a payload codec in the"
            " network server."
        )
    return content


def _best_time(
    message: Message, measured: datetime | None, uplink: datetime | None
) -> datetime | None:
    """Return the time of measurement if it can be believed, else of the uplink."""
    if measured is None:
        return uplink
    # Of a wall clock the zone decides; that is for whoever makes the reading.
    if measured.tzinfo is None or believable_instant(
        measured, received_at=message.received_at
    ):
        return measured
    return uplink or measured


def _strongest(signals: Iterable[object]) -> float | None:
    found = [s for signal in signals if (s := values.number(signal)) is not None]
    return max(found, default=None)
