"""Registers of the demonstration plant count what its power amounts to."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from meters.domain.plant import PLACES, Plant, incidents
from meters.domain.plant.counting import REGISTERS, positive_part

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
STEP_S = 10


def columns(readings):
    return {name: readings.values[..., n] for n, name in enumerate(readings.names)}


@pytest.fixture(scope="module")
def plant():
    return Plant(1, since=SINCE)


def counted_and_integrated(plant, start, hours):
    """Return both, of active and reactive energy: (meters,) each, net."""
    times = start + STEP_S * np.arange(hours * 360 + 1.0)
    values = columns(plant.readings(times))
    found = []
    for kind in ("active", "reactive"):
        power = values[f"{kind}_power"]
        # Power is a straight line over each step, but for the steps at incidents
        integral = (power[:, 1:] + power[:, :-1]).sum(axis=1) / 2 * STEP_S / 3600
        net = values[f"{kind}_energy_import"] - values[f"{kind}_energy_export"]
        found.append((net[:, -1] - net[:, 0], integral))
    return found


@pytest.mark.parametrize(
    "start",
    [
        # A workday's midday
        datetime(2026, 6, 16, 10, 7, 20, tzinfo=UTC),
        # Over midnight, here and in UTC
        datetime(2026, 6, 16, 21, 30, tzinfo=UTC),
        # Over both changes of the clock
        datetime(2026, 3, 28, 23, 50, tzinfo=UTC),
        datetime(2026, 10, 24, 23, 50, tzinfo=UTC),
        # The incomer changes direction
        datetime(2026, 6, 21, 6, tzinfo=UTC),
        # From one run of days to the next
        datetime(2026, 4, 1, 23, tzinfo=UTC),
    ],
)
def test_a_register_counts_the_integral_of_the_power(start):
    plant = Plant(1, since=SINCE, calm=True)
    for counted, integral in counted_and_integrated(plant, start.timestamp(), 4):
        assert np.allclose(counted, integral, atol=0.03)


def test_a_register_counts_the_integral_while_things_go_wrong(plant):
    start = datetime(2026, 6, 16, 6, tzinfo=UTC).timestamp()
    names = {item.name for item in plant.schedule.between(start, start + 4 * 3600)}
    assert names & {"overload", "phase-loss", "low-power-factor", "reversed-ct"}
    for counted, integral in counted_and_integrated(plant, start, 4):
        # At the ends of an incident a step's line is not seen
        assert np.allclose(counted, integral, atol=1.0)


def test_no_register_ever_goes_back_but_that_of_a_replaced_meter(plant):
    start = datetime(2026, 6, 14, tzinfo=UTC).timestamp()
    values = columns(plant.readings(start + 900.0 * np.arange(7 * 96)))
    replaced = {item.place for item in plant.schedule.replacements(start, start + 7e5)}
    kept = [n for n in range(len(PLACES)) if n not in replaced]
    for name in REGISTERS:
        assert (np.diff(values[name][kept], axis=1) >= 0).all(), name


def test_hours_joined_give_what_days_and_months_give(plant):
    """What is summed up by runs of days is what is counted step by step."""
    for start in (
        datetime(2026, 6, 21, tzinfo=UTC).timestamp(),
        datetime(2026, 8, 31, tzinfo=UTC).timestamp(),
    ):
        hours = start + 3600.0 * np.arange(49)
        just_before = plant.readings(hours[1:] - 0.001)
        after = plant.readings(hours[1:])
        registers = [after.names.index(name) for name in REGISTERS]
        apart = after.values[..., registers] - just_before.values[..., registers]
        assert np.abs(apart).max() < 0.0101


def test_totals_are_the_sum_of_rates_phases_and_quadrants(plant):
    start = datetime(2026, 6, 13, tzinfo=UTC).timestamp()
    values = columns(plant.readings(np.array([start, start + 3 * 86_400])))
    counted = {name: values[name][:, 1] - values[name][:, 0] for name in REGISTERS}
    rates = sum(counted[f"active_energy_import_t{n}"] for n in (1, 2, 3, 4))
    assert np.allclose(rates, counted["active_energy_import"], atol=0.05)
    reactive = counted["reactive_energy_q1"] + counted["reactive_energy_q2"]
    assert np.allclose(reactive, counted["reactive_energy_import"], atol=0.03)
    reactive = counted["reactive_energy_q3"] + counted["reactive_energy_q4"]
    assert np.allclose(reactive, counted["reactive_energy_export"], atol=0.03)
    # Import less export: a phase of its own may run the other way
    phases = sum(
        counted[f"active_energy_import_l{n}"] - counted[f"active_energy_export_l{n}"]
        for n in (1, 2, 3)
    )
    total = counted["active_energy_import"] - counted["active_energy_export"]
    assert np.allclose(phases, total, atol=0.08)


@pytest.mark.parametrize(
    ("hour", "rate"), [(3, 4), (7, 3), (9, 2), (11, 1), (13, 3), (19, 1), (22, 4)]
)
@pytest.mark.parametrize("day", [(2026, 7, 15), (2026, 11, 16)])
def test_the_rate_is_that_of_the_local_hour_in_summer_and_winter(
    plant, day, hour, rate
):
    local = datetime(*day, hour, 10, tzinfo=ZoneInfo("Europe/Berlin"))
    start = local.timestamp()
    values = columns(plant.readings(np.array([start, start + 2400])))
    counting = {
        n
        for n in (1, 2, 3, 4)
        if values[f"active_energy_import_t{n}"][1, 1]
        > values[f"active_energy_import_t{n}"][1, 0]
    }
    assert counting == {rate}


def test_demand_is_the_mean_of_the_last_quarter_of_an_hour(plant):
    now = datetime(2026, 6, 16, 9, 5, 33, tzinfo=UTC).timestamp()
    values = columns(plant.readings(np.array([now - 900, now])))
    energy = np.diff(values["active_energy_import"], axis=1)[:, 0]
    assert np.allclose(values["active_demand"][:, 1], 4 * energy, atol=0.09)


class TestAReplacedMeter:
    NOW = datetime(2026, 6, 16, 9, 37, tzinfo=UTC).timestamp()

    def plants(self, place):
        item = incidents.requested(
            "meter-replaced", seed=1, start=self.NOW, length_s=None, place=place
        )
        return (
            Plant(1, since=SINCE, calm=True),
            Plant(1, since=SINCE, calm=True, requested=[item]),
        )

    def test_begins_near_zero_and_counts_on_alike(self):
        kept, replaced = (
            columns(p.readings(self.NOW + np.array([-60.0, 0.0, 7200.0])))
            for p in self.plants(3)
        )
        name = "active_energy_import"
        assert replaced[name][3, 0] == kept[name][3, 0]
        assert replaced[name][3, 1] < 0.01
        used = kept[name][3, 2] - kept[name][3, 1]
        assert replaced[name][3, 2] == pytest.approx(used, abs=0.02)
        assert used > 10

    def test_leaves_power_and_the_other_meters_alone(self):
        kept, replaced = (
            p.readings(self.NOW + np.array([600.0])) for p in self.plants(3)
        )
        others = [n for n in range(len(PLACES)) if n != 3]
        assert (kept.values[others] == replaced.values[others]).all()
        power = kept.names.index("active_power")
        assert kept.values[3, 0, power] == replaced.values[3, 0, power]


@pytest.mark.parametrize(
    ("start", "end", "mean"),
    [
        (2.0, 4.0, 3.0),
        (-2.0, -4.0, 0.0),
        # Crosses in the middle, and after a quarter
        (2.0, -2.0, 0.5),
        (-1.0, 3.0, 1.125),
        (0.0, 0.0, 0.0),
    ],
)
def test_the_positive_part_of_a_line(start, end, mean):
    assert positive_part(np.array(start), np.array(end)) == pytest.approx(mean)
