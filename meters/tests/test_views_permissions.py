"""Who gets which page."""

import pytest
from django.urls import reverse

from meters.models import Meter

pytestmark = pytest.mark.django_db


@pytest.fixture
def addresses(site, make_meter):
    """Every page that needs a login, by its name."""
    meter = make_meter("1")
    new = Meter.objects.create(family="acrel-json-v2", device_id="2")
    return {
        "site_list": reverse("site_list"),
        "site_dashboard": reverse("site_dashboard", args=[site.slug]),
        "site_meters": reverse("site_meters", args=[site.slug]),
        "site_wall": reverse("site_wall", args=[site.slug]),
        "device_health": reverse("device_health", args=[site.slug]),
        "meter_detail": reverse("meter_detail", args=[meter.pk]),
        "search": reverse("search"),
        "discovered_meters": reverse("discovered_meters"),
        "claim_meter": reverse("claim_meter", args=[new.pk]),
    }


PAGES = [
    "site_list",
    "site_dashboard",
    "site_meters",
    "site_wall",
    "device_health",
    "meter_detail",
    "search",
    "discovered_meters",
    "claim_meter",
]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_logged_in_is_sent_to_the_login(client, pages, addresses, name, method):
    answer = getattr(client, method)(addresses[name])
    assert answer.status_code == 302
    assert answer.url == f"{reverse('account_login')}?next={addresses[name]}"


OF_A_SITE = [
    "site_dashboard",
    "site_meters",
    "site_wall",
    "device_health",
    "meter_detail",
]


@pytest.mark.parametrize("name", [*OF_A_SITE, "claim_meter"])
def test_without_a_membership_there_is_nothing(client, log_in, addresses, name):
    log_in()
    assert client.get(addresses[name]).status_code == 404


@pytest.mark.parametrize("name", ["site_list", "discovered_meters"])
def test_without_a_membership_the_lists_are_empty(client, log_in, addresses, name):
    log_in()
    page = client.get(addresses[name]).text
    assert "Plant North" not in page
    assert "/claim/" not in page


@pytest.mark.parametrize("name", OF_A_SITE)
@pytest.mark.parametrize("role", ["viewer", "operator", "installer", "auditor"])
def test_every_role_sees_its_site_and_meters(
    client, log_in, addresses, name, role, site
):
    log_in(site=site, role=role)
    assert client.get(addresses[name]).status_code == 200


@pytest.mark.parametrize("role", ["viewer", "operator", "installer", "auditor"])
def test_only_managers_and_staff_claim(client, log_in, addresses, site, role):
    site.topic_prefix = "plant"
    site.save()
    Meter.objects.filter(device_id="2").update(first_topic="plant/meter")
    log_in(site=site, role=role)
    assert client.get(addresses["claim_meter"]).status_code == 404
    assert client.post(addresses["claim_meter"], {"name": "x"}).status_code == 404
    assert Meter.objects.get(device_id="2").state == Meter.State.DISCOVERED


def test_a_manager_claims_what_came_by_the_prefix_of_the_site(
    client, log_in, addresses, site
):
    log_in(site=site, role="manager")
    assert client.get(addresses["claim_meter"]).status_code == 404
    site.topic_prefix = "plant"
    site.save()
    Meter.objects.filter(device_id="2").update(first_topic="plant/meter")
    assert client.get(addresses["claim_meter"]).status_code == 200


def test_a_viewer_of_a_branch_sees_that_branch_only(client, log_in, make_meter, site):
    incomer = make_meter("10", name="Incomer")
    feeder = make_meter("11", name="Press feeder", parent=incomer)
    below = make_meter("12", name="Press 4", parent=feeder)
    make_meter("13", name="Paint shop", parent=incomer)
    log_in(branch=feeder, role="viewer")
    for name in ("site_dashboard", "site_meters", "site_wall"):
        page = client.get(reverse(name, args=[site.slug])).text
        assert "Press feeder" in page
        assert "Press 4" in page
        assert "Incomer</a>" not in page
        assert "Paint shop" not in page
    found = client.get(reverse("search"), {"q": "p"}).text
    assert "Press 4" in found
    assert "Paint shop" not in found
    assert client.get(below.get_absolute_url()).status_code == 200
    assert client.get(incomer.get_absolute_url()).status_code == 404
    # Nor by the way up from a meter
    assert "Incomer</a>" not in client.get(feeder.get_absolute_url()).text


def test_the_navigation_shows_discovered_meters_to_those_who_claim(
    client, log_in, site
):
    log_in(site=site, role="viewer")
    address = reverse("site_list")
    assert reverse("discovered_meters") not in client.get(address).text
    client.logout()
    log_in(email="bob@example.com", site=site, role="manager")
    assert reverse("discovered_meters") in client.get(address).text
