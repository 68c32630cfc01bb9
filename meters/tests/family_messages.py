"""Messages that are good, of each family: what the tests of all families start from.

By family's name: topics and payloads, to be decoded in this order.
"""

import json

from meters.families.sparkplug.payload import Payload

_EIOT_METER = {
    "state": "ONLINE",
    "Ua": "229.7",
    "Ub": "230.4",
    "Ia": "4.21",
    "P": "1.93",
    "EPI": "8812.40",
    "EPIJ": "12.00",
    "DI0": "1",
    "D01": "0",
    "MEPIMD": "3.1",
    "MEPIMDT": "2026-02-11 14:30",
}
_UPLINK = {
    "deviceInfo": {"devEui": "70b3d5e75e0000a1", "deviceProfileName": "ADW300"},
    "time": "2026-03-01T11:59:30.123456789Z",
    "fPort": 8,
    "rxInfo": [{"rssi": -71}, {"rssi": -104}],
}
_TTN_IDS = {"end_device_ids": {"device_id": "hall-3", "dev_eui": "70B3D5E75E0000B2"}}

_BIRTH = Payload(
    timestamp=1772366390000,
    seq=0,
    metrics=[
        {"name": b"bdSeq", "datatype": 8, "long_value": 4},
        {"name": b"Voltage/L1", "alias": 1, "datatype": 10, "double_value": 230.5},
        {"name": b"Output/1", "alias": 2, "datatype": 11, "boolean_value": False},
    ],
).SerializeToString()

MESSAGES: dict[str, list[tuple[str, object]]] = {
    "acrel-json-v2": [
        (
            "platform/acrel/meter/json-v2/analog/0000",
            {
                "data": [
                    {
                        "tp": 1772366400000,
                        "point": [
                            {"id": 0, "val": "26010112345678"},
                            {"id": 1, "val": 230.1},
                            {"id": 13, "val": "12.5"},
                            {"id": 27, "val": 21},
                            {"id": 41, "val": 3},
                        ],
                    }
                ]
            },
        )
    ],
    "acrel-eiot": [
        (
            "data/up/pk7/26020200000001",
            {
                "msgid": "12",
                "method": "update",
                "sn": "26020200000001",
                "timestamp": 1772366380,
                "reported": {"0_26020200000077": _EIOT_METER},
            },
        ),
        (
            "data/up/pk7/26020200000001",
            {
                "msgid": 2**60,
                "method": "report",
                "sn": "26020200000001",
                "timestamp": 1772366390,
                "fragNo": 1,
                "fragment": 2,
                "reported": {
                    "source": "REALTIME",
                    "gateway": {"rssi": "-77"},
                    "meters": [
                        {"addr": "26020200000078", **_EIOT_METER},
                        {"addr": "35_2", "U": "231.0", "I": "1", "P": "0.2"},
                    ],
                },
            },
        ),
        (
            "sys/dev/pk7/26020200000001",
            {
                "msgid": 5,
                "method": "login",
                "sn": "26020200000001",
                "timestamp": 1772366390,
                "payload": {"compress": "1", "compressAlgo": "LZO"},
            },
        ),
        (
            "sys/dev/pk7/26020200000001",
            {"msgid": 6, "method": "time", "devicesend": 1772366390, "timezone": "8"},
        ),
        (
            "notify/dev/pk7/26020200000001",
            {
                "msgid": 7,
                "method": "event",
                "sn": "26020200000001",
                "timestamp": 1772366390,
                "payload": {"events": [{"addr": "26020200000077", "code": "OVER_U"}]},
            },
        ),
    ],
    "acrel-hw": [
        (
            "/gw/acrelHW/ADL400/data/26030300000001",
            {
                "type": "data",
                "time": "20260301115930",
                "gwSN": "26030300000001",
                "meterSN": "26030300000009",
                "meterName": "adl400",
                "meterStatus": "normal",
                "ch": 2,
                "ua": 221,
                "ia": 3.2,
                "p": 0.61,
                "pf": 0.93,
                "ct": 40,
                "wh": 8.98,
                "wl": 0.6,
                "varh": 5.2,
                "rssi": 52,
            },
        ),
        ("/gw/acrelHW/null/login/26030300000001", {"type": "login", "ver": 1011}),
        ("/gw/acrelHW/null/time/26030300000001", {"type": "time", "utc": "8"}),
        (
            "/gw/acrelHW/null/alarm/26030300000001",
            {
                "type": "alarm",
                "time": "20260301115930",
                "alarmType": "LEAK",
                "value": 3,
            },
        ),
    ],
    "chirpstack-v4": [
        (
            "application/a1/device/70b3d5e75e0000a1/event/up",
            {**_UPLINK, "object": {"Ua": 230.2, "P": 1.5, "EPI": "77.5", "DI1": 1}},
        ),
        (
            "application/a1/device/70b3d5e75e0000a1/event/up",
            {
                **_UPLINK,
                "time": "2026-03-01T11:59:41Z",
                "object": {"addr": "35_2", "phase": {"l1": {"power": "4 W"}}, "x": [1]},
            },
        ),
        ("application/a1/device/70b3d5e75e0000a1/event/join", _UPLINK),
        (
            "application/a1/device/70b3d5e75e0000a1/event/ack",
            {"queueItemId": "656e6572-6779-7369-0000-000000000007"},
        ),
    ],
    "ttn-v3": [
        (
            "v3/plant@ttn/devices/hall-3/up",
            {
                **_TTN_IDS,
                "received_at": "2026-03-01T11:59:41.357207831Z",
                "uplink_message": {
                    "f_port": 2,
                    "rx_metadata": [{"rssi": -91}],
                    "decoded_payload": {
                        "voltage_l1": "230.4 V",
                        "active_energy_import": {"value": 5100, "unit": "Wh"},
                        "timestamp": 1772366370,
                    },
                },
            },
        ),
        (
            "v3/plant@ttn/devices/hall-3/down/ack",
            {**_TTN_IDS, "correlation_ids": ["energy-site:7", "as:1"]},
        ),
    ],
    "tasmota": [
        (
            "tele/plug7/SENSOR",
            {
                "Time": "2026-03-01T11:59:58",
                "ENERGY": {"Total": 12.5, "Power": [1, 2, 3], "Voltage": 231},
                "AM2301": {"Temperature": 21.5, "Humidity": 40},
            },
        ),
        ("hall/tele/STATE", {"POWER1": "ON", "Wifi": {"Signal": -70}}),
        ("tele/plug7/LWT", "Online"),
        ("stat/plug7/POWER2", "OFF"),
    ],
    "shelly-gen1": [
        ("shellies/em3-1/emeter/2/power", "611.5"),
        ("shellies/em3-1/relay/0", "on"),
        ("shellies/em3-1/online", "true"),
    ],
    "shelly-gen2": [
        (
            "hall/events/rpc",
            {
                "src": "shellypro3em-a1",
                "method": "NotifyStatus",
                "params": {
                    "ts": 1772366390.5,
                    "em:0": {"a_voltage": 230.1, "n_current": None},
                    "switch:0": {"output": True, "aenergy": {"total": 5.5}},
                    "wifi": {"rssi": -60},
                },
            },
        ),
        (
            "hall/events/rpc",
            {
                "src": "shellypro3em-a1",
                "method": "NotifyEvent",
                "params": {"ts": 1772366390, "events": [{"event": "overpower"}]},
            },
        ),
        (
            "energy-site/rpc",
            {"id": 7, "src": "shelly-b2", "result": {"id": 0, "act_power": 5.0}},
        ),
        ("shelly-b2/online", "false"),
    ],
    "zigbee2mqtt": [
        (
            "zigbee2mqtt/hall/plug",
            {
                "power": 5,
                "energy": 12.05,
                "state": "ON",
                "linkquality": 43,
                "last_seen": "2026-03-01T12:59:41+01:00",
            },
        ),
        ("zigbee2mqtt/hall/plug/voltage", "231"),
        ("zigbee2mqtt/hall/plug/availability", {"state": "online"}),
    ],
    "esphome": [
        ("cellar/sensor/phase_a_power/state", "1250.5"),
        ("cellar/switch/pump/state", "ON"),
        ("cellar/status", "online"),
    ],
    "sparkplug-b": [
        ("spBv1.0/plant/NBIRTH/edge", _BIRTH),
        ("STATE/scada", "ONLINE"),
    ],
    "emonhub": [
        ("emon/emontx/power1", "100"),
        ("emon/JSON/hall", {"time": 1772366390.5, "vrms": 231.2}),
        ("emonhub/rx/10/values", "100,200,-71"),
    ],
    "dsmr-p1": [
        (
            "dsmr/raw",
            "/KFM5\n\n0-0:1.0.0(260301125958W)\n0-0:96.1.1(4B30)\n"
            "1-0:1.8.1(000004.426*kWh)\n1-0:1.7.0(00.244*kW)\n"
            "0-1:96.1.0(4730)\n0-1:24.2.1(260301120000W)(00107.8*m3)\n!\n",
        )
    ],
    "thingsboard": [
        (
            "tb/press/v1/devices/me/telemetry",
            {"ts": 1772366390512, "values": {"voltage": 230.1, "door": "open"}},
        )
    ],
    "thingsboard-gateway": [
        (
            "v1/gateway/telemetry",
            {"A": [{"ts": 1772366390000, "values": {"power_W": 5}}]},
        ),
        ("v1/gateway/disconnect", {"device": "A"}),
        ("v1/gateway/rpc", {"device": "A", "id": 3, "data": {"success": True}}),
    ],
    "senml": [
        (
            "hall/senml",
            [{"bn": "urn:dev:1:", "n": "voltage", "u": "V", "v": 230.1, "t": -5}],
        )
    ],
    "amsreader": [
        (
            "any/ams",
            {"id": "58:BF", "temp": -127, "data": {"P": 5, "PO": 0, "tPI": 8.5}},
        ),
        ("ams1/meter/import/active", "250"),
    ],
    "iammeter": [
        (
            "any/iam",
            {
                "method": "uploadsn",
                "mac": "B0",
                "SN": "AB",
                "Datas": [[231, 1, -230, 5, 2, 50, 1]],
            },
        )
    ],
    "compere-kpm": [
        (
            "MQTT_RT_DATA",
            {"id": "33B1", "time": "20260301115900", "zyggl": 6.5, "isend": "1"},
        )
    ],
    "siemens-7kn": [
        (
            "any/siemens",
            {
                "item_id": "ea86",
                "_embedded": {
                    "item": [
                        {
                            "internal_name": "Power/W/Inst/Value/Sum",
                            "value": "906.3",
                            "unit": "W",
                            "quality": "valid",
                        }
                    ]
                },
            },
        )
    ],
    "advantech-wise": [
        (
            "Advantech/00D0/data",
            {"t": "2026-03-01T11:59:00Z", "q": 192, "ai1": -1.2, "di1": True},
        )
    ],
    "gosdm-mbmd": [("mbmd/sdm1/Power/L1", "115.4")],
    "home-assistant": [
        (
            "homeassistant/sensor/a/config",
            {
                "stat_t": "attic/x",
                "val_tpl": "{{ value_json.p }}",
                "unit_of_meas": "W",
                "dev_cla": "power",
                "dev": {"ids": ["a1"]},
            },
        )
    ],
    "diy-wemos": [
        (
            "wemos/w1/power",
            {"voltage": "231.0", "watios": "5.0", "time": "11:36:30 01/03/2026"},
        )
    ],
}


def payload_of(content: object) -> bytes:
    """Return the bytes of a message: texts and bytes as they are, else JSON."""
    if isinstance(content, bytes):
        return content
    return (content if isinstance(content, str) else json.dumps(content)).encode()
