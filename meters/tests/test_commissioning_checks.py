"""Power, voltages, registers, branches, clock and signal of an installation."""

import math

import numpy as np
import pytest

from meters.domain.clock import ClockOffset
from meters.domain.commissioning import (
    Ratios,
    RegisterWindow,
    Verdict,
    check_children,
    check_clock,
    check_power,
    check_register,
    check_signal,
    check_voltages,
)
from meters.tests.installations import meter, phases, told


class TestPower:
    def check(self, values, ratios=Ratios()):  # noqa: B008 - frozen
        return check_power(phases(values), values, ratios=ratios)

    def scaled(self, factor):
        return {
            name: value * factor
            if "power_l" in name or name == "active_power"
            else value
            for name, value in meter().items()
        }

    def test_agrees_where_all_is_right(self):
        assert self.check(meter()).verdict == Verdict.GOOD

    @pytest.mark.parametrize(
        ("factor", "ratios", "explained"),
        [
            (40, Ratios(ct=40), "CT"),
            (1 / 40, Ratios(ct=40), "CT"),
            (100, Ratios(ct=40, pt=100), "PT"),
            (4000, Ratios(ct=40, pt=100), "CT × PT"),
            (1000, Ratios(), "W, kW"),
        ],
    )
    def test_a_factor_that_is_a_ratio_is_named(self, factor, ratios, explained):
        check = self.check(self.scaled(factor), ratios)
        assert check.verdict == Verdict.BAD
        assert check.facts["explained"] == explained

    def test_another_factor_is_told_all_the_same(self):
        check = self.check(self.scaled(3))
        assert check.verdict == Verdict.BAD
        assert "is 3 times what" in told(check)

    def test_one_phase_alone_is_named(self):
        values = meter()
        values["current_l2"] *= 2
        check = self.check(values)
        assert check.verdict == Verdict.BAD
        assert "Power of L2 is 0.5 times" in told(check)

    def test_by_the_power_factor_where_there_is_no_reactive_power(self):
        values = {k: v for k, v in meter().items() if not k.startswith("reactive")}
        assert self.check(values).verdict == Verdict.GOOD

    def test_of_loads_with_harmonics_by_the_power_factor(self):
        values = meter()
        for phase in ("l1", "l2", "l3"):
            # A rectifier: currents of harmonics make no power, active or reactive
            values[f"current_{phase}"] *= math.hypot(1, 0.8)
            values[f"power_factor_{phase}"] /= math.hypot(1, 0.8)
        assert self.check(values).verdict == Verdict.GOOD

    @pytest.mark.parametrize("middle", [{}, {"current_l2": 0.0}])
    def test_of_three_wires_with_two_transformers(self, middle):
        values = {
            **dict.fromkeys(("voltage_l12", "voltage_l23", "voltage_l31"), 400.0),
            **dict.fromkeys(("current_l1", "current_l3"), 10.0),
            **middle,
            "active_power": math.sqrt(3) * 400 * 10 * 0.9 / 1000,
            "power_factor": 0.9,
        }
        assert self.check(values).verdict == Verdict.GOOD

    def test_of_three_wires_by_the_totals(self):
        values = {
            **dict.fromkeys(("voltage_l12", "voltage_l23", "voltage_l31"), 400.0),
            **dict.fromkeys(("current_l1", "current_l2", "current_l3"), 10.0),
            "active_power": math.sqrt(3) * 400 * 10 * 0.9 / 1000,
            "power_factor": 0.9,
        }
        assert self.check(values).verdict == Verdict.GOOD
        assert self.check({**values, "active_power": 62.0}).verdict == Verdict.BAD

    def test_waits_for_load_and_tells_what_is_lacking(self):
        assert self.check(meter(amperes=(0, 0, 0))).verdict == Verdict.WAIT
        assert self.check({"active_power": 5.0}).verdict == Verdict.NONE


class TestVoltages:
    STAR = {"voltage_l1": 230.0, "voltage_l2": 231.0, "voltage_l3": 229.0}
    LINES = {"voltage_l12": 399.0, "voltage_l23": 398.0, "voltage_l31": 400.0}

    @pytest.mark.parametrize(
        ("values", "wiring", "nominal", "verdict"),
        [
            (STAR, "3P4W", 230.0, Verdict.GOOD),
            (STAR, "3P4W", None, Verdict.GOOD),
            (STAR | LINES, "3P4W", None, Verdict.GOOD),
            (LINES, "3P3W", 230.0, Verdict.GOOD),
            # What the star point of three wires floats at says nothing
            (LINES | {"voltage_l1": 120.0}, "3P3W", None, Verdict.GOOD),
            ({"voltage_l1": 230.0}, "1P", 230.0, Verdict.GOOD),
            ({"voltage_l1": 231.0}, "1P", None, Verdict.GOOD),
            # The second and third phase of a meter for one are not connected
            (STAR | {"voltage_l2": 0.0, "voltage_l3": 0.0}, "1P", None, Verdict.GOOD),
            # A lead is off
            (STAR | {"voltage_l2": 2.0}, "3P4W", 230.0, Verdict.BAD),
            # Two leads on one phase
            (STAR | LINES | {"voltage_l12": 3.0}, "3P4W", 230.0, Verdict.BAD),
            # 10 kV behind a transformer of the wrong ratio
            (STAR, "3P4W", 5773.0, Verdict.LOOK),
            (STAR | {"voltage_l3": 180.0}, "3P4W", 230.0, Verdict.LOOK),
            ({}, "3P4W", 230.0, Verdict.NONE),
        ],
    )
    def test_are_judged(self, values, wiring, nominal, verdict):
        check = check_voltages(values, wiring=wiring, nominal=nominal)
        assert check.verdict == verdict
        assert told(check)

    def test_the_pair_on_one_phase_is_named(self):
        values = self.STAR | self.LINES | {"voltage_l23": 1.0}
        check = check_voltages(values, wiring="3P4W", nominal=None)
        assert "Between L2, L3 there are only 1.000 V" in told(check)


def window(*, kw=60.0, register_factor=1.0, minutes=20, step=0.01, every_s=10.0):
    """Readings of a steady load, with the register in steps."""
    time = np.arange(0.0, minutes * 60 + 1, every_s)
    counted = 1000 + abs(kw) * time / 3600 * register_factor
    counted = np.floor(counted / step + 1e-9) * step
    nothing = np.full(len(time), np.nan)
    power = np.full(len(time), kw)
    if kw < 0:
        return RegisterWindow(time, power, np.full(len(time), 500.0), counted)
    return RegisterWindow(time, power, counted, nothing)


class TestRegister:
    def check(self, given, ratios=Ratios(), longest_gap_s=85.0):  # noqa: B008 - frozen
        return check_register(given, ratios=ratios, longest_gap_s=longest_gap_s)

    def test_counts_what_the_power_makes(self):
        check = self.check(window())
        assert check.verdict == Verdict.GOOD
        assert (
            "In 20 min the register counted 20.0 kWh, the power made 20.0 kWh."
            in told(check)
        )

    def test_export_counts_in_its_own_register(self):
        assert self.check(window(kw=-60.0)).verdict == Verdict.GOOD

    @pytest.mark.parametrize(
        ("factor", "ratios", "explained"),
        [(40, Ratios(ct=40), "CT"), (1 / 40, Ratios(ct=40), "CT")],
    )
    def test_a_wrong_ratio_is_found(self, factor, ratios, explained):
        check = self.check(window(register_factor=factor), ratios)
        assert check.verdict == Verdict.BAD
        assert check.facts["explained"] == explained

    def test_a_factor_that_is_no_ratio(self):
        check = self.check(window(register_factor=2.5))
        assert check.verdict == Verdict.BAD
        assert "explained" not in check.facts

    def test_import_counted_as_export(self):
        given = window()
        wrong = RegisterWindow(
            given.time, given.power, np.full(len(given.time), 5.0), given.imported
        )
        check = self.check(wrong)
        assert check.verdict == Verdict.BAD
        assert "the wrong way round" in told(check)

    def test_a_register_that_stands_still_is_found_once_it_should_have_moved(self):
        assert self.check(window(register_factor=0.0)).verdict == Verdict.BAD
        little = window(kw=0.2, register_factor=0.0, minutes=10)
        assert self.check(little).verdict == Verdict.WAIT

    def test_a_coarse_register_waits_until_it_has_moved_enough(self):
        assert self.check(window(step=5.0)).verdict == Verdict.WAIT
        assert self.check(window(step=1.0)).verdict == Verdict.GOOD

    def test_registers_that_come_by_messages_of_their_own(self):
        given = window()
        # A power every 10 s, a register a second after each sixth
        time = np.sort(np.concatenate([given.time, given.time[::6] + 1]))
        is_register = np.isin(time, given.time[::6] + 1)
        power = np.where(is_register, np.nan, 60.0)
        counted = np.where(is_register, 1000 + 60.0 * time / 3600, np.nan)
        for factor, verdict in [(1, Verdict.GOOD), (2, Verdict.BAD)]:
            nothing = np.full(len(time), np.nan)
            found = RegisterWindow(time, power, counted * factor, nothing)
            assert self.check(found).verdict == verdict

    def test_of_import_alone_does_not_count_what_is_fed_in(self):
        given = window(kw=-60.0)
        nothing = np.full(len(given.time), np.nan)
        stands_still = RegisterWindow(given.time, given.power, given.imported, nothing)
        assert self.check(stands_still).verdict == Verdict.WAIT

    @pytest.mark.parametrize(
        ("factor", "verdict"), [(1, Verdict.WAIT), (40, Verdict.BAD)]
    )
    def test_a_load_that_changes_between_readings_waits(self, factor, verdict):
        # On and off by the minute, read every five: six times on, once off
        time = np.arange(0.0, 1801, 300)
        power = np.array([60.0, 60, 60, 0, 60, 60, 60])
        counted = np.round(1000 + np.add(time, [0, 3, 1, 5, 2, 4, 0]) * 30 / 3600, 2)
        counted *= factor
        given = RegisterWindow(time, power, counted, np.full(len(time), np.nan))
        assert self.check(given, longest_gap_s=810.0).verdict == verdict

    def test_few_readings_far_apart_are_enough(self):
        time = np.array([0.0, 299, 601, 900, 1203, 1499, 1800])
        counted = np.round(1000 + 60.0 * time / 3600, 2)
        nothing = np.full(len(time), np.nan)
        given = RegisterWindow(time, np.full(len(time), 60.0), counted, nothing)
        assert self.check(given, longest_gap_s=810.0).verdict == Verdict.GOOD

    def test_readings_before_a_gap_do_not_count(self):
        given = window()
        time = np.where(given.time > 600, given.time + 3600, given.time)
        # An hour without readings, in which the register went on
        imported = np.where(given.time > 600, given.imported + 999, given.imported)
        later = RegisterWindow(time, given.power, imported, given.exported)
        check = self.check(later)
        assert check.verdict == Verdict.GOOD
        assert "In 9 min" in told(check)

    def test_what_is_not_sent(self):
        given = window()
        nothing = np.full(len(given.time), np.nan)
        empty = np.array([])
        for wanted, changed in [
            (Verdict.NONE, RegisterWindow(given.time, given.power, nothing, nothing)),
            (
                Verdict.NONE,
                RegisterWindow(given.time, nothing, given.imported, nothing),
            ),
            (Verdict.WAIT, RegisterWindow(empty, empty, empty, empty)),
        ]:
            assert self.check(changed).verdict == wanted


class TestChildren:
    @pytest.mark.parametrize(
        ("above", "below", "verdict"),
        [
            (100.0, [60.0, 30.0], Verdict.GOOD),
            # Meters are read at different seconds
            (100.0, [70.0, 32.0], Verdict.GOOD),
            (100.0, [160.0, 30.0], Verdict.BAD),
            # One of them generates
            (20.0, [60.0, -40.0], Verdict.GOOD),
            (100.0, [60.0, None], Verdict.WAIT),
            (None, [60.0], Verdict.WAIT),
            (100.0, [], Verdict.NONE),
        ],
    )
    def test_show_no_more_than_the_meter_above(self, above, below, verdict):
        check = check_children("Incomer", above, below)
        assert check.verdict == verdict
        assert "Incomer" in told(check)


class TestClock:
    @pytest.mark.parametrize(
        ("seconds", "verdict", "words"),
        [
            (2.0, Verdict.GOOD, "right"),
            (-30.0, Verdict.GOOD, "right"),
            (130.0, Verdict.LOOK, "2 min behind"),
            (-130.0, Verdict.LOOK, "2 min ahead"),
            (3602.0, Verdict.BAD, "another time zone"),
        ],
    )
    def test_is_judged(self, seconds, verdict, words):
        check = check_clock(ClockOffset(seconds, 20, is_steady=True))
        assert check.verdict == verdict
        assert words in told(check)

    def test_a_device_without_one(self):
        assert check_clock(None).verdict == Verdict.NONE


class TestSignal:
    @pytest.mark.parametrize(
        ("strength", "unit", "radio", "verdict"),
        [
            (-70, "dBm", "cellular", Verdict.GOOD),
            (-95, "dBm", "cellular", Verdict.LOOK),
            (-110, "dBm", "cellular", Verdict.BAD),
            # LoRa is made for weak signals, Wi-Fi is not
            (-110, "dBm", "lora", Verdict.GOOD),
            (-82, "dBm", "wifi", Verdict.BAD),
            (14, "CSQ", "cellular", Verdict.GOOD),
            (5, "CSQ", "cellular", Verdict.BAD),
            # 99 is the modem's word for "not known"
            (99, "CSQ", "cellular", Verdict.NONE),
            (72, "%", "cellular", Verdict.GOOD),
            (30, "%", "wifi", Verdict.LOOK),
            (12, "", "cellular", Verdict.NONE),
            (None, "", "cellular", Verdict.NONE),
        ],
    )
    def test_is_judged(self, strength, unit, radio, verdict):
        check = check_signal(strength, unit, radio=radio)
        assert check.verdict == verdict
        assert told(check)
