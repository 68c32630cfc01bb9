"""The amqtt broker, made to keep what it has acknowledged.

amqtt 0.12.1 as it comes loses messages of QoS 1: it acknowledges before it hands
on, drops what a subscriber leaves unacknowledged for five seconds or at a
disconnect, and forgets every session when it stops. It also looks at a session
before the password. docs/decisions/0002-amqtt-kept-honest.md says more.
"""

import asyncio
import logging
from typing import Any

from amqtt.broker import Broker
from amqtt.errors import AMQTTError, MQTTError, NoDataError
from amqtt.mqtt.connack import NOT_AUTHORIZED, ConnackPacket

from energy_site.embedded.engines.amqtt.access import Configuration
from energy_site.embedded.engines.amqtt.connection import Handler
from energy_site.embedded.engines.amqtt.sessions import (
    Message,
    Outbox,
    Snapshot,
    StoredSession,
)

logger = logging.getLogger(__name__)

_CONNECT_WITHIN = 10.0


class PatientBroker(Broker):  # type: ignore[misc]  # amqtt has no types
    """amqtt's broker with an outbox for each session and a snapshot of them all."""

    def __init__(self, configuration: Configuration) -> None:
        address, port = configuration.address, configuration.port
        listener = {"type": "tcp", "bind": f"{address}:{port}"}
        # No plugin: with AnonymousAuthPlugin loaded, sessions would not be kept.
        super().__init__({"listeners": {"default": listener}, "plugins": {}})
        self.configuration = configuration
        self.outboxes: dict[str, Outbox] = {}
        self.changed = False
        self.stopping = False

    # --- who may come in -------------------------------------------------------------

    async def _initialize_client_session(
        self, reader: Any, writer: Any, remote_address: str, remote_port: int
    ) -> tuple[Any, Any]:
        try:
            handler, session = await asyncio.wait_for(
                Handler.init_from_connect(reader, writer, self.plugins_manager),
                timeout=_CONNECT_WITHIN,
            )
        except (AMQTTError, MQTTError, NoDataError, OSError) as error:
            await writer.close()
            message = f"{remote_address}: no usable CONNECT: {error}"
            raise MQTTError(message) from error
        outbox = self.outboxes.get(session.client_id)
        known = self.configuration.knows(session.username, session.password)
        # The password before anything else: amqtt would let a stranger end a session
        # by its name. And a session stays with the login that opened it.
        if not known or (outbox and outbox.owner != session.username):
            await ConnackPacket.build(0, NOT_AUTHORIZED).to_stream(writer)
            await writer.close()
            message = f"{session.username!r} as {session.client_id!r}: not let in"
            raise MQTTError(message)
        if session.keep_alive:
            session.keep_alive = session.keep_alive * 3 // 2
        return handler, await self._resume(session)

    async def _authenticate(self, session: Any, listener: Any) -> bool:
        return True  # _initialize_client_session has done so

    async def _resume(self, session: Any) -> Any:
        known, old_handler = self._sessions.get(session.client_id, (None, None))
        if known is not None and known.transitions.is_connected():
            await old_handler.handle_connection_closed()
            await old_handler.stop()
            # The old connection's own loop ends the session's connected state.
            for _ in range(50):
                if not known.transitions.is_connected():
                    break
                await asyncio.sleep(0.1)
            else:
                message = f"{session.client_id!r}: its old connection does not end"
                raise MQTTError(message)
        if session.clean_session or known is None:
            await self._delete_session(session.client_id)
            room = self.configuration.room
            self.outboxes[session.client_id] = Outbox(session.username, room=room)
            return session
        for name in ("flag", "message", "topic", "qos", "retain"):
            setattr(known, f"will_{name}", getattr(session, f"will_{name}"))
        known.keep_alive = session.keep_alive
        known.clean_session = False
        known.parent = 1
        return known

    async def _topic_filtering(self, session: Any, topic: str, action: Any) -> bool:
        what = "write" if action == "publish" else "read"
        return self.configuration.lets(session.username, what)

    # --- connections -----------------------------------------------------------------

    async def _handle_client_session(
        self,
        reader: Any,
        writer: Any,
        client_session: Any,
        handler: Any,
        server: Any,
        listener_name: str,
    ) -> None:
        client_session.transitions.connect()
        outbox = self.outboxes[client_session.client_id]
        handler.broker, handler.outbox = self, outbox
        handler.filled = asyncio.Event()
        handler.attach(client_session, reader, writer)
        self._sessions[client_session.client_id] = (client_session, handler)
        await handler.mqtt_connack_authorize(True)
        await handler.start()
        outbox.connected()
        delivery = asyncio.ensure_future(handler.deliver())
        try:
            await self._client_message_loop(client_session, handler)
        finally:
            delivery.cancel()
            await asyncio.gather(delivery, return_exceptions=True)
            outbox.disconnected()

    async def _delete_session(self, client_id: str) -> None:
        self.outboxes.pop(client_id, None)
        self.changed = True
        await super()._delete_session(client_id)

    async def _cleanup_session(self, client_id: str) -> None:
        self.outboxes.pop(client_id, None)
        self.changed = True
        await super()._cleanup_session(client_id)

    # --- messages --------------------------------------------------------------------

    async def take(self, session: Any, packet: Any) -> None:
        """Put a message into every outbox it belongs to."""
        topic, data = packet.topic_name, bytes(packet.data or b"")
        if not topic or topic[0] == "$" or "#" in topic or "+" in topic:
            logger.warning("%s: no topic to publish to: %r", session.client_id, topic)
            return
        if not self.configuration.lets(session.username, "write"):
            return
        if len(data) > self.configuration.largest:
            logger.warning("%s: too large: %s bytes", session.client_id, len(data))
            return
        self._distribute(Message(topic, data, packet.qos))
        if packet.retain_flag:
            await self.retain_message(session, topic, data, packet.qos)

    async def _broadcast_message(
        self, session: Any, topic: Any, data: Any, force_qos: int | None = None
    ) -> None:
        # Wills, and messages of QoS 2, come this way.
        qos = 1 if force_qos is None else force_qos
        self._distribute(Message(topic, bytes(data or b""), qos))

    def _distribute(self, message: Message) -> None:
        granted: dict[str, tuple[Any, int]] = {}
        for topic_filter, subscriptions in self._subscriptions.items():
            if self._matches(message.topic, topic_filter):
                for session, qos in subscriptions:
                    _, most = granted.get(session.client_id, (session, 0))
                    granted[session.client_id] = session, max(qos, most)
        for session, qos in granted.values():
            self._put(session, message, qos=min(qos, message.qos), retain=False)

    def _put(self, session: Any, message: Message, *, qos: int, retain: bool) -> None:
        here = session.transitions.is_connected()
        outbox = self.outboxes.get(session.client_id)
        if outbox is None or not (here or (qos and not session.clean_session)):
            return
        if not outbox.put(Message(message.topic, message.data, qos, retain)):
            logger.warning("%s: no room for more messages", session.client_id)
            return
        self.changed = True
        if here:
            self._sessions[session.client_id][1].filled.set()

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Any
    ) -> None:
        topic_filter, qos = subscription
        for topic, kept in self._retained_messages.items():
            if self._matches(topic, topic_filter):
                message = Message(topic, bytes(kept.data), kept.qos or 0)
                granted = min(qos, message.qos, 1)
                self._put(session, message, qos=granted, retain=True)

    async def retain_message(self, *arguments: Any, **named: Any) -> None:
        """Keep a message for whoever subscribes later."""
        self.changed = True
        await super().retain_message(*arguments, **named)

    async def add_subscription(
        self, subscription: tuple[str, int], session: Any
    ) -> int:
        """Add or renew a subscription, with QoS 1 at most."""
        topic_filter, qos = subscription
        self._del_subscription(topic_filter, session)
        self.changed = True
        granted: int = await super().add_subscription(
            (topic_filter, min(qos, 1)), session
        )
        return granted

    # --- over a restart --------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Return every session that is expected back, and every retained message."""
        subscriptions: dict[str, list[tuple[str, int]]] = {}
        for topic_filter, subscribed in self._subscriptions.items():
            for session, qos in subscribed:
                pairs = subscriptions.setdefault(session.client_id, [])
                pairs.append((topic_filter, qos))
        return Snapshot(
            sessions=[
                StoredSession(
                    client_id,
                    self.outboxes[client_id].owner,
                    subscriptions.get(client_id, []),
                    self.outboxes[client_id].everything(),
                )
                for client_id, (session, _) in self._sessions.items()
                if client_id in self.outboxes and not session.clean_session
            ],
            retained=[
                Message(topic, bytes(kept.data), kept.qos or 0)
                for topic, kept in self._retained_messages.items()
            ],
        )

    async def restore(self, snapshot: Snapshot) -> None:
        """Take up where a broker before us stopped."""
        for stored in snapshot.sessions:
            handler, session = self.create_offline_session(stored.client_id)
            session.username, session.clean_session = stored.owner, False
            self._sessions[stored.client_id] = (session, handler)
            outbox = Outbox(stored.owner, room=self.configuration.room)
            self.outboxes[stored.client_id] = outbox
            for message in stored.messages:
                outbox.put(message)
            for subscription in stored.subscriptions:
                await self.add_subscription(subscription, session)
        for message in snapshot.retained:
            await self.retain_message(None, message.topic, message.data, message.qos)
        self.changed = False
