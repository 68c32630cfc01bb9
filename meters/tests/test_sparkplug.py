import base64

import pytest

from meters.families import Command, OutputState, Registry
from meters.families.sparkplug.payload import BOOLEAN, DOUBLE, INT16, Payload
from meters.tests.families import RECEIVED, decode, quantities

NODE = "spBv1.0/plant/{}/edge"
DEVICE = "spBv1.0/plant/{}/edge/m1"
NOW_MS = round(RECEIVED.timestamp() * 1000) - 2000


def payload(*metrics, seq, bd_seq=None):
    made = Payload(timestamp=NOW_MS, seq=seq)
    if bd_seq is not None:
        made.metrics.add(name=b"bdSeq", datatype=8, long_value=bd_seq)
    for metric in metrics:
        unit = metric.pop("unit", None)
        added = made.metrics.add(**metric)
        if unit:
            added.properties.keys.append(b"engUnit")
            added.properties.values.add(type=12, string_value=unit.encode())
    return made.SerializeToString()


def power(**fields):
    return {"name": b"Power/Active/Total", "alias": 1, "datatype": DOUBLE, **fields}


@pytest.fixture
def registry():
    """A registry that has heard the births of the node and of its device."""
    registry = Registry()
    decode(NODE.format("NBIRTH"), payload(seq=0, bd_seq=4), registry=registry)
    birth = payload(
        power(double_value=1234.5, unit="W"),
        {"name": b"Voltage/L1", "alias": 2, "datatype": DOUBLE, "double_value": 230.5},
        {"name": b"Offset", "alias": 3, "datatype": INT16, "int_value": 65_535},
        {"name": b"Output/1", "alias": 4, "datatype": BOOLEAN, "boolean_value": False},
        seq=1,
    )
    found = decode(DEVICE.format("DBIRTH"), birth, registry=registry)
    assert quantities(found) == {
        "plant/edge/m1": {"active_power": 1.2345, "voltage_l1": 230.5}
    }
    # Two's complement of sixteen bits.
    assert found.readings[0].extra == {"Offset": -1.0}
    assert found.outputs == [OutputState("plant/edge/m1", 1, False)]
    return registry


def rebirths(decoded):
    return [reply.topic for reply in decoded.replies]


def test_data_by_alias_alone(registry):
    data = payload({"alias": 1, "double_value": 900.0}, seq=2)
    found = decode(DEVICE.format("DDATA"), data, registry=registry)
    assert quantities(found) == {"plant/edge/m1": {"active_power": 0.9}}
    assert found.replies == []


def test_null_is_absent_and_history_is_told(registry):
    data = payload(
        {"alias": 1, "is_null": True},
        {"alias": 2, "double_value": 231.0, "timestamp": NOW_MS - 90_000},
        {
            "alias": 2,
            "double_value": 229.0,
            "timestamp": NOW_MS - 600_000,
            "is_historical": True,
        },
        seq=2,
    )
    found = decode(DEVICE.format("DDATA"), data, registry=registry)
    assert [(r.quantities, r.historical) for r in found.readings] == [
        ({"voltage_l1": 231.0}, False),
        ({"voltage_l1": 229.0}, True),
    ]


def test_a_gap_in_the_sequence_asks_for_a_rebirth_once(registry):
    late = payload({"alias": 1, "double_value": 1.0}, seq=7)
    found = decode(DEVICE.format("DDATA"), late, registry=registry)
    assert rebirths(found) == ["spBv1.0/plant/NCMD/edge"]
    assert found.readings
    asked = Payload.FromString(base64.b64decode(found.replies[0].payload))
    assert asked.metrics[0].name == b"Node Control/Rebirth"
    again = payload({"alias": 1, "double_value": 1.0}, seq=11)
    assert not decode(DEVICE.format("DDATA"), again, registry=registry).replies


def test_the_sequence_goes_on_after_255(registry):
    for seq in [*range(2, 256), 0, 1]:
        data = payload({"alias": 1, "double_value": 1.0}, seq=seq)
        assert not decode(DEVICE.format("DDATA"), data, registry=registry).replies


def test_data_without_a_birth_asks_for_one_and_stores_nothing():
    data = payload({"alias": 1, "double_value": 25.0}, seq=1)
    found = decode(NODE.format("NDATA"), data)
    assert rebirths(found) == ["spBv1.0/plant/NCMD/edge"]
    assert found.readings == []


def test_a_death_of_the_present_session_takes_the_devices_with_it(registry):
    old = decode(NODE.format("NDEATH"), payload(seq=0, bd_seq=3), registry=registry)
    assert old.status == []
    dead = decode(NODE.format("NDEATH"), payload(seq=0, bd_seq=4), registry=registry)
    assert {(s.device, s.online) for s in dead.status} == {
        ("plant/edge", False),
        ("plant/edge/m1", False),
    }


def test_a_host_that_tells_its_state_is_no_meter():
    for topic in ("STATE/scada", "spBv1.0/STATE/scada"):
        found = decode(topic, "ONLINE")
        assert (found.readings, found.rejected) == ([], None)


def test_an_output_is_written_by_the_name_of_its_metric(registry):
    command = Command("plant/edge/m1", "on", DEVICE.format("DDATA"), 1)
    [sent] = registry.family("sparkplug-b").encode(command)
    assert sent.topic == DEVICE.format("DCMD")
    [metric] = Payload.FromString(sent.payload).metrics
    assert (metric.name, metric.boolean_value) == (b"Output/1", True)


@pytest.mark.parametrize("data", [b"\xff\xff", b"\x0a\x99", b"text"])
def test_what_is_no_payload_says_so(data):
    assert decode(NODE.format("NDATA"), data).rejected == (
        "The payload is none of Sparkplug B."
    )
