"""What the EIOT protocol demands as an answer: to login, time and notice.

Source: Acrel IoT documentation, pages "sys" and "notify". An answer goes by the topic
of the request, with ``dev`` become ``server``.
"""

import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from meters.families import values
from meters.families.message import Message, Reply

_LONGEST_ECHO = 64


def replies(message: Message, content: Mapping[str, Any], method: str) -> list[Reply]:
    """Return the answer to a message, if its method asks for one."""
    # Who sent a retained message is long gone; one with a result is an answer itself.
    if message.retain or "res" in content:
        return []
    if method in {"login", "notice"}:
        body = {"res": 1, "timestamp": round(message.received_at.timestamp())}
    elif method in {"time", "time.ms", "time_sync"}:
        body = _clock(message, content, in_ms=method == "time.ms")
    else:
        return []
    answer = {
        "msgid": echo(content.get("msgid")),
        "method": method,
        "sn": echo(content.get("sn")),
        **body,
    }
    kept = {key: value for key, value in answer.items() if value is not None}
    topic = _server_topic(message.topic)
    return [Reply(topic, json.dumps(kept, separators=(",", ":")))] if topic else []


def _clock(
    message: Message, content: Mapping[str, Any], *, in_ms: bool
) -> dict[str, Any]:
    """Return the times of an exchange as NTP has it, and the zone."""
    now = message.received_at.timestamp()
    stamp = round(now * 1000) if in_ms else round(now)
    payload = content.get("payload")
    sent = content.get("devicesend")
    if sent is None and isinstance(payload, dict):
        sent = payload.get("devicesend")
    zone, minutes = _zone(message, content)
    return {
        "devicesend": echo(sent),
        "serverreceive": stamp,
        "serversend": stamp,
        "timestamp": stamp,
        "timezone": zone,
        "timezoneMin": minutes,
    }


def _zone(message: Message, content: Mapping[str, Any]) -> tuple[str, str]:
    """Return hours and minutes of the device's own zone, else of the message's."""
    stated = values.number(content.get("timezone"))
    if stated is not None and -15 < stated < 15:
        minutes = values.number(content.get("timezoneMin")) or 0.0
        return f"{int(stated)}", f"{int(minutes) % 60:02d}"
    local = message.received_at.astimezone(ZoneInfo(message.timezone))
    offset = local.utcoffset()
    total = int(offset.total_seconds()) // 60 if offset else 0
    sign = "-" if total < 0 else ""
    return f"{sign}{abs(total) // 60}", f"{abs(total) % 60:02d}"


def echo(value: object) -> str | int | None:
    """Return a number or text of the request as it may go back, else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if value.bit_length() <= _LONGEST_ECHO else None
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_ECHO else None
    return None


def _server_topic(topic: str) -> str | None:
    for kind in ("sys", "notify"):
        head, found, rest = topic.rpartition(f"{kind}/dev/")
        if found and (not head or head.endswith("/")):
            return f"{head}{kind}/server/{rest}"
    return None
