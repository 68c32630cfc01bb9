"""Totals and phase 1: what a device leaves out and follows from the rest."""

import json
from datetime import UTC, datetime

import pytest

from meters.families import Message, Registry

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def quantities(topic, content):
    """The quantities of each device that a message tells of."""
    message = Message(topic, json.dumps(content).encode(), AT)
    decoded = Registry().decode(message)
    assert decoded.rejected is None
    return {reading.device: reading.quantities for reading in decoded.readings}


class TestTotals:
    ROWS = [[230.1, 2.1, 400, 11.0, 0.5, 50.0, 0.9]] * 3

    def test_are_the_sum_of_three_phases(self):
        found = quantities(
            "device/IM1/realtime",
            {"SN": "IM1", "Datas": self.ROWS},
        )["IM1"]
        assert found["active_power"] == 1.2
        assert found["active_energy_import"] == 33.0
        assert found["active_energy_export"] == 1.5

    def test_are_signed(self):
        rows = [[230, 2, power, 1, 1, 50, 1] for power in (-500, 200, 100)]
        found = quantities("device/IM1/realtime", {"SN": "IM1", "Datas": rows})
        assert found["IM1"]["active_power"] == -0.2

    def test_that_were_sent_stand(self):
        found = quantities(
            "meter-1/status/em:0",
            {
                "id": 0,
                **{f"{p}_act_power": 100.0 for p in "abc"},
                "total_act_power": 301.0,
            },
        )
        assert found["meter-1"]["active_power"] == 0.301

    def test_of_two_phases_are_not_known(self):
        found = quantities("device/IM1/realtime", {"SN": "IM1", "Datas": self.ROWS[:2]})
        assert "active_energy_import" not in found["IM1"]


class TestSinglePhase:
    @pytest.mark.parametrize(
        ("topic", "content", "device"),
        [
            (
                "tele/plug/SENSOR",
                {"ENERGY": {"Power": 56, "Voltage": 234, "Current": 0.3}},
                "plug",
            ),
            (
                "plug-1/events/rpc",
                {
                    "src": "plug-1",
                    "method": "NotifyStatus",
                    "params": {
                        "ts": AT.timestamp(),
                        "switch:0": {
                            "id": 0,
                            "apower": 56,
                            "voltage": 234,
                            "current": 0.3,
                        },
                    },
                },
                "plug-1/0",
            ),
            (
                "zigbee2mqtt/plug",
                {"power": 56, "voltage": 234, "current": 0.3},
                "plug",
            ),
            (
                "device/IM1/realtime",
                {
                    "method": "uploadsn",
                    "SN": "IM1",
                    "Data": [234, 0.3, 56, 1, 0, 50, 1],
                },
                "IM1",
            ),
        ],
    )
    def test_fills_phase_1_and_the_total(self, topic, content, device):
        found = quantities(topic, content)[device]
        assert found["active_power"] == found["active_power_l1"] == 0.056
        assert found["voltage_l1"] == 234

    def test_a_part_of_an_update_is_not_taken_for_it(self):
        found = quantities(
            "plug-1/events/rpc",
            {
                "src": "plug-1",
                "method": "NotifyStatus",
                "params": {"ts": AT.timestamp(), "switch:0": {"id": 0, "apower": 56}},
            },
        )
        assert found["plug-1/0"] == {"active_power": 0.056}
