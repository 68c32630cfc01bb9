"""Direction of power and angles, on meters that are wired right and wrong."""

import pytest

from meters.domain.commissioning import (
    Verdict,
    check_angles,
    check_direction,
    phase_powers,
)
from meters.domain.commissioning.wiring import Wiring, find_wiring
from meters.tests.installations import meter, phases, told


class TestDirection:
    def check(self, values, *, flows_both_ways=False, **more):
        return check_direction(phases(values, **more), flows_both_ways=flows_both_ways)

    def test_a_load_draws_power_in_every_phase(self):
        assert self.check(meter()).verdict == Verdict.GOOD

    def test_a_turned_transformer_on_a_balanced_load_shows_a_third(self):
        check = self.check(meter(turned=[1]))
        assert check.verdict == Verdict.BAD
        assert "backwards in L2" in told(check)
        assert "shows 10.4 kW, a third of the 31.3 kW" in told(check)

    def test_an_unbalanced_one_shows_less_than_it_carries(self):
        check = self.check(meter(amperes=(80, 10, 30), turned=[1]))
        assert check.verdict == Verdict.BAD
        assert "a third" not in told(check)
        assert "L2" in told(check)

    def test_all_backwards_may_be_a_generator(self):
        check = self.check(meter(turned=[0, 1, 2]))
        assert check.verdict == Verdict.LOOK
        assert "L1, L2, L3" in told(check)

    def test_a_battery_flows_both_ways_but_in_all_phases_alike(self):
        def check(turned):
            return self.check(meter(turned=turned), flows_both_ways=True)

        assert check([]).verdict == Verdict.GOOD
        assert check([0, 1, 2]).verdict == Verdict.GOOD
        assert check([0, 2]).verdict == Verdict.BAD
        # The one that differs from the others
        assert "backwards in L2" in told(check([0, 2]))

    @pytest.mark.parametrize(
        ("amperes", "rated", "verdict"),
        [
            # Nothing is switched on
            ((0, 0, 0), None, Verdict.WAIT),
            # Less than a hundredth of the rated current
            ((0.5, 0.5, 0.5), 100, Verdict.WAIT),
            ((2, 2, 2), 100, Verdict.GOOD),
            # One phase is idle: the others are right, of it nothing is known
            ((50, 50, 0), None, Verdict.WAIT),
        ],
    )
    def test_needs_current(self, amperes, rated, verdict):
        check = self.check(meter(amperes=amperes), rated_current=rated)
        assert check.verdict == verdict

    @pytest.mark.parametrize(
        "lags",
        [
            # Capacitors: the sign of their losses is noise
            (-89.7, -90.2, -89.9),
            # An inverter by night
            (-91, -91, -91),
        ],
    )
    def test_needs_active_power(self, lags):
        assert self.check(meter(lags=lags)).verdict == Verdict.WAIT

    def test_a_load_between_two_phases_is_no_fault(self):
        # A welder of power factor 0.42 between L1 and L2: 30° less and 30° more
        values = meter(amperes=(40, 40, 5), lags=(35, 95, 15))
        check = self.check(values)
        assert check.verdict == Verdict.WAIT
        assert "L2 carries too little active power" in told(check)

    def test_without_powers_of_phases_it_cannot_be_told(self):
        assert self.check({"active_power": 12.0}).verdict == Verdict.NONE

    def test_one_phase_may_send_its_power_as_the_total(self):
        values = {"voltage_l1": 230.0, "current_l1": 5.0, "active_power": -1.1}
        assert self.check(values).verdict == Verdict.LOOK

    def test_a_generator_on_one_phase_beside_loads_is_no_certain_fault(self):
        values = generating_on_l2()
        check = self.check(values)
        assert check.verdict == Verdict.LOOK
        assert "while a generator feeds in on that phase alone" in told(check)

    def test_a_current_of_few_hundredths_is_rounded_too_much(self):
        assert self.check(meter(amperes=(0.06, 0.06, 0.06))).verdict == Verdict.WAIT
        # Behind a transformer, so many times as much
        values = meter(amperes=(3, 3, 3))
        given = phase_powers(values, rated_current=None, current_factor=40)
        check = check_direction(given, flows_both_ways=False)
        assert check.verdict == Verdict.WAIT


def generating_on_l2():
    """A load of 25° on each phase, and a generator on L2 that takes more off."""
    values = meter(lags=(25, 25, 25))
    values["active_power_l2"] -= 25.0
    return values


class TestAngles:
    def check(self, values, *, flows_both_ways=False):
        return check_angles(phases(values), flows_both_ways=flows_both_ways)

    @pytest.mark.parametrize("lag", [-40, 0, 25, 65])
    def test_of_loads_are_good(self, lag):
        assert self.check(meter(lags=[lag] * 3)).verdict == Verdict.GOOD

    @pytest.mark.parametrize("lag", [5, 25, 45])
    @pytest.mark.parametrize(
        ("conductors", "turned", "words"),
        [
            ((0, 2, 1), (), "of L2, L3 seem to be swapped:"),
            ((2, 1, 0), (), "of L1, L3 seem to be swapped:"),
            ((0, 1, 2), (2,), "transformer of L3 seems to be turned round"),
            ((0, 1, 2), (0, 1), "transformer of L1, L2 seems to be turned round"),
            ((1, 0, 2), (2,), "of L1, L2 seem to be swapped, and that of L3 turned"),
        ],
    )
    def test_tell_what_is_wired_wrong(self, lag, conductors, turned, words):
        check = self.check(meter(lags=[lag] * 3, conductors=conductors, turned=turned))
        assert check.verdict == Verdict.BAD
        assert words in told(check)

    def test_swapped_phases_show_120_degrees(self):
        check = self.check(meter(lags=(20, 20, 20), conductors=(0, 2, 1)))
        assert "L1 20°, L2 140°, L3 −100°" in told(check)

    def test_a_whole_turn_names_each_place(self):
        check = self.check(meter(lags=(30, 30, 30), conductors=(2, 0, 1)))
        assert check.verdict == Verdict.LOOK
        assert "L1 → L3, L2 → L1, L3 → L2" in told(check)

    @pytest.mark.parametrize("lag", [110, 140, 165, 175, -175, -150])
    def test_a_plant_that_feeds_in_at_noon_is_no_fault(self, lag):
        # A whole turn, or all turned round, looks the same
        check = self.check(meter(lags=[lag] * 3))
        assert check.verdict == Verdict.LOOK
        assert "while a generator feeds in" in told(check)
        assert "one phase further" in told(check)

    @pytest.mark.parametrize("lags", [(-89.7, -90.2, -89.9), (-91, -91, -91)])
    def test_of_reactive_power_alone_are_no_certain_fault(self, lags):
        assert self.check(meter(lags=lags)).verdict == Verdict.LOOK

    def test_every_wiring_of_a_usual_load_is_found(self):
        from itertools import permutations, product

        for conductors in permutations(range(3)):
            for turned in product((False, True), repeat=3):
                given = Wiring(conductors, tuple(n for n in range(3) if turned[n]))
                values = meter(
                    lags=(18, 25, 22), conductors=conductors, turned=given.reversed
                )
                lags = [phase.lag for phase in phases(values)]
                found = find_wiring(lags)
                # Others may look the same and be simpler; as it is, it explains them
                assert found is not None
                assert len(found.moved) + len(found.reversed) <= len(given.moved) + len(
                    given.reversed
                )

    def test_a_battery_that_discharges_is_no_fault(self):
        values = meter(turned=(0, 1, 2))
        assert self.check(values, flows_both_ways=True).verdict == Verdict.GOOD

    def test_a_reversed_transformer_of_one_phase_meters(self):
        values = {
            "voltage_l1": 230.0,
            "current_l1": 5.0,
            "active_power": -1.1,
            "reactive_power": -0.3,
        }
        check = self.check(values)
        assert check.verdict == Verdict.LOOK
        assert "turned round" in told(check)

    def test_a_single_loaded_phase_does_not_tell_where_its_transformer_sits(self):
        values = meter(amperes=(0, 50, 0), conductors=(0, 2, 1), lags=(0, 20, 20))
        check = self.check(values)
        assert check.verdict == Verdict.LOOK
        assert "No way to wire it explains" in told(check)

    def test_without_reactive_power_they_cannot_be_told(self):
        values = {k: v for k, v in meter().items() if not k.startswith("reactive")}
        assert self.check(values).verdict == Verdict.NONE

    def test_a_generator_on_one_phase_is_named(self):
        check = self.check(generating_on_l2())
        assert check.verdict == Verdict.LOOK
        assert "The angle of L2 is that of a generator beside loads" in told(check)

    @pytest.mark.parametrize("lag", [-82, 88, -95])
    def test_almost_only_reactive_power_tells_nothing(self, lag):
        check = self.check(meter(lags=[lag] * 3))
        assert check.verdict == Verdict.LOOK
        assert "Almost only reactive power" in told(check)

    def test_without_load_they_wait(self):
        assert self.check(meter(amperes=(0, 0, 0))).verdict == Verdict.WAIT
