"""The search for meters."""

import pytest
from django.urls import reverse
from django.utils import timezone

from meters.models import Meter
from meters.queries.search import search_meters

pytestmark = pytest.mark.django_db


@pytest.fixture
def found(make_user, site, make_meter, other_site):
    make_meter("4711", name="Press 4")
    make_meter("4712", name="Press 5", state=Meter.State.RETIRED)
    make_meter("4713", name="Paint 100 %")
    make_meter("9", name="Press of others", site=other_site)
    Meter.objects.create(family="acrel-json-v2", device_id="4714")
    user = make_user(site=site, role="viewer")

    def found(text):
        meters = search_meters(user=user, text=text, now=timezone.now())
        return [meter.name for meter in meters]

    return found


def test_finds_the_user_s_meters_by_name_the_active_ones_first(found):
    assert found("press") == ["Press 4", "Press 5"]


def test_finds_by_device_id_but_not_what_is_unclaimed(found):
    assert found("471") == ["Paint 100 %", "Press 4", "Press 5"]


def test_wants_every_word_somewhere(found):
    assert found("north press") == ["Press 4", "Press 5"]
    assert found("press 4713") == []


def test_takes_signs_as_they_are(found):
    assert found("100 %") == ["Paint 100 %"]
    assert found("_") == []


def test_finds_nothing_for_nothing(found):
    assert found("  ") == []


def test_the_page_says_what_was_looked_for(client, log_in, site):
    log_in(site=site, role="viewer")
    page = client.get(reverse("search"), {"q": "<b>\0x"}).text
    assert "No meter has “&lt;b&gt;x”" in page
