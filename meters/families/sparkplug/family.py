"""Sparkplug B: births declare metrics, data refers to them by alias.

``spBv1.0/<group>/<type>/<node>[/<device>]``. Values of a node are of the device
``<group>/<node>``, those of a device of ``<group>/<node>/<device>``. Births are not
retained: who hears data without one, or misses a number of the sequence, asks for a
rebirth, once.
"""

import base64
from datetime import datetime
from typing import Any, ClassVar

from google.protobuf.message import DecodeError

from meters.domain.quantities import BY_NAME
from meters.families import times, values
from meters.families.message import (
    Action,
    CannotCommandError,
    Command,
    Decoded,
    Message,
    Outgoing,
    OutputState,
    Reading,
    Reply,
    Status,
    UnusableMessageError,
)
from meters.families.sparkplug.births import Born, Declared, Node
from meters.families.sparkplug.payload import BOOLEAN, Payload, value_of

PREFIX = "spBv1.0/"
_TYPES = frozenset(
    {"NBIRTH", "NDATA", "NDEATH", "NCMD", "DBIRTH", "DDATA", "DDEATH", "DCMD"}
)
_MOST_NODES = 10_000
_REBIRTH = b"Node Control/Rebirth"


class SparkplugB:
    """The family "sparkplug-b"."""

    name = "sparkplug-b"
    own_topics: tuple[str, ...] = (f"{PREFIX}#", "STATE/#")
    actions: ClassVar[frozenset[Action]] = frozenset({"on", "off", "read"})
    reports_outputs: ClassVar[bool] = True

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}

    def knows(self, topic: str) -> bool:
        return topic.startswith((PREFIX, "STATE/"))

    def decode(self, message: Message) -> Decoded:
        parts = message.topic.split("/")
        if parts[0] == "STATE" or parts[1:2] == ["STATE"]:
            return Decoded(self.name)  # a host application tells that it is there
        if len(parts) not in {4, 5} or parts[2] not in _TYPES:
            raise UnusableMessageError(f"Topic {message.topic} is none of Sparkplug B.")
        _, group, kind, node_name = parts[:4]
        node_id = f"{group}/{node_name}"
        device = values.device_id("/".join([node_id, *parts[4:]]))
        if kind.endswith("CMD"):
            return Decoded(self.name)  # on its way to a device
        payload = _payload(message.payload)
        if kind == "NDEATH":
            return self._node_death(node_id, payload)
        if kind == "DDEATH":
            return Decoded(self.name, status=[Status(device, False)])
        if kind.endswith("BIRTH"):
            return self._birth(node_id, device, kind, payload, message)
        return self._data(node_id, device, payload, message)

    def encode(self, command: Command) -> list[Outgoing]:
        parts = command.device.split("/")
        if len(parts) < 2:
            raise CannotCommandError(f"{command.device} is no device of Sparkplug B.")
        group, node_name, *device = parts
        if command.action == "read":
            return [Outgoing(f"{PREFIX}{group}/NCMD/{node_name}", _rebirth())]
        if command.action not in self.actions:
            raise CannotCommandError("Sparkplug B devices send when a value changes.")
        node = self._nodes.get(f"{group}/{node_name}")
        born = node.born.get(command.device) if node else None
        if born is None or not 0 < command.output <= len(born.outputs):
            raise CannotCommandError(
                f"Device {command.device} has declared no output {command.output}."
            )
        payload = Payload()
        metric = payload.metrics.add(name=born.outputs[command.output - 1].encode())
        metric.datatype = BOOLEAN
        metric.boolean_value = command.action == "on"
        kind = "DCMD" if device else "NCMD"
        topic = "/".join([PREFIX.rstrip("/"), group, kind, node_name, *device])
        return [Outgoing(topic, payload.SerializeToString())]

    def _node(self, node_id: str) -> Node:
        node = self._nodes.get(node_id)
        if node is None:
            if len(self._nodes) >= _MOST_NODES:
                raise UnusableMessageError(
                    f"More than {_MOST_NODES} edge nodes are known already."
                )
            node = self._nodes[node_id] = Node()
        return node

    def _birth(
        self, node_id: str, device: str, kind: str, payload: Any, message: Message
    ) -> Decoded:
        node = self._node(node_id)
        replies: list[Reply] = []
        if kind == "NBIRTH":
            node.seq = payload.seq % 256
            node.bd_seq = _bd_seq(payload)
            node.rebirth_asked = False
            # Devices are born again after their node.
            node.born.clear()
        elif node.seq is not None and not node.follows(payload.seq % 256):
            replies = self._ask_rebirth(node, node_id)
        born = node.born[device] = Born()
        born.declare(payload.metrics)
        found, _ = self._readings(device, born, payload, message)
        found.status = [Status(device, True)]
        found.replies = replies
        return found

    def _data(
        self, node_id: str, device: str, payload: Any, message: Message
    ) -> Decoded:
        node = self._node(node_id)
        in_order = node.follows(payload.seq % 256)
        born = node.born.get(device)
        if born is None:
            replies = self._ask_rebirth(node, node_id)
            return Decoded(
                self.name,
                replies=replies,
                rejected=None
                if replies
                else f"Device {device} sends data, but its birth was not heard.",
            )
        found, knows_all = self._readings(device, born, payload, message)
        if not in_order or not knows_all:
            found.replies = self._ask_rebirth(node, node_id)
        return found

    def _node_death(self, node_id: str, payload: Any) -> Decoded:
        node = self._nodes.get(node_id)
        bd_seq = _bd_seq(payload)
        if node is None or (node.bd_seq is not None and bd_seq != node.bd_seq):
            # The will of a session that has ended before the present one began.
            return Decoded(self.name)
        gone = list(node.born) or [node_id]
        node.seq = None
        node.born.clear()
        return Decoded(self.name, status=[Status(device, False) for device in gone])

    def _ask_rebirth(self, node: Node, node_id: str) -> list[Reply]:
        if node.rebirth_asked:
            return []
        node.rebirth_asked = True
        group, _, name = node_id.partition("/")
        payload = base64.b64encode(_rebirth()).decode()
        return [Reply(f"{PREFIX}{group}/NCMD/{name}", payload, is_base64=True)]

    def _readings(
        self, device: str, born: Born, payload: Any, message: Message
    ) -> tuple[Decoded, bool]:
        """Gather metrics to a reading for each instant; tell whether all are known."""
        own_ms = payload.timestamp
        knows_all = True
        gathered: dict[tuple[int, bool], Reading] = {}
        outputs = []
        for metric in payload.metrics:
            declared = born.find(metric)
            if declared is None:
                knows_all = False
                continue
            if declared.is_control:
                continue
            value = value_of(metric, metric.datatype or declared.datatype)
            if value is None:
                continue
            if isinstance(value, bool) and declared.name in born.outputs:
                number = born.outputs.index(declared.name) + 1
                outputs.append(OutputState(device, number, value))
                continue
            key = (metric.timestamp or own_ms, metric.is_historical)
            reading = gathered.get(key)
            if reading is None:
                time: datetime | None = times.from_epoch(key[0])
                reading = gathered[key] = times.reading(
                    message, device, {}, time=time, historical=key[1]
                )
            if type(value) is float and declared.quantity is not None:
                _put(reading.quantities, declared, value)
            else:
                _take(reading, declared, value)
        readings = [item for item in gathered.values() if item.quantities or item.extra]
        return Decoded(self.name, readings, outputs=outputs), knows_all


def _put(quantities: dict[str, float], declared: Declared, value: float) -> None:
    quantity, factor = declared.quantity or "", declared.factor
    if factor != 1.0:
        value = float(f"{value * factor:.12g}")
    if BY_NAME[quantity].kind == "state":
        mask = values.bit_mask(value)
        if mask is not None:
            quantities[quantity] = mask
    elif -values.LARGEST < value < values.LARGEST:
        quantities[quantity] = value


def _take(reading: Reading, declared: Declared, value: float | bool | str) -> None:
    """Keep what is no quantity beside; a text may be a number all the same."""
    number = values.number(value) if isinstance(value, str) else None
    if declared.quantity is not None and number is not None:
        _put(reading.quantities, declared, number)
        return
    if isinstance(value, float):
        if values.number(value) is None:
            return
        reading.extra[values.text(declared.name)] = value
    else:
        reading.extra[values.text(declared.name)] = (
            values.text(value) if isinstance(value, str) else value
        )


def _payload(data: bytes) -> Any:
    try:
        return Payload.FromString(data)
    except (DecodeError, RecursionError):
        raise UnusableMessageError("The payload is none of Sparkplug B.") from None


def _bd_seq(payload: Any) -> float | None:
    for metric in payload.metrics:
        if metric.name == b"bdSeq":
            value = value_of(metric, metric.datatype)
            return value if isinstance(value, float) else None
    return None


def _rebirth() -> bytes:
    payload = Payload()
    metric = payload.metrics.add(name=_REBIRTH, datatype=BOOLEAN)
    metric.boolean_value = True
    return bytes(payload.SerializeToString())
