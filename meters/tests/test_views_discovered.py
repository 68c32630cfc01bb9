"""The list of discovered meters."""

import pytest
from django.urls import reverse

from meters.models import Meter
from meters.queries import discovered
from meters.tests.test_views_sites import text_of

pytestmark = pytest.mark.django_db

ADDRESS = "/discovered/"


@pytest.fixture
def discover():
    def discover(device_id, **fields):
        return Meter.objects.create(
            family="acrel-json-v2", device_id=device_id, **fields
        )

    return discover


def test_a_discovered_meter_shows_what_it_measures(client, log_in, discover, store):
    meter = discover(
        "24102809510006", first_topic="plant/analog", learned_interval_s=10.0
    )
    store(
        meter,
        voltage_l2=211.4,
        active_power=0.45,
        active_energy_import=1250.0,
        signal_strength=14,
        extra={"signal_unit": "CSQ"},
    )
    store(meter, seconds_ago=3000, voltage_l2=211.0)
    store(meter, seconds_ago=4000, voltage_l2=211.0)
    log_in(is_staff=True)
    answer = client.get(ADDRESS)
    page = text_of(answer)
    assert "24102809510006 Acrel ADW300, own protocol plant/analog" in page
    # Two of its three readings came in the last hour
    assert "450 W 211.4 V 1.25 MWh 14 CSQ 10 s 2 1 min ago" in page
    assert reverse("claim_meter", args=[meter.pk]) in answer.text


def test_a_manager_sees_those_of_the_prefix_of_the_site_only(
    client, log_in, discover, site
):
    site.topic_prefix = "plant-north"
    site.save()
    discover("1001", first_topic="plant-north/analog")
    discover("1002", first_topic="plant-northwest/analog")
    log_in(site=site, role="manager")
    page = text_of(client.get(ADDRESS))
    assert "1001" in page
    assert "1002" not in page


def test_claimed_meters_are_not_there(client, log_in, make_meter):
    make_meter("1001")
    log_in(is_staff=True)
    assert "1001" not in text_of(client.get(ADDRESS))


def test_without_any_it_says_how_to_point_a_meter_at_the_broker(
    client, log_in, settings
):
    settings.MQTT_URL = "mqtt://portal:secret@127.0.0.1:18830"
    log_in(is_staff=True)
    page = text_of(client.get(ADDRESS, headers={"host": "127.0.0.1:8000"}))
    assert "Host 127.0.0.1 Port 18830 Topic platform/acrel" in page
    # The portal's own login at the broker is nobody's business
    assert "secret" not in page


def test_a_search_finds_part_of_a_device_id(client, log_in, discover):
    discover("1001")
    discover("2002")
    log_in(is_staff=True)
    page = text_of(client.get(ADDRESS, {"search": "200"}))
    assert "2002" in page
    assert "1001" not in page
    assert "None of them has “77”" in text_of(client.get(ADDRESS, {"search": "77"}))


def test_a_search_finds_by_family_and_topic(client, log_in, discover):
    discover("1001", first_topic="hall/a")
    discover("2002", first_topic="yard/b")
    log_in(is_staff=True)
    assert "1001" in text_of(client.get(ADDRESS, {"search": "acrel hall"}))
    assert "2002" not in text_of(client.get(ADDRESS, {"search": "acrel hall"}))


def test_many_come_in_pages(client, log_in, discover, monkeypatch):
    monkeypatch.setattr(discovered, "PER_PAGE", 2)
    for number in range(5):
        discover(f"100{number}")
    log_in(is_staff=True)
    first = text_of(client.get(ADDRESS))
    assert "1004" in first
    assert "1002" not in first
    assert "1 to 2 of 5 Older" in first
    assert "1000" in text_of(client.get(ADDRESS, {"page": 3}))
    # A page that never was is the last one
    assert "1000" in text_of(client.get(ADDRESS, {"page": 99}))


def test_a_device_id_is_text_and_never_markup(client, log_in, discover):
    discover("<script>alert(1)</script>")
    log_in(is_staff=True)
    assert "<script>alert(1)" not in client.get(ADDRESS).text


class TestPuttingAside:
    @pytest.fixture
    def sort(self, client):
        def sort(action, *meters):
            return client.post(
                reverse("sort_discovered"),
                {"action": action, "meter": [meter.pk for meter in meters]},
                follow=True,
            )

        return sort

    @pytest.mark.parametrize("state", ["ignored", "blocked"])
    def test_moves_them_to_a_list_of_their_own_and_back(
        self, client, log_in, discover, sort, state
    ):
        one, other = discover("1001"), discover("1002")
        log_in(is_staff=True)
        page = text_of(sort(state, one))
        assert f"1 meter is {state}" in page
        assert "1001" not in page
        assert "1002" in page
        assert "1001" in text_of(client.get(ADDRESS, {"state": state}))
        assert client.get(reverse("claim_meter", args=[one.pk])).status_code == 404
        assert "1001" in text_of(sort("discovered", one, other))
        assert client.get(reverse("claim_meter", args=[one.pk])).status_code == 200

    def test_is_told_to_ingest(self, log_in, discover, sort):
        meter = discover("1001")
        log_in(is_staff=True)
        sort("blocked", meter)
        before = meter.changed_at
        meter.refresh_from_db()
        assert meter.changed_at > before

    def test_needs_a_selection(self, log_in, sort):
        log_in(is_staff=True)
        assert "No meter is selected." in text_of(sort("ignored"))

    def test_leaves_claimed_meters_alone(self, log_in, make_meter, sort):
        meter = make_meter("1001")
        log_in(is_staff=True)
        sort("blocked", meter)
        meter.refresh_from_db()
        assert meter.state == Meter.State.ACTIVE

    def test_is_only_for_those_whose_business_they_are(
        self, client, log_in, discover, sort, site
    ):
        site.topic_prefix = "plant"
        site.save()
        theirs = discover("1001", first_topic="plant/a")
        strange = discover("1002", first_topic="mill/a")
        log_in(site=site, role="viewer")
        sort("ignored", theirs, strange)
        log_in(email="bob@example.com", site=site, role="manager")
        sort("blocked", theirs, strange)
        theirs.refresh_from_db()
        strange.refresh_from_db()
        assert (theirs.state, strange.state) == ("blocked", "discovered")

    def test_counts_each_list(self, client, log_in, discover):
        discover("1001")
        discover("1002", state="ignored")
        discover("1003", state="ignored")
        log_in(is_staff=True)
        page = text_of(client.get(ADDRESS))
        assert "Discovered 1 Ignored 2 Blocked 0" in page
