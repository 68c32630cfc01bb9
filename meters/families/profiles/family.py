"""A family made of a profile: its paths compiled once, followed for each message."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from meters.domain.quantities import BY_NAME
from meters.domain.units import UnknownUnitError, factor_to
from meters.families import times, values
from meters.families.message import Decoded, Message, Reading, UnusableMessageError
from meters.families.profiles.definition import Profile, Source, Time
from meters.families.profiles.paths import Getter, getter
from meters.families.profiles.topics import compiled

_MOST_INSTANTS = 1_000
# The one format that many devices share.
_COMPACT = "%Y%m%d%H%M%S"


class _Compiled(NamedTuple):
    """A source, ready to be followed."""

    quantity: str
    find: Getter
    subtract: Getter | None
    unit: str | None
    # To the table's unit, and the profile's own factor; 1.0 changes nothing.
    factor: float
    is_state: bool
    missing: frozenset[float | str]


class ProfileFamily:
    """A family whose messages a profile declares."""

    own_topics: tuple[str, ...] = ()

    def __init__(self, profile: Profile) -> None:
        self.name = profile.name
        self.profile = profile
        self._patterns = [compiled(topic) for topic in profile.topics]
        self._recognised = [getter(path) for path in profile.recognise]
        self._device = getter(profile.device.path) if profile.device.path else None
        channel = profile.device.channel
        self._channel = getter(channel) if channel else None
        self._time = getter(profile.time.path) if profile.time else None
        self._each = getter(profile.each) if profile.each else None
        self._only = getter(profile.only.path) if profile.only else None
        self._missing = _sentinels(profile.missing)
        self._sources = [self._compile(*item) for item in profile.sources()]
        self._by_name: dict[str, list[_Compiled]] = {}
        for (_, source), done in zip(profile.sources(), self._sources, strict=True):
            self._by_name.setdefault(source.path, []).append(done)
        self._extra = {name: getter(path) for name, path in profile.extra.items()}
        records = profile.records
        self._records = getter(records.path) if records else None
        self._is_scalar = any("{quantity" in topic for topic in profile.topics)

    def knows(self, topic: str) -> bool:
        return any(pattern.fullmatch(topic) for pattern in self._patterns)

    def recognises(self, message: Message) -> bool:
        if not self._recognised or message.payload.lstrip()[:1] not in (b"{", b"["):
            return False
        try:
            content = msgspec.json.decode(message.payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return False
        return all(find(content) is not None for find in self._recognised)

    def decode(self, message: Message) -> Decoded:
        match = self._match(message.topic)
        parts = match.groupdict() if match else {}
        if "quantity" in parts:
            return self._scalar(parts, message)
        content = _content(message.payload)
        only = self.profile.only
        if self._only and only and self._only(content) not in only.values:
            return Decoded(self.name)
        items = [content]
        if self._each is not None:
            found = self._each(content)
            items = found[:_MOST_INSTANTS] if isinstance(found, list) else [found]
        readings = [
            reading
            for item in items
            if (reading := self._reading(item, content, parts, message)) is not None
        ]
        if not readings:
            raise UnusableMessageError(
                f"The message has none of the values of profile “{self.name}”."
            )
        return Decoded(self.name, readings)

    def _match(self, topic: str) -> re.Match[str] | None:
        matches = (pattern.fullmatch(topic) for pattern in self._patterns)
        return next(filter(None, matches), None)

    def _compile(self, quantity: str, source: Source) -> _Compiled:
        unit = source.unit
        # A record that names its own unit says how it is converted; else it is known.
        factor = source.factor
        if unit is not None:
            factor *= factor_to(quantity, unit)
        in_message = self.profile.records is None
        path = source.path.removeprefix("$.")
        return _Compiled(
            quantity,
            getter(path) if in_message else getter("$"),
            getter(source.minus) if source.minus else None,
            unit,
            factor,
            BY_NAME[quantity].kind == "state",
            self._missing | _sentinels(source.missing),
        )

    def _scalar(self, parts: Mapping[str, str], message: Message) -> Decoded:
        sources = self._by_name.get(parts["quantity"])
        if sources is None:
            # Of the device, but nothing that is measured.
            return Decoded(self.name)
        text = message.payload.decode("utf-8", "replace").strip().strip('"')
        quantities: dict[str, float] = {}
        for source in sources:
            _put(quantities, source, text)
        if not quantities:
            if values.number(text) is not None:
                return Decoded(self.name)  # a number that means "no value"
            raise UnusableMessageError(f"Topic {message.topic} carries no number.")
        device = self._device_id(None, None, parts)
        return Decoded(self.name, [times.gathered(message, device, quantities)])

    def _reading(
        self, item: Any, content: Any, parts: Mapping[str, str], message: Message
    ) -> Reading | None:
        quantities: dict[str, float] = {}
        if self._records is not None:
            self._take_records(item, quantities)
        else:
            for source in self._sources:
                if source.quantity in quantities and not source.is_state:
                    continue
                value = source.find(item)
                if value is not None or source.subtract is not None:
                    _put(quantities, source, value, item)
        if not quantities:
            return None
        extra: dict[str, Any] = {}
        for name, find in self._extra.items():
            value = find(content)
            is_plain = isinstance(value, str | int | float)
            if is_plain and value != "" and value not in self._missing:
                extra[name] = _kept(value)
        time = None
        if self._time is not None and self.profile.time is not None:
            raw = self._time(item)
            raw = self._time(content) if raw is None else raw
            time = _instant(raw, self.profile.time)
        device = self._device_id(item, content, parts)
        return times.reading(message, device, quantities, time=time, extra=extra)

    def _take_records(self, item: Any, quantities: dict[str, float]) -> None:
        records = self.profile.records
        found = self._records(item) if self._records else None
        if records is None or not isinstance(found, list):
            return
        for record in found:
            if not isinstance(record, dict):
                continue
            good = records.good
            if records.quality and record.get(records.quality) not in good:
                continue
            for source in self._by_name.get(str(record.get(records.key)), ()):
                unit = record.get(records.unit) if records.unit else None
                value = record.get(records.value)
                if isinstance(unit, str) and unit and source.unit is None:
                    _put_in_unit(quantities, source, value, unit)
                else:
                    _put(quantities, source, value)

    def _device_id(self, item: Any, content: Any, parts: Mapping[str, str]) -> str:
        found: Any = None
        if self._device is not None:
            found = self._device(item)
            found = self._device(content) if found is None else found
        found = parts.get("device") if found is None else found
        if found is None:
            raise UnusableMessageError(
                f"The message names no device at “{self.profile.device.path}”."
            )
        device = values.device_id(found)
        channel: Any = parts.get("channel")
        if self._channel is not None:
            channel = self._channel(item)
        return (
            device if channel in (None, "") else values.device_id(f"{device}/{channel}")
        )


def _content(payload: bytes) -> Any:
    try:
        return msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return values.tolerant_json(payload)


def _sentinels(missing: Iterable[float | str]) -> frozenset[float | str]:
    return frozenset(missing)


def _put(
    quantities: dict[str, float], source: _Compiled, value: Any, item: Any = None
) -> None:
    """Put a value under its quantity; what is absent or a sentinel stays out."""
    number = _number(value, source)
    if source.subtract is not None and item is not None:
        other = _number(source.subtract(item), source)
        if other is not None:
            number = (number or 0.0) - other
    if number is None:
        return
    if source.is_state:
        mask = values.bit_mask(number * source.factor)
        if mask is not None:
            # Of several sources each has its bits.
            quantities[source.quantity] = mask | int(quantities.get(source.quantity, 0))
        return
    if source.factor != 1.0:
        number = float(f"{number * source.factor:.12g}")
    if -values.LARGEST < number < values.LARGEST:
        quantities[source.quantity] = number


def _put_in_unit(
    quantities: dict[str, float], source: _Compiled, value: Any, unit: str
) -> None:
    try:
        factor = factor_to(source.quantity, unit) * source.factor
    except UnknownUnitError:
        return
    _put(quantities, source._replace(factor=factor), value)


def _number(value: Any, source: _Compiled) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return float(value) if source.is_state else None
    if (
        source.missing
        and isinstance(value, str | int | float)
        and value in source.missing
    ):
        return None
    if isinstance(value, str):
        found = values.number_and_unit(value)
        if found is None or found[0] in source.missing:
            return None
        return found[0]
    return values.number(value)


def _kept(value: Any) -> float | bool | str:
    if isinstance(value, bool):
        return value
    number = values.number(value)
    return values.text(value) if number is None else number


def _is_compact(raw: Any) -> bool:
    return isinstance(raw, str) and len(raw) == 14 and raw.isascii() and raw.isdigit()


def _instant(raw: Any, time: Time) -> datetime | None:
    if time.format == _COMPACT and _is_compact(raw):
        # A tenth of the time that strptime takes.
        found = times.from_text(f"{raw[:4]}-{raw[4:6]}-{raw[6:8]}T{raw[8:]}")
    elif time.format:
        found = times.from_text(str(raw), [time.format]) if raw is not None else None
    else:
        found = times.from_epoch(raw) or times.from_text(raw)
    if found is not None and found.tzinfo is None and time.zone:
        return found.replace(tzinfo=ZoneInfo(time.zone))
    return found
