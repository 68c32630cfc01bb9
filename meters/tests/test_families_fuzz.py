"""No message, whatever is in it, harms the registry of families."""

import json
import math
import random
import statistics
import time
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from meters.domain.quantities import BY_NAME
from meters.families import Message, Registry
from meters.families.registry import built_in_families
from meters.tests.family_messages import MESSAGES, payload_of

RECEIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)
CASES = [
    (family, topic, payload_of(content))
    for family, messages in MESSAGES.items()
    for topic, content in messages
]
ODD = [
    *(None, True, False, [], {}, "", " ", "nan", "inf", "--", "x" * 300, "12 V", "\0"),
    *(
        float("nan"),
        float("inf"),
        1e308,
        -1e308,
        1e39,
        -1,
        0,
        10**30,
        2**63,
        "9" * 5000,
    ),
    *("\ud800", {"value": {"value": 1}}, [[[[[]]]]], [None, 1, "2"], {"a": {"b": []}}),
    *(
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "0" * 14,
        "99991231235959",
    ),
]


def check(registry, topic, payload):
    """Decode; every number must be one, every reading storable. Return seconds."""
    start = time.perf_counter()
    decoded = registry.decode(Message(topic, payload, RECEIVED, timezone="Asia/Tokyo"))
    took = time.perf_counter() - start
    for reading in decoded.readings:
        assert reading.device
        assert len(reading.device) <= 100
        assert reading.time.tzinfo is not None
        assert reading.quantities.keys() <= BY_NAME.keys()
        assert all(map(math.isfinite, reading.quantities.values()))
    for event in decoded.events:
        assert event.device
        assert event.value is None or math.isfinite(event.value)
    # PostgreSQL stores neither NUL nor half a pair of characters; that fails here.
    stored = msgspec.json.encode([decoded.readings, decoded.events, decoded.status])
    assert b"\\u0000" not in stored
    msgspec.json.encode(decoded)
    return took


def values_in(node, path=()):
    yield path
    if isinstance(node, dict):
        for key in node:
            yield from values_in(node[key], (*path, key))
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from values_in(item, (*path, index))


def with_value(node, path, value):
    if not path:
        return value
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[path[0]] = with_value(copy[path[0]], path[1:], value)
    return copy


def test_every_family_has_messages():
    assert {family.name for family in built_in_families()} <= MESSAGES.keys()


@pytest.mark.parametrize(("family", "topic", "payload"), CASES)
class TestEveryMessage:
    def test_it_is_of_its_family(self, family, topic, payload):
        decoded = Registry().decode(Message(topic, payload, RECEIVED))
        assert (decoded.family, decoded.rejected) == (family, None)

    def test_it_is_decoded_in_under_50_ms(self, family, topic, payload):
        registry = Registry()
        assert (
            statistics.median(check(registry, topic, payload) for _ in range(20)) < 0.05
        )

    def test_cut_short_it_does_no_harm(self, family, topic, payload):
        registry = Registry()
        for length in range(0, len(payload), max(1, len(payload) // 100)):
            check(registry, topic, payload[:length])

    def test_with_bytes_changed_it_does_no_harm(self, family, topic, payload):
        registry = Registry()
        rng = random.Random(payload)  # noqa: S311 - a test's
        for _ in range(150):
            changed = bytearray(payload)
            for _ in range(rng.randint(1, 6)):
                changed[rng.randrange(len(changed))] = rng.randrange(256)
            check(registry, topic, bytes(changed))

    def test_with_a_value_of_another_kind_it_does_no_harm(self, family, topic, payload):
        try:
            content = json.loads(payload)
        except ValueError:
            return
        registry = Registry()
        took = []
        for path in values_in(content):
            for odd in ODD:
                changed = json.dumps(with_value(content, path, odd)).encode()
                took.append(check(registry, topic, changed))
        assert statistics.median(took) < 0.05

    def test_nested_deeply_it_does_no_harm(self, family, topic, payload):
        for deep in (b"[" * 100_000, b'{"a":' * 50_000, b'{"data":' * 900 + b"1"):
            check(Registry(), topic, deep)


@settings(max_examples=150, deadline=None)
@given(
    topic=st.sampled_from([topic for _, topic, _ in CASES]) | st.text(max_size=60),
    payload=st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text(max_size=12), inner, max_size=4)
        ),
        max_leaves=12,
    ).map(lambda content: json.dumps(content).encode()),
)
def test_anything_at_all_does_no_harm(topic, payload):
    check(Registry(), topic, payload)


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        # "²" is a digit, but no number.
        ("stat/p/POWER²", "ON"),
        ("stat/p/RESULT", '{"POWER²": "ON"}'),
        ("shellies/x/emeter/²/power", "5"),
        ("shellies/x/relay/²", "on"),
        ("x/events/rpc", '{"src": "x", "params": {"switch:²": {"apower": 5}}}'),
        ("zigbee2mqtt/x", '{"state_l²": "ON"}'),
    ],
)
def test_a_digit_that_is_no_number_does_no_harm(topic, payload):
    check(Registry(), topic, payload.encode())
