"""The demonstration plant hangs together."""

import pytest

from meters.domain import plant

NOW = 1_790_000_000.0


def values_at(time: float) -> dict[str, dict[str, float]]:
    return dict(plant.meter_values(time))


def test_the_incomer_shows_the_sum_of_the_feeders_and_the_losses():
    values = values_at(NOW)
    incomer = values.pop(plant.INCOMER_SERIAL)["active_power"]
    feeders = sum(item["active_power"] for item in values.values())
    assert 1.005 * feeders < incomer < 1.02 * feeders


@pytest.mark.parametrize("serial", list(plant.names()))
def test_a_register_counts_what_the_power_amounts_to(serial):
    # An hour in steps of ten seconds, by the middle of each
    steps = [NOW + 5 + 10 * n for n in range(360)]
    summed = sum(values_at(t)[serial]["active_power"] for t in steps) * 10 / 3600
    start, end = (
        values_at(t)[serial]["active_energy_import"] for t in (NOW, NOW + 3600)
    )
    assert end - start == pytest.approx(summed, abs=0.05)


def test_the_phases_add_up_to_the_total():
    for item in values_at(NOW).values():
        phases = sum(item[f"active_power_l{n}"] for n in (1, 2, 3))
        assert phases == pytest.approx(item["active_power"], abs=0.002)


def test_current_voltage_and_power_factor_give_the_power():
    for item in values_at(NOW).values():
        watts = item["voltage_l1"] * item["current_l1"] * item["power_factor_l1"]
        assert watts / 1000 == pytest.approx(item["active_power_l1"], rel=0.005)
