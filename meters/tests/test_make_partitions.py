"""Monthly partitions, made without disturbing writers."""

import threading
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django.db import connection, transaction

from meters.models import Reading
from meters.services.make_partitions import (
    first_of_month,
    make_partitions,
    make_partitions_ahead,
)
from meters.services.record_readings import Row, record_readings

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_partitions_of_these_years():
    def drop():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname FROM pg_class WHERE relname ~ '^meters_reading_203'"
                " AND relkind = 'r'"
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TABLE {name}")

    drop()
    yield
    drop()


def test_this_month_and_two_ahead():
    made = make_partitions_ahead(now=datetime(2034, 11, 30, 23, 59, tzinfo=UTC))
    assert made == [
        "meters_reading_2034_11",
        "meters_reading_2034_12",
        "meters_reading_2035_01",
    ]


def test_a_second_time_makes_nothing():
    month = [date(2034, 5, 1)]
    assert make_partitions(month) == ["meters_reading_2034_05"]
    assert make_partitions(month) == []


def test_a_table_that_was_left_detached_is_attached_again():
    make_partitions([date(2034, 5, 1)])
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE meters_reading DETACH PARTITION meters_reading_2034_05"
        )
    assert make_partitions([date(2034, 5, 1)]) == ["meters_reading_2034_05"]
    inside = datetime(2034, 5, 2, tzinfo=UTC)
    Reading.objects.create(meter_id=1, time=inside, received_at=inside)


def test_months_are_those_of_utc():
    # Already May in Berlin, still April in UTC
    zone = timezone(timedelta(hours=2))
    assert first_of_month(datetime(2034, 5, 1, 1, tzinfo=zone)) == date(2034, 4, 1)


def test_the_bounds_of_a_month_meet_without_a_gap():
    make_partitions([date(2034, 5, 1), date(2034, 6, 1)])
    edge = datetime(2034, 6, 1, tzinfo=UTC)
    instants = [edge - timedelta(microseconds=1), edge]
    record_readings(
        [Row(1, time, edge, {"voltage_l1": 1.0}, {}) for time in instants], source=""
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM meters_reading ORDER BY time"
        )
        assert [name for (name,) in cursor.fetchall()] == [
            "meters_reading_2034_05",
            "meters_reading_2034_06",
        ]


def test_a_writer_in_the_middle_of_a_transaction_is_not_waited_for():
    make_partitions([date(2034, 5, 1)])
    inside = datetime(2034, 5, 2, tzinfo=UTC)
    made: list[str] = []

    def make() -> None:
        made.extend(make_partitions([date(2034, 7, 1)]))
        connection.close()

    with transaction.atomic():
        Reading.objects.create(meter_id=1, time=inside, received_at=inside)
        maker = threading.Thread(target=make)
        maker.start()
        maker.join(timeout=5)
        assert made == ["meters_reading_2034_07"]
