"""The connection by which commands are published, on real brokers."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from conftest import wait_until
from energy_site.embedded.ports import any_free
from meters import tasks
from meters.broker import BrokerAddress, BrokerError
from meters.broker.publisher import (
    CommandPublisher,
    Expected,
    RefusedByBrokerError,
    UnacknowledgedError,
)
from tests.commands.conftest import TOPIC, Device


@pytest.fixture
def publisher(broker):
    address = BrokerAddress.of(broker.url_for("portal"))
    publisher = CommandPublisher(address, clock=timezone.now)
    yield publisher
    publisher.close()


def publish(publisher, payload=b"x"):
    publisher.connect()
    publisher.publish(TOPIC, payload, expires_in_s=30)


def test_returns_when_the_broker_has_it(publisher, device):
    for number in range(5):
        publish(publisher, b"%d" % number)
    wait_until(lambda: len(device.heard) == 5)
    assert device.heard == [b"0", b"1", b"2", b"3", b"4"]


def test_connects_again_after_the_broker_was_away(publisher, broker):
    publish(publisher)
    broker.stop()
    # Noticed, not endured
    wait_until(lambda: not publisher._client.is_connected())
    with pytest.raises(RefusedByBrokerError):
        publisher.publish(TOPIC, b"lost", expires_in_s=30)
    with pytest.raises(BrokerError):
        publisher.connect()
    broker.start()
    device = Device(broker.url_for("portal"))
    publish(publisher, b"after")
    wait_until(lambda: device.heard)
    # What was refused does not come later
    time.sleep(0.5)
    assert device.heard == [b"after"]
    device.close()


def test_what_was_not_acknowledged_is_never_sent_again(
    publisher, broker, device, monkeypatch
):
    publisher.connect()
    monkeypatch.setattr("meters.broker.publisher.ACKNOWLEDGED_WITHIN_S", 0.0)
    with pytest.raises(UnacknowledgedError):
        publisher.publish(TOPIC, b"once", expires_in_s=30)
    monkeypatch.undo()
    publish(publisher, b"next")
    wait_until(lambda: b"next" in device.heard)
    assert device.heard.count(b"once") <= 1


def test_a_broker_that_is_not_there():
    address = BrokerAddress.of(f"mqtt://127.0.0.1:{any_free()}")
    with pytest.raises(BrokerError, match="cannot be reached"):
        CommandPublisher(address, clock=timezone.now).connect()


def test_a_login_that_is_refused(broker):
    address = BrokerAddress.of(f"mqtt://portal:wrong@127.0.0.1:{broker.port}")
    with pytest.raises(BrokerError, match="refuses"):
        CommandPublisher(address, clock=timezone.now).connect()


class TestReplies:
    def expected(self, taken, *, fits=lambda payload: True, seconds=30):
        return Expected(
            topic=f"{TOPIC}/reply",
            until=timezone.now() + timedelta(seconds=seconds),
            fits=fits,
            take=lambda: taken.append(1),
        )

    def test_are_taken_once(self, publisher, device):
        taken = []
        device.answer = b"yes"
        publisher.connect()
        publisher.expect(self.expected(taken, fits=lambda payload: payload == b"yes"))
        publish(publisher)
        wait_until(lambda: taken)
        publish(publisher)
        wait_until(lambda: len(device.heard) == 2)
        time.sleep(0.3)
        assert taken == [1]

    def test_do_no_harm_while_the_queue_is_away(self, publisher, device, monkeypatch):
        tried = []

        def delay(**kwargs):
            tried.append(kwargs)
            raise OperationalError("Redis is away.")

        monkeypatch.setattr(tasks.take_reply, "delay", delay)
        device.answer = b"yes"
        publisher.connect()
        until = timezone.now() + timedelta(seconds=30)
        publisher.expect(
            Expected(
                topic=f"{TOPIC}/reply",
                until=until,
                fits=lambda payload: True,
                take=lambda: tasks._take_reply_soon(7),
            )
        )
        publish(publisher)
        wait_until(lambda: tried)
        publish(publisher)
        wait_until(lambda: len(device.heard) == 2)

    @pytest.mark.parametrize("how", [{"fits": lambda payload: False}, {"seconds": -1}])
    def test_that_do_not_fit_or_come_too_late_are_not(self, publisher, device, how):
        taken = []
        device.answer = b"yes"
        publisher.connect()
        publisher.expect(self.expected(taken, **how))
        publish(publisher)
        wait_until(lambda: device.heard)
        time.sleep(0.3)
        assert taken == []
