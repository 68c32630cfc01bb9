"""What the receiver takes apart itself, against real brokers."""

import os
import time

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from conftest import wait_until
from meters.broker import BrokerAddress, Subscription
from tests.stream.conftest import on_mosquitto

SUBSCRIBER = "receiver-1"


@pytest.fixture
def heard(broker):
    """What a subscription has delivered; acknowledged at once."""
    messages = []

    def take(generation, message):
        messages.append(message)
        subscription.acknowledge(generation, [message])

    connected = []
    subscription = Subscription(
        BrokerAddress.of(broker.url_for("portal")),
        client_id=SUBSCRIBER,
        topics=["a/#"],
        on_message=take,
        on_connect=lambda generation, _resumed: connected.append(generation),
    )
    subscription.start()
    wait_until(lambda: connected)
    time.sleep(0.2)
    yield messages
    subscription.stop()


@pytest.mark.parametrize("qos", [0, 1, 2])
@pytest.mark.parametrize("size", [0, 1, 120, 130, 16_400, 600_000, 2_100_000])
def test_a_message_of_any_size_and_quality_arrives_whole(heard, meter, qos, size):
    payload = os.urandom(size)
    meter.client.publish("a/b", payload, qos=qos)
    wait_until(lambda: heard)
    assert (heard[0].topic, heard[0].payload) == (b"a/b", payload)


def test_many_small_messages_arrive_in_order(heard, meter):
    sent = [str(n).encode() * (n % 7) for n in range(5_000)]
    for payload in sent:
        meter.client.publish("a/b", payload, qos=1)
    wait_until(lambda: len(heard) == len(sent))
    assert [message.payload for message in heard] == sent


def test_a_retained_message_is_told_from_one_just_sent(broker, meter):
    meter.publish(b"kept", topic="a/kept", retain=True)
    messages = []
    subscription = Subscription(
        BrokerAddress.of(broker.url_for("portal")),
        client_id=SUBSCRIBER,
        topics=["a/#"],
        on_message=lambda _generation, message: messages.append(message),
        on_connect=lambda _generation, _resumed: None,
    )
    subscription.start()
    wait_until(lambda: messages)
    meter.publish(b"new", topic="a/new")
    wait_until(lambda: len(messages) == 2)
    subscription.stop()
    assert [(m.payload, m.retain) for m in messages] == [
        (b"kept", True),
        (b"new", False),
    ]


def test_what_was_not_acknowledged_comes_again_and_says_so(broker, meter):
    def subscribe(messages):
        connected = []
        subscription = Subscription(
            BrokerAddress.of(broker.url_for("portal")),
            client_id=SUBSCRIBER,
            topics=["a/#"],
            on_message=lambda _generation, message: messages.append(message),
            on_connect=lambda *_: connected.append(True),
        )
        subscription.start()
        wait_until(lambda: connected)
        time.sleep(0.2)
        return subscription

    first, second = [], []
    subscription = subscribe(first)
    meter.publish(b"x", topic="a/b")
    wait_until(lambda: first)
    subscription.stop()
    subscription = subscribe(second)
    wait_until(lambda: second)
    subscription.stop()
    assert [m.duplicate for m in first] == [False]
    assert [(m.payload, m.duplicate) for m in second] == [(b"x", True)]


@on_mosquitto
def test_properties_of_mqtt_5_are_not_taken_for_payload(heard, broker):
    properties = Properties(PacketTypes.PUBLISH)
    properties.UserProperty = [("plant", "north" * 40), ("line", "2")]
    properties.ContentType = "application/json"
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    address = BrokerAddress.of(broker.url_for("meters"))
    client.username_pw_set(address.username, address.password)
    client.connect(address.host, address.port)
    client.loop_start()
    client.publish("a/b", b'{"data": 1}', qos=1, properties=properties)
    wait_until(lambda: heard)
    client.disconnect()
    client.loop_stop()
    assert heard[0].payload == b'{"data": 1}'


def test_no_two_messages_have_the_same_time_of_receipt(heard, meter):
    # Read at once, they would share it; it is the only key of a value without a time
    for number in range(2_000):
        meter.client.publish("a/b", str(number), qos=0)
    wait_until(lambda: len(heard) == 2_000)
    times = [message.received_us for message in heard]
    assert times == sorted(set(times))
    assert abs(times[-1] / 1e6 - time.time()) < 5


def test_nor_have_those_of_processes_that_share(broker, meter):
    # One meter's messages may reach several in the same microsecond
    taken = {"ingest-1": [], "ingest-2": [], "ingest-own": []}
    connected = []
    subscriptions = [
        Subscription(
            BrokerAddress.of(broker.url_for("portal")),
            client_id=name,
            topics=["a/#"],
            on_message=lambda _generation, message, kept=kept: kept.append(message),
            on_connect=lambda *_: connected.append(True),
        )
        for name, kept in taken.items()
    ]
    for subscription in subscriptions:
        subscription.start()
    wait_until(lambda: len(connected) == len(taken))
    time.sleep(0.2)
    for number in range(500):
        meter.client.publish("a/b", str(number), qos=0)
    wait_until(lambda: all(len(kept) == 500 for kept in taken.values()))
    for subscription in subscriptions:
        subscription.stop()
    own = {name: {m.received_us % 16 for m in kept} for name, kept in taken.items()}
    assert own == {"ingest-1": {1}, "ingest-2": {2}, "ingest-own": {0}}
