"""MQTT clients for the tests of the brokers."""

import threading
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

WAIT = 20.0


class TestClient:
    """One connection in a thread of its own, remembering what came."""

    __test__ = False

    def __init__(self, url, *, client_id="", clean=True, acknowledge=True, **login):
        address = urlsplit(url)
        self.address = (address.hostname, address.port)
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=clean,
            manual_ack=not acknowledge,
        )
        self.client.username_pw_set(
            login.get("username", address.username),
            login.get("password", address.password),
        )
        self.client.max_inflight_messages_set(1000)
        self.received = []
        self.refusals = []
        self.granted = []
        self.connected = threading.Event()
        self.answered = threading.Event()
        self.subscribed = threading.Event()
        self.client.on_connect = self._on_connect
        self.client.on_message = lambda client, _, message: self.received.append(
            message
        )
        self.client.on_subscribe = self._on_subscribe

    def _on_connect(self, client, userdata, flags, reason, properties):
        if reason.is_failure:
            self.refusals.append(str(reason))
        else:
            self.connected.set()
        self.answered.set()

    def _on_subscribe(self, client, userdata, packet_id, reasons, properties):
        self.granted += [not reason.is_failure for reason in reasons]
        self.subscribed.set()

    def connect(self):
        self.client.connect(*self.address)
        self.client.loop_start()
        assert self.answered.wait(WAIT)

    def subscribe(self, topic="#", qos=1):
        self.client.subscribe(topic, qos)
        assert self.subscribed.wait(WAIT)
        return self.granted[-1]

    def publish(self, payloads, *, topic="plant/meter 1", qos=1, retain=False):
        sent = [self.client.publish(topic, p, qos, retain) for p in payloads]
        for one in sent:
            one.wait_for_publish(WAIT)
        assert all(one.is_published() for one in sent)

    def wait_for(self, count):
        deadline = time.monotonic() + WAIT
        while len(self.received) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return [message.payload for message in self.received]

    def leave(self):
        self.client.disconnect()
        self.client.loop_stop()

    def vanish(self):
        """Lose the connection as a kill -9 would: without a word."""
        self.client.loop_stop()
        self.client.socket().close()


@contextmanager
def connected(url, **options):
    client = TestClient(url, **options)
    client.connect()
    try:
        yield client
    finally:
        client.leave()
