import pytest

from meters.families import Command, OutputState, Registry
from meters.tests.families import decode, quantities


def energy(**values):
    return {"Time": "2026-07-01T11:59:58", "ENERGY": values}


def test_a_plug_with_one_meter():
    found = decode(
        "tele/plug7/SENSOR",
        energy(Total=514.153, Today=0.5, Period=3, Power=56, Factor=0.61, Voltage=234),
    )
    assert quantities(found) == {
        "plug7": {
            "active_energy_import": 514.153,
            "active_power": 0.056,
            "power_factor": 0.61,
            "voltage_l1": 234,
        }
    }


def test_its_time_is_local():
    found = decode("tele/p/SENSOR", energy(Power=5), timezone="Europe/Berlin")
    reading = found.readings[0]
    assert reading.time.isoformat() == "2026-07-01T09:59:58+00:00"
    assert reading.wall_clock.isoformat() == "2026-07-01T11:59:58"


def test_arrays_with_one_total_are_phases():
    found = decode(
        "tele/main/SENSOR",
        energy(Total=12.5, Power=[100, -20, 30], Voltage=230, Current=[1, 2, 3]),
    )
    main = quantities(found)["main"]
    assert main["active_power_l2"] == -0.02
    assert main["active_power"] == pytest.approx(0.11)
    assert main["current_l3"] == 3


def test_two_sockets_are_channels():
    found = decode(
        "tele/duo/SENSOR", energy(Total=[1.5, 2.5], Power=[10, 20], Voltage=231)
    )
    assert quantities(found) == {
        "duo/1": {"active_energy_import": 1.5, "active_power": 0.01, "voltage_l1": 231},
        "duo/2": {"active_energy_import": 2.5, "active_power": 0.02, "voltage_l1": 231},
    }


def test_channels_of_one_supply_may_have_one_register_for_both():
    found = decode(
        "tele/duo/SENSOR",
        energy(Total=3.5, Power=[10, 20], Current=[0.1, 0.2], Voltage=231),
    )
    channel = {"current_l1": 0.1, "voltage_l1": 231}
    assert quantities(found) == {
        "duo": {"active_energy_import": 3.5, "active_power": 0.03},
        "duo/1": {**channel, "active_power": 0.01, "active_power_l1": 0.01},
        "duo/2": {
            **channel,
            "current_l1": 0.2,
            "active_power": 0.02,
            "active_power_l1": 0.02,
        },
    }


def test_three_voltages_are_phases_whatever_the_registers_are():
    found = decode(
        "tele/main/SENSOR",
        energy(Total=[1.5, 2.5, 4], Power=[10, 20, 30], Voltage=[230, 231, 232]),
    )
    main = quantities(found)["main"]
    assert main["active_energy_import_l3"] == 4
    assert main["active_energy_import"] == 8
    assert main["voltage_l2"] == 231
    assert main["active_power"] == 0.06


@pytest.mark.parametrize("dot", ["_", "."])
def test_registers_may_be_named_by_their_obis_codes(dot):
    codes = {"1.8.0": 1234.5, "2.8.0": 5.5, "16.7.0": -333}
    sml = {code.replace(".", dot): value for code, value in codes.items()}
    found = decode("tele/reader/SENSOR", {"SML": sml})
    assert quantities(found)["reader"] == {
        "active_energy_import": 1234.5,
        "active_energy_export": 5.5,
        "active_power": -0.333,
    }


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (
            {"Total": 12.5, "TotalOut": 1.5, "Power": 2},
            {
                "active_energy_import": 12.5,
                "active_energy_export": 1.5,
                "active_power": 0.002,
            },
        ),
        # Two powers without a sign
        ({"power_in": 0, "power_out": 1200}, {"active_power": -1.2}),
        ({"Pp": 300, "Pm": 0, "V_L2": 231}, {"active_power": 0.3, "voltage_l2": 231}),
        # One with a sign
        ({"P_in": -350, "E_in": 5}, {"active_power": -0.35, "active_energy_import": 5}),
        (
            {"Verbrauch_Summe": 3, "Verbrauch_T2": 2, "Watt_Summe": 600},
            {
                "active_energy_import": 3,
                "active_energy_import_t2": 2,
                "active_power": 0.6,
            },
        ),
    ],
)
def test_keys_of_scripts_for_meters(keys, expected):
    found = decode("tele/reader/SENSOR", {"SML": keys})
    assert quantities(found)["reader"] == expected


def test_a_script_may_add_to_the_drivers_keys():
    found = decode(
        "tele/reader/SENSOR",
        energy(Power=-300, ImportActive=10.5, Voltage=230, Voltage_L2=231, Today=3),
    )
    [reading] = found.readings
    assert (reading.quantities, reading.extra) == (
        {
            "active_power": -0.3,
            "active_energy_import": 10.5,
            "voltage_l1": 230,
            "voltage_l2": 231,
        },
        {},
    )


def test_the_name_stands_where_the_topic_has_it():
    found = decode("hall/tele/SENSOR", energy(Power=5))
    assert list(quantities(found)) == ["hall"]


def test_padded_texts_of_teleinfo_are_decimal():
    tic = {"ADCO": "0619", "BASE": "008100900", "PAPP": "00780", "IINST": "003"}
    found = decode("meter/tele/SENSOR", {"TIC": tic})
    assert quantities(found)["meter"] == {
        "active_energy_import": 8100.9,
        "apparent_power": 0.78,
        "current_l1": 3,
    }


def test_an_answer_to_status_8_is_a_reading():
    found = decode("stat/plug7/STATUS8", {"StatusSNS": energy(Power=40)})
    assert quantities(found) == {"plug7": {"active_power": 0.04}}


def test_outputs_and_signal():
    state = {"POWER1": "OFF", "POWER2": "ON", "Wifi": {"RSSI": 42, "Signal": -71}}
    found = decode("tele/duo/STATE", state)
    assert found.outputs == [OutputState("duo", 1, False), OutputState("duo", 2, True)]
    assert found.readings[0].quantities == {"signal_strength": -71}
    assert found.readings[0].extra == {"signal_unit": "dBm"}


@pytest.mark.parametrize(("text", "online"), [("Online", True), ("Offline", False)])
def test_the_last_will(text, online):
    [status] = decode("tele/plug7/LWT", text).status
    assert (status.device, status.online) == ("plug7", online)


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("tele/p/SENSOR", "[1]", "no JSON object"),
        ("tele/p/SENSOR", {"Time": "2026-07-01T12:00:00"}, "no value that is known"),
        ("tele/p/LWT", "maybe", "Online or Offline"),
        ("tele/p/RESULT", {"SerialReceived": "ATZ OK"}, "piece of a serial line"),
    ],
)
def test_what_cannot_be_used_says_why(topic, payload, reason):
    assert reason in decode(topic, payload).rejected


@pytest.mark.parametrize(
    ("action", "topic", "payload"),
    [
        ("on", "cmnd/duo/POWER2", b"ON"),
        ("toggle", "cmnd/duo/POWER2", b"TOGGLE"),
        ("read", "cmnd/duo/STATUS", b"8"),
        ("set_interval", "cmnd/duo/TelePeriod", b"60"),
    ],
)
def test_commands(action, topic, payload):
    command = Command("duo", action, "tele/duo/SENSOR", 1, output=2, interval_s=60)
    [sent] = Registry().family("tasmota").encode(command)
    assert (sent.topic, sent.payload) == (topic, payload)


def test_three_sockets_with_a_register_each_are_channels():
    found = quantities(
        decode("tele/tri/SENSOR", energy(Total=[1, 2, 3], Power=[1, 2, 3]))
    )
    assert found["tri/3"] == {"active_energy_import": 3, "active_power": 0.003}


def test_fahrenheit_becomes_celsius():
    body = {"AM2301": {"Temperature": 70.0}, "TempUnit": "F"}
    assert quantities(decode("tele/p/SENSOR", body)) == {"p": {"temperature": 21.111}}
