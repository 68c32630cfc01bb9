"""The energy of the day so far."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from meters.queries.newest import NewestValues
from meters.queries.today import energy_today, midnight_before

pytestmark = pytest.mark.django_db

BERLIN = ZoneInfo("Europe/Berlin")
# 10:00 in Berlin
NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 9, 23, tzinfo=UTC)


@pytest.fixture
def today(make_meter, store):
    """Store readings (hours after midnight, quantities); return the day's energy."""

    def today(*readings, **fields):
        meter = make_meter("1", **fields)
        for hours, quantities in readings:
            store(meter, at=MIDNIGHT + timedelta(hours=hours), **quantities)
        last_hours, last = readings[-1]
        factor = meter.factors.energy
        newest = NewestValues(
            MIDNIGHT + timedelta(hours=last_hours),
            {name: value * factor for name, value in last.items()},
            {},
        )
        found = energy_today([meter], newest={meter.pk: newest}, zone=BERLIN, now=NOW)
        return found.get(meter.pk)

    return today


def imported(kwh):
    return {"active_energy_import": kwh}


class TestMidnight:
    @pytest.mark.parametrize(
        ("now", "zone", "midnight"),
        [
            (NOW, "Europe/Berlin", MIDNIGHT),
            (NOW, "UTC", datetime(2026, 3, 10, tzinfo=UTC)),
            (NOW, "America/New_York", datetime(2026, 3, 10, 4, tzinfo=UTC)),
            # The day on which the clocks go forward, after they have
            (
                datetime(2026, 3, 29, 12, tzinfo=UTC),
                "Europe/Berlin",
                datetime(2026, 3, 28, 23, tzinfo=UTC),
            ),
        ],
    )
    def test_is_that_of_the_site(self, now, zone, midnight):
        assert midnight_before(now, ZoneInfo(zone)) == midnight


class TestEnergyToday:
    def test_is_the_register_now_less_the_register_at_midnight(self, today):
        day = today((0, imported(100)), (9, imported(150.5)))
        assert day.import_kwh == pytest.approx(50.5)
        assert (day.since, day.is_estimated) == (None, False)

    def test_the_register_at_midnight_is_interpolated(self, today):
        day = today((-1, imported(100)), (1, imported(120)), (9, imported(150)))
        assert day.import_start == pytest.approx(110)
        assert day.import_kwh == pytest.approx(40)
        # Two hours between readings a minute apart: estimated
        assert day.is_estimated

    def test_between_close_readings_is_measured(self, today):
        day = today((-0.01, imported(100)), (0.01, imported(100.2)), (9, imported(150)))
        assert day.import_kwh == pytest.approx(49.9)
        assert not day.is_estimated

    def test_of_a_new_meter_counts_from_its_first_reading(self, today):
        day = today((5, imported(100)), (9, imported(120)))
        assert day.import_kwh == pytest.approx(20)
        assert day.since == MIDNIGHT + timedelta(hours=5)

    def test_has_the_ratios_applied(self, today):
        day = today((0, imported(100)), (9, imported(102)), ct_ratio=40.0)
        assert day.import_kwh == pytest.approx(80)

    def test_a_missing_total_is_the_sum_of_the_rates(self, today):
        rates = {"active_energy_import_t1": 10.0, "active_energy_import_t4": 20.0}
        later = {
            "active_energy_import_t1": 11.0,
            "active_energy_import_t4": 24.0,
            "active_energy_import": 35.0,
        }
        assert today((0, rates), (9, later)).import_kwh == pytest.approx(5)

    def test_of_a_register_that_went_back_is_not_known(self, today):
        day = today((0, imported(100)), (9, imported(3)))
        assert day.import_kwh is None

    def test_a_reset_around_midnight_has_no_start(self, today):
        day = today((-1, imported(100)), (1, imported(3)), (9, imported(5)))
        assert day.import_kwh is None

    def test_export_is_counted_apart(self, today):
        def both(imported, exported):
            return {
                "active_energy_import": imported,
                "active_energy_export": exported,
            }

        day = today((0, both(100, 7)), (9, both(101, 9)))
        assert (day.import_kwh, day.export_kwh) == (1, 2)

    def test_of_a_meter_silent_since_yesterday_is_not_known(self, today):
        assert today((-2, imported(100)), (-1, imported(101))) is None

    def test_of_a_meter_without_registers_is_not_known(self, today):
        assert today((0, {"active_power": 1.0}), (9, {"active_power": 2.0})) is None

    def test_readings_without_a_register_are_looked_past(self, today):
        day = today(
            (-0.5, imported(100)),
            (-0.1, {"active_power": 1.0}),
            (0, {"active_power": 1.0}),
            (0.5, imported(110)),
            (9, imported(120)),
        )
        assert day.import_kwh == pytest.approx(15)
