"""The newest values: in Redis, from Redis, and without it."""

from datetime import UTC, datetime, timedelta

import pytest

from meters.live import newest
from meters.live.newest import Newest
from meters.queries.newest import newest_values
from meters.services.record_readings import Row, record_readings

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOON_MS = round(NOON.timestamp() * 1000)


@pytest.fixture(autouse=True)
def empty_redis():
    newest.redis_client().delete(newest.KEY)


def write(values, *, meter=1, later_ms=0, extra=None, site=None):
    item = Newest(meter, NOON_MS + later_ms, values, extra or {})
    newest.write([(item, site)])


def kept(meter=1):
    return newest.read([meter])[meter]


def test_what_is_written_is_read():
    write({"voltage_l1": 230.1, "active_power": -3.0}, extra={"signal_unit": "CSQ"})
    assert kept().values == {"voltage_l1": 230.1, "active_power": -3.0}
    assert (kept().time, kept().extra) == (NOON_MS, {"signal_unit": "CSQ"})


def test_newer_values_lie_over_older_ones_and_the_rest_stays():
    write({"voltage_l1": 230.0, "current_l1": 5.0})
    write({"voltage_l1": 231.0}, later_ms=1)
    assert kept().values == {"voltage_l1": 231.0, "current_l1": 5.0}
    assert kept().time == NOON_MS + 1


def test_an_older_value_replaces_nothing_but_fills_what_is_missing():
    write({"voltage_l1": 230.0})
    write({"voltage_l1": 1.0, "current_l1": 5.0}, later_ms=-1)
    assert kept().values == {"voltage_l1": 230.0, "current_l1": 5.0}
    assert kept().time == NOON_MS


@pytest.mark.parametrize(("later_ms", "heard"), [(1, True), (0, True), (-1, False)])
def test_what_is_not_older_is_published_to_its_site(later_ms, heard):
    write({"voltage_l1": 230.0})
    listener = newest.redis_client().pubsub(ignore_subscribe_messages=True)
    listener.subscribe(newest.site_channel(5))
    listener.get_message(timeout=1)
    write({"voltage_l1": 231.0}, later_ms=later_ms, site=5)
    message = listener.get_message(timeout=0.5)
    listener.close()
    if heard:
        [item] = newest.decode_frame(message["data"])
        assert (item.meter, item.values) == (1, {"voltage_l1": 231.0})
    else:
        assert message is None


def test_many_meters_go_at_once():
    items = [
        (Newest(meter, NOON_MS, {"voltage_l1": float(meter)}, {}), None)
        for meter in range(1, 2501)
    ]
    newest.write(items)
    assert newest.read([2500])[2500].values == {"voltage_l1": 2500.0}


@pytest.mark.django_db(transaction=True)
class TestOfMeters:
    def store(self, meter, *, age_s=0, **quantities):
        time = NOON - timedelta(seconds=age_s)
        record_readings(
            [Row(meter.pk, time, NOON, quantities, {"a": 1})], source="test"
        )

    def test_ratios_are_applied(self, make_meter):
        meter = make_meter(ct_ratio=40, voltage_is_primary=True)
        write({"active_power": 2.0, "voltage_l1": 230.0}, meter=meter.pk)
        assert newest_values([meter])[meter.pk].values == {
            "active_power": 80.0,
            "voltage_l1": 230.0,
        }

    def test_what_redis_does_not_know_is_the_last_reading(self, make_meter):
        meter = make_meter(ct_ratio=40)
        self.store(meter, age_s=60, voltage_l1=1.0)
        self.store(meter, current_l1=2.1)
        found = newest_values([meter])[meter.pk]
        assert (found.time, found.values) == (NOON, {"current_l1": 84.0})
        assert found.extra == {"a": 1}

    def test_a_redis_that_is_away_hides_nothing(self, make_meter, monkeypatch):
        meter = make_meter()
        self.store(meter, current_l1=2.1)
        away = newest.Redis.from_url("redis://127.0.0.1:1/0")
        monkeypatch.setattr(newest, "redis_client", lambda: away)
        assert newest_values([meter])[meter.pk].values == {"current_l1": 2.1}

    def test_a_meter_without_readings_is_not_there(self, make_meter):
        assert newest_values([make_meter()]) == {}
