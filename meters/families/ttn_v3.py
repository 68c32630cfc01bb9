"""The Things Stack v3 (TTN): ``v3/{application}@{tenant}/devices/{device}/up``.

`uplink_message.decoded_payload` holds what the payload formatter made of the payload.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from meters.families import lora_uplink, times, values
from meters.families.lora_uplink import Sets, Uplink
from meters.families.message import (
    Action,
    Answer,
    CannotCommandError,
    Command,
    Decoded,
    Message,
    Outgoing,
    Status,
    UnusableMessageError,
)
from meters.families.prefixed import prefixed

_TOPIC = re.compile(r"(.*?v3/[^/]+/devices/([^/]+))/(up|join|down/[^/]+|[^/]+(?:/.+)?)")
_OURS = "energy-site:"


class TtnV3:
    """The family "ttn-v3"."""

    name = "ttn-v3"
    # Not down/push: that is what the portal itself sends.
    own_topics: tuple[str, ...] = prefixed(
        "v3/+/devices/+/up",
        "v3/+/devices/+/join",
        "v3/+/devices/+/down/ack",
        "v3/+/devices/+/down/nack",
        "v3/+/devices/+/down/failed",
    )
    actions: ClassVar[frozenset[Action]] = frozenset({"on", "off"})
    reports_outputs: ClassVar[bool] = False

    def __init__(self) -> None:
        self._sets = Sets()

    def knows(self, topic: str) -> bool:
        return _TOPIC.fullmatch(topic) is not None

    def decode(self, message: Message) -> Decoded:
        content = values.tolerant_json(message.payload)
        match = _TOPIC.fullmatch(message.topic)
        if not isinstance(content, dict) or match is None:
            raise UnusableMessageError("The payload is no JSON object.")
        ids = content.get("end_device_ids")
        ids = ids if isinstance(ids, dict) else {}
        device = values.device_id(ids.get("dev_eui") or match[2])
        kind = match[3]
        if kind == "up":
            return self._uplink(message, content, ids, device, match[2])
        if kind == "join":
            return Decoded(self.name, status=[Status(device, online=True)])
        if kind in {"down/ack", "down/nack", "down/failed"}:
            accepted = kind == "down/ack"
            return Decoded(self.name, answers=_answers(content, device, accepted))
        return Decoded(self.name)

    def _uplink(
        self,
        message: Message,
        content: Mapping[str, Any],
        ids: Mapping[str, Any],
        device: str,
        name: str,
    ) -> Decoded:
        uplink = content.get("uplink_message")
        if not isinstance(uplink, dict):
            raise UnusableMessageError("The message has no uplink in it.")
        received = uplink.get("rx_metadata")
        self._sets.heard_on(name, uplink.get("f_port"))
        found, outputs = lora_uplink.readings(
            message,
            Uplink(
                device,
                lora_uplink.decoded_object(uplink.get("decoded_payload")),
                times.from_text(uplink.get("received_at"))
                or times.from_text(content.get("received_at")),
                _model(ids, uplink),
                uplink.get("f_port"),
                [
                    item.get("rssi")
                    for item in (received if isinstance(received, list) else [])
                    if isinstance(item, dict)
                ],
            ),
            self._sets,
        )
        return Decoded(self.name, found, outputs=outputs)

    def encode(self, command: Command) -> list[Outgoing]:
        data = lora_uplink.frame(command)
        match = _TOPIC.fullmatch(command.topic)
        if match is None:
            raise CannotCommandError("The device was not heard by a topic of TTN.")
        downlink = {
            "f_port": self._sets.port(match[2]),
            "frm_payload": data,
            "priority": "NORMAL",
            "confirmed": True,
            "correlation_ids": [f"{_OURS}{command.request}"],
        }
        body = msgspec.json.encode({"downlinks": [downlink]})
        return [Outgoing(f"{match[1]}/down/push", body)]


def _model(ids: Mapping[str, Any], uplink: Mapping[str, Any]) -> str:
    application, version = ids.get("application_ids"), uplink.get("version_ids")
    return " ".join(
        str(part.get(key, ""))[:100]
        for part, key in ((application, "application_id"), (version, "model_id"))
        if isinstance(part, dict)
    )


def _answers(content: Mapping[str, Any], device: str, accepted: bool) -> list[Answer]:
    """Return the answer to a command of ours; others use the queue too."""
    listed = content.get("correlation_ids")
    text = "" if accepted else "The device did not acknowledge the downlink."
    return [
        Answer(device, int(number), accepted, text)
        for item in (listed if isinstance(listed, list) else [])
        if isinstance(item, str) and item.startswith(_OURS)
        if (number := item[len(_OURS) :]).isascii() and number.isdigit()
        if len(number) < 19
    ]
