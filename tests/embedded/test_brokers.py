"""What the portal relies on, of both brokers."""

import pytest

from tests.embedded.mqtt_clients import TestClient, connected

# More than the 1,000 that Mosquitto queues by default.
MANY = [str(number).encode() for number in range(2500)]


def leave_a_session(broker):
    with connected(broker.url_for("ingest"), client_id="i", clean=False) as client:
        assert client.subscribe()


def publish(broker, payloads, **options):
    with connected(broker.url_for("meters")) as client:
        client.publish(payloads, **options)


class TestWhoComesIn:
    @pytest.mark.parametrize(
        ("username", "password"),
        [
            ("ingest", "wrong"),
            ("ingest", None),
            ("nobody", "wrong"),
            # No login at all
            (None, None),
        ],
    )
    def test_a_wrong_login_is_refused(self, broker, username, password):
        client = TestClient(
            broker.url_for("ingest"), username=username, password=password
        )
        client.connect()
        client.leave()
        assert client.refusals
        assert not client.connected.is_set()

    def test_a_stranger_cannot_end_a_session_by_its_name(self, broker):
        leave_a_session(broker)
        publish(broker, [b"kept"])
        stranger = TestClient(broker.url_for("ingest"), client_id="i", password="wrong")
        stranger.connect()
        stranger.leave()
        with connected(broker.url_for("ingest"), client_id="i", clean=False) as client:
            assert client.wait_for(1) == [b"kept"]


class TestWhatLoginsMayDo:
    def test_the_meters_login_reads_nothing(self, broker):
        with (
            connected(broker.url_for("portal")) as portal,
            connected(broker.url_for("meters")) as meter,
        ):
            portal.subscribe()
            meter.subscribe("plant/#")
            portal.publish([b"kept"], retain=True)
            portal.publish([b"live"])
            # The portal has it all: by then the meter would have had it too.
            assert portal.wait_for(2) == [b"kept", b"live"]
            assert meter.received == []

    def test_a_retained_message_does_not_reach_who_may_not_read(self, broker):
        with connected(broker.url_for("portal")) as portal:
            portal.subscribe()
            portal.publish([b"kept"], retain=True)
            portal.wait_for(1)
            with connected(broker.url_for("meters")) as meter:
                meter.subscribe()
                portal.publish([b"after"])
                portal.wait_for(2)
                assert meter.received == []

    def test_the_ingest_login_publishes_nothing(self, broker):
        with (
            connected(broker.url_for("portal")) as portal,
            connected(broker.url_for("ingest")) as ingest,
        ):
            portal.subscribe()
            ingest.client.publish("plant/meter 1", b"forged", 1)
            portal.publish([b"real"])
            assert portal.wait_for(1) == [b"real"]

    def test_the_portal_reads_and_writes(self, broker):
        with connected(broker.url_for("portal")) as portal:
            portal.subscribe()
            portal.publish([b"a command"])
            assert portal.wait_for(1) == [b"a command"]


class TestWhatIsKept:
    def test_all_for_a_session_that_is_away(self, broker):
        leave_a_session(broker)
        publish(broker, MANY)
        with connected(broker.url_for("ingest"), client_id="i", clean=False) as client:
            assert client.wait_for(len(MANY)) == MANY
            assert not any(message.retain for message in client.received)

    def test_all_over_an_orderly_restart(self, broker):
        leave_a_session(broker)
        publish(broker, MANY)
        publish(broker, [b"retained"], topic="plant/state", retain=True)
        broker.stop()
        broker.start()
        with connected(broker.url_for("ingest"), client_id="i", clean=False) as client:
            assert client.wait_for(len(MANY) + 1) == [*MANY, b"retained"]
        with connected(broker.url_for("portal")) as client:
            client.subscribe("plant/state")
            assert client.wait_for(1) == [b"retained"]
            assert client.received[0].retain

    def test_what_a_client_did_not_acknowledge_comes_again(self, broker):
        url = broker.url_for("ingest")
        first = TestClient(url, client_id="i", clean=False, acknowledge=False)
        first.connect()
        first.subscribe()
        publish(broker, MANY)
        assert first.wait_for(len(MANY)) == MANY
        # Half of them are acknowledged, then the process is gone.
        for message in first.received[:1000]:
            first.client.ack(message.mid, message.qos)
        with connected(broker.url_for("portal")) as portal:
            # Sent on the same wire after the acknowledgements, so they have arrived.
            first.client.unsubscribe("nothing")
            portal.publish([b"later"])
        first.wait_for(len(MANY) + 1)
        first.vanish()
        with connected(url, client_id="i", clean=False) as second:
            assert second.wait_for(1501) == [*MANY[1000:], b"later"]
            assert all(message.dup for message in second.received[:1500])

    def test_a_message_of_a_publisher_that_leaves_at_once(self, broker):
        leave_a_session(broker)
        for number in range(20):
            publish(broker, [str(number).encode()])
        with connected(broker.url_for("ingest"), client_id="i", clean=False) as client:
            assert len(client.wait_for(20)) == 20


class TestAfterACrash:
    def test_it_starts_again_on_the_same_port(self, broker):
        port = broker.port
        broker.kill()
        broker.start()
        assert broker.port == port
        with connected(broker.url_for("portal")) as client:
            assert client.connected.is_set()
