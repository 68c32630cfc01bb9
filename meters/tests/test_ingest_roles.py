"""Several ingest processes: each message is stored by one, and has what it needs."""

import pytest

from meters.families import Decoded, Registry
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


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("prefix", ["", "north/", "works/north/hall3/"])
@pytest.mark.parametrize("family", sorted(MESSAGES))
def test_several_read_what_one_would_read(family, prefix, first):
    messages = sent(family, prefix)
    if not is_known(messages):
        pytest.skip("not known below a prefix")
    assert by_several(messages, first=first) == by_one(messages)


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
