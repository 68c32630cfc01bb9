"""ChirpStack v4, and gateways that forward uplinks in much the same form.

Topic ``application/{id}/device/{devEui}/event/{event}``; `object` holds what the device
profile's codec made of the payload. A Milesight gateway sends by a topic of the user's
choice, with the decoded values beside `devEUI`: it is told by that.
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

_TOPIC = re.compile(r"(.*?application/[^/]+/device/([^/]+))/event/([^/]+)")
_EUI = ("devEui", "devEUI")
# Of the network, not of the meter.
_ENVELOPE = frozenset(
    [
        "deduplicationId",
        "time",
        "deviceInfo",
        "devAddr",
        "adr",
        "dr",
        "fCnt",
        "fPort",
        "confirmed",
        "data",
        "rxInfo",
        "txInfo",
        "applicationID",
        "applicationId",
        "applicationName",
        "deviceName",
        "devEUI",
        "devEui",
        "metadata",
        "tags",
        "object",
    ]
)
# The upper half of the queue items' ids, so that an answer is known as one of ours.
_OURS = "656e6572-6779-7369-"


class ChirpStackV4:
    """The family "chirpstack-v4"."""

    name = "chirpstack-v4"
    # Sets that come in pieces have a state.
    own_topics: tuple[str, ...] = prefixed("application/+/device/+/event/+")
    actions: ClassVar[frozenset[Action]] = frozenset({"on", "off"})
    reports_outputs: ClassVar[bool] = False

    def __init__(self) -> None:
        self._sets = Sets()

    def knows(self, topic: str) -> bool:
        return _TOPIC.fullmatch(topic) is not None

    def recognises(self, message: Message) -> bool:
        """A forwarded uplink names its device by EUI."""
        if not any(f'"{key}"'.encode() in message.payload for key in _EUI):
            return False
        try:
            content = values.tolerant_json(message.payload)
        except UnusableMessageError:
            return False
        return isinstance(content, dict) and any(
            isinstance(content.get(key), str) for key in _EUI
        )

    def decode(self, message: Message) -> Decoded:
        content = values.tolerant_json(message.payload)
        if not isinstance(content, dict):
            raise UnusableMessageError("The payload is no JSON object.")
        match = _TOPIC.fullmatch(message.topic)
        info = content.get("deviceInfo")
        info = info if isinstance(info, dict) else {}
        device = values.device_id(
            next((e for key in _EUI if (e := info.get(key) or content.get(key))), None)
            or (match[2] if match else "")
        )
        event = match[3] if match else "up"
        if event == "up":
            return self._uplink(message, content, info, device)
        if event == "join":
            return Decoded(self.name, status=[Status(device, online=True)])
        if event == "ack":
            return Decoded(self.name, answers=_answers(content, device))
        # txack, status, log: the network's own business.
        return Decoded(self.name)

    def _uplink(
        self,
        message: Message,
        content: Mapping[str, Any],
        info: Mapping[str, Any],
        device: str,
    ) -> Decoded:
        beside = {k: v for k, v in content.items() if k not in _ENVELOPE}
        received = content.get("rxInfo")
        uplink = Uplink(
            device,
            lora_uplink.decoded_object(content.get("object") or beside),
            times.from_text(content.get("time")),
            " ".join(
                str(info.get(key, ""))[:100]
                for key in ("deviceProfileName", "applicationName", "deviceName")
            ),
            content.get("fPort"),
            [
                item.get("rssi")
                for item in (received if isinstance(received, list) else [])
                if isinstance(item, dict)
            ],
        )
        found, outputs = lora_uplink.readings(message, uplink, self._sets)
        return Decoded(self.name, found, outputs=outputs)

    def encode(self, command: Command) -> list[Outgoing]:
        data = lora_uplink.frame(command)
        match = _TOPIC.fullmatch(command.topic)
        if match is None:
            raise CannotCommandError(
                "The device was not heard by a topic of ChirpStack, so it has no queue."
            )
        body = {
            "id": f"{_OURS}{command.request >> 48 & 0xFFFF:04x}"
            f"-{command.request & 0xFFFFFFFFFFFF:012x}",
            "devEui": match[2],
            "confirmed": True,
            "fPort": self._sets.port(match[2]),
            "data": data,
        }
        return [Outgoing(f"{match[1]}/command/down", msgspec.json.encode(body))]


def _answers(content: Mapping[str, Any], device: str) -> list[Answer]:
    """Return the answer to a command of ours; others use the queue too."""
    item = content.get("queueItemId")
    if not isinstance(item, str) or not item.startswith(_OURS):
        return []
    try:
        request = int(item[len(_OURS) :].replace("-", ""), 16)
    except ValueError:
        return []
    accepted = content.get("acknowledged") is True
    text = "" if accepted else "The device did not acknowledge the downlink."
    return [Answer(device, request, accepted, text)]
