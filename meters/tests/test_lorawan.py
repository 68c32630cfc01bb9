"""The families chirpstack-v4 and ttn-v3: uplinks that a codec has decoded."""

import base64
import json
from datetime import UTC, datetime

import pytest

from meters.families import CannotCommandError, Command, Message, Registry
from meters.families.lora_names import quantity_of

RECEIVED = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)
EUI = "70b3d5e75e0000a1"
CHIRPSTACK = f"application/a1/device/{EUI}/event/up"
TTN = "v3/plant@ttn/devices/hall-3/up"
AT = "2026-03-01T11:59:{:02d}.123456789Z"


def chirpstack(content, *, second=30, registry=None, topic=CHIRPSTACK, **envelope):
    body = {
        "deviceInfo": {"devEui": EUI},
        "time": AT.format(second),
        "rxInfo": [{"rssi": -104}, {"rssi": -71}],
        "fPort": 8,
        **envelope,
    }
    if content is not None:
        body["object"] = content
    message = Message(topic, json.dumps(body).encode(), RECEIVED)
    return (registry or Registry()).decode(message)


def ttn(content, registry=None, topic=TTN):
    uplink = {"f_port": 3, "rx_metadata": [{"rssi": -91}]}
    if content is not None:
        uplink["decoded_payload"] = content
    body = {
        "end_device_ids": {"device_id": "hall-3", "dev_eui": "70B3D5E75E0000B2"},
        "received_at": AT.format(41),
        "uplink_message": uplink,
    }
    message = Message(topic, json.dumps(body).encode(), RECEIVED)
    return (registry or Registry()).decode(message)


def quantities(content):
    [reading] = chirpstack(content).readings
    return {k: v for k, v in reading.quantities.items() if k != "signal_strength"}


class TestAcrel:
    def test_the_names_of_the_adw300s_codec(self):
        content = {"Ub": 230, "Pfa": "0.9", "EPJ": 1, "EPG": 4, "IL": 20, "UaTHD": 2}
        assert quantities({**content, "DI_state": 5, "EQC": 7, "MD": 3}) == {
            "voltage_l2": 230,
            "power_factor_l1": 0.9,
            "active_energy_import_t1": 1,
            "active_energy_import_t4": 4,
            "residual_current": 0.02,
            "voltage_thd_l1": 2,
            "digital_inputs": 5,
            "reactive_energy_capacitive": 7,
            "active_demand_max": 3,
        }

    def test_a_single_phase_meter_fills_phase_and_totals(self):
        found = quantities({"U": 230, "I": 2, "P": 0.4, "EPI": 12})
        assert found["active_power"] == found["active_power_l1"] == 0.4
        assert found["voltage_l1"] == 230

    def test_circuits_are_channels(self):
        devices = {r.device for r in chirpstack({"addr": "35_2", "P": 1}).readings}
        devices |= {r.device for r in chirpstack({"U (3)": 230}).readings}
        assert devices == {f"{EUI}/35/2", f"{EUI}/3"}


class TestPieces:
    def times_of(self, *uplinks):
        registry = Registry()
        return [
            chirpstack(content, second=second, registry=registry)
            .readings[0]
            .time.second
            for second, content in uplinks
        ]

    def test_the_pieces_of_a_set_take_the_first_ones_instant(self):
        assert self.times_of((10, {"Ub": 1}), (20, {"P": 1}), (30, {"EPI": 1})) == [
            *(10, 10, 10)
        ]

    def test_a_name_that_was_there_begins_a_new_set(self):
        assert self.times_of((10, {"Ub": 1}), (40, {"Ub": 1}), (50, {"P": 1})) == [
            *(10, 40, 40)
        ]

    def test_a_piece_sent_again_stays_in_its_set(self):
        assert self.times_of((10, {"Ub": 1}), (20, {"P": 1}), (20, {"P": 1})) == [
            *(10, 10, 10)
        ]

    def test_only_the_first_piece_tells_the_signal(self):
        registry = Registry()
        first = chirpstack({"Ub": 1}, second=10, registry=registry).readings[0]
        second = chirpstack({"P": 1}, second=20, registry=registry).readings[0]
        assert first.quantities["signal_strength"] == -71
        assert first.extra["signal_unit"] == "dBm"
        assert "signal_strength" not in second.quantities


class TestNames:
    @pytest.mark.parametrize(
        ("name", "meant"),
        [
            ("voltage", ("voltage_l1", "V")),
            ("voltage_a", ("voltage_l1", "V")),
            ("voltageL2N", ("voltage_l2", "V")),
            ("voltage_l1_l2", ("voltage_l12", "V")),
            ("current_ma", ("current_l1", "mA")),
            ("phase3_current", ("current_l3", "A")),
            ("totalActivePower_kW", ("active_power", "kW")),
            ("active_power", ("active_power", None)),
            ("activeEnergyImportL123T1", ("active_energy_import_t1", None)),
            ("reactive_energy_export_kvarh", ("reactive_energy_export", "kvarh")),
            ("Temperature (°C)", ("temperature", "°C")),
            ("temp_c", ("temperature", "C")),
            ("voltage_c", ("voltage_l3", "V")),
            ("Reactive Power (kVAr)", ("reactive_power", "kVAr")),
            # A unit that only one quantity has
            ("kWh", ("active_energy_import", "kWh")),
            ("total_kwh", ("active_energy_import", "kWh")),
            ("kW_L2", None),
            ("exported_kWh", ("active_energy_export", "kWh")),
            ("V", None),
            # Something else, whatever it is
            ("battery_voltage", None),
            ("current_max", None),
            ("total_current", None),
            ("voltage_export", None),
            ("fCnt", None),
        ],
    )
    def test_a_name_means_a_quantity(self, name, meant):
        assert quantity_of(name) == meant

    def test_units_stand_in_name_text_or_beside(self):
        assert quantities(
            {
                "voltage": "231.4 V",
                "current": {"value": 2100, "unit": "mA"},
                "energy_wh": 5100,
            }
        ) == {"voltage_l1": 231.4, "current_l1": 2.1, "active_energy_import": 5.1} | {
            "active_energy_import_l1": 5.1
        }

    def test_power_without_a_unit_is_not_guessed(self):
        [reading] = chirpstack({"voltage_l2": 230, "active_power": 1500}).readings
        assert "active_power" not in reading.quantities
        assert reading.extra["active_power"] == 1500

    def test_an_object_around_the_values_says_nothing(self):
        assert quantities({"data": {"voltage_l2": 231, "Ub": 230}, "errors": []}) == {
            "voltage_l2": 230
        }

    def test_a_socket_counts_in_milliamperes_and_percent(self):
        info = {"devEui": EUI, "deviceProfileName": "Milesight WS523"}
        content = {"current": 520, "power_factor": 88, "power": 115, "power_sum": 5100}
        [reading] = chirpstack(content, deviceInfo=info).readings
        assert reading.quantities["current_l1"] == 0.52
        assert reading.quantities["power_factor"] == 0.88
        assert reading.quantities["active_power"] == 0.115
        assert reading.quantities["active_energy_import"] == 5.1

    def test_a_model_known_to_send_small_units(self):
        info = {"devEui": EUI, "deviceProfileName": "EM4301CT"}
        content = {"currentL2": 2100, "activeEnergyImportL123T1": 5100}
        [reading] = chirpstack(content, deviceInfo=info).readings
        assert reading.quantities["current_l2"] == 2.1
        assert reading.quantities["active_energy_import_t1"] == 5.1


class TestEnvelopes:
    def test_a_time_of_measurement_goes_before_the_uplinks(self):
        at = datetime(2026, 2, 27, tzinfo=UTC)
        content = {"voltage_l2": 1, "timestamp": round(at.timestamp())}
        assert chirpstack(content).readings[0].time == at

    def test_one_that_cannot_be_does_not(self):
        content = {"voltage_l2": 1, "timestamp": 4102444800}
        assert chirpstack(content).readings[0].time.second == 30

    def test_ttn_is_read(self):
        [reading] = ttn({"voltage": "3.384 V"}).readings
        assert (reading.device, reading.time.second) == ("70B3D5E75E0000B2", 41)
        assert reading.quantities == {"voltage_l1": 3.384, "signal_strength": -91}

    @pytest.mark.parametrize("decode", [chirpstack, ttn])
    def test_without_a_codec_the_refusal_says_so(self, decode):
        assert "codec" in decode(None).rejected

    @pytest.mark.parametrize("event", ["join", "ack", "status", "txack", "log"])
    def test_other_events_are_not_rejected(self, event):
        topic = CHIRPSTACK.replace("/up", f"/{event}")
        assert chirpstack(None, topic=topic).rejected is None

    def test_a_forwarding_gateway_is_told_by_its_content(self):
        body = {"devEUI": EUI, "deviceName": "x", "Ub": 230, "time": AT.format(3)}
        message = Message("/anything", json.dumps(body).encode(), RECEIVED)
        decoded = Registry().decode(message)
        assert decoded.family == "chirpstack-v4"
        assert decoded.readings[0].quantities == {"voltage_l2": 230}


class TestCommands:
    def encode(self, family, topic, **fields):
        registry = Registry()
        chirpstack({"Ub": 1}, registry=registry)
        ttn({"voltage_l2": 1}, registry=registry)
        fields = {"device": EUI, "action": "on", "request": 7} | fields
        return registry.family(family).encode(Command(topic=topic, **fields)), registry

    @pytest.mark.parametrize(
        ("action", "frame"),
        [
            ("on", b"Modbus:001001C200010200016A22"),
            ("off", b"Modbus:001001C20001020000ABE2"),
        ],
    )
    def test_chirpstack_queues_the_frame(self, action, frame):
        [out], _ = self.encode("chirpstack-v4", CHIRPSTACK, action=action)
        body = json.loads(out.payload)
        assert out.topic == f"application/a1/device/{EUI}/command/down"
        assert base64.b64decode(body["data"]) == frame
        assert (body["devEui"], body["confirmed"], body["fPort"]) == (EUI, True, 8)

    def test_chirpstacks_acknowledgement_is_the_answer(self):
        [out], registry = self.encode("chirpstack-v4", CHIRPSTACK)
        item = json.loads(out.payload)["id"]
        topic = CHIRPSTACK.replace("/up", "/ack")
        decoded = chirpstack(
            None, topic=topic, registry=registry, queueItemId=item, acknowledged=True
        )
        assert [(a.request, a.accepted) for a in decoded.answers] == [(7, True)]

    def test_ttn_queues_the_frame(self):
        [out], _ = self.encode("ttn-v3", TTN)
        [downlink] = json.loads(out.payload)["downlinks"]
        assert out.topic == "v3/plant@ttn/devices/hall-3/down/push"
        assert base64.b64decode(downlink["frm_payload"]).startswith(b"Modbus:0010")
        assert downlink["f_port"] == 3

    @pytest.mark.parametrize(
        "fields", [{"action": "toggle"}, {"action": "read"}, {"output": 2}]
    )
    @pytest.mark.parametrize("family", ["chirpstack-v4", "ttn-v3"])
    def test_nothing_else_can_be_told(self, family, fields):
        with pytest.raises(CannotCommandError):
            self.encode(family, CHIRPSTACK, **fields)
