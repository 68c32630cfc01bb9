"""Several ingest processes: each message is stored by one, and has what it needs."""

import pytest
from django.core.management import CommandError, call_command

from meters.broker import slot_of
from meters.families import Decoded, Registry
from meters.families.sparkplug.payload import Payload
from meters.ingest import roles
from meters.tests.families import message
from meters.tests.family_messages import MESSAGES

FAMILIES = Registry().families
SHARED = roles.shared(FAMILIES, ["#"])
OWN = roles.own(FAMILIES)


def sent(family, prefix=""):
    return [message(f"{prefix}{topic}", body) for topic, body in MESSAGES[family]]


def by_one(messages):
    registry = Registry()
    return [registry.decode(each) for each in messages]


def by_several(messages, *, first):
    """Decode as three processes would: two take turns, one has what is its own."""
    sharing, alone = [Registry(), Registry()], Registry()
    decoded, turn = [], first
    for each in messages:
        if is_announcement(each.topic):
            decoded += [registry.decode(each) for registry in sharing][:1]
        elif SHARED.leaves_out(each.topic):
            decoded.append(alone.decode(each))
        else:
            decoded.append(sharing[turn % 2].decode(each))
            turn += 1
    return decoded


def is_announcement(topic):
    return roles.matcher(t for t in SHARED.topics if not t.startswith("$share"))(topic)


def is_known(messages):
    return all(decoded.rejected is None for decoded in by_one(messages))


# Families whose topics begin in one way only are not known below a prefix.
KNOWN = [
    (family, prefix)
    for family in sorted(MESSAGES)
    for prefix in ("", "north/", "works/north/hall3/")
    if is_known(sent(family, prefix))
]


def test_every_family_is_among_those_that_are_tried():
    assert {family for family, prefix in KNOWN if not prefix} == set(MESSAGES)


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize(("family", "prefix"), KNOWN)
def test_several_read_what_one_would_read(family, prefix, first):
    messages = sent(family, prefix)
    assert by_several(messages, first=first) == by_one(messages)


def _data(seq):
    metric = {"alias": 1, "datatype": 10, "double_value": 230.0 + seq}
    return Payload(timestamp=1772366391000, seq=seq, metrics=[metric])


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize(
    "messages",
    [
        # Data by the alias of a birth
        [
            MESSAGES["sparkplug-b"][0],
            *(
                ("spBv1.0/plant/NDATA/edge", _data(seq).SerializeToString())
                for seq in (1, 2)
            ),
        ],
        # Switches are numbered as they are met
        [(f"cellar/switch/{name}/state", "ON") for name in ("pump", "fan", "door")],
        # A telegram in pieces
        [
            ("tele/p1/RESULT", {"SSerialReceived": text})
            for text in ("/KFM5\r\n1-0:1.7.0(0", "0.244*kW)", "\r\n!\r\n")
        ],
        # An announcement, and what it announces
        MESSAGES["home-assistant"],
    ],
)
def test_what_needs_those_before_is_read_as_one_would_read_it(messages, first):
    several = [message(topic, body) for topic, body in messages]
    assert by_several(several, first=first) == by_one(several)


@pytest.mark.parametrize(
    ("family", "topics"),
    [
        ("acrel-eiot", ["data/up/pk7/26020200000001", "data/dev/pk7/26020200000001"]),
        ("chirpstack-v4", ["application/a/device/70b3d5e75e0000a1/event/up"]),
        ("ttn-v3", ["v3/plant@ttn/devices/hall-3/up"]),
        ("sparkplug-b", ["spBv1.0/plant/DDATA/edge/meter"]),
        ("zigbee2mqtt", ["zigbee2mqtt/hall/plug"]),
        ("shelly-gen1", ["shellies/em3-1/emeter/2/power"]),
        ("shelly-gen2", ["shelly-b2/online"]),
        ("tasmota", ["tele/p/LWT", "hall/tele/LWT", "tele/p/RESULT"]),
        ("esphome", ["cellar/switch/pump/state", "cellar/status"]),
    ],
)
@pytest.mark.parametrize("prefix", ["", "north/", "works/north/hall3/"])
def test_what_one_must_hear_is_heard_by_one(family, topics, prefix):
    known = next(each for each in FAMILIES if each.name == family)
    below = [f"{prefix}{topic}" for topic in topics]
    unheard = [t for t in below if known.knows(t) and not SHARED.leaves_out(t)]
    assert unheard == []
    assert prefix or all(map(known.knows, below))


@pytest.mark.parametrize("family", sorted(MESSAGES))
def test_a_reading_comes_to_the_one_by_one_filter(family):
    """A broker may deliver a message for each filter that hears it."""
    for each in sent(family):
        hearing = [t for t in OWN.topics if roles.matcher([t])(each.topic)]
        if len(hearing) > 1:
            assert by_one([each])[0].readings == [], (each.topic, hearing)


def test_what_is_left_out_is_what_the_one_hears():
    assert not OWN.leaves_out("zigbee2mqtt/plug")
    assert SHARED.leaves_out("zigbee2mqtt/plug")
    assert not SHARED.leaves_out("nobody/knows")
    assert SHARED.topics == ["$share/energy-site/#", "homeassistant/#"]
    assert isinstance(Registry().decode(message("nobody/knows", {})), Decoded)


@pytest.mark.parametrize("name", ["north", "ingest-0", "ingest-16", "ingest-1-a"])
def test_those_that_share_have_a_number_of_their_own(name):
    with pytest.raises(CommandError, match=f"from 1 to 15, .*{name}"):
        call_command("ingest", "--shared", "--name", name)


@pytest.mark.parametrize(
    ("name", "slot"), [("ingest-1", 1), ("node15", 15), ("ingest-016", 0), ("own", 0)]
)
def test_the_number_of_a_name(name, slot):
    assert slot_of(name) == slot
