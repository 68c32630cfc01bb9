"""One connection to the amqtt broker: takes over, acknowledges, delivers in order."""

import asyncio
from typing import TYPE_CHECKING, Any

from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
from amqtt.mqtt.puback import PubackPacket
from amqtt.mqtt.publish import PublishPacket

from energy_site.embedded.engines.amqtt.sessions import Outbox

if TYPE_CHECKING:
    from energy_site.embedded.engines.amqtt.broker import PatientBroker


class Handler(BrokerProtocolHandler):  # type: ignore[misc]  # amqtt has no types
    """One connection."""

    broker: "PatientBroker"
    outbox: Outbox
    filled: asyncio.Event
    closed = False

    async def handle_publish(self, packet: Any) -> None:
        """Take a message over first, and acknowledge it then."""
        if self.broker.stopping:
            return  # not acknowledged: it comes again
        if packet.qos == 2:
            await super().handle_publish(packet)
            return
        await self.broker.take(self.session, packet)
        if packet.qos == 1:
            acknowledgement = PubackPacket.build(packet.variable_header.packet_id)
            await self._send_packet(acknowledgement)

    async def handle_puback(self, puback: Any) -> None:
        """Let go of what the client has."""
        self.outbox.acknowledge(puback.variable_header.packet_id)
        self.broker.changed = True
        self.filled.set()

    def handle_read_timeout(self) -> None:
        """Give up a client that has been silent for longer than it promised."""
        self._silent = asyncio.ensure_future(self.handle_connection_closed())

    async def handle_disconnect(self, disconnect: Any) -> None:
        """Stop sending, and tell the broker."""
        self.closed = True
        await super().handle_disconnect(disconnect)

    async def deliver(self) -> None:
        """Send what the outbox holds, until the connection ends."""
        while not self.closed:
            following = self.outbox.next()
            if following is None:
                self.filled.clear()
                await self.filled.wait()
                continue
            packet_id, message = following
            packet = PublishPacket.build(
                message.topic,
                message.data,
                packet_id,
                message.sent,
                message.qos,
                message.retain,
            )
            message.sent = True
            await self._send_packet(packet)
