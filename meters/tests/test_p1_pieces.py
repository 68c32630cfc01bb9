"""Telegrams of a P1 port that Tasmota sends in pieces."""

from datetime import timedelta

import pytest

from meters.families import Message, Registry
from meters.families.p1_pieces import P1Pieces
from meters.ingest import roles
from meters.tests.families import RECEIVED, quantities
from meters.tests.test_platform_families import TELEGRAM, crc

TOPIC = "tele/p1-bridge/RESULT"
SENT = TELEGRAM.replace("\n", "\r\n")
WHOLE = f"{SENT}{crc(SENT)}\r\n"


def cut(text, *at):
    return [text[a:b] for a, b in zip((0, *at), (*at, len(text)), strict=True)]


class Bridge:
    """A registry that pieces come to, a second apart."""

    def __init__(self):
        self.registry = Registry()
        self.now = RECEIVED

    def sends(self, *pieces, topic=TOPIC, key="SSerialReceived", seconds=1.0):
        self.now += timedelta(seconds=seconds)
        return [self.decode(piece, topic, key, n) for n, piece in enumerate(pieces)]

    def decode(self, piece, topic, key, number):
        # With raw line ends within the text, as Tasmota has them.
        payload = f'{{"{key}":"{piece}"}}'.encode()
        received_at = self.now + timedelta(microseconds=number)
        return self.registry.decode(Message(topic, payload, received_at))


@pytest.fixture
def bridge():
    return Bridge()


def readings_of(decoded):
    assert [each.rejected for each in decoded if each.rejected] == []
    return [reading for each in decoded for reading in each.readings]


@pytest.mark.parametrize("key", ["SSerialReceived", "SerialReceived"])
@pytest.mark.parametrize(
    "at",
    [
        (150, 300),
        (1, 2, 3),
        # Within the checksum, and before it
        (200, len(WHOLE) - 4),
        (200, len(WHOLE) - 6),
        # All at once
        (),
    ],
)
def test_pieces_are_put_together(bridge, key, at):
    decoded = bridge.sends(*cut(WHOLE, *at), key=key)
    assert decoded[-1].family == "dsmr-p1"
    meter, gas = readings_of(decoded)
    assert (meter.device, meter.quantities["voltage_l1"]) == ("K012", 230.0)
    assert (gas.device, gas.quantities) == ("G01", {"volume": 107.89})
    assert meter.time.isoformat() == "2026-07-01T11:59:58+00:00"


def test_line_ends_may_have_changed_on_the_way(bridge):
    pieces = cut(WHOLE.replace("\r\n", "\n"), 150, 300)
    assert len(readings_of(bridge.sends(*pieces))) == 2


def test_a_piece_without_its_start_is_dropped(bridge):
    assert readings_of(bridge.sends(*cut(WHOLE, 150, 300)[1:])) == []
    assert len(readings_of(bridge.sends(*cut(WHOLE, 150, 300)))) == 2


def test_the_end_of_one_and_the_start_of_the_next_may_come_together(bridge):
    pieces = cut(WHOLE + WHOLE + WHOLE, 200, len(WHOLE) + 100, 2 * len(WHOLE) + 50)
    assert len(readings_of(bridge.sends(*pieces))) == 6


def test_a_lost_piece_costs_its_telegram_only(bridge):
    first, middle, last = cut(WHOLE, 150, 300)
    # The end of the line that was cut does not fit
    [_, lost] = bridge.sends(first, last)
    assert "checksum does not fit" in lost.rejected
    assert readings_of(bridge.sends(first)) == []
    assert len(readings_of(bridge.sends(first, middle, last))) == 2


def test_each_topic_has_its_own(bridge):
    first, last = cut(WHOLE, 300)
    assert readings_of(bridge.sends(first, topic="tele/a/RESULT")) == []
    assert readings_of(bridge.sends(last, topic="tele/b/RESULT")) == []
    assert len(readings_of(bridge.sends(last, topic="tele/a/RESULT"))) == 2


def test_a_start_is_forgotten_after_half_a_minute(bridge):
    first, last = cut(WHOLE, 300)
    bridge.sends(first)
    assert readings_of(bridge.sends(last, seconds=31)) == []


def test_decoding_a_batch_again_gives_the_same(bridge):
    pieces = cut(WHOLE + WHOLE, 200, len(WHOLE) + 100)
    once = readings_of(bridge.sends(*pieces))
    # The database was away: the last of them come again, received when they were
    again = [
        bridge.decode(piece, TOPIC, "SSerialReceived", n)
        for n, piece in enumerate(pieces)
    ]
    assert readings_of(again) == once
    assert len(once) == 4


def test_pieces_received_at_one_instant_keep_their_order():
    pieces = P1Pieces()
    found = [
        pieces.decode(text, Message(TOPIC, b"", RECEIVED)) for text in cut(WHOLE, 9)
    ]
    assert len(readings_of(found)) == 2


def test_what_is_remembered_is_bounded():
    pieces = P1Pieces()
    for number in range(1_500):
        message = Message(f"tele/{number}/RESULT", b"", RECEIVED)
        pieces.decode("/ABC" + "x" * 96, message)
    assert len(pieces) == 1_000 * 100
    for number in range(100):
        at = RECEIVED + timedelta(milliseconds=number)
        pieces.decode("/" * 1_000, Message("t", b"", at))
    assert len(pieces) <= 1_000 * 100 + 16_000
    # Decoded again, from before all that is remembered
    pieces.decode("/ABC", Message("t", b"", RECEIVED - timedelta(milliseconds=1)))


def test_one_process_hears_all_pieces():
    hears = roles.shared(Registry().families, ["#"]).leaves_out
    assert hears(TOPIC)
    assert hears("north/tele/p1-bridge/RESULT")
    assert quantities(Bridge().sends(WHOLE)[0])["G01"] == {"volume": 107.89}
