import pytest

from meters.families import Registry
from meters.families.profiles import ProfileError, built_in_profiles, read_profile
from meters.tests.families import decode, quantities

SHOP = """
name = "shop"
topics = ["shop/{device}/{}"]
missing = [-1]

[time]
path = "at"
format = "%d.%m.%Y %H:%M:%S"
zone = "Europe/Berlin"

[quantities]
active_power = { path = "p.in", minus = "p.out", unit = "W" }
voltage_l1 = { path = "u[0]" }
voltage_l2 = { path = "u[1]" }
active_energy_import = [
    { path = '["e total"]', unit = "MWh" },
    { path = "e", factor = 0.1 },
]
temperature = { path = "d.@json.t" }

[extra]
firmware = "fw"
"""


def decoded(body, profile=SHOP, topic="shop/m1/data"):
    registry = Registry()
    registry.use_profiles([read_profile(profile, where="test")])
    return decode(topic, body, registry=registry)


class TestAProfile:
    def test_says_where_values_stand_and_in_which_unit(self):
        body = {
            "at": "01.07.2026 13:59:00",
            "p": {"in": "100", "out": 350},
            "u": [230.1, -1],
            "e total": 1.5,
            "d": '{"t": 21.5}',
            "fw": "2.1",
        }
        [reading] = decoded(body).readings
        assert reading.device == "m1"
        assert reading.quantities == {
            "active_power": -0.25,
            "voltage_l1": 230.1,
            "active_energy_import": 1500.0,
            "temperature": 21.5,
        }
        assert reading.extra == {"firmware": 2.1}
        assert reading.time.isoformat() == "2026-07-01T11:59:00+00:00"

    def test_takes_the_first_source_that_is_there(self):
        [reading] = decoded({"e": 50}).readings
        assert reading.quantities == {"active_energy_import": 5.0}

    def test_a_message_without_any_of_its_values_is_rejected(self):
        assert "none of the values of profile “shop”" in decoded({"x": 1}).rejected

    def test_may_leave_a_topic_to_a_family(self):
        profile = 'name = "mine"\nfamily = "senml"\ntopics = ["a/{}"]'
        body = [{"n": "d:power", "u": "W", "v": 5}]
        assert decoded(body, profile, "a/b").family == "senml"

    def test_that_leaves_its_topic_to_no_family_is_refused_with_a_sentence(self):
        profile = 'name = "mine"\nfamily = "mine"\ntopics = ["a/{}"]'
        assert decoded({}, profile, "a/b").rejected == "There is no family “mine”."


class TestRecords:
    PROFILE = """
name = "records"
recognise = ["list", "id"]
each = "list"
[device]
path = "id"
channel = "circuit"
[time]
path = "ts"
[records]
path = "points"
key = "k"
value = "v"
unit = "u"
quality = "q"
good = ["ok"]
[quantities]
active_power = { path = "P" }
voltage_l1 = { path = "7" }
"""

    def test_instants_circuits_units_and_quality(self):
        points = [
            {"k": "P", "v": "1500", "u": "W", "q": "ok"},
            {"k": 7, "v": 230.0, "u": "V", "q": "bad"},
        ]
        items = [
            {"ts": "1782907100000", "circuit": n, "points": points} for n in (1, 2)
        ]
        found = decoded({"id": "g7", "list": items}, self.PROFILE, "any/topic")
        assert quantities(found) == {
            "g7/1": {"active_power": 1.5},
            "g7/2": {"active_power": 1.5},
        }
        assert found.readings[0].time.timestamp() == 1_782_907_100


GOOD = 'name = "x"\ntopics = ["{device}"]\n[quantities]\nfrequency = {path = "a"}'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name = ", "mine.toml: "),
        ('name = "x"', "mine.toml: topics or recognise must say"),
        ('name = "x"\ntopics = ["{device}"]\nfoo = 1', "unknown field `foo`"),
        (
            'name = "x"\ntopics = ["{device}"]\n[quantities]\nwatts = {path="a"}',
            "mine.toml: quantities.watts: there is no such quantity.",
        ),
        (
            'name = "x"\ntopics = ["{device}"]\n'
            '[quantities]\nfrequency = {path="a", unit="kWh"}',
            "mine.toml: quantities.frequency: frequency is in Hz, not in “kWh”.",
        ),
        (
            'name = "x"\ntopics = ["a"]\n[quantities]\nfrequency = {path="a"}',
            "mine.toml: device.path is missing",
        ),
        (
            'name = "x"\ntopics = ["{device}/{meter}"]\n'
            '[quantities]\nfrequency = {path="a"}',
            "not {meter}",
        ),
        (
            'name = "x"\ntopics = ["{device}"]\n[quantities]\nfrequency = {path="a[x"}',
            "mine.toml: quantities.frequency: The path “a[x” cannot be read",
        ),
        (
            'name = "x"\ntopics = ["{device}"]\nfamily = "senml"\n'
            '[quantities]\nwatts = {path="a"}',
            "mine.toml: quantities: they are left to the family.",
        ),
        (
            'name = "x"\ntopics = ["{device...}{...}{...}"]',
            "mine.toml: topics: The topic “{device...}{...}{...}” takes several parts",
        ),
        (
            f"{GOOD}\n[only]\npath = 'a['\nvalues = [1]",
            "mine.toml: only.path: The path",
        ),
        (
            f"{GOOD}\n[records]\npath = 'a['\nkey = 'k'\nvalue = 'v'",
            "mine.toml: records.path: The path",
        ),
        (f"{GOOD}\n[extra]\na = '[\"\\x\"]'", "mine.toml: extra.a: The path"),
        (
            f"{GOOD}\n[time]\npath = 't'\nformat = '%d %d'",
            "mine.toml: time.format: “%d %d” is no format",
        ),
        (
            f"{GOOD}\n[time]\npath = 't'\nformat = '%Q'",
            "mine.toml: time.format: “%Q” is no format",
        ),
        (
            GOOD.replace('"a"', '"a", factor = nan'),
            "mine.toml: quantities.frequency: factor must be a number other than 0.",
        ),
    ],
)
def test_a_fault_is_one_sentence_that_names_the_place(text, sentence):
    with pytest.raises(ProfileError) as error:
        read_profile(text, where="mine.toml")
    assert sentence in str(error.value)


class TestShipped:
    def test_all_can_be_read(self):
        assert {profile.name for profile in built_in_profiles()} == {
            "advantech-wise",
            "amsreader",
            "compere-kpm",
            "diy-wemos",
            "gosdm-mbmd",
            "iammeter",
            "siemens-7kn",
        }

    def test_iammeter_is_known_by_its_look(self):
        rows = [[231.0, 1.0, -230, 10.5, 2.5, 50.0, 1.0]] * 3
        body = {"method": "uploadsn", "mac": "B0F8", "SN": "AB12", "Datas": rows}
        found = decode("my/topic", body)
        assert (found.family, found.readings[0].device) == ("iammeter", "AB12")
        assert found.readings[0].quantities["active_power_l3"] == -0.23

    def test_iammeter_of_one_phase(self):
        row = [231.0, 2.0, -450, 10.5, 2.5]
        body = {"method": "uploadsn", "mac": "B0F8", "SN": "AB12", "Data": row}
        assert quantities(decode("my/topic", body)) == {
            "AB12": {
                "voltage_l1": 231.0,
                "current_l1": 2.0,
                "active_power": -0.45,
                "active_power_l1": -0.45,
                "active_energy_import": 10.5,
                "active_energy_import_l1": 10.5,
                "active_energy_export": 2.5,
                "active_energy_export_l1": 2.5,
            }
        }

    def test_compere_phases_and_rates(self):
        now = {"id": "33B7", "time": "20260701115900", "pb": 1.5, "sb": 1.6, "pfb": 0.9}
        assert quantities(decode("MQTT_RT_DATA", now))["33B7"] == {
            "active_power_l2": 1.5,
            "apparent_power_l2": 1.6,
            "power_factor_l2": 0.9,
        }
        [reading] = decode("MQTT_RT_DATA", now).readings
        assert reading.time.isoformat() == "2026-07-01T11:59:00+00:00"
        [reading] = decode("MQTT_RT_DATA", {**now, "time": "2" * 14}).readings
        assert reading.time_source == "received"
        energy = {"id": "33B7", "time": "20260701115900", "isend": "1"}
        energy |= {"fygsz": 4.0, "fwgsz": 11.5, "zyjsz": 8.5, "zyvsz": 68.5}
        assert quantities(decode("MQTT_ENY_NOW", energy))["33B7"] == {
            "active_energy_export": 4.0,
            "reactive_energy_export": 11.5,
            "active_energy_import_t1": 8.5,
            "active_energy_import_t4": 68.5,
        }

    def test_siemens_internal_names_and_quality(self):
        items = [
            ("V_LN/Inst/Value/L1N", "231.5", "V", "valid"),
            ("I/Inst/Value/L1", "15.2", "A", "invalid"),
            ("Power/Factor/Inst/Value/AVG", "0.95", "", "valid"),
            ("THD/V_LN/Inst/Value/L1N#", "1.5", "%", "valid"),
        ]
        keys = ("internal_name", "value", "unit", "quality")
        listed = [dict(zip(keys, item, strict=True)) for item in items]
        body = {"item_id": "pc-1", "_embedded": {"item": listed}}
        assert quantities(decode("any/topic", body)) == {
            "pc-1": {"voltage_l1": 231.5, "power_factor": 0.95, "voltage_thd_l1": 1.5}
        }

    @pytest.mark.parametrize(
        ("topic", "quantity"),
        [
            ("mbmd/sdm1/ReactivePower/L3", "reactive_power_l3"),
            ("mbmd/sdm1/Sum", "active_energy_total"),
            ("mbmd/sdm1/Export/T1", "active_energy_export_t1"),
            ("home/mbmd/sdm1/Power/L2", "active_power_l2"),
            ("sdm630/sdm1/AngLocPhsB", "power_factor_l2"),
            ("/site/SDM630/sdm1/TotkWhImport", "active_energy_import"),
        ],
    )
    def test_topics_of_mbmd_and_gosdm(self, topic, quantity):
        assert list(quantities(decode(topic, "0.5"))["sdm1"]) == [quantity]

    def test_amsreader_is_known_between_its_hourly_registers(self):
        body = {"id": "58:BF", "t": 0, "temp": -127, "data": {"P": 5, "PO1": 20}}
        assert quantities(decode("ams/topic", body)) == {
            "58:BF": {"active_power": 0.005, "active_power_l1": -0.02}
        }

    def test_a_disabled_input_and_bad_quality_are_no_values(self):
        body = {"t": "2026-07-01T11:59:00Z", "q": 192, "ai1": 9999.9999, "di1": True}
        [reading] = decode("Advantech/00D0C9/data", body).readings
        assert reading.extra == {"di1": True}
        assert decode("Advantech/00D0C9/data", {**body, "q": 0}).readings == []

    def test_the_bits_of_all_inputs_are_one_mask(self):
        body = {"q": 192, "di1": False, "di2": True, "di3": True, "do1": True}
        [reading] = decode("Advantech/00D0C9/data", body).readings
        assert reading.quantities == {"digital_inputs": 6, "digital_outputs": 1}

    @pytest.mark.parametrize(
        ("topic", "text", "expected"),
        [
            ("export/active", "250", [{"active_power": -0.25}]),
            # Then what is imported is told by a topic of its own.
            ("export/active", "0", []),
            ("import/active", "0", [{"active_power": 0}]),
            ("export/l2", "80.5", [{"active_power_l2": -0.0805}]),
            ("l3/powerfactor", "0.97", [{"power_factor_l3": 0.97}]),
        ],
    )
    def test_amsreader_with_a_topic_for_each_value(self, topic, text, expected):
        found = decode(f"ams1/meter/{topic}", text)
        assert [reading.quantities for reading in found.readings] == expected
        assert found.rejected is None

    def test_amsreader_import_and_export_are_one_signed_power(self):
        body = {"id": "58:BF", "temp": -127, "data": {"P": 0, "PO": 250, "tPI": 8.5}}
        [reading] = decode("ams/topic", body).readings
        assert reading.quantities == {
            "active_power": -0.25,
            "active_energy_import": 8.5,
        }
