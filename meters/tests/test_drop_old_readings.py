"""Raw readings go with their month, and not before they may."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from meters.models import Reading
from meters.queries.disk_use import disk_use, partition_months
from meters.services.drop_old_readings import drop_old_readings
from meters.services.make_partitions import make_partitions
from meters.services.record_readings import Row, record_readings

pytestmark = pytest.mark.django_db(transaction=True)

JANUARY, FEBRUARY = date(2033, 1, 1), date(2033, 2, 1)


@pytest.fixture(autouse=True)
def months():
    def drop():
        with connection.cursor() as cursor:
            for month in ("01", "02"):
                cursor.execute(f"DROP TABLE IF EXISTS meters_reading_2033_{month}")

    drop()
    make_partitions([JANUARY, FEBRUARY])
    yield
    drop()


def store(day):
    time = datetime(2033, day.month, day.day, 12, tzinfo=UTC)
    record_readings([Row(1, time, time, {"voltage_l1": 1.0}, {})], source="test")


def drop(*, now, rolled_up=True):
    return drop_old_readings(now=now, may_go=lambda _month: rolled_up)


class TestWhatGoes:
    def test_a_month_goes_when_its_last_day_is_older_than_the_limit(self, site):
        site.keep_raw_days = 10
        site.save()
        store(date(2033, 1, 31))
        store(date(2033, 2, 1))
        limit = datetime(2033, 2, 11, tzinfo=UTC)
        assert "meters_reading_2033_01" not in drop(now=limit - timedelta(seconds=1))
        assert "meters_reading_2033_01" in drop(now=limit)
        assert [r.time.month for r in Reading.objects.filter(time__year=2033)] == [2]

    def test_the_longest_limit_of_all_sites_counts(self, site, other_site):
        for one, days in ((site, 10), (other_site, 100)):
            one.keep_raw_days = days
            one.save()
        assert "meters_reading_2033_01" not in drop(
            now=datetime(2033, 3, 1, tzinfo=UTC)
        )

    def test_nothing_goes_before_it_is_rolled_up(self, site):
        late = datetime(2040, 1, 1, tzinfo=UTC)
        assert drop(now=late, rolled_up=False) == []
        # Nothing rolls up yet: by itself, nothing goes
        assert drop_old_readings(now=late) == []
        assert JANUARY in partition_months()

    def test_without_a_site_readings_are_kept_for_400_days(self):
        assert "meters_reading_2033_01" not in drop(
            now=datetime(2034, 3, 1, tzinfo=UTC)
        )
        assert "meters_reading_2033_01" in drop(now=datetime(2034, 4, 1, tzinfo=UTC))

    def test_a_month_that_went_can_come_back(self, site):
        drop(now=datetime(2040, 1, 1, tzinfo=UTC))
        store(date(2033, 1, 5))
        assert Reading.objects.filter(time__year=2033).count() == 1


class TestDiskUse:
    def test_it_tells_each_months_size_and_the_room_left(self, tmp_path):
        store(date(2033, 1, 5))
        use = disk_use(folder=tmp_path)
        sizes = {item.month: item.size for item in use.months}
        assert sizes[JANUARY] > sizes[FEBRUARY] > 0
        assert use.database > sum(sizes.values())
        assert use.free > 0
        assert use.last_stored_at is not None
