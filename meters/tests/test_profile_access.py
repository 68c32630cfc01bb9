"""Who makes, sees, changes and switches which profile."""

from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone

from meters.models import Membership, Meter, Profile, Reading, RejectedMessage
from meters.tests.profile_pages import BODY, kept, posted

pytestmark = pytest.mark.django_db

THEIRS = """
name = "theirs"
topics = ["north/{device}/data"]
[quantities]
active_power = { path = "P.power_kW" }
"""
FOREIGN = THEIRS.replace("theirs", "foreign").replace("north", "south")


@pytest.fixture
def manager(log_in, site, other_site):
    site.topic_prefix = "north"
    site.save()
    other_site.topic_prefix = "south"
    other_site.save()
    return log_in(site=site, role="manager")


@pytest.fixture
def theirs():
    return Profile.objects.create(name="theirs", definition=THEIRS)


@pytest.fixture
def foreign():
    return Profile.objects.create(name="foreign", definition=FOREIGN)


def page_of(answer):
    return unescape(answer.content.decode())


class TestAManager:
    def test_makes_one_of_what_came_under_the_prefix(self, manager, client):
        message, foreign = kept("north/K1/data"), kept("south/K1/data")
        fields = posted(topic="north/{}/data")
        preview = client.post(f"/unknown/{message.pk}/preview/", fields)
        assert "2.5" in page_of(preview)
        client.post(f"/unknown/{message.pk}/", {**fields, "save": 1})
        assert Profile.objects.get().made_by == manager
        assert {meter.first_topic for meter in Meter.objects.all()} == {"north/K1/data"}
        assert list(RejectedMessage.objects.all()) == [foreign]

    def test_changes_it_and_lets_it_rest(self, manager, client, theirs):
        assert "/profiles/" in page_of(client.get("/unknown/"))
        address = f"/profiles/{theirs.pk}/"
        kept("north/K1/data")
        assert ">2.5<" in page_of(client.get(address))
        fields = posted(name="theirs", topic="north/{}/data", unit=["W", ""])
        client.post(address, {**fields, "save": 1})
        assert [row.active_power for row in Reading.objects.all()] == [0.0025]
        client.post(f"{address}switch/")
        assert not Profile.objects.get().enabled

    def test_knows_nothing_of_those_of_others(self, manager, client, theirs, foreign):
        page = page_of(client.get("/unknown/"))
        assert "theirs" in page
        assert "foreign" not in page
        address = f"/profiles/{foreign.pk}/"
        assert client.get(address).status_code == 404
        assert client.post(address, {**posted(), "save": 1}).status_code == 404
        assert client.post(f"{address}preview/", posted()).status_code == 404
        assert client.post(f"{address}switch/").status_code == 404
        foreign.refresh_from_db()
        assert (foreign.definition, foreign.enabled) == (FOREIGN, True)

    @pytest.mark.parametrize(
        "change",
        [
            ("north/{device}/data", "{device}/data"),
            ("north/{device}/data", "north{device...}"),
            ("north/{device}/data", "northern/{device}"),
            ("north/{device}/data", "#"),
            ('topics = ["north/{device}/data"]', 'recognise = ["P"]\ndevice.path="a"'),
            ('"north/{device}/data"]', '"north/{device}/data", "south/{device}/a"]'),
        ],
    )
    def test_of_one_that_reaches_further_knows_nothing(self, manager, client, change):
        wide = Profile.objects.create(
            name="theirs", definition=THEIRS.replace(*change), enabled=True
        )
        assert "theirs" not in page_of(client.get("/unknown/"))
        assert client.get(f"/profiles/{wide.pk}/").status_code == 404

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            (("north/", "{}/"), "topics: “{}/{device}/data” means more than what"),
            (("north/", "south/"), "topics: “south/{device}/data” means more than"),
            (('data"]', 'data", "{device...}"]'), "topics: “{device...}” means more"),
            (
                ("[quantities]", '[device]\npath = "sn"\n[quantities]'),
                "recognise: only administrators",
            ),
        ],
    )
    @pytest.mark.parametrize("is_new", [True, False])
    def test_cannot_let_one_reach_further(
        self, manager, client, theirs, change, sentence, is_new
    ):
        toml = THEIRS.replace(*change)
        if "recognise" in sentence:
            toml = 'recognise = ["P"]' + toml
        if is_new:
            theirs.delete()
            address = f"/unknown/{kept('north/K1/data').pk}/"
        else:
            address = f"/profiles/{theirs.pk}/"
        fields = {"use_toml": "on", "toml": toml, "save": 1}
        assert sentence in page_of(client.post(address, fields))
        assert sentence in page_of(client.post(f"{address}preview/", fields))
        assert set(Profile.objects.values_list("definition", flat=True)) == (
            set() if is_new else {THEIRS}
        )

    def test_gets_a_draft_that_keeps_the_prefix(self, manager, client, site):
        site.topic_prefix = "plant7/hall12"
        site.save()
        message = kept("plant7/hall12/m/data", {"P": 5})
        assert 'value="plant7/hall12/m/data"' in page_of(
            client.get(f"/unknown/{message.pk}/")
        )
        message = kept("plant7/hall12/power", 5)
        assert 'value="plant7/hall12/{quantity}"' in page_of(
            client.get(f"/unknown/{message.pk}/")
        )
        message = kept("plant7/hall12/m1/data", BODY)
        assert 'value="plant7/hall12/{}/data"' in page_of(
            client.get(f"/unknown/{message.pk}/")
        )

    def test_of_a_site_without_a_prefix_has_none(
        self, log_in, client, site, theirs, foreign
    ):
        log_in(site=site, role="manager")
        page = page_of(client.get("/unknown/"))
        assert "theirs" not in page
        assert client.get(f"/profiles/{theirs.pk}/").status_code == 404

    def test_whose_membership_has_ended_has_none(self, manager, client, theirs):
        Membership.objects.update(valid_to=timezone.now() - timedelta(minutes=1))
        assert client.get("/unknown/").status_code == 403
        assert client.get(f"/profiles/{theirs.pk}/").status_code == 404


@pytest.mark.parametrize("role", ["viewer", "operator", "installer", "auditor"])
def test_other_roles_have_none(log_in, client, site, theirs, role):
    site.topic_prefix = "north"
    site.save()
    message = kept("north/K1/data")
    log_in(site=site, role=role)
    for address in (f"/profiles/{theirs.pk}/", f"/unknown/{message.pk}/"):
        assert client.get(address).status_code == 404
        assert client.post(address, {**posted(), "save": 1}).status_code == 404
        assert client.post(f"{address}preview/", posted()).status_code == 404
    assert client.post(f"/profiles/{theirs.pk}/switch/").status_code == 404
    assert Profile.objects.get().enabled


def test_staff_have_all(log_in, client, theirs, foreign):
    log_in(is_staff=True)
    page = page_of(client.get("/unknown/"))
    assert "theirs" in page
    assert "foreign" in page
    assert client.get(f"/profiles/{foreign.pk}/").status_code == 200
    client.post(f"/profiles/{foreign.pk}/switch/")
    assert not Profile.objects.get(name="foreign").enabled
