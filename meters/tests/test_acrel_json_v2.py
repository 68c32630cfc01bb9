"""The family acrel-json-v2: ADW300 and ADW310."""

import json
import math
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from meters.domain.quantities import BY_NAME
from meters.families import Message, Registry
from meters.families.acrel_json_v2 import QUANTITY_BY_ID, encode

TOPIC = "platform/acrel/meter/json-v2/analog/0000"
RECEIVED = datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC)
MEASURED = datetime(2026, 3, 1, 12, tzinfo=UTC)
MEASURED_MS = round(MEASURED.timestamp() * 1000)


def decode(payload, *, topic=TOPIC, **fields):
    if not isinstance(payload, bytes):
        payload = (
            payload if isinstance(payload, str) else json.dumps(payload)
        ).encode()
    return Registry().decode(Message(topic, payload, RECEIVED, **fields))


def payload(points, *, serial="77001", tp=MEASURED_MS):
    listed = [{"id": id_, "val": value} for id_, value in points]
    if serial is not None:
        listed.insert(0, {"id": 0, "val": serial})
    return {"data": [{"tp": tp, "point": listed}]}


def quantities(points, **fields):
    return decode(payload(points, **fields)).readings[0].quantities


class TestTable:
    def test_it_has_every_id_but_serial_and_card_number(self):
        assert set(QUANTITY_BY_ID) == set(range(1, 73)) - {33}

    def test_every_quantity_is_in_the_one_table_once(self):
        names = list(QUANTITY_BY_ID.values())
        assert len(set(names)) == len(names)
        assert set(names) <= set(BY_NAME)

    @pytest.mark.parametrize(
        ("id_", "name"),
        [
            (1, "voltage_l1"),
            (6, "voltage_l31"),
            (9, "current_l3"),
            (13, "active_power"),
            (14, "reactive_power_l1"),
            (21, "apparent_power"),
            (25, "power_factor"),
            (26, "frequency"),
            (28, "active_energy_import"),
            (31, "reactive_energy_export"),
            (32, "active_demand"),
            (34, "pt_ratio"),
            (35, "ct_ratio"),
            (39, "temperature_n"),
            (40, "residual_current"),
            (41, "digital_inputs"),
            (42, "active_energy_import_l1"),
            (45, "reactive_energy_export_l1"),
            (46, "active_energy_import_l2"),
            (53, "reactive_energy_export_l3"),
            (54, "voltage_thd_l1"),
            (59, "current_thd_l3"),
            (60, "active_demand_export"),
            (61, "reactive_demand_import"),
            (62, "reactive_demand_export"),
            (63, "voltage_unbalance"),
            (65, "active_energy_import_t1"),
            (68, "active_energy_import_t4"),
            (72, "reactive_energy_q4"),
        ],
    )
    def test_an_id_is_this_quantity(self, id_, name):
        assert QUANTITY_BY_ID[id_] == name


class TestWholeMessage:
    def test_all_points_come_back_as_sent(self):
        rng = random.Random(7)  # noqa: S311 - values of a test
        sent = {name: round(rng.uniform(1, 30), 2) for name in QUANTITY_BY_ID.values()}
        sent["digital_inputs"] = 5
        message = encode("24102809510006", {MEASURED: sent})
        [reading] = decode(message).readings
        assert reading.quantities == sent
        assert reading.device == "24102809510006"
        assert (reading.time, reading.time_source) == (MEASURED, "device")
        assert not reading.historical

    def test_several_instants_are_several_readings(self):
        instants = {
            MEASURED - timedelta(minutes=n): {"voltage_l2": 230.0 + n}
            for n in (2, 1, 0)
        }
        readings = decode(encode("77001", instants)).readings
        assert [r.time for r in readings] == list(instants)
        assert [r.quantities["voltage_l2"] for r in readings] == [232.0, 231.0, 230.0]

    def test_the_serial_of_one_instant_stands_for_those_without(self):
        message = payload([(2, 230.0)])
        message["data"].append(
            {"tp": MEASURED_MS + 1000, "point": [{"id": 2, "val": 1}]}
        )
        assert [r.device for r in decode(message).readings] == ["77001", "77001"]

    def test_a_serial_sent_as_a_number_is_a_text(self):
        assert decode(payload([(2, 1)], serial=24102809510006)).readings[0].device == (
            "24102809510006"
        )

    @pytest.mark.parametrize(
        "topic",
        [
            "platform/acrel/meter/json-v2/analog/0017",
            "site-7/platform/acrel/meter/json-v2/analog/0000",
            "/platform/acrel/meter/json-v2/analog",
        ],
    )
    def test_it_is_known_by_its_topic(self, topic):
        assert decode(payload([(2, 1)]), topic=topic).family == "acrel-json-v2"

    def test_another_topic_is_not_its_own(self):
        decoded = decode(payload([(2, 1)]), topic="some/other/place")
        assert decoded.family is None
        assert decoded.rejected == "No device family knows this topic."


class TestValues:
    @pytest.mark.parametrize(
        ("sent", "read"),
        [
            (226, 226.0),
            (226.5, 226.5),
            ("226.5", 226.5),
            (" 7 ", 7.0),
            ("-3e2", -300.0),
        ],
    )
    def test_a_number_may_be_a_text(self, sent, read):
        assert quantities([(2, sent)])["voltage_l2"] == read

    @pytest.mark.parametrize(
        "sent",
        ["--", "", "nan", "inf", "1_000", "12 V", None, True, [], {}, 1e39, 10**400],
    )
    def test_what_is_no_number_is_absent_not_zero(self, sent):
        assert "voltage_l2" not in quantities([(2, sent), (3, 230.0)])

    @pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
    def test_bare_nan_and_infinity_are_absent_and_the_rest_is_read(self, word):
        text = json.dumps(payload([(2, "X"), (3, 230.0)])).replace('"X"', word)
        assert decode(text).readings[0].quantities == {"voltage_l3": 230.0}

    def test_of_a_point_sent_twice_the_first_stands(self):
        assert quantities([(2, 230.0), (2, 9.0)])["voltage_l2"] == 230.0

    def test_zero_is_a_value(self):
        assert quantities([(2, 0), (13, 0)]) == {"voltage_l2": 0.0, "active_power": 0.0}

    @pytest.mark.parametrize("sent", [-1, 2.5, 2**31, "x"])
    def test_a_bit_mask_that_is_none_is_absent(self, sent):
        assert "digital_inputs" not in quantities([(41, sent), (2, 1)])

    @pytest.mark.parametrize(
        ("sent", "unit"), [(14, "CSQ"), (31, "CSQ"), (99, "CSQ"), (-71, "dBm")]
    )
    def test_signal_strength_keeps_the_unit_it_must_be_in(self, sent, unit):
        [reading] = decode(payload([(27, sent)])).readings
        assert reading.quantities == {"signal_strength": sent}
        assert reading.extra == {"signal_unit": unit}

    def test_a_signal_that_could_be_anything_has_no_unit(self):
        assert decode(payload([(27, 55)])).readings[0].extra == {}

    def test_what_is_no_quantity_goes_beside(self):
        points = [(2, 1), (33, "8923420037880998454F"), (300, "a\0b"), (301, "\ud800")]
        assert decode(payload(points)).readings[0].extra == {
            "iccid": "8923420037880998454F",
            "point_300": "ab",
            "point_301": "?",
        }


class TestSinglePhase:
    def test_phase_1_stands_for_the_totals(self):
        found = quantities([(1, 231.0), (7, 4.0), (10, 0.9), (22, 0.97), (42, 12.5)])
        assert found["active_power"] == found["active_power_l1"] == 0.9
        assert found["power_factor"] == 0.97
        assert found["active_energy_import"] == 12.5

    def test_totals_stand_for_phase_1(self):
        found = quantities([(1, 231.0), (7, 4.0), (13, 0.9), (28, 12.5)])
        assert found["active_power_l1"] == 0.9
        assert found["active_energy_import_l1"] == 12.5

    def test_a_total_without_voltage_and_current_of_phase_1_is_not_given_to_it(self):
        assert quantities([(1, 231.0), (13, 2.7)]) == {
            "voltage_l1": 231.0,
            "active_power": 2.7,
        }

    def test_nothing_is_filled_where_another_phase_comes(self):
        found = quantities([(1, 231.0), (7, 4.0), (8, 4.1), (13, 2.7)])
        assert "active_power_l1" not in found


class TestTime:
    @pytest.mark.parametrize(
        "tp",
        [
            None,
            0,
            "",
            "soon",
            -1,
            1e300,
            # A year ahead
            MEASURED_MS + 365 * 86_400_000,
            # Seconds for milliseconds: 1970
            MEASURED_MS / 1000,
        ],
    )
    def test_a_time_that_cannot_be_is_the_time_of_receipt(self, tp):
        [reading] = decode(payload([(2, 1)], tp=tp)).readings
        assert (reading.time, reading.time_source) == (RECEIVED, "received")

    def test_a_missing_time_is_the_time_of_receipt(self):
        message = payload([(2, 1)])
        del message["data"][0]["tp"]
        assert decode(message).readings[0].time == RECEIVED

    def test_a_time_may_be_a_text(self):
        assert (
            decode(payload([(2, 1)], tp=str(MEASURED_MS))).readings[0].time == MEASURED
        )


class TestUnusable:
    @pytest.mark.parametrize(
        ("sent", "reason"),
        [
            (b"", "The payload is empty."),
            (b"  \n", "The payload is empty."),
            (b"\xff\xfe\x00", "The payload is not text."),
            (b'{"data":', "The payload is not JSON at character 8."),
            (b"[" * 100_000, "The payload is nested too deeply."),
            (b"[]", 'The payload has no list "data" of instants.'),
            (b'{"data": 7}', 'The payload has no list "data" of instants.'),
            (b'{"data": []}', "The message names no device: there is no point 0."),
            (b'{"data": [7]}', 'The list "data" has no instant in it.'),
        ],
    )
    def test_it_says_what_is_wrong(self, sent, reason):
        assert decode(sent).rejected == reason

    @pytest.mark.parametrize(
        ("serial", "reason"),
        [
            (None, "The message names no device: there is no point 0."),
            ("", "The device id is empty."),
            ("7" * 500, "The device id has 500 characters; at most 100 are taken."),
            ("a\nb", "The device id has characters that cannot be printed."),
            (True, "The device id is neither a text nor a whole number."),
            ([], "The device id is neither a text nor a whole number."),
        ],
    )
    def test_a_device_must_have_a_name(self, serial, reason):
        assert decode(payload([(2, 1)], serial=serial)).rejected == reason

    def test_a_message_without_any_value_is_no_reading(self):
        assert decode(payload([(2, "--")])).rejected == (
            "No point of device 77001 has a value."
        )

    def test_ten_megabytes_are_refused_unread(self):
        assert decode(b" " * 10_000_000).rejected == (
            "The payload has 10000000 bytes; at most 1048576 are taken."
        )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
POINTS = st.lists(
    st.fixed_dictionaries({"id": st.integers(-5, 80) | JSON, "val": JSON}), max_size=8
)


@given(
    st.fixed_dictionaries(
        {"data": st.lists(st.fixed_dictionaries({"tp": JSON, "point": POINTS}))}
    )
    | JSON
)
def test_whatever_comes_is_read_or_refused_and_numbers_are_finite(content):
    decoded = decode(json.dumps(content))
    assert (decoded.rejected is None) == bool(decoded.readings)
    for reading in decoded.readings:
        assert all(math.isfinite(value) for value in reading.quantities.values())


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content):
    decoded = decode(content)
    assert (decoded.rejected is None) == bool(decoded.readings)
