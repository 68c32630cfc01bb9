import pytest

from meters.families.names import guess


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("voltageA", ("voltage_l1", "V")),
        ("Voltage L2-N", ("voltage_l2", "V")),
        ("voltage_l1_l2", ("voltage_l12", "V")),
        ("phase_c_current", ("current_l3", "A")),
        ("current_mA", ("current_l1", "mA")),
        ("power_w", ("active_power", "W")),
        ("activePowerA_kW", ("active_power_l1", "kW")),
        ("Power/Active/Total", ("active_power", "W")),
        ("reactive_power_b", ("reactive_power_l2", "var")),
        ("apparentPower", ("apparent_power", "VA")),
        ("Energy/Active/Import", ("active_energy_import", "kWh")),
        ("kWh Import", ("active_energy_import", "kWh")),
        ("energy_exported_Wh", ("active_energy_export", "Wh")),
        ("import_energy_t2", ("active_energy_import_t2", "kWh")),
        ("u_L1", ("voltage_l1", "V")),
        ("I L3", ("current_l3", "A")),
        ("V2", ("voltage_l2", "V")),
        ("I1", ("current_l1", "A")),
        ("Ub", ("voltage_l2", "V")),
        ("Uca", ("voltage_l31", "V")),
        ("Voltage A-N", ("voltage_l1", "V")),
        ("Voltage B-C", ("voltage_l23", "V")),
        ("Line 2 Current", ("current_l2", "A")),
        ("PhaseVoltage3", ("voltage_l3", "V")),
        ("power_p2", ("active_power_l2", "W")),
        ("THD Ub (%)", ("voltage_thd_l2", "%")),
        # What looks like a phase may be the unit.
        ("Current L2 (A)", ("current_l2", "A")),
        ("Ic [A]", ("current_l3", "A")),
        ("neutral_current_a", ("current_n", "A")),
        ("Temperature (°C)", ("temperature", "°C")),
        ("temp_c", ("temperature", "°C")),
        ("Volume (L)", ("volume", "l")),
        ("kwh_exp", ("active_energy_export", "kWh")),
        ("pzem-004t_v3_power", ("active_power", "W")),
        ("Demand Export", ("active_demand_export", "W")),
        ("ac_voltage", ("voltage_l1", "V")),
        ("powerFactor", ("power_factor", "")),
        ("freq", ("frequency", "Hz")),
        ("room temperature", ("temperature", "°C")),
    ],
)
def test_what_a_key_says(key, expected):
    assert guess(key) == expected


@pytest.mark.parametrize(
    "key",
    [
        *("", "doubleKey", "serial", "uptime", "max_power", "energy_today"),
        # A sum of currents is no phase's; a battery is no meter.
        *(
            "temperature_f",
            "total_current",
            "battery_voltage",
            "power_limit",
            "voltage_l1_t2",
        ),
        # Another of its kind, that would stand in the place of the first.
        *("ct2_power", "pzem_3_voltage", "Energy 2", "circuit_1_power", "ct12_power"),
        # Outward without a sign; toward whom?
        *("power_returned", "Power/Active/Export", "Energy Received"),
    ],
)
def test_a_doubt_is_no_quantity(key):
    assert guess(key) is None


def test_a_unit_told_elsewhere_goes_first():
    assert guess("Power/Active", "kW") == ("active_power", "kW")


def test_a_unit_that_does_not_fit_makes_it_none():
    assert guess("voltage", "kWh") is None
