"""The family acrel-eiot: gateways of Acrel's EIOT platform."""

import json
import zlib
from datetime import UTC, datetime, timedelta

import pytest

from meters.families import Message, Registry

RECEIVED = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)
MEASURED = datetime(2026, 3, 1, 12, tzinfo=UTC)
GATEWAY = "26020200000001"
UP = f"data/up/pk7/{GATEWAY}"
SYS = f"sys/dev/pk7/{GATEWAY}"


def decode(content, *, topic=UP, registry=None, **fields):
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    return (registry or Registry()).decode(Message(topic, content, RECEIVED, **fields))


def envelope(reported, *, method="report", at=MEASURED, **more):
    stamp = round(at.timestamp())
    return {"method": method, "timestamp": stamp, "reported": reported, **more}


def report(*meters, source="REALTIME", **more):
    return envelope({"source": source, "meters": list(meters)}, **more)


class TestReadings:
    def test_an_update_is_read_meter_by_meter(self):
        reported = {
            "0_26020200000077": {"state": "ONLINE", "Ua": "229.7", "EPIP": "3.50"},
            "1_26020200000078": {"state": "ONLINE", "Uac": "398.1", "EPIG": "0.00"},
        }
        decoded = decode(envelope(reported, method="update"))
        assert [(r.device, r.quantities) for r in decoded.readings] == [
            ("26020200000077", {"voltage_l1": 229.7, "active_energy_import_t3": 3.5}),
            ("26020200000078", {"voltage_l31": 398.1, "active_energy_import_t4": 0.0}),
        ]
        assert {r.time for r in decoded.readings} == {MEASURED}
        assert [s.online for s in decoded.status] == [True, True]

    def test_history_is_historical(self):
        meter = {"addr": "26020200000077", "Ub": "1"}
        [now] = decode(report(meter)).readings
        [then] = decode(report(meter, source="HISTORY")).readings
        assert (now.historical, then.historical) == (False, True)

    @pytest.mark.parametrize(
        ("address", "device"),
        [
            ("26020200000077", "26020200000077"),
            ("0_26020200000077", "26020200000077"),
            # The second circuit of a meter
            ("26020200000077_2", "26020200000077/2"),
            # Addresses on the bus mean something only at their gateway
            ("35", f"{GATEWAY}/35"),
            ("35_2", f"{GATEWAY}/35/2"),
        ],
    )
    def test_an_address_is_a_device(self, address, device):
        [reading] = decode(report({"addr": address, "Ub": "1"})).readings
        assert reading.device == device

    def test_an_offline_meter_has_no_values(self):
        decoded = decode(report({"addr": "35", "state": "OFFLINE", "Ua": "0"}))
        assert decoded.readings == []
        assert [s.online for s in decoded.status] == [False]

    def test_inputs_and_outputs_are_masks(self):
        fields = {"DI0": "1", "DI1": "0", "DI2": "1", "D01": "0", "DO2": "1"}
        decoded = decode(report({"addr": "35", **fields}))
        assert decoded.readings[0].quantities == {
            "digital_inputs": 5,
            "digital_outputs": 2,
        }
        assert [(o.output, o.on) for o in decoded.outputs] == [(1, False), (2, True)]

    def test_history_does_not_tell_how_an_output_stands(self):
        meter = {"addr": "35", "DO1": "1"}
        assert decode(report(meter, source="HISTORY")).outputs == []

    def test_the_maximum_demand_has_its_time_beside(self):
        fields = {"MEPIMD": "3.1", "MEPIMDT": "2026-02-11 14:30", "EPID": "1.2"}
        [reading] = decode(report({"addr": "35", **fields})).readings
        assert reading.quantities == {"active_demand_max": 3.1, "active_demand": 1.2}
        assert reading.extra == {"active_demand_max_time": "2026-02-11 14:30"}

    def test_values_that_are_none_are_absent(self):
        meter = {"addr": "35", "Ua": "", "Ub": "--", "Uc": None, "P": "nan", "Q": "0"}
        [reading] = decode(report(meter)).readings
        assert reading.quantities == {"reactive_power": 0.0}


class TestFragments:
    def part(self, number, *, at=MEASURED, of=2, source=None, **fields):
        reported = {"meters": [{"addr": "35", **fields}]}
        if source:
            reported["source"] = source
        return envelope(reported, at=at, fragNo=number, fragment=of)

    def times_of(self, *parts):
        registry = Registry()
        return [decode(p, registry=registry).readings[0].time for p in parts]

    def test_the_halves_of_a_meter_meet_in_one_row(self):
        later = MEASURED + timedelta(seconds=2)
        first, second = self.part(1, Ub="1"), self.part(2, at=later, Uc="2")
        assert self.times_of(first, second) == [MEASURED, MEASURED]
        # In the other order too
        assert self.times_of(second, first) == [later, later]

    def test_a_part_sent_twice_stays_where_it_was(self):
        assert self.times_of(self.part(1, Ub="1"), self.part(1, Ub="1")) == [
            MEASURED,
            MEASURED,
        ]

    def test_a_missing_part_costs_only_itself(self):
        later = MEASURED + timedelta(minutes=5)
        found = self.times_of(self.part(1, Ub="1"), self.part(2, at=later, Ub="3"))
        assert found == [MEASURED, later]

    def test_a_message_id_that_never_changes_does_not_join_two_uploads(self):
        later = MEASURED + timedelta(minutes=1)
        parts = [
            {**self.part(1, at=at, Ub="1"), "msgid": 1} for at in (MEASURED, later)
        ]
        assert self.times_of(*parts) == [MEASURED, later]

    def test_a_part_takes_the_source_of_the_upload(self):
        registry = Registry()
        decode(self.part(1, Ub="1", source="HISTORY"), registry=registry)
        [reading] = decode(self.part(2, Uc="1"), registry=registry).readings
        assert reading.historical

    def test_memory_is_bounded(self, monkeypatch):
        monkeypatch.setattr("meters.families.acrel_fragments._MOST_GATEWAYS", 3)
        registry = Registry()
        for number in range(10):
            content = {**self.part(1, Ub="1"), "sn": f"gateway{number}"}
            decode(content, registry=registry)
        assert len(registry.family("acrel-eiot")._uploads) == 3


class TestReplies:
    def reply(self, content, **fields):
        [reply] = decode(content, topic=SYS, **fields).replies
        return reply.topic, json.loads(reply.payload)

    def test_a_login_is_answered_also_where_it_announces_compression(self):
        login = {"msgid": 2**60 + 1, "method": "login", "sn": GATEWAY, "payload": {}}
        login["payload"] = {"compress": "1", "compressAlgo": "LZO", "encrypt": "1"}
        topic, answer = self.reply(login)
        assert topic == f"sys/server/pk7/{GATEWAY}"
        stamp = round(RECEIVED.timestamp())
        assert answer == {
            "msgid": 2**60 + 1,
            "method": "login",
            "sn": GATEWAY,
            "res": 1,
            "timestamp": stamp,
        }

    @pytest.mark.parametrize("method", ["time", "time_sync"])
    def test_who_asks_for_the_time_gets_it(self, method):
        asked = {"msgid": 1, "method": method, "devicesend": 17}
        _, answer = self.reply(asked, timezone="Asia/Kolkata")
        assert (answer["devicesend"], answer["serversend"]) == (
            17,
            round(RECEIVED.timestamp()),
        )
        assert (answer["timezone"], answer["timezoneMin"]) == ("5", "30")

    def test_nobody_is_answered_who_is_no_longer_there(self):
        assert decode({"method": "login"}, topic=SYS, retain=True).replies == []

    def test_an_answer_is_not_answered(self):
        assert decode({"method": "time_sync", "res": 1}, topic=SYS).replies == []

    def test_other_business_is_not_rejected(self):
        decoded = decode({"method": "topology", "payload": {}}, topic=SYS)
        assert (decoded.rejected, decoded.replies) == (None, [])


class TestEvents:
    TOPIC = f"notify/dev/pk7/{GATEWAY}"

    def test_an_event_is_the_meters(self):
        item = {"addr": "26020200000077", "code": "OVER_U", "value": "263.1"}
        content = {"method": "event", "timestamp": round(MEASURED.timestamp())}
        content["payload"] = {"events": [item]}
        [event] = decode(content, topic=self.TOPIC).events
        assert (event.device, event.code, event.value, event.active, event.time) == (
            "26020200000077",
            "OVER_U",
            263.1,
            True,
            MEASURED,
        )

    def test_a_reset_ends_an_alarm(self):
        content = {"method": "alarm_reset", "payload": {"code": "LEAK"}}
        [event] = decode(content, topic=self.TOPIC).events
        assert (event.code, event.active) == ("LEAK", False)

    def test_a_notice_has_an_event_for_each_type_and_is_answered(self):
        payload = {"sn": "26020200000077", "noticeType": ["RUN_START", "SOE"]}
        decoded = decode({"method": "notice", "payload": payload}, topic=self.TOPIC)
        assert [e.code for e in decoded.events] == ["RUN_START", "SOE"]
        assert decoded.replies[0].topic == f"notify/server/pk7/{GATEWAY}"


class TestCompression:
    def test_zlib_is_read(self):
        plain = json.dumps(report({"addr": "35", "Ub": "1"})).encode()
        assert len(decode(zlib.compress(plain)).readings) == 1

    @pytest.mark.parametrize(
        ("payload", "word"),
        [
            # LZO or AES
            (b"\x11\x9c\x00\x7f", "LZO"),
            (b"\x78\x9c\x07\x7f", "ZLIB"),
            (zlib.compress(b"{}")[:-3], "cut"),
            (zlib.compress(b" " * 2**22), "too long"),
        ],
    )
    def test_what_cannot_be_read_is_refused_by_a_sentence(self, payload, word):
        assert word in decode(payload).rejected
