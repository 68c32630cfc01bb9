"""How often a meter reports is learned from what comes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from meters.services.learn_intervals import learn_intervals
from meters.services.record_readings import Row, record_readings

pytestmark = pytest.mark.django_db(transaction=True)


def report(meter, pauses_s):
    now = timezone.now()
    time = now - timedelta(seconds=sum(pauses_s) + 1)
    rows = [Row(meter.pk, time, now, {"voltage_l1": 1.0}, {})]
    for pause_s in pauses_s:
        time += timedelta(seconds=pause_s)
        rows.append(Row(meter.pk, time, now, {"voltage_l1": 1.0}, {}))
    record_readings(rows, source="test")


@pytest.mark.parametrize(
    ("pauses_s", "learned_s"),
    [
        ([60] * 5, 60),
        # One message was lost
        ([60, 60, 120, 60, 60], 60),
        # Too few to tell
        ([60, 60], None),
    ],
)
def test_it_is_the_usual_pause(make_meter, pauses_s, learned_s):
    meter = make_meter()
    report(meter, pauses_s)
    learn_intervals(now=timezone.now())
    meter.refresh_from_db()
    assert meter.learned_interval_s == learned_s


def test_what_a_person_has_set_is_left_alone(make_meter):
    meter = make_meter(expected_interval_s=300)
    report(meter, [60] * 5)
    assert learn_intervals(now=timezone.now()) == 0
    meter.refresh_from_db()
    assert meter.interval_s == 300


def test_a_second_time_changes_nothing(make_meter):
    report(make_meter(), [60] * 5)
    assert learn_intervals(now=timezone.now()) == 1
    assert learn_intervals(now=timezone.now()) == 0
