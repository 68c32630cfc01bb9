import pytest

from meters.families import Command, OutputState, Registry
from meters.tests.families import decode, quantities


class TestZigbee2Mqtt:
    def test_a_plug(self):
        body = {
            "power": 0,
            "voltage": 243,
            "current": None,
            "energy": 12.05,
            "state": "OFF",
            "linkquality": 43,
            "update": {"state": "idle"},
        }
        found = decode("zigbee2mqtt/hall/plug", body)
        assert quantities(found) == {
            "hall/plug": {
                "active_power": 0.0,
                "voltage_l1": 243,
                "active_energy_import": 12.05,
                "signal_strength": 43,
            }
        }
        assert found.outputs == [OutputState("hall/plug", 1, False)]

    def test_an_attribute_is_the_same_devices(self):
        found = decode("zigbee2mqtt/hall/plug/power", "12.5")
        assert quantities(found) == {"hall/plug": {"active_power": 0.0125}}

    @pytest.mark.parametrize("ends", [("l1", "l2"), ("left", "right")])
    def test_the_sockets_of_a_double_plug_are_channels(self, ends):
        body = {f"power_{end}": 10 * n for n, end in enumerate(ends, start=1)}
        body |= {f"energy_{ends[1]}": 2.5, "voltage": 231}
        assert quantities(decode("zigbee2mqtt/duo", body)) == {
            "duo": {"voltage_l1": 231},
            "duo/1": {"active_power": 0.01},
            "duo/2": {"active_power": 0.02, "active_energy_import": 2.5},
        }

    def test_an_attribute_of_a_socket_is_the_channels(self):
        found = decode("zigbee2mqtt/duo/power_l2", "20")
        assert quantities(found) == {"duo/2": {"active_power": 0.02}}

    def test_three_endpoints_are_phases(self):
        body = {"power_l1": 10, "power_l2": 20, "power_l3": 30, "voltage_l3": 232}
        assert quantities(decode("zigbee2mqtt/main", body)) == {
            "main": {
                "active_power_l1": 0.01,
                "active_power_l2": 0.02,
                "active_power_l3": 0.03,
                "active_power": 0.06,
                "voltage_l3": 232,
            }
        }

    def test_beside_a_phase_b_the_power_is_that_of_phase_a(self):
        body = {"power": 89, "power_phase_b": 384, "power_phase_c": 0, "energy": 299.7}
        body |= {"power_factor": 0.92, "voltage": 231.2, "voltage_phase_c": 228.4}
        assert quantities(decode("zigbee2mqtt/main", body)) == {
            "main": {
                "active_power_l1": 0.089,
                "active_power_l2": 0.384,
                "active_power_l3": 0.0,
                "active_power": 0.473,
                "active_energy_import": 299.7,
                "power_factor_l1": 0.92,
                "voltage_l1": 231.2,
                "voltage_l3": 228.4,
            }
        }

    def test_a_power_that_flows_out_is_negative(self):
        body = {
            "power_a": 100,
            "energy_flow_a": "consuming",
            "power_b": 250,
            "energy_flow_b": "producing",
            "energy_produced_b": 7.5,
            "power_factor_b": 98,
        }
        assert quantities(decode("zigbee2mqtt/clamps", body)) == {
            "clamps": {
                "active_power_l1": 0.1,
                "active_power_l2": -0.25,
                "active_energy_export_l2": 7.5,
                "power_factor_l2": 0.98,
            }
        }

    @pytest.mark.parametrize(
        ("body", "kwh"),
        [({"consumption": 7.5}, 7.5), ({"energy": 8, "consumption": 7.5}, 8)],
    )
    def test_the_energy_goes_before_its_older_name(self, body, kwh):
        found = decode("zigbee2mqtt/wall", body)
        assert quantities(found) == {"wall": {"active_energy_import": kwh}}

    def test_the_voltage_of_a_battery_is_none_of_the_mains(self):
        body = {"battery": 80, "voltage": 2900, "temperature": 21.5}
        found = decode("zigbee2mqtt/cold-store", body)
        assert quantities(found) == {"cold-store": {"temperature": 21.5}}

    @pytest.mark.parametrize("text", ["online", '{"state": "online"}'])
    def test_both_forms_of_availability(self, text):
        [status] = decode("zigbee2mqtt/hall/plug/availability", text).status
        assert (status.device, status.online) == ("hall/plug", True)

    def test_the_bridge_is_no_meter(self):
        found = decode("zigbee2mqtt/bridge/devices", "[]")
        assert (found.readings, found.rejected) == ([], None)

    def test_commands(self):
        command = Command("hall/plug", "on", "zigbee2mqtt/hall/plug", 1)
        [sent] = Registry().family("zigbee2mqtt").encode(command)
        assert (sent.topic, sent.payload) == (
            "zigbee2mqtt/hall/plug/set",
            b'{"state":"ON"}',
        )


class TestEspHome:
    def test_a_sensor_is_known_by_its_name(self):
        found = decode("cellar/sensor/phase_a_power/state", "1250.5")
        assert quantities(found) == {"cellar": {"active_power_l1": 1.2505}}

    def test_a_p1_port_has_power_in_kilowatts(self):
        found = decode("p1/sensor/power_delivered_l1/state", "0.244")
        assert quantities(found) == {"p1": {"active_power_l1": 0.244}}

    def test_nan_is_absent(self):
        found = decode("cellar/sensor/power/state", "nan")
        assert (found.readings, found.rejected) == ([], None)

    def test_a_name_that_says_nothing_is_kept_beside(self):
        [reading] = decode("cellar/sensor/lux/state", "12").readings
        assert (reading.quantities, reading.extra) == ({}, {"lux": 12.0})

    def test_presence(self):
        [status] = decode("cellar/status", "offline").status
        assert (status.device, status.online) == ("cellar", False)

    def test_a_switch_that_was_heard_can_be_commanded(self):
        registry = Registry()
        state = decode("cellar/switch/pump/state", "ON", registry=registry)
        assert state.outputs == [OutputState("cellar", 1, True)]
        command = Command("cellar", "off", "cellar/sensor/power/state", 1)
        [sent] = registry.family("esphome").encode(command)
        assert (sent.topic, sent.payload) == ("cellar/switch/pump/command", b"OFF")


class TestEmonHub:
    def test_a_value(self):
        assert quantities(decode("emon/emontx/power1", "100")) == {
            "emontx": {"active_power_l1": 0.1}
        }

    @pytest.mark.parametrize(
        ("topic", "text", "expected"),
        [
            ("emon/tx/wh2", "1500", {"active_energy_import_l2": 1.5}),
            ("emon/tx/power1_plus_power2", "300", {"active_power": 0.3}),
            # Of a single-phase meter that the hub reads.
            ("emon/sdm120/P", "400", {"active_power": 0.4}),
            ("emon/sdm120/I", "1.5", {"current_l1": 1.5}),
            ("emon/sdm120/FR", "50.1", {"frequency": 50.1}),
        ],
    )
    def test_what_the_keys_mean(self, topic, text, expected):
        assert list(quantities(decode(topic, text)).values()) == [expected]

    def test_values_without_names_are_kept_as_they_are(self):
        [reading] = decode("emonhub/rx/10/values", "100,200").readings
        assert reading.extra == {"value_1": 100.0, "value_2": 200.0}

    def test_an_object_with_its_time(self):
        body = {"time": 1_782_907_100.5, "vrms": 231.2, "power4": 5}
        [reading] = decode("emon/JSON/hall", body).readings
        assert reading.quantities == {"voltage_l1": 231.2}
        assert reading.extra == {"power4": 5.0}
        assert reading.time_source == "device"
