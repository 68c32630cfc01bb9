"""A device that is heard of for the first time becomes a meter."""

import pytest

from meters.models import Meter
from meters.services import discover_meters as discovering
from meters.services.discover_meters import discover_meters

pytestmark = pytest.mark.django_db


def test_a_new_device_is_a_discovered_meter_without_a_site():
    [meter] = discover_meters({("acrel-json-v2", "77001"): "a/topic"})
    assert (meter.state, meter.site, meter.first_topic) == (
        "discovered",
        None,
        "a/topic",
    )


def test_a_known_device_is_found_not_made_again():
    device = {("acrel-json-v2", "77001"): "a/topic"}
    [first], [second] = discover_meters(device), discover_meters(device)
    assert first.pk == second.pk


def test_the_same_id_in_another_family_is_another_device():
    discover_meters({("acrel-json-v2", "1"): "", ("tasmota", "1"): ""})
    assert Meter.objects.count() == 2


def test_beyond_the_most_unclaimed_nothing_is_made(monkeypatch):
    monkeypatch.setattr(discovering, "MOST_UNCLAIMED", 3)
    found = discover_meters({("acrel-json-v2", str(n)): "" for n in range(5)})
    assert len(found) == Meter.objects.count() == 3


def test_claimed_meters_do_not_count_against_it(monkeypatch, make_meter):
    make_meter("known")
    monkeypatch.setattr(discovering, "MOST_UNCLAIMED", 1)
    assert len(discover_meters({("acrel-json-v2", "new"): ""})) == 1
