import json

import pytest

from meters.families import Answer, Command, OutputState, Registry
from meters.tests.families import RECEIVED, decode, quantities

EM3 = "shellypro3em-a1"


def notify(params, *, method="NotifyStatus", src=EM3):
    ts = RECEIVED.timestamp() - 1
    return {"src": src, "method": method, "params": {"ts": ts, **params}}


class TestGen2:
    def test_three_phases_are_the_device_itself(self):
        em = {"id": 0, "a_voltage": 230.5, "b_act_power": -50.0, "n_current": None}
        found = decode("hall/events/rpc", notify({"em:0": em}))
        assert quantities(found) == {
            EM3: {"voltage_l1": 230.5, "active_power_l2": -0.05}
        }
        assert found.readings[0].time.timestamp() == RECEIVED.timestamp() - 1

    def test_channels_are_numbered_as_the_device_does(self):
        params = {
            "em1:0": {"act_power": 1500.0, "voltage": 117.6},
            "em1:1": {"act_power": -20.0},
            "em1data:1": {"total_act_energy": 6644.9, "total_act_ret_energy": 2595.26},
        }
        found = quantities(decode("x/events/rpc", notify(params)))
        assert found[f"{EM3}/0"] == {"active_power": 1.5, "voltage_l1": 117.6}
        assert found[f"{EM3}/1"] == {
            "active_power": -0.02,
            "active_energy_import": 6.6449,
            "active_energy_export": 2.59526,
        }

    def test_a_switch_without_power_tells_its_output_alone(self):
        found = decode("x/events/rpc", notify({"switch:0": {"id": 0, "output": True}}))
        assert not found.readings
        assert found.outputs == [OutputState(f"{EM3}/0", 1, True)]

    def test_counters_and_temperature_of_a_switch(self):
        switch = {
            "apower": 8.9,
            "aenergy": {"total": 11.679, "by_minute": [0.0, 51.9, 3.1]},
            "temperature": {"tC": 41.2},
        }
        found = decode("plug-1/status/switch:0", switch)
        assert quantities(found) == {
            "plug-1/0": {
                "active_power": 0.0089,
                "active_energy_import": 0.011679,
                "temperature": 41.2,
            }
        }
        assert found.readings[0].gathered

    def test_an_answer_is_told_and_read(self):
        body = {"id": 7, "src": EM3, "dst": "energy-site"}
        body["result"] = {"id": 0, "act_power": -1760.2, "voltage": 121.0}
        found = decode("energy-site/rpc", body)
        assert found.answers == [Answer(EM3, 7, True)]
        assert quantities(found)[f"{EM3}/0"]["active_power"] == -1.7602

    def test_a_refusal_is_told(self):
        error = {"code": -103, "message": "Invalid argument"}
        found = decode("energy-site/rpc", {"id": 7, "src": EM3, "error": error})
        assert found.answers == [Answer(EM3, 7, False, "Invalid argument")]

    def test_events(self):
        event = {"component": "switch:0", "event": "overpower", "ts": 1_782_907_100}
        params = {"events": [event, {"no": "event"}]}
        found = decode("x/events/rpc", notify(params, method="NotifyEvent"))
        assert [(item.code, item.device) for item in found.events] == [
            ("overpower", EM3)
        ]

    def test_the_radio_has_a_topic_of_its_own(self):
        [reading] = decode("plug-1/status/wifi", {"rssi": -61}).readings
        assert reading.quantities == {"signal_strength": -61}
        assert reading.extra == {"signal_unit": "dBm"}

    @pytest.mark.parametrize("component", ["mqtt", "input:0", "script:1", "ble"])
    def test_components_that_measure_nothing_are_no_fault(self, component):
        found = decode(f"plug-1/status/{component}", {"id": 0, "state": True})
        assert (found.family, found.readings, found.rejected) == (
            "shelly-gen2",
            [],
            None,
        )

    def test_the_last_will(self):
        [status] = decode("plug-1/online", "false").status
        assert (status.device, status.online) == ("plug-1", False)

    @pytest.mark.parametrize("payload", ["", "{", "[]", '{"src": 5}', '{"src": "a"}'])
    def test_what_cannot_be_used_says_why(self, payload):
        assert decode("x/events/rpc", payload).rejected

    def test_commands_carry_their_number(self):
        family = Registry().family("shelly-gen2")
        command = Command("plug-1/2", "on", "hall/plug/events/rpc", 41)
        [sent] = family.encode(command)
        assert sent.topic == "hall/plug/rpc"
        assert json.loads(sent.payload) == {
            "id": 41,
            "src": "energy-site",
            "method": "Switch.Set",
            "params": {"id": 2, "on": True},
        }


class TestGen1:
    @pytest.mark.parametrize(
        ("end", "text", "quantity", "value"),
        [
            ("emeter/2/power", "611.53", "active_power", 0.61153),
            ("emeter/2/total", "1891.9", "active_energy_import", 1.8919),
            # Watt-minutes, of plugs that have no other register
            ("relay/2/energy", "60000", "active_energy_import", 1.0),
            ("emeter/2/total_returned", "5", "active_energy_export", 0.005),
            ("emeter/2/pf", "0.54", "power_factor", 0.54),
            ("relay/2/power", "20", "active_power", 0.02),
            ("roller/2/power", "20", "active_power", 0.02),
        ],
    )
    def test_each_value_has_a_topic(self, end, text, quantity, value):
        found = decode(f"shellies/em3-1/{end}", text)
        assert quantities(found) == {"em3-1/2": {quantity: pytest.approx(value)}}
        assert found.readings[0].time.microsecond == 0

    def test_watt_minutes_that_begin_anew_are_no_register(self):
        found = decode("shellies/em3-1/emeter/0/energy", "500")
        assert (found.readings, found.rejected) == ([], None)

    def test_a_relay(self):
        found = decode("shellies/s1/relay/0", "on")
        assert found.outputs == [OutputState("s1/0", 1, True)]

    def test_a_value_that_is_no_number_is_rejected(self):
        assert "no number" in decode("shellies/s1/emeter/0/power", "null").rejected

    def test_commands(self):
        command = Command("s1/0", "off", "shellies/s1/relay/0", 1)
        [sent] = Registry().family("shelly-gen1").encode(command)
        assert (sent.topic, sent.payload) == ("shellies/s1/relay/0/command", b"off")
