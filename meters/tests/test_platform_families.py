import pytest

from meters.families import Answer
from meters.tests.families import RECEIVED, decode, quantities

TELEGRAM = """/KFM5KAIFA-METER

1-3:0.2.8(50)
0-0:1.0.0(260701135958S)
0-0:96.1.1(4B303132)
1-0:1.8.1(000004.426*kWh)
1-0:1.8.2(000002399*Wh)
1-0:2.8.1(000000.000*kWh)
1-0:1.7.0(00.244*kW)
1-0:2.7.0(01.000*kW)
1-0:21.7.0(00.100*kW)
1-0:32.7.0(0230.0*V)
1-0:31.7.0(0.48*A)
0-1:24.1.0(003)
0-1:96.1.0(473031)
0-1:24.2.1(260701130000S)(00107.890*m3)
!"""


READOUT = """/ABC5\\3XY1000.B32
\x020.0.0(40302010)
0.9.2(260701)
0.9.1(135958)
1.8.0(001234.56*kWh)
1.8.1(001000.06*kWh)
1.8.0*01(001111.11*kWh)
2.8.0*00(000012.5)
1.6.0(07.125*kW)(2606301215)
16.7.0(-00.750*kW)
32.7.0(230.4*V)
!
\x03q"""


def crc(text):
    value = 0
    for byte in text.encode():
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return f"{value:04X}"


class TestDsmrP1:
    def test_the_meter_and_the_gas_meter_behind_it(self):
        found = decode("dsmr/raw", TELEGRAM)
        assert quantities(found) == {
            "K012": {
                "active_energy_import_t1": 4.426,
                "active_energy_import_t2": 2.399,
                "active_energy_export_t1": 0.0,
                "active_power": pytest.approx(-0.756),
                "active_power_l1": 0.1,
                "voltage_l1": 230.0,
                "current_l1": 0.48,
            },
            "G01": {"volume": 107.89},
        }

    def test_summer_time_is_two_hours_ahead_whatever_the_site(self):
        meter, gas = decode("dsmr/raw", TELEGRAM, timezone="America/Lima").readings
        assert meter.time.isoformat() == "2026-07-01T11:59:58+00:00"
        assert gas.time.isoformat() == "2026-07-01T11:00:00+00:00"

    def test_any_topic_will_do(self):
        assert decode("my/own/place", TELEGRAM).family == "dsmr-p1"

    def test_the_checksum_is_of_the_lines_as_the_meter_ended_them(self):
        sent = TELEGRAM.replace("\n", "\r\n")
        for text in (sent, TELEGRAM):
            assert decode("dsmr/raw", text + crc(sent)).readings
        assert "checksum" in decode("dsmr/raw", f"{TELEGRAM}0000").rejected

    def test_a_readout_has_no_media_and_values_of_past_resets(self):
        expected = {
            "40302010": {
                "active_energy_import": 1234.56,
                "active_energy_import_t1": 1000.06,
                "active_energy_export": 12.5,
                "active_demand_max": 7.125,
                "active_power": -0.75,
                "voltage_l1": 230.4,
            }
        }
        body = READOUT[READOUT.index("\x02") :]
        for text in (READOUT, f"\x06000\r\n{body}", body.strip("\x02q\x03")):
            found = decode("hall/head", text, timezone="Europe/Berlin")
            assert found.family == "dsmr-p1"
            assert quantities(found) == expected
            [reading] = found.readings
            assert reading.time.isoformat() == "2026-07-01T11:59:58+00:00"

    @pytest.mark.parametrize("code", ["1-0:1.8.0*255", "1-1:1.8.0", "1-0:1.8.0.255"])
    def test_codes_of_the_present_value(self, code):
        text = f"/ABC5\n\n1-0:0.0.0*255(0273)\n{code}(0012.5*kWh)\n!"
        found = decode("dsmr/raw", text)
        assert quantities(found) == {"0273": {"active_energy_import": 12.5}}

    def test_a_gas_meters_value_on_a_line_of_its_own(self):
        text = (
            "/ABC5\n\n1-0:1.7.0(0000.98*kW)\n0-1:96.1.0(473031)\n"
            "0-1:24.3.0(260701130000)(08)(60)(1)(0-1:24.2.1)(m3)\n(00124.477)\n!"
        )
        assert quantities(decode("dsmr/raw", text))["G01"] == {"volume": 124.477}

    def test_a_second_electricity_meter_is_no_heat_meter(self):
        second = "0-2:24.1.0(002)\n0-2:96.1.0(453032)\n0-2:24.2.1(260701130000S)(5*kWh)"
        found = decode("dsmr/raw", TELEGRAM.replace("!", f"{second}\n!"))
        assert quantities(found)["E02"] == {"active_energy_import": 5}

    def test_a_piece_of_a_telegram_is_refused(self):
        assert "no whole telegram" in decode("dsmr/raw", TELEGRAM[:200]).rejected


class TestSenMl:
    def test_base_fields_hold_on(self):
        body = [
            {"bn": "urn:dev:mac:01:", "bt": 1_782_907_100, "n": "voltage", "u": "V"},
            {"n": "power", "u": "kW", "v": 1.2},
            {"n": "power", "u": "kW", "v": 1.1, "t": -60},
            {"n": "door", "vb": True},
        ]
        found = decode("any/where", body)
        assert found.family == "senml"
        times = sorted(reading.time.timestamp() for reading in found.readings)
        assert times == [1_782_907_040, 1_782_907_100]
        assert quantities(found)["urn:dev:mac:01"]["active_power"] in (1.1, 1.2)
        assert {"door": 1.0} in [reading.extra for reading in found.readings]

    def test_a_small_time_is_relative_to_the_receipt(self):
        body = [{"n": "d1:temperature", "u": "Cel", "v": 21.5, "t": -10}]
        [reading] = decode("any/senml", body).readings
        assert (RECEIVED - reading.time).total_seconds() == 10
        assert reading.device == "d1"

    @pytest.mark.parametrize(
        ("record", "device", "expected"),
        [
            ({"n": "urn:dev:ow:10e2"}, "urn:dev:ow:10e2", {"temperature": 21.5}),
            ({"bn": "urn:dev:ow:10e2:"}, "urn:dev:ow:10e2", {"temperature": 21.5}),
            ({"bn": "probe-4"}, "probe-4", {"temperature": 21.5}),
            ({"n": "urn:dev:mac:01_temp"}, "urn:dev:mac:01", {"temperature": 21.5}),
        ],
    )
    def test_a_name_may_be_the_device_alone(self, record, device, expected):
        found = decode("a/senml", [{**record, "u": "Cel", "v": 21.5}])
        assert quantities(found) == {device: expected}

    def test_a_ratio_and_relative_humidity(self):
        body = [
            {"bn": "m1:", "n": "power_factor", "u": "/", "v": 0.95},
            {"n": "rh", "u": "%RH", "v": 44},
        ]
        expected = {"power_factor": 0.95, "humidity": 44}
        assert quantities(decode("a/senml", body)) == {"m1": expected}


class TestThingsBoard:
    def test_the_topic_carries_the_name(self):
        body = {"ts": 1_782_907_100_512, "values": {"voltage": 230.1, "door": "open"}}
        [reading] = decode("tb/press-4/v1/devices/me/telemetry", body).readings
        assert (reading.device, reading.quantities) == (
            "press-4",
            {"voltage_l1": 230.1},
        )
        assert reading.extra == {"door": "open"}
        assert reading.time.timestamp() == 1_782_907_100.512

    @pytest.mark.parametrize("body", [{"power": 5}, [{"power": 5}]])
    def test_every_form_of_telemetry(self, body):
        found = decode("tb/p/v1/devices/me/telemetry", body)
        assert quantities(found) == {"p": {"active_power": 0.005}}

    def test_without_a_name_it_says_what_the_broker_must_do(self):
        found = decode("v1/devices/me/telemetry", {"power": 5})
        assert "such as tb/<name>/v1/devices/me/telemetry" in found.rejected

    def test_the_login_is_the_name_where_the_broker_tells_it(self):
        found = decode("v1/devices/me/telemetry", {"power": 5}, username="token-1")
        assert list(quantities(found)) == ["token-1"]

    def test_a_gateway_names_its_devices(self):
        body = {
            "A": [{"ts": 1_782_907_100_000, "values": {"power": 5}}],
            "B": [{"ts": 1_782_907_100_000, "values": {"power": 7}}],
        }
        found = decode("v1/gateway/telemetry", body)
        assert quantities(found) == {
            "A": {"active_power": 0.005},
            "B": {"active_power": 0.007},
        }

    def test_a_gateways_answer_to_a_command(self):
        body = {"device": "A", "id": 3, "data": {"success": False}}
        assert decode("v1/gateway/rpc", body).answers == [Answer("A", 3, False)]
        down = {"device": "A", "data": {"id": 1, "method": "toggle"}}
        assert decode("v1/gateway/rpc", down).answers == []

    def test_presence(self):
        [status] = decode("v1/gateway/disconnect", {"device": "A"}).status
        assert (status.device, status.online) == ("A", False)
