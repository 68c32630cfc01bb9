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
    meter = discover("24102809510006")
    store(
        meter,
        voltage_l2=211.4,
        active_power=0.45,
        signal_strength=14,
        extra={"signal_unit": "CSQ"},
    )
    store(meter, seconds_ago=3000, voltage_l2=211.0)
    store(meter, seconds_ago=4000, voltage_l2=211.0)
    log_in(is_staff=True)
    answer = client.get(ADDRESS)
    page = text_of(answer)
    assert "24102809510006 acrel-json-v2" in page
    # Two of its three readings came in the last hour
    assert "1 min ago 211.4 V 450 W 14 CSQ 2 Claim" in page
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
    assert "No unclaimed device id contains “77”" in text_of(
        client.get(ADDRESS, {"search": "77"})
    )


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
