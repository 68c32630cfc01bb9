"""Acrel's EIOT dialect: AWT100 and AWT200 gateways, and 4G meters of that platform.

``data/up/{product}/{sn}`` carries readings, of several meters in a message: old style
``update`` with an object per meter, keyed ``<port>_<serial>``, and new style ``report``
with a list; values are texts. ``sys/dev/…`` asks for login and time, which the platform
must answer on ``sys/server/…``; ``notify/dev/…`` tells of events and alarms.
"""

import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from meters.families import acrel_eiot_replies, acrel_keys, single_phase, times, values
from meters.families.acrel_events import event
from meters.families.acrel_fragments import Part, Uploads
from meters.families.message import (
    Decoded,
    Event,
    Message,
    OutputState,
    Status,
    UnusableMessageError,
)
from meters.families.prefixed import prefixed

_TOPIC = re.compile(r"(?:^|/)(?:sys/dev|data/up|data/dev|notify/dev)/(?:.*/)?([^/]+)$")
_READABLE = 2**20
_SERIAL = re.compile(r"[0-9A-Za-z]{8,}")
_STAMPS = ("timestamp", "time", "ts")
_CLOCK = ("%Y%m%d%H%M%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M")
_APART = frozenset({"addr", "state", "source", "metersn", "sn", *_STAMPS})
_ADDRESSES = ("addr", "meterSn", "meterSN", "sn")
_EVENTS = frozenset({"event", "notice", "alert", "alarm", "gwalarm"})
_EVENTS_OVER = frozenset({"alarm_reset", "gwalarm_reset"})
_LISTS = ("events", "alerts", "alarms", "list")
_UNREADABLE = (
    "The payload is neither JSON nor ZLIB: LZO compression and AES encryption"
    " cannot be read, turn them off in the gateway."
)


class AcrelEiot:
    """The family "acrel-eiot"."""

    name = "acrel-eiot"
    # Uploads in several parts have a state.
    own_topics: tuple[str, ...] = prefixed("data/up/#", "data/dev/#")

    def __init__(self) -> None:
        self._uploads = Uploads()

    def knows(self, topic: str) -> bool:
        return _TOPIC.search(topic) is not None

    def decode(self, message: Message) -> Decoded:
        content = _content(message.payload)
        gateway = _gateway(content, message.topic)
        method = content.get("method")
        if not isinstance(method, str):
            method = ""
        if isinstance(content.get("reported"), dict | list):
            return self._readings(message, content, gateway)
        if method in {"update", "report"}:
            raise UnusableMessageError("The message reports nothing.")
        if method in _EVENTS or method in _EVENTS_OVER:
            return _events(message, content, gateway, method)
        if not method:
            raise UnusableMessageError(
                "The message has neither a method nor reported values."
            )
        # What remains is the gateway's business with the platform.
        return Decoded(
            self.name,
            status=[Status(gateway, online=True)] if method == "login" else [],
            replies=acrel_eiot_replies.replies(message, content, method),
        )

    def _readings(
        self, message: Message, content: Mapping[str, Any], gateway: str
    ) -> Decoded:
        part = self._part(message, content, gateway)
        decoded = Decoded(self.name, [], [])
        for address, fields in _meters(content["reported"], gateway):
            device = _device(address, gateway)
            online = _online(fields.get("state"))
            if online is not None and not part.historical:
                decoded.status.append(Status(device, online))
            if online is not False:
                _take_meter(message, decoded, device, fields, part)
        if not decoded.readings and not decoded.status:
            raise UnusableMessageError(f"No meter of gateway {gateway} has a value.")
        return decoded

    def _part(self, message: Message, content: Mapping[str, Any], gateway: str) -> Part:
        """Return what holds of all meters in the message, or in the whole upload."""
        reported = content["reported"]
        if not isinstance(reported, dict):
            reported = {}
        source = reported.get("source", content.get("source"))
        part = Part(
            number=values.bit_mask(_either(content, reported, "fragNo")) or 0,
            of=values.bit_mask(_either(content, reported, "fragment")) or 0,
            upload=_plain(content.get("msgid")),
            time=_stamp(reported) or _stamp(content),
            received_at=message.received_at,
            historical=_historical(source),
            signal=_signal(reported.get("gateway")),
        )
        return self._uploads.join(gateway, part) if part.of > 1 else part


def _take_meter(
    message: Message,
    decoded: Decoded,
    device: str,
    fields: Mapping[str, Any],
    part: Part,
) -> None:
    # DI0 is the first input here.
    found = acrel_keys.read(fields, first_input=0, apart=_APART)
    if not found.quantities:
        return
    single_phase.fill(found.quantities)
    if part.signal is not None:
        found.quantities["signal_strength"] = part.signal
        if part.signal < 0:
            found.extra["signal_unit"] = "dBm"
        elif part.signal <= 31:
            found.extra["signal_unit"] = "CSQ"
    historical = bool(part.historical)
    decoded.readings.append(
        times.reading(
            message,
            device,
            found.quantities,
            time=_stamp(fields) or part.time,
            extra=found.extra,
            historical=historical,
        )
    )
    if not historical and not message.retain:
        decoded.outputs += [
            OutputState(device, number, on) for number, on in found.outputs.items()
        ]


def _content(payload: bytes) -> dict[str, Any]:
    if payload[:1] == b"\x78":
        payload = _inflated(payload)
    elif payload.strip() and payload.lstrip()[:1] not in {b"{", b"[", b"\xef"}:
        raise UnusableMessageError(_UNREADABLE)
    content = values.tolerant_json(payload)
    if not isinstance(content, dict):
        raise UnusableMessageError("The payload is no JSON object.")
    return content


def _inflated(payload: bytes) -> bytes:
    """Return what a ZLIB payload holds; never more than a message may have."""
    stream = zlib.decompressobj()
    try:
        plain = stream.decompress(payload, _READABLE)
    except zlib.error:
        raise UnusableMessageError(_UNREADABLE) from None
    if not stream.eof:
        raise UnusableMessageError("The compressed payload is cut or too long.")
    return plain


def _gateway(content: Mapping[str, Any], topic: str) -> str:
    match = _TOPIC.search(topic)
    return values.device_id(content.get("sn") or (match[1] if match else ""))


def _meters(reported: Any, gateway: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield address and fields of each meter, of both styles."""
    listed = reported.get("meters") if isinstance(reported, dict) else reported
    if isinstance(listed, list):
        meters = [meter for meter in listed if isinstance(meter, dict)]
        for meter in meters:
            address = next((a for key in _ADDRESSES if (a := meter.get(key))), None)
            if address is None and len(meters) == 1:
                address = gateway
            if isinstance(address, str | int):
                yield values.device_id(address), meter
        return
    keyed = {
        key: fields
        for key, fields in reported.items()
        if isinstance(fields, dict) and key != "gateway"
    }
    # A meter that reports itself, without an address.
    yield from keyed.items() if keyed else [(gateway, reported)]


def _device(address: str, gateway: str) -> str:
    """
    Return the identity of a meter from its address at the gateway.

    "0_24120405680027" is port and serial, "24120405680027_2" the second circuit of a
    serial; an address on the bus, "35" or "35_2", means something only at its gateway.
    """
    parts = [part for part in address.split("_") if part]
    if parts and _SERIAL.fullmatch(parts[-1]):
        return values.device_id(parts[-1])
    if parts and _SERIAL.fullmatch(parts[0]):
        return values.device_id("/".join(parts))
    return values.device_id("/".join([gateway, *parts]))


def _historical(source: object) -> bool | None:
    """Return whether the readings are from the gateway's store; None where unsaid."""
    return source.strip().upper() == "HISTORY" if isinstance(source, str) else None


def _online(state: object) -> bool | None:
    word = state.strip().upper() if isinstance(state, str) else ""
    return {"ONLINE": True, "OFFLINE": False}.get(word)


def _signal(gateway: object) -> float | None:
    return values.number(gateway.get("rssi")) if isinstance(gateway, dict) else None


def _stamp(fields: Mapping[str, Any]) -> datetime | None:
    for key in _STAMPS:
        value = fields.get(key)
        found = times.from_text(value, _CLOCK) or times.from_epoch(value)
        if found is not None:
            return found
    return None


def _either(first: Mapping[str, Any], second: Mapping[str, Any], key: str) -> object:
    value = first.get(key)
    return second.get(key) if value is None else value


def _plain(value: object) -> str | None:
    echoed = acrel_eiot_replies.echo(value)
    return None if echoed is None else str(echoed)


def _events(
    message: Message, content: Mapping[str, Any], gateway: str, method: str
) -> Decoded:
    payload = content.get("payload")
    time = _stamp(content)
    stamp = times.reading(message, gateway, {}, time=time).time
    events: list[Event] = []
    for item in _entries(payload):
        address = next((a for key in _ADDRESSES if (a := item.get(key))), gateway)
        if not isinstance(address, str | int):
            address = gateway
        device = _device(values.device_id(address), gateway)
        own = times.reading(message, device, {}, time=_stamp(item) or time).time
        events.append(
            event(
                item,
                device=device,
                time=own,
                default=method,
                over=method in _EVENTS_OVER,
            )
        )
    if not events:
        over = method in _EVENTS_OVER
        events = [event({}, device=gateway, time=stamp, default=method, over=over)]
    return Decoded(
        AcrelEiot.name,
        events=events,
        replies=acrel_eiot_replies.replies(message, content, method),
    )


def _entries(payload: Any) -> list[dict[str, Any]]:
    """Return the entries of an event or alarm message, of any of its styles."""
    if isinstance(payload, list):
        return [item for item in payload if isinstance(item, dict)]
    if not isinstance(payload, dict):
        return []
    for key in _LISTS:
        if isinstance(payload.get(key), list):
            return [item for item in payload[key] if isinstance(item, dict)]
    kinds = payload.get("noticeType")
    if isinstance(kinds, str):
        kinds = [kinds]
    if isinstance(kinds, list):
        return [
            {"sn": payload.get("sn"), "code": kind}
            for kind in kinds
            if isinstance(kind, str)
        ]
    return [payload]
