"""The health of a site's devices: the page and what it is made of."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from meters.models import DataQuality, DeviceEvent, Membership, Meter, Reading
from meters.queries.device_health import device_health
from meters.services.make_partitions import first_of_month, make_partitions
from meters.tests.test_views_sites import text_of

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def address(site):
    return reverse("device_health", args=[site.slug])


@pytest.fixture
def meter(make_meter):
    """A meter that has been there for long and reports every minute."""
    meter = make_meter(name="Press shop", expected_interval_s=60.0)
    Meter.objects.update(discovered_at=NOW - timedelta(days=30))
    return meter


@pytest.fixture
def health(site, make_user):
    """What a viewer sees at NOW, by name of the meter."""
    user = make_user("look@example.com", site=site, role="viewer")

    def health(now=NOW, order=""):
        found = device_health(user=user, site=site, now=now, order=order)
        return {str(item.meter): item for item in found}

    return health


class TestHours:
    def test_are_24_and_end_with_the_one_that_runs(self, meter, health):
        hours = health()["Press shop"].hours
        assert len(hours) == 24
        assert hours[-1].start == NOW.replace(minute=0)

    def test_expect_by_the_interval_of_the_meter(self, meter, health):
        hours = health()["Press shop"].hours
        # Half of the last one has gone by
        assert [hour.expected for hour in hours[-3:]] == [60, 60, 30]

    def test_expect_nothing_before_the_meter_was_there(self, meter, health):
        Meter.objects.update(discovered_at=NOW - HOUR)
        hours = health()["Press shop"].hours
        assert [hour.expected for hour in hours[-3:]] == [None, 30, 30]

    def test_expect_nothing_of_a_device_that_reports_on_change(self, meter, health):
        Meter.objects.update(is_online=True, expected_interval_s=None)
        assert health()["Press shop"].hours[-1].expected is None
        assert health()["Press shop"].share is None

    def test_have_what_ingest_has_counted(self, meter, health):
        for n, received in enumerate([30, 58, 20, 0]):
            DataQuality.objects.create(
                meter=meter,
                hour=NOW.replace(minute=0) - n * HOUR,
                received=received,
                duplicate=n,
                conflicting=2 * n,
            )
        found = health()["Press shop"]
        assert [hour.received for hour in found.hours[-4:]] == [0, 20, 58, 30]
        assert [hour.level for hour in found.hours[-4:]] == [
            "none",
            "part",
            "full",
            "full",
        ]
        assert (found.duplicates, found.conflicts) == (6, 12)
        assert found.share == pytest.approx(108 / (23 * 60 + 30))

    def test_one_too_many_fills_no_gap(self, meter, health):
        hour = NOW.replace(minute=0)
        DataQuality.objects.create(meter=meter, hour=hour - HOUR, received=600)
        assert health()["Press shop"].received == 60

    def test_what_ingest_expected_stands(self, meter, health):
        hour = NOW.replace(minute=0) - HOUR
        DataQuality.objects.create(meter=meter, hour=hour, received=5, expected=6)
        assert health()["Press shop"].hours[-2].expected == 6


class TestState:
    @pytest.mark.parametrize(
        ("is_online", "age_s", "state"),
        [
            (None, 60, "fresh"),
            (None, 600, "stale"),
            # Nothing has changed, so it has nothing to say
            (True, 600, "fresh"),
            (False, 10, "offline"),
        ],
    )
    def test_follows_age_or_what_the_device_says(
        self, meter, health, store, is_online, age_s, state
    ):
        Meter.objects.update(is_online=is_online)
        store(meter, at=NOW - timedelta(seconds=age_s), active_power=1.0)
        assert health()["Press shop"].state == state

    def test_without_readings_it_is_silent(self, meter, health):
        assert health()["Press shop"].state == "silent"


class TestClock:
    @pytest.fixture
    def keep(self, meter):
        """Store readings of a clock so many seconds behind, a minute apart."""

        def keep(behind_s, *, count=10, **fields):
            make_partitions([first_of_month(NOW), first_of_month(NOW - 30 * HOUR)])
            for n in range(count):
                received_at = NOW - timedelta(minutes=n, milliseconds=-250)
                Reading.objects.create(
                    **{
                        "meter": meter,
                        "time": received_at - timedelta(seconds=behind_s),
                        "received_at": received_at,
                        **fields,
                    }
                )

        return keep

    def test_is_the_median_of_receipt_less_device_time(self, keep, health):
        keep(2.5)
        clock = health()["Press shop"].clock
        assert (clock.seconds, clock.warns) == (2.5, False)

    def test_without_a_time_of_the_device_it_is_not_known(self, keep, meter, health):
        keep(0.0)
        keep(0.25)
        assert health()["Press shop"].clock is None

    def test_in_another_zone_it_suggests_what_to_shift(self, keep, health):
        keep(-3601.0)
        found = health(now=NOW + 2 * HOUR)["Press shop"]
        assert found.clock.zone_shift_min == -60
        # Berlin in winter
        assert (found.zone_now, found.zone_seems) == ("UTC+1", "UTC+2")

    def test_a_time_that_was_not_believed_counts(self, meter, keep, health):
        told = (NOW + 2 * HOUR).replace(tzinfo=None).isoformat()
        received_at = NOW + timedelta(milliseconds=300)
        keep(
            0,
            count=1,
            time=NOW,
            received_at=received_at,
            extra={"device_time": told},
        )
        # 14:30 by a clock in Berlin is 13:30 UTC: an hour ahead
        clock = health()["Press shop"].clock
        assert clock.seconds == pytest.approx(-3599.7)


class TestPage:
    def test_shows_state_share_signal_and_clock(
        self, client, log_in, meter, store, address, site
    ):
        now = timezone.now()
        store(meter, signal_strength=-71.0, extra={"signal_unit": "dBm"})
        DataQuality.objects.create(
            meter=meter,
            hour=now.replace(minute=0, second=0, microsecond=0) - HOUR,
            received=58,
            duplicate=3,
            conflicting=2,
        )
        log_in(site=site, role="viewer")
        answer = client.get(address)
        assert "Press shop" in text_of(answer)
        assert "fresh 1 min ago" in text_of(answer)
        assert "−71 dBm 3 2" in text_of(answer)
        assert "58 of 60, 3 duplicate, 2 conflicting" in answer.text

    def test_warns_of_a_clock_and_lets_managers_shift_it(
        self, client, log_in, meter, store, address, site
    ):
        reading = store(meter, seconds_ago=30, voltage_l1=230.0)
        Reading.objects.filter(pk=reading.pk).update(
            received_at=reading.time + timedelta(hours=1, seconds=1)
        )
        log_in(site=site, role="operator")
        page = client.get(address)
        assert "its clock is 1 h behind" in text_of(page)
        assert "shift by +60 min" in text_of(page)
        assert "Shift its readings" not in text_of(page)
        Membership.objects.update(role="manager")
        assert "Shift its readings" in text_of(client.get(address))

    def test_tells_the_newest_events_of_the_meters_that_are_seen(
        self, client, log_in, meter, make_meter, address, other_site, site
    ):
        now = timezone.now()
        log_in(site=site, role="viewer")
        stranger = make_meter("stranger", site=other_site)
        for of, text in ((meter, "Leakage 350 mA"), (stranger, "Phase lost")):
            DeviceEvent.objects.create(
                meter=of, time=now, received_at=now, code="x", text=text, active=True
            )
        page = text_of(client.get(address))
        assert f"{meter.name} · Leakage 350 mA" in page
        assert "Phase lost" not in page

    def test_sorts_by_column(self, meter, make_meter, health, store):
        make_meter("2", name="Another", is_online=False)
        assert list(health()) == ["Another", "Press shop"]
        store(meter, at=NOW, active_power=1.0)
        assert list(health(order="state")) == ["Another", "Press shop"]
        DataQuality.objects.create(meter=meter, hour=NOW.replace(minute=0), duplicate=9)
        assert list(health(order="duplicates")) == ["Press shop", "Another"]
        assert list(health(order="nonsense")) == ["Another", "Press shop"]

    @pytest.mark.parametrize(
        "order",
        ["name", "state", "share", "signal", "duplicates", "conflicts", "clock"],
    )
    def test_every_order_works_with_nothing_known(
        self, client, log_in, make_meter, address, site, order
    ):
        make_meter("1")
        make_meter("2")
        log_in(site=site, role="viewer")
        assert client.get(address, {"order": order}).status_code == 200

    def test_without_meters_says_so(self, client, log_in, address, site):
        log_in(site=site, role="viewer")
        assert "No meter whose health" in text_of(client.get(address))

    @pytest.mark.parametrize("role", ["viewer", "operator", "installer", "auditor"])
    def test_is_seen_by_every_role(self, client, log_in, meter, address, site, role):
        log_in(site=site, role=role)
        assert client.get(address).status_code == 200

    def test_strangers_find_nothing(self, client, log_in, meter, address, other_site):
        log_in(site=other_site, role="manager", is_staff=True)
        assert client.get(address).status_code == 404

    def test_a_viewer_of_a_branch_sees_that_branch(
        self, client, log_in, meter, make_meter, address
    ):
        other = make_meter("2", name="Paint shop")
        log_in(branch=other, role="viewer")
        page = text_of(client.get(address))
        assert "Paint shop" in page
        assert "Press shop" not in page


class TestShiftingForm:
    @pytest.fixture
    def form(self, site, meter):
        return reverse("shift_clock", args=[site.slug, meter.pk])

    @pytest.fixture
    def behind(self, meter, store):
        """A reading of 12:30:00.123 by Berlin's winter time, an hour late."""
        time = NOW.replace(hour=11, microsecond=123_000)
        reading = store(meter, at=time)
        Reading.objects.update(received_at=time + HOUR)
        return reading

    def test_shows_how_many_move_before_it_does(
        self, client, log_in, site, form, behind
    ):
        log_in(site=site, role="manager")
        answers = {"shift": "60", "since": "2026-03-01T12:30:00"}
        page = text_of(client.get(form, answers))
        assert "1 reading moves" in page
        assert "First 2026-03-01 12:30:00 2026-03-01 13:30:00" in page
        assert Reading.objects.get().time == behind.time
        answer = client.post(form, answers, follow=True)
        assert "1 reading is moved." in text_of(answer)
        assert Reading.objects.get().time == behind.time + HOUR
        assert "shifted +60 min" in text_of(answer)

    def test_since_is_a_time_of_the_site(self, client, log_in, site, form, behind):
        log_in(site=site, role="manager")
        answers = {"shift": "60", "since": "2026-03-01T12:30:01"}
        assert "No reading moves" in text_of(client.get(form, answers))

    def test_begins_with_the_first_reading(self, client, log_in, site, form, behind):
        log_in(site=site, role="manager")
        assert 'value="2026-03-01T12:30:00"' in client.get(form).text

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"shift": "900"}, "less than or equal to 840"),
            ({"shift": "x"}, "Enter a whole number."),
            ({"since": "yesterday"}, "Enter a valid date/time."),
            ({"since": "2099-01-01T00:00"}, "That is in the future."),
        ],
    )
    def test_says_what_is_wrong_and_moves_nothing(
        self, client, log_in, site, form, behind, wrong, said
    ):
        log_in(site=site, role="manager")
        answers = {"shift": "60", "since": "2026-03-01T12:00", **wrong}
        assert said in text_of(client.post(form, answers))
        assert Reading.objects.get().time == behind.time

    @pytest.mark.parametrize("role", ["viewer", "operator", "installer", "auditor"])
    def test_is_for_managers_only(self, client, log_in, site, form, behind, role):
        log_in(site=site, role=role)
        answers = {"shift": "60", "since": "2026-03-01T12:00"}
        assert client.get(form).status_code == 403
        assert client.post(form, answers).status_code == 403
        assert Reading.objects.get().time == behind.time

    def test_strangers_find_nothing(self, client, log_in, other_site, form, behind):
        log_in(site=other_site, role="manager", is_staff=True)
        answers = {"shift": "60", "since": "2026-03-01T12:00"}
        assert client.post(form, answers).status_code == 404

    def test_a_meter_of_another_site_is_not_there(
        self, client, log_in, site, other_site, make_meter
    ):
        stranger = make_meter("9", site=other_site)
        log_in(site=site, role="manager")
        address = reverse("shift_clock", args=[site.slug, stranger.pk])
        assert client.get(address).status_code == 404
