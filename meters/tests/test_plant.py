"""The demonstration plant hangs together, electrically and along its tree."""

from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest

from meters.domain.plant import PLACES, Plant
from meters.domain.quantities import BY_NAME
from meters.families import acrel_json_v2
from meters.families.message import Message

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
WORKDAY = datetime(2026, 6, 16, 8, 20, 3, tzinfo=UTC).timestamp()
NIGHT = datetime(2026, 6, 16, 0, 40, 1, tzinfo=UTC).timestamp()
SUNNY_SUNDAY = datetime(2026, 6, 28, 11, 0, tzinfo=UTC).timestamp()
ROOF = len(PLACES) - 1


@cache
def plant(seed: int = 1) -> Plant:
    return Plant(seed, since=SINCE, calm=True)


@cache
def a_day() -> dict[str, np.ndarray]:
    """Every ten minutes of a workday, by quantity: (meters, instants)."""
    start = datetime(2026, 6, 15, 22, tzinfo=UTC).timestamp()
    return columns(plant().readings(start + 7 + 600.0 * np.arange(144)))


def columns(readings):
    return {name: readings.values[..., n] for n, name in enumerate(readings.names)}


def children(place):
    return [n for n, other in enumerate(PLACES) if other.parent == place]


PARENTS = [n for n in range(len(PLACES)) if children(n)]


class TestTheTree:
    def test_has_an_incomer_four_feeders_twenty_loads_and_a_roof(self):
        assert len(children(0)) == 5
        assert sum(place.is_load for place in PLACES) == 20
        assert PLACES[ROOF].is_generation

    @pytest.mark.parametrize("part", ["", "_l1", "_l2", "_l3"])
    @pytest.mark.parametrize("name", ["active_power", "reactive_power"])
    @pytest.mark.parametrize("parent", PARENTS)
    def test_a_meter_shows_the_sum_of_those_below_and_their_cables(
        self, parent, name, part
    ):
        power = a_day()[name + part]
        below = children(parent)
        signs = np.array([-1 if n == ROOF else 1 for n in below])
        lost = power[parent] - signs @ power[below]
        carried = np.abs(a_day()["apparent_power"][below]).sum(axis=0)
        # The rounding of six meters, and at most two percent
        assert (lost > -0.004).all()
        assert (lost < 0.004 + 0.02 * carried).all()

    def test_cables_do_lose_something(self):
        power = a_day()["active_power"]
        assert (power[1] - power[children(1)].sum(axis=0)).max() > 0.5

    def test_voltage_falls_from_the_incomer_to_the_loads(self):
        voltage = a_day()["voltage_l1"]
        assert (voltage[0] >= voltage[1]).all()
        assert (voltage[1] >= voltage[2]).all()
        assert (voltage[1] - voltage[2]).max() > 1

    def test_the_roof_lifts_its_own_voltage(self):
        voltage = a_day()["voltage_l2"]
        assert (voltage[ROOF] - voltage[0]).max() > 0.5


class TestAMeter:
    def test_phases_add_up_to_the_total(self):
        for name in ("active_power", "reactive_power"):
            phases = sum(a_day()[f"{name}_l{n}"] for n in (1, 2, 3))
            assert np.allclose(phases, a_day()[name], atol=0.0021)

    def test_apparent_power_and_power_factor_follow_from_p_and_q(self):
        day = a_day()
        for part in ("", "_l1", "_l2", "_l3"):
            p, q = day[f"active_power{part}"], day[f"reactive_power{part}"]
            assert np.allclose(day[f"apparent_power{part}"], np.hypot(p, q), atol=0.002)
            loaded = np.hypot(p, q) > 1
            assert np.allclose(
                day[f"power_factor{part}"][loaded],
                (p / np.maximum(np.hypot(p, q), 1e-9))[loaded],
                atol=0.002,
            )

    def test_voltage_current_and_power_factor_give_the_power(self):
        day = a_day()
        watts = day["voltage_l3"] * day["current_l3"] * day["power_factor_l3"]
        assert np.allclose(watts / 1000, day["active_power_l3"], rtol=0.01, atol=0.01)

    def test_voltages_between_phases_belong_to_those_of_the_phases(self):
        day = a_day()
        a, b = day["voltage_l1"], day["voltage_l2"]
        assert np.allclose(day["voltage_l12"], np.sqrt(a * a + b * b + a * b), atol=0.2)

    def test_every_quantity_is_one_of_the_table(self):
        assert a_day().keys() <= BY_NAME.keys()

    def test_third_harmonics_add_up_in_the_neutral_of_the_lighting(self):
        lighting = [place.name for place in PLACES].index("Lighting")
        day = {name: values[lighting] for name, values in a_day().items()}
        phases = np.stack([day[f"current_l{n}"] for n in (1, 2, 3)])
        uneven = phases.max(axis=0) - phases.min(axis=0)
        assert (day["current_n"] > 1.5 * uneven).all()


class TestTheSun:
    def test_gives_nothing_at_night(self):
        night = columns(plant().readings(NIGHT + 60.0 * np.arange(60)))
        assert not night["active_power"][ROOF].any()
        assert not night["current_l1"][ROOF].any()

    def test_generation_is_positive_and_counted_as_import(self):
        noon = columns(plant().readings(np.array([SUNNY_SUNDAY, SUNNY_SUNDAY + 600])))
        assert (noon["active_power"][ROOF] > 100).all()
        assert np.diff(noon["active_energy_import"][ROOF])[0] > 20
        assert (noon["active_energy_export"][ROOF] == 0).all()

    def test_the_incomer_exports_on_a_sunny_sunday_noon(self):
        noon = columns(plant().readings(np.array([SUNNY_SUNDAY, SUNNY_SUNDAY + 600])))
        assert (noon["active_power"][0] < 0).all()
        assert (noon["power_factor"][0] < 0).all()
        assert np.diff(noon["active_energy_import"][0])[0] == 0
        assert np.diff(noon["active_energy_export"][0])[0] > 1
        assert np.diff(noon["reactive_energy_q2"][0])[0] > 1


class TestChance:
    def test_the_same_seed_gives_the_same_plant(self):
        times = WORKDAY + 5.0 * np.arange(3)
        again = Plant(1, since=SINCE, calm=True).readings(times)
        assert (again.values == plant().readings(times).values).all()

    def test_another_seed_gives_another_plant(self):
        ours, other = (plant(seed).readings(np.array([WORKDAY])) for seed in (1, 2))
        assert set(ours.serials).isdisjoint(other.serials)
        assert (ours.values != other.values).mean() > 0.5

    def test_an_instant_by_itself_is_as_in_the_sequence_to_the_last_bit(self):
        times = WORKDAY + 900.0 * np.arange(12)
        together = plant().readings(times).values
        for n in (7, 0, 11):
            alone = Plant(1, since=SINCE, calm=True).readings(times[n : n + 1])
            assert (alone.values[:, 0] == together[:, n]).all()

    def test_it_is_never_still_and_never_jumps(self):
        readings = plant().readings(WORKDAY + 5.0 * np.arange(360))
        power = columns(readings)["active_power"]
        steps = np.abs(np.diff(power, axis=1))
        assert (steps[0] > 0).mean() > 0.95
        assert (steps.max(axis=1) < 0.45 * power.max(axis=1) + 0.1).all()


def test_a_message_comes_back_through_the_family_unchanged():
    readings = plant().readings(WORKDAY + 60.0 * np.arange(60))
    serial, instants = next(readings.by_meter())
    payload = acrel_json_v2.encode(serial, instants)
    assert len(payload) < 200_000
    message = Message(
        topic="platform/acrel/meter/json-v2/analog/0000",
        payload=payload,
        received_at=datetime.fromtimestamp(WORKDAY + 3600, UTC),
        retain=False,
    )
    decoded = acrel_json_v2.AcrelJsonV2().decode(message).readings
    assert [reading.time for reading in decoded] == list(instants)
    known = set(acrel_json_v2.QUANTITY_BY_ID.values())
    for reading, sent in zip(decoded, instants.values(), strict=True):
        assert reading.device == serial
        assert reading.quantities == {n: v for n, v in sent.items() if n in known}
