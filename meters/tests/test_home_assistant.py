import pytest

from meters.families import Registry
from meters.families.profiles import read_profile
from meters.tests.families import decode, quantities

LONG = {
    "state_topic": "attic/state",
    "value_template": "{{ value_json['ENERGY']['Power'] | float(0) }}",
    "unit_of_measurement": "W",
    "device_class": "power",
    "unique_id": "attic_power_b",
    "device": {"identifiers": ["attic-1"]},
}
SHORT = {
    "~": "cellar/",
    "stat_t": "~total",
    "avty_t": "~there",
    "pl_avail": "yes",
    "pl_not_avail": "no",
    "unit_of_meas": "MWh",
    "dev_cla": "energy",
    "uniq_id": "cellar-total",
    "dev": {"ids": "cellar-1"},
}


@pytest.fixture
def registry():
    registry = Registry()
    for name, config in (("a", LONG), ("b", SHORT)):
        topic = f"homeassistant/sensor/{name}/config"
        assert decode(topic, config, registry=registry).rejected is None
    return registry


def test_announced_topics_are_decoded(registry):
    found = decode("attic/state", {"ENERGY": {"Power": 56}}, registry=registry)
    assert (found.family, quantities(found)) == (
        "home-assistant",
        {"attic-1": {"active_power_l2": 0.056}},
    )


def test_short_keys_a_base_and_a_bare_value(registry):
    found = decode("cellar/total", "1.5", registry=registry)
    assert quantities(found) == {"cellar-1": {"active_energy_import": 1500.0}}


def test_presence(registry):
    [status] = decode("cellar/there", "no", registry=registry).status
    assert (status.device, status.online) == ("cellar-1", False)


def test_an_empty_config_takes_it_back(registry):
    decode("homeassistant/sensor/b/config", "", registry=registry)
    assert decode("cellar/total", "1.5", registry=registry).family is None


@pytest.mark.parametrize(
    "template", ["{{(value|float/60)|round(2)}}", "{% if value %}1{% endif %}"]
)
def test_a_template_that_computes_is_refused(template):
    found = decode("homeassistant/sensor/x/config", {**SHORT, "val_tpl": template})
    assert found.rejected == (
        "The template for cellar/total is more than a path: make a profile for that"
        " topic instead."
    )


def test_a_family_of_its_own_goes_first():
    registry = Registry()
    config = {**LONG, "state_topic": "zigbee2mqtt/plug"}
    decode("homeassistant/sensor/z/config", config, registry=registry)
    found = decode("zigbee2mqtt/plug", {"power": 5}, registry=registry)
    assert found.family == "zigbee2mqtt"


def test_what_is_no_measurement_is_let_be():
    config = {"stat_t": "x/y", "dev_cla": "battery", "unit_of_meas": "%"}
    found = decode("homeassistant/sensor/x/config", config)
    assert (found.rejected, found.readings) == (None, [])


def test_a_device_announces_several_values_at_once():
    registry = Registry()
    power = {"p": "sensor", "dev_cla": "power", "unit_of_meas": "kW"}
    components = {
        "a": {**power, "val_tpl": "{{ value_json.a }}", "uniq_id": "kiln_power_l1"},
        "b": {**power, "val_tpl": "{{ value_json.b }}", "uniq_id": "kiln_power_l2"},
        "c": {**power, "val_tpl": "{{ value_json.c * 2 }}", "uniq_id": "kiln_power"},
        "d": {"p": "switch", "dev_cla": "power", "val_tpl": "{{ value_json.d }}"},
    }
    config = {"dev": {"ids": ["kiln"]}, "stat_t": "kiln/state", "cmps": components}
    topic = "homeassistant/device/kiln/config"
    # One is refused; the others are good.
    assert "more than a path" in decode(topic, config, registry=registry).rejected
    body = {"a": 1.5, "b": 2.5, "c": 3, "d": 4}
    assert quantities(decode("kiln/state", body, registry=registry)) == {
        "kiln": {"active_power_l1": 1.5, "active_power_l2": 2.5}
    }
    decode(topic, "", registry=registry)
    assert decode("kiln/state", body, registry=registry).readings == []


def test_a_changed_announcement_takes_the_place_of_the_first(registry):
    changed = {**LONG, "value_template": "{{ value_json.other }}"}
    decode("homeassistant/sensor/a/config", changed, registry=registry)
    body = {"ENERGY": {"Power": 56}, "other": 2000}
    assert quantities(decode("attic/state", body, registry=registry)) == {
        "attic-1": {"active_power_l2": 2.0}
    }


def test_a_profile_of_a_user_goes_first(registry):
    text = (
        'name = "attic"\ntopics = ["{device}/state"]\n'
        '[quantities]\nactive_power = { path = "ENERGY.Power", unit = "kW" }\n'
    )
    registry.use_profiles([read_profile(text, where="attic")])
    body = {"ENERGY": {"Power": 56}}
    assert decode("attic/state", body, registry=registry).family == "attic"
    # What was announced is not forgotten by that.
    registry.use_profiles([])
    assert decode("attic/state", body, registry=registry).family == "home-assistant"
