"""The outbox of one client of the amqtt broker, without a network."""

import pytest

from energy_site.embedded.engines.amqtt.sessions import (
    WINDOW,
    Message,
    Outbox,
    Snapshot,
    StoredSession,
)


def outbox_with(count, *, qos=1, room=1_000_000):
    outbox = Outbox("ingest", room=room)
    for number in range(count):
        assert outbox.put(Message("t", str(number).encode(), qos))
    return outbox


def drain(outbox):
    sent = []
    while (following := outbox.next()) is not None:
        sent.append(following)
    return sent


class TestOutbox:
    def test_sends_in_order_with_packet_ids(self):
        sent = drain(outbox_with(3))
        assert [(packet_id, m.data) for packet_id, m in sent] == [
            (1, b"0"),
            (2, b"1"),
            (3, b"2"),
        ]

    def test_sends_no_more_than_the_window_until_acknowledged(self):
        outbox = outbox_with(WINDOW + 2)
        assert len(drain(outbox)) == WINDOW
        outbox.acknowledge(1)
        assert len(drain(outbox)) == 1

    def test_what_was_not_acknowledged_comes_first_in_the_next_connection(self):
        outbox = outbox_with(3)
        drain(outbox)
        outbox.acknowledge(2)
        outbox.disconnected()
        outbox.put(Message("t", b"new", 1))
        outbox.connected()
        assert [(i, m.data) for i, m in drain(outbox)] == [
            (1, b"0"),
            (3, b"2"),
            (4, b"new"),
        ]

    def test_packet_ids_begin_anew_and_skip_those_under_way(self):
        outbox = outbox_with(1)
        drain(outbox)
        outbox._last_id = 65_535
        outbox.put(Message("t", b"next", 1))
        assert drain(outbox)[0][0] == 2

    def test_qos_0_is_for_those_who_are_there(self):
        outbox = outbox_with(3, qos=0)
        outbox.disconnected()
        assert drain(outbox) == []
        assert outbox.room == 1_000_000

    @pytest.mark.parametrize("qos", [0, 1])
    def test_room_is_given_back(self, qos):
        outbox = outbox_with(3, qos=qos, room=3)
        assert not outbox.put(Message("t", b"x", qos))
        for packet_id, _ in drain(outbox):
            if packet_id is not None:
                outbox.acknowledge(packet_id)
        assert outbox.room == 3
        assert outbox.put(Message("t", b"x", qos))


class TestSnapshot:
    def test_brings_back_what_was_saved(self, tmp_path):
        # Bytes that are no text: a Sparkplug payload.
        message = Message("t", b"\xff\x00", 1, sent=True)
        stored = StoredSession("i", "ingest", [("#", 1)], [message])
        path = tmp_path / "sessions"
        Snapshot([stored], [Message("r", b"1", 0)]).save(path)
        assert Snapshot.load(path) == Snapshot([stored], [Message("r", b"1", 0)])
        assert path.stat().st_mode & 0o777 == 0o600

    def test_there_is_none_at_first(self, tmp_path):
        assert Snapshot.load(tmp_path / "sessions") == Snapshot()

    def test_a_cut_off_save_leaves_the_one_before(self, tmp_path):
        path = tmp_path / "sessions"
        Snapshot(retained=[Message("r", b"1", 0)]).save(path)
        path.with_suffix(".new").write_bytes(b"half")
        assert Snapshot.load(path).retained[0].data == b"1"
