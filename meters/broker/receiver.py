"""A paho client that receives many messages at little cost.

paho asks the operating system six times for each message and builds objects that most
messages have no use for; measured, that is half of what ingest had to do for a message
(docs/decisions/0010-receiving.md). This client reads all that has come at once, and
takes PUBLISH packets of QoS 0 and 1 apart itself; everything else stays with paho.
"""

import time
from collections.abc import Callable
from typing import Any

import msgspec
from paho.mqtt.client import Client, time_func
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion

_READ_AT_ONCE = 256 * 1024
_PUBLISH = 0x30
_PUBACK = b"\x40\x02"
_SET_BACK_US = 1_000_000
# Of so many microseconds each process has one of its own: processes that share topics
# may receive messages of one meter at the same moment.
_SLOTS = 16


class Incoming(msgspec.Struct, gc=False):
    """One message as it came.

    `received_us` is the time of receipt in microseconds since 1970. No two messages
    have the same, nor those of processes whose numbers differ by less than 16: it may
    be all that tells two readings of a meter apart.
    """

    topic: bytes
    payload: bytes
    qos: int
    # Packet id, for the acknowledgement.
    mid: int
    duplicate: bool
    retain: bool
    received_us: int


def slot_of(client_id: str) -> int:
    """
    Return which of sixteen microseconds are a client's own: the number of its name.

    0 where the name does not end with one from 1 to 15.
    """
    number = int(client_id[len(client_id.rstrip("0123456789")) :] or "0")
    return number if number < _SLOTS else 0


class Receiver(Client):
    """A client that gives each QoS 0 or 1 message to `deliver`, unacknowledged."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.deliver: Callable[[Incoming], None] = lambda _message: None
        self._unread = bytearray()
        self._received_us = 0
        self._slot = slot_of(named.get("client_id") or "")

    def acknowledge(self, messages: list[Incoming]) -> None:
        """Acknowledge messages of QoS 1, all in one packet to the network."""
        acknowledgements = b"".join(
            _PUBACK + message.mid.to_bytes(2, "big")
            for message in messages
            if message.qos
        )
        if acknowledgements:
            self._packet_queue(_PUBACK[0], acknowledgements, 0, 1)

    def forget(self) -> None:
        """Forget half a packet of a connection that has ended."""
        self._unread.clear()

    def _packet_read(self) -> MQTTErrorCode:
        try:
            data = self._sock_recv(_READ_AT_ONCE)
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_AGAIN
        except OSError:
            return MQTTErrorCode.MQTT_ERR_CONN_LOST
        if not data:
            return MQTTErrorCode.MQTT_ERR_CONN_LOST
        with self._msgtime_mutex:
            self._last_bytes_received = time_func()
        now_us = time.time_ns() // 1000
        # Go on from the last message of the read before; but not after a clock that
        # was set back.
        own_us = now_us - now_us % _SLOTS + self._slot
        if own_us > self._received_us or self._received_us - own_us > _SET_BACK_US:
            self._received_us = own_us
        self._unread += data
        return self._handle_whole_packets()

    def _handle_whole_packets(self) -> MQTTErrorCode:
        unread, self._unread = bytes(self._unread), bytearray()
        start, end = 0, len(unread)
        while start < end:
            body, length = _remaining_length(unread, start)
            if length is None or body + length > end:
                break
            if length < 0:
                return MQTTErrorCode.MQTT_ERR_PROTOCOL
            header = unread[start]
            packet = unread[body : body + length]
            # QoS 2 (0x34) is a conversation of four packets: paho's.
            if header & 0xF4 == _PUBLISH:
                code = self._take(header, packet)
            else:
                code = self._leave_to_paho(header, packet)
            if code != MQTTErrorCode.MQTT_ERR_SUCCESS or self._sock is None:
                return code
            start = body + length
        self._unread = bytearray(unread[start:])
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _take(self, header: int, packet: bytes) -> MQTTErrorCode:
        qos = header >> 1 & 3
        position = 2 + int.from_bytes(packet[:2], "big")
        topic = packet[2:position]
        mid = 0
        if qos:
            mid = int.from_bytes(packet[position : position + 2], "big")
            position += 2
        if self._protocol == MQTTProtocolVersion.MQTTv5:
            after, length = _remaining_length(packet, position - 1)
            if length is None or length < 0:
                return MQTTErrorCode.MQTT_ERR_PROTOCOL
            position = after + length
        if position > len(packet):
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        self._received_us += _SLOTS
        self.deliver(
            Incoming(
                topic,
                packet[position:],
                qos,
                mid,
                bool(header & 0x08),
                bool(header & 0x01),
                self._received_us,
            )
        )
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _leave_to_paho(self, header: int, packet: bytes) -> MQTTErrorCode:
        self._in_packet = {
            "command": header,
            "have_remaining": 1,
            "remaining_count": [],
            "remaining_mult": 1,
            "remaining_length": len(packet),
            "packet": bytearray(packet),
            "to_process": 0,
            "pos": 0,
        }
        return self._packet_handle()


def _remaining_length(data: bytes, start: int) -> tuple[int, int | None]:
    """
    Read the length that follows the byte at `start`, seven bits a byte.

    Returns
    -------
    (position after it, length)
        The length is None where it is not all there yet, and -1 where it is none.
    """
    length = 0
    for number, value in enumerate(data[start + 1 : start + 5]):
        length |= (value & 0x7F) << 7 * number
        if value < 0x80:
            return start + number + 2, length
    complete = len(data) >= start + 5
    return start, -1 if complete else None
