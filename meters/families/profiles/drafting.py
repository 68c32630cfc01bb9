"""A first draft of a profile, guessed from messages that no family knows."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from meters.families import times, values
from meters.families.message import UnusableMessageError
from meters.families.names import guess
from meters.families.profiles.definition import Place, Profile, Time
from meters.families.profiles.mapping import MOST_VALUES, Found, leaves, shown, source
from meters.families.profiles.topics import compiled

_IDS = frozenset(
    {"id", "sn", "serial", "serialnumber", "device", "deviceid", "deviceeui", "deveui"}
    | {"meter", "meterid", "metersn", "mac", "imei", "uid", "uuid"}
)
_TIMES = frozenset({"time", "ts", "timestamp", "t", "datetime", "date", "rtc", "epoch"})
_LOCAL_FORMATS = (
    "%Y%m%d%H%M%S",
    "%Y-%m-%d %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%H:%M:%S %d/%m/%Y",
    "%Y/%m/%d %H:%M:%S",
)


# A plain value in a list.
_IN_LIST = re.compile(r"(?P<list>.*)\[\d\]")


class Draft(NamedTuple):
    """A profile to begin with, and everything that the message holds."""

    profile: Profile
    found: list[Found]


def draft(topics: Sequence[str], payload: bytes, *, prefix: str = "") -> Draft:
    """
    Return a profile guessed from topics of like devices and one of their messages.

    Parameters
    ----------
    topics : sequence of str
        The message's own first; others that may be of the same kind.
    payload : bytes
        JSON, or one number as text.
    prefix : str
        What the topic begins with in any case, with its slash.
    """
    parts = topics[0].split("/")
    first = prefix.count("/")
    device_at = _device_part(topics, first)
    name = re.sub(r"[^a-z0-9]+", "-", parts[0].lower()).strip("-") or "mine"
    try:
        content = values.tolerant_json(payload)
    except UnusableMessageError:
        content = None
    if not isinstance(content, dict | list):
        return _draft_of_number(topics, device_at, name, payload, first=first)
    found = list(leaves(content))[:MOST_VALUES]
    device = next((p for p, key, v in found if _plain(key) in _IDS and _is_id(v)), "")
    profile = Profile(name=name, device=Place(device))
    if device_at is not None:
        # Other devices of the kind have another part there.
        parts[device_at] = "{}" if device else "{device}"
    profile.topics = ["/".join(parts)]
    profile.time = _time(found, device)
    listed = []
    by_phase = _of_three(path for path, _, _ in found)
    for path, key, value in found:
        known = None if path == device else guess(path) or guess(key)
        if path in by_phase:
            known = guess(by_phase[path]) or known
        is_number = values.number_and_unit(value) is not None
        quantity, unit = known if known and is_number else ("", "")
        if quantity in profile.quantities:
            quantity, unit = "", ""
        if quantity:
            profile.quantities[quantity] = source(path, unit, quantity)
        listed.append(Found(path, shown(value), quantity, unit))
    return Draft(profile, listed)


def _of_three(paths: Iterable[str]) -> dict[str, str]:
    """Return what to take the places of lists of three for: "el.u[1]" is "u_l2"."""
    lists: dict[str, list[str]] = {}
    for path in paths:
        place = _IN_LIST.fullmatch(path)
        if place:
            lists.setdefault(place["list"], []).append(path)
    return {
        path: f"{name.rpartition('.')[2]}_l{number}"
        for name, three in lists.items()
        if len(three) == 3
        for number, path in enumerate(three, start=1)
    }


def _draft_of_number(
    topics: Sequence[str],
    device_at: int | None,
    name: str,
    payload: bytes,
    *,
    first: int,
) -> Draft:
    """Return the draft of a device with a topic for each value: all of these."""
    parts = topics[0].split("/")
    if device_at is None or device_at == len(parts) - 1:
        device_at = max(0, len(parts) - 2)
    topic = [*parts[:-1], "{quantity}"]
    if len(parts) > 1 and device_at >= first:
        topic[device_at] = "{device}"
    profile = Profile(name=name, topics=["/".join(topic)])
    pattern = compiled(profile.topics[0])
    matches = filter(None, map(pattern.fullmatch, topics))
    keys = list(dict.fromkeys(match["quantity"] for match in matches))
    listed = []
    for key in keys[:MOST_VALUES]:
        quantity, unit = guess(key) or ("", "")
        if quantity in profile.quantities:
            quantity, unit = "", ""
        if quantity:
            profile.quantities[quantity] = source(key, unit, quantity)
        text = shown(payload.decode("utf-8", "replace")) if key == parts[-1] else ""
        listed.append(Found(key, text, quantity, unit))
    return Draft(profile, listed)


def _device_part(topics: Sequence[str], first: int) -> int | None:
    """Return which part of the topic, from the first that may, names the device.

    The one in which like topics differ; else the longest that has a digit.
    """
    own = topics[0].split("/")
    for other in topics[1:]:
        parts = other.split("/")
        differing = [
            number
            for number, (one, two) in enumerate(zip(own, parts, strict=False))
            if one != two
        ]
        if len(parts) == len(own) and len(differing) == 1 and differing[0] >= first:
            return differing[0]
    with_digits = [
        n for n, part in enumerate(own) if n >= first and re.search(r"\d", part)
    ]
    return max(with_digits, key=lambda n: len(own[n]), default=None)


def _plain(key: str) -> str:
    return re.sub(r"[^a-z]", "", key.lower())


def _is_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def _time(found: list[tuple[str, str, Any]], device: str) -> Time | None:
    for path, key, value in found:
        if path == device or _plain(key) not in _TIMES:
            continue
        for form in _LOCAL_FORMATS:
            if times.from_text(str(value), [form]) and not isinstance(value, float):
                is_iso = isinstance(value, str) and times.from_text(value)
                return Time(path) if is_iso else Time(path, form)
        if times.from_text(value):
            return Time(path)
        instant = times.from_epoch(value)
        if instant is not None and instant.year >= 2000:
            return Time(path)
    return None
