"""The family acrel-hw: Acrel's overseas protocol."""

import json
from datetime import UTC, datetime

import pytest

from meters.families import Message, Registry

RECEIVED = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)
SERIAL = "26030300000009"
DATA = {"type": "data", "time": "20260301195930", "gwSN": "g1", "meterSN": SERIAL}


def decode(content, *, command="data", zone="Asia/Shanghai", **fields):
    topic = f"/gw/acrelHW/ADL400/{command}/g1"
    payload = json.dumps(content).encode()
    return Registry().decode(Message(topic, payload, RECEIVED, timezone=zone, **fields))


class TestReadings:
    def test_the_time_is_local(self):
        [reading] = decode({**DATA, "ub": 231}).readings
        assert reading.time == datetime(2026, 3, 1, 11, 59, 30, tzinfo=UTC)
        assert reading.wall_clock == datetime(2026, 3, 1, 19, 59, 30)

    def test_with_a_transformer_power_is_in_kw_and_not_multiplied(self):
        [reading] = decode({**DATA, "p": 1.5, "ct": 40, "pt": 1, "wh": 8.98}).readings
        assert reading.quantities == {
            "active_power": 1.5,
            "ct_ratio": 40.0,
            "pt_ratio": 1.0,
            "active_energy_import": 8.98,
        }

    def test_without_one_power_is_in_w(self):
        [reading] = decode({**DATA, "p": 1500, "q": "200", "wh": 8.98}).readings
        assert reading.quantities == {
            "active_power": 1.5,
            "reactive_power": 0.2,
            "active_energy_import": 8.98,
        }

    @pytest.mark.parametrize(("ch", "device"), [(0, SERIAL), ("3", f"{SERIAL}/3")])
    def test_a_circuit_is_a_channel(self, ch, device):
        assert decode({**DATA, "ub": 1, "ch": ch}).readings[0].device == device

    def test_the_signal_is_a_percentage(self):
        [reading] = decode({**DATA, "ub": 1, "rssi": 48}).readings
        assert reading.quantities["signal_strength"] == 48
        assert reading.extra["signal_unit"] == "%"

    def test_history_is_historical(self):
        content = {**DATA, "data": [{"ub": 1}, {"ub": 2, "time": "20260301195900"}]}
        readings = decode(content, command="hstdata").readings
        assert [r.historical for r in readings] == [True, True]
        assert readings[0].time != readings[1].time

    def test_a_missing_meter_is_offline(self):
        decoded = decode({**DATA, "meterStatus": "missing", "ua": 0})
        assert decoded.readings == []
        assert [(s.device, s.online) for s in decoded.status] == [(SERIAL, False)]

    def test_points_of_json_v2_are_read(self):
        points = [{"id": 0, "val": "77"}, {"id": 2, "val": 230}]
        decoded = decode({"data": [{"tp": 1772366400000, "point": points}]})
        assert decoded.family == "acrel-hw"
        assert decoded.readings[0].quantities == {"voltage_l2": 230}


class TestRest:
    @pytest.mark.parametrize(
        ("command", "answer"),
        [
            ("login", {"type": "login", "res": 1}),
            ("para", {"type": "para", "res": 1}),
            ("time", {"type": "time", "res": 1, "time": "20260301200005"}),
        ],
    )
    def test_the_protocol_is_answered(self, command, answer):
        decoded = decode({"type": command}, command=command)
        [reply] = decoded.replies
        assert reply.topic == f"/server/acrelHW/ADL400/{command}/g1"
        assert json.loads(reply.payload) == answer
        assert (decoded.rejected, decoded.readings) == (None, [])
        assert [(s.device, s.online) for s in decoded.status] == [("g1", True)]

    def test_a_heart_beat_is_a_sign_of_life(self):
        decoded = decode({"type": "heart"}, command="heart")
        assert (decoded.rejected, decoded.replies) == (None, [])
        assert decoded.status[0].online

    def test_an_alarm_is_an_event(self):
        content = {
            **DATA,
            "type": "alarm",
            "alarmType": "LEAK",
            "value": 31,
            "state": 1,
        }
        [event] = decode(content, command="alarm").events
        assert (event.device, event.code, event.value) == (SERIAL, "LEAK", 31.0)
        assert event.active
