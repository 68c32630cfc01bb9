"""Incidents change what they should, up the tree where they would, and nothing else."""

from datetime import UTC, datetime

import numpy as np
import pytest

from meters.domain.plant import DESCRIPTIONS, PLACES, Plant, incidents
from meters.domain.plant.incidents import Schedule
from meters.domain.plant.publishing import Wrongs

SINCE = datetime(2026, 6, 1, tzinfo=UTC)
START = datetime(2026, 6, 16, 8, 22, 30, tzinfo=UTC).timestamp()
END = START + 600
PRESS, HALL, INCOMER = 2, 1, 0
MIDDLE = START + 300


def before_and_during(name, place=PRESS, *, after_s=300.0):
    """Return all quantities in the middle, without and with the incident."""
    item = incidents.requested(name, seed=1, start=START, length_s=600, place=place)
    found = []
    for requested in ([], [item]):
        plant = Plant(1, since=SINCE, calm=True, requested=requested)
        readings = plant.readings(np.array([START + after_s]))
        found.append(
            {n: readings.values[:, 0, i] for i, n in enumerate(readings.names)}
        )
    return *found, item


def changed(calm, wrong):
    """Return which quantities differ, at which places."""
    return {
        name: set(np.flatnonzero(calm[name] != wrong[name]).tolist())
        for name in calm
        if (calm[name] != wrong[name]).any()
    }


def test_an_overload_goes_all_the_way_up():
    calm, wrong, _ = before_and_during("overload")
    more = wrong["active_power"] - calm["active_power"]
    assert more[PRESS] > 20
    assert more[[HALL, INCOMER]] == pytest.approx([more[PRESS]] * 2, abs=0.01)
    assert (np.delete(more, [PRESS, HALL, INCOMER]) == 0).all()
    current = max(wrong[f"current_l{n}"][PRESS] for n in (1, 2, 3))
    assert 1.05 < current / PLACES[PRESS].rated_current < 1.5
    assert wrong["digital_inputs"][PRESS] == 3
    assert (wrong["voltage_l1"] < calm["voltage_l1"])[[PRESS, HALL, INCOMER]].all()


def test_an_overload_warms_the_cable_slowly():
    early, late = (
        before_and_during("overload", after_s=after)[1]["temperature_l1"][PRESS]
        for after in (30.0, 590.0)
    )
    assert late > early + 5
    # Five minutes after the end, and an hour after
    still, cold = (
        np.subtract(
            *(
                values["temperature_l1"][PRESS]
                for values in reversed(before_and_during("overload", after_s=after)[:2])
            )
        )
        for after in (900.0, 4200.0)
    )
    assert still > 5
    assert abs(cold) < 0.5


def test_a_lost_phase_has_no_voltage_and_no_power():
    calm, wrong, item = before_and_during("phase-loss")
    lost = f"l{item.phase + 1}"
    assert wrong[f"voltage_{lost}"][PRESS] < 5
    assert wrong[f"active_power_{lost}"][PRESS] == 0
    assert wrong[f"current_{lost}"][PRESS] == 0
    assert wrong["voltage_unbalance"][PRESS] > 20
    gone = calm[f"active_power_{lost}"] - wrong[f"active_power_{lost}"]
    assert gone[HALL] == pytest.approx(calm[f"active_power_{lost}"][PRESS], abs=0.01)
    # Above, the phase is there
    assert wrong[f"voltage_{lost}"][HALL] > 200


def test_failed_compensation_spoils_the_power_factor_only():
    calm, wrong, _ = before_and_during("low-power-factor")
    assert wrong["power_factor"][PRESS] < calm["power_factor"][PRESS] - 0.2
    assert (wrong["active_power"] == calm["active_power"]).all()
    more = wrong["reactive_power"] - calm["reactive_power"]
    assert more[INCOMER] == pytest.approx(more[PRESS], abs=0.01)


def test_a_hot_cable_shows_in_one_temperature():
    calm, wrong, item = before_and_during("hot-cable")
    name = f"temperature_l{item.phase + 1}"
    assert changed(calm, wrong) == {name: {PRESS}}
    assert wrong[name][PRESS] > calm[name][PRESS] + 20


def test_a_reversed_transformer_falsifies_its_own_meter_only():
    calm, wrong, item = before_and_during("reversed-ct")
    assert set().union(*changed(calm, wrong).values()) == {PRESS}
    name = f"active_power_l{item.phase + 1}"
    assert wrong[name][PRESS] == -calm[name][PRESS]
    less = calm["active_power"][PRESS] - wrong["active_power"][PRESS]
    assert less == pytest.approx(2 * calm[name][PRESS], abs=0.01)


def test_a_reversed_transformer_leaves_its_trace_in_the_registers():
    calm, wrong, item = before_and_during("reversed-ct", after_s=4 * 3600.0)
    part = f"_l{item.phase + 1}"
    backwards = wrong[f"active_energy_export{part}"][PRESS]
    assert backwards > 1
    missing = calm["active_energy_import"][PRESS] - wrong["active_energy_import"][PRESS]
    assert missing == pytest.approx(2 * backwards, abs=0.03)
    assert wrong["active_energy_import"][HALL] == calm["active_energy_import"][HALL]


@pytest.mark.parametrize("name", ["silence", "clock-off-by-an-hour"])
def test_what_the_messages_suffer_from_leaves_the_values_alone(name):
    calm, wrong, item = before_and_during(name)
    assert changed(calm, wrong) == {}
    plant = Plant(1, calm=True, since=SINCE, requested=[item])
    serial, other = plant.serials[PRESS], plant.serials[HALL]
    wrongs = Wrongs(plant, START - 60, END + 60)
    assert wrongs.is_silent(serial, MIDDLE) == (name == "silence")
    assert wrongs.clock_error_s(serial, MIDDLE) == 3600 * (name != "silence")
    for whose, time in ((other, MIDDLE), (serial, START - 20), (serial, END + 20)):
        assert not wrongs.is_silent(whose, time)
        assert wrongs.clock_error_s(whose, time) == 0


class TestByThemselves:
    @pytest.fixture
    def weeks(self):
        return Schedule(1).between(START, START + 56 * 86_400)

    def test_one_comes_every_20_to_40_minutes(self, weeks):
        apart = np.diff([item.start for item in weeks if item.name != "meter-replaced"])
        assert apart.min() >= 1200
        assert np.quantile(apart, 0.99) <= 2400

    def test_all_kinds_come(self, weeks):
        assert {item.name for item in weeks} == set(DESCRIPTIONS)

    def test_a_meter_is_replaced_every_four_weeks(self, weeks):
        found = [item for item in weeks if item.name == "meter-replaced"]
        assert len(found) == 2
        assert Schedule(1).replacements(START, START + 56 * 86_400) == found

    def test_none_at_the_incomer(self, weeks):
        assert INCOMER not in {item.place for item in weeks}

    def test_the_part_is_as_the_whole(self, weeks):
        start = START + 30 * 86_400
        assert Schedule(1).between(start, start + 7200) == [
            item for item in weeks if item.start < start + 7200 and item.end > start
        ]

    def test_none_in_a_calm_plant(self):
        assert Schedule(1, calm=True).between(START, END) == []

    def test_one_on_request_keeps_others_away_while_it_lasts(self):
        item = incidents.requested(
            "silence", seed=1, start=START, length_s=7200, place=3
        )
        found = Schedule(1, requested=[item]).between(START + 3600, START + 7200)
        assert found == [item]


@pytest.mark.parametrize(
    ("name", "place", "sentence"),
    [
        ("earthquake", None, "There is no incident 'earthquake'"),
        ("overload", HALL, "Production hall A is none"),
    ],
)
def test_what_cannot_happen_is_refused(name, place, sentence):
    with pytest.raises(ValueError, match=sentence):
        incidents.requested(name, seed=1, start=START, length_s=None, place=place)
