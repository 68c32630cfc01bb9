"""Lines over time, and the API that gives them."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from meters.queries.history import history
from meters.services.record_readings import Row, record_readings

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def store(meter, values, *, every_s=60, start=NOON, quantity="active_power"):
    record_readings(
        [
            Row(
                meter.pk,
                start + timedelta(seconds=n * every_s),
                NOON,
                {quantity: v},
                {},
            )
            for n, v in enumerate(values)
        ],
        source="test",
    )


def line_of(meter, *, hours=1, points=2_000, quantity="active_power", start=NOON):
    end = start + timedelta(hours=hours)
    found = history([meter], [quantity], start=start, end=end, points=points)
    return found.step_s, found.lines[0]


class TestHistory:
    def test_all_readings_are_there_while_they_fit(self, make_meter):
        meter = make_meter(ct_ratio=10, expected_interval_s=60)
        store(meter, [1.0, 2.0, 3.0])
        step_s, line = line_of(meter)
        assert step_s == 0
        # Scaled by the ratio
        assert line.mean.tolist() == [10.0, 20.0, 30.0]
        assert line.time[0] == NOON.timestamp()

    def test_gathered_readings_keep_minimum_mean_and_maximum(self, make_meter):
        meter = make_meter(expected_interval_s=60)
        store(meter, [float(n % 10) for n in range(60)])
        step_s, line = line_of(meter, points=10)
        assert step_s == 600
        assert line.mean.tolist() == [4.5] * 6
        assert (line.low.tolist(), line.high.tolist()) == ([0.0] * 6, [9.0] * 6)
        # Labelled by the start of the step
        assert line.time[1] - line.time[0] == 600

    def test_a_single_peak_survives_a_month_in_ten_points(self, make_meter):
        meter = make_meter(expected_interval_s=900)
        values = [1.0] * 2_880
        values[1_234] = 99.0
        store(meter, values, every_s=900, start=NOON - timedelta(days=30))
        start = NOON - timedelta(days=30)
        _, line = line_of(meter, hours=720, points=10, start=start)
        assert np.nanmax(line.high) == 99.0

    def test_a_gap_is_a_gap_not_a_line(self, make_meter):
        meter = make_meter(expected_interval_s=60)
        store(meter, [1.0, 2.0])
        store(meter, [3.0], start=NOON + timedelta(minutes=30))
        _, line = line_of(meter)
        assert line.mean[:2].tolist() == [1.0, 2.0]
        assert np.isnan(line.mean[2])
        assert line.mean[3] == 3.0

    def test_readings_that_came_less_often_in_the_past_are_no_gaps(self, make_meter):
        meter = make_meter(expected_interval_s=5)
        store(meter, [1.0] * 96, every_s=900)
        _, line = line_of(meter, hours=24)
        assert len(line.mean) == 96
        assert not np.isnan(line.mean).any()

    def test_of_a_register_a_step_shows_its_end(self, make_meter):
        meter = make_meter(expected_interval_s=60)
        store(meter, list(range(60)), quantity="active_energy_import")
        _, line = line_of(meter, points=10, quantity="active_energy_import")
        assert line.mean.tolist() == [9, 19, 29, 39, 49, 59]

    def test_readings_that_come_oftener_than_usual_are_gathered(self, make_meter):
        meter = make_meter(expected_interval_s=60)
        store(meter, [1.0] * 360, every_s=10)
        step_s, line = line_of(meter, points=100)
        assert step_s == 60
        assert len(line.mean) == 60

    def test_the_end_is_not_part_of_it(self, make_meter):
        meter = make_meter(expected_interval_s=60)
        store(meter, [1.0] * 61)
        assert len(line_of(meter)[1].mean) == 60

    def test_one_chart_is_one_query(self, make_meter, django_assert_num_queries):
        meters = [make_meter(str(n)) for n in range(5)]
        with django_assert_num_queries(1):
            history(
                meters,
                ["active_power", "voltage_l1"],
                start=NOON,
                end=NOON + timedelta(hours=1),
            )


class TestApi:
    @pytest.fixture
    def member(self, client, make_user, site):
        client.force_login(make_user(site=site, role="viewer"))
        return client

    def ask(self, client, *meters, quantity="active_power", **more):
        wanted = {
            "meter": [meter.pk for meter in meters],
            "quantity": quantity,
            "start": NOON.isoformat(),
            "end": (NOON + timedelta(hours=1)).isoformat(),
            **more,
        }
        headers = wanted.pop("headers", {})
        return client.get("/api/v1/series", wanted, headers=headers)

    def test_it_gives_columns(self, member, make_meter):
        meter = make_meter(expected_interval_s=60)
        store(meter, [1.0, 2.5])
        answer = self.ask(member, meter).json()
        assert answer["step_s"] == 0
        assert answer["lines"] == [
            {
                "meter": meter.pk,
                "quantity": "active_power",
                "unit": "kW",
                "time": [
                    round(NOON.timestamp() * 1000),
                    round(NOON.timestamp() * 1000) + 60_000,
                ],
                "mean": [1.0, 2.5],
            }
        ]

    def test_gathered_lines_have_minimum_and_maximum(self, member, make_meter):
        meter = make_meter(expected_interval_s=60)
        store(meter, [1.0, 2.0] * 30)
        [line] = self.ask(member, meter, points=10).json()["lines"]
        assert (line["min"][0], line["mean"][0], line["max"][0]) == (1.0, 1.5, 2.0)

    def test_a_gap_is_null(self, member, make_meter):
        meter = make_meter(expected_interval_s=60)
        store(meter, [1.0, 2.0], every_s=1800)
        assert self.ask(member, meter).json()["lines"][0]["mean"] == [1.0, None, 2.0]

    def test_what_has_not_changed_is_not_sent_again(self, member, make_meter):
        meter = make_meter()
        store(meter, [1.0])
        tag = self.ask(member, meter).headers["ETag"]
        assert (
            self.ask(member, meter, headers={"If-None-Match": tag}).status_code == 304
        )
        store(meter, [2.0], start=NOON + timedelta(minutes=2))
        assert (
            self.ask(member, meter, headers={"If-None-Match": tag}).status_code == 200
        )

    def test_nobody_sees_the_meters_of_others(self, client, make_user, make_meter):
        meter = make_meter()
        client.force_login(make_user())
        assert self.ask(client, meter).status_code == 404

    def test_nobody_sees_anything_without_a_login(self, client, make_meter):
        assert self.ask(client, make_meter()).status_code == 401

    @pytest.mark.parametrize(
        ("more", "reason"),
        [
            ({"quantity": "beauty"}, "There is no quantity “beauty”."),
            ({"end": NOON.isoformat()}, "start must lie before end."),
            ({"start": "2026-03-01T00:00:00"}, "start and end need a zone"),
        ],
    )
    def test_what_makes_no_sense_is_told(self, member, make_meter, more, reason):
        answer = self.ask(member, make_meter(), **more)
        assert answer.status_code == 422
        assert reason in answer.json()["detail"]

    @pytest.mark.parametrize("points", [9, 2_001])
    def test_there_are_never_more_points_than_2000(self, member, make_meter, points):
        assert self.ask(member, make_meter(), points=points).status_code == 422


def test_the_api_lists_the_users_own(client, make_user, make_meter, site, other_site):
    meter = make_meter()
    client.force_login(make_user(site=site, role="viewer"))
    assert [s["slug"] for s in client.get("/api/v1/sites").json()] == ["plant-north"]
    [listed] = client.get("/api/v1/meters").json()
    assert (listed["id"], listed["site"]) == (meter.pk, "plant-north")
    assert client.get(f"/api/v1/meters/{meter.pk}/newest").status_code == 404
    assert client.get("/api/v1/openapi.json").status_code == 200
