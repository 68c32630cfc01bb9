"""Claiming a discovered meter."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from meters.forms.claim_meter import prefilled
from meters.models import Meter, Reading
from meters.services.claim_meter import (
    AlreadyClaimedError,
    NotAFeederError,
    claim_meter,
)
from meters.tests.test_views_sites import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def meter():
    return Meter.objects.create(family="acrel-json-v2", device_id="24102809510006")


@pytest.fixture
def answers(site):
    """What the form sends at the least."""
    return {
        "name": "Press shop",
        "site": site.pk,
        "parent": "",
        "wiring": "3P4W",
        "positive_power": "consumption",
        "ct_ratio": "40",
        "pt_ratio": "1",
        "energy_is_primary": "on",
    }


@pytest.fixture
def address(meter):
    return reverse("claim_meter", args=[meter.pk])


class TestForm:
    def test_claims_the_meter_and_leads_to_its_site(
        self, client, log_in, meter, answers, address, site, make_meter
    ):
        incomer = make_meter("1")
        log_in(is_staff=True, site=site, role="manager")
        answer = client.post(address, {**answers, "parent": incomer.pk})
        assert answer.status_code == 302
        assert answer.url == site.get_absolute_url()
        meter.refresh_from_db()
        assert (meter.state, meter.name) == (Meter.State.ACTIVE, "Press shop")
        assert (meter.site, meter.parent) == (site, incomer)
        assert (meter.ct_ratio, meter.energy_is_primary) == (40.0, True)
        assert meter.power_is_primary is False
        assert "Press shop is claimed." in text_of(client.get(answer.url))

    def test_the_one_incomer_is_offered_as_what_feeds_it(
        self, client, log_in, address, site, make_meter
    ):
        log_in(site=site, role="manager", is_staff=True)
        # A water meter is no incomer of electricity
        make_meter("water", medium="water")
        assert client.get(address).context["form"]["parent"].value() is None
        incomer = make_meter("1")
        make_meter("2", parent=incomer)
        assert client.get(address).context["form"]["parent"].value() == incomer.pk
        # Of two nobody knows
        make_meter("3")
        assert client.get(address).context["form"]["parent"].value() is None

    def test_the_readings_stay(
        self, client, log_in, meter, answers, address, store, site
    ):
        reading = store(meter, active_power=1.0)
        log_in(is_staff=True, site=site, role="manager")
        client.post(address, answers)
        assert Reading.objects.get().pk == reading.pk

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"name": ""}, "This field is required."),
            ({"site": ""}, "This field is required."),
            ({"ct_ratio": "0"}, "greater than"),
            ({"ct_ratio": "nan"}, "Enter a number."),
            ({"pt_ratio": "-1"}, "greater than"),
            ({"wiring": "5P"}, "Select a valid choice."),
        ],
    )
    def test_says_what_is_wrong_and_claims_nothing(
        self, client, log_in, meter, answers, address, site, wrong, said
    ):
        log_in(is_staff=True, site=site, role="manager")
        answer = client.post(address, {**answers, **wrong})
        assert said in text_of(answer)
        meter.refresh_from_db()
        assert meter.state == Meter.State.DISCOVERED

    def test_refuses_a_site_that_the_user_does_not_manage(
        self, client, log_in, meter, answers, address, site, other_site
    ):
        log_in(is_staff=True, site=site, role="manager")
        client.post(address, {**answers, "site": other_site.pk})
        meter.refresh_from_db()
        assert meter.site is None

    def test_refuses_a_parent_of_another_site(
        self,
        client,
        log_in,
        meter,
        answers,
        address,
        organisation,
        make_meter,
        other_site,
    ):
        other_site.organisation = organisation
        other_site.save()
        stranger = make_meter("1", site=other_site)
        log_in(is_staff=True, organisation=organisation, role="manager")
        answer = client.post(address, {**answers, "parent": stranger.pk})
        assert "That meter belongs to another site." in text_of(answer)

    def test_of_a_claimed_meter_is_gone(
        self, client, log_in, meter, answers, address, site
    ):
        log_in(is_staff=True, site=site, role="manager")
        client.post(address, answers)
        assert client.get(address).status_code == 404
        assert client.post(address, answers).status_code == 404

    def test_says_when_somebody_else_was_quicker(
        self, client, log_in, answers, address, site, monkeypatch
    ):
        def quicker(**answers):
            raise AlreadyClaimedError

        monkeypatch.setattr("meters.services.claim_meter.claim_meter", quicker)
        log_in(is_staff=True, site=site, role="manager")
        answer = client.post(address, answers, follow=True)
        assert answer.redirect_chain == [("/discovered/", 302)]
        assert "Somebody else has claimed this meter." in text_of(answer)

    def test_tells_one_who_manages_no_site(self, client, log_in, address):
        log_in(is_staff=True)
        assert "You manage no site" in text_of(client.get(address))

    def test_shows_what_was_sent_beside_each_switch(
        self, client, log_in, meter, address, store, site
    ):
        store(meter, voltage_l1=0.0, voltage_l2=211.4, active_power=0.45, ct_ratio=40.0)
        log_in(is_staff=True, site=site, role="manager")
        answer = client.get(address)
        assert "sent: 211.4 V" in text_of(answer)
        assert "sent: 450 W" in text_of(answer)
        assert 'name="ct_ratio" value="40"' in answer.text


class TestPrefill:
    @pytest.mark.parametrize(
        ("sent", "expected"),
        [
            ({}, {}),
            ({"ct_ratio": 40.0, "pt_ratio": 1.0}, {"ct_ratio": 40.0, "pt_ratio": 1.0}),
            # A ratio of zero is no ratio
            ({"ct_ratio": 0.0}, {}),
            ({"voltage_l1": 230.0}, {"wiring": "1P"}),
            ({"voltage_l1": 230.0, "voltage_l2": 230.0}, {}),
            ({"voltage_l12": 400.0, "voltage_l31": 400.0}, {"wiring": "3P3W"}),
        ],
    )
    def test_follows_what_the_meter_sent(self, sent, expected):
        assert prefilled(sent) == expected


class TestService:
    def test_the_second_of_two_is_told(self, meter, site):
        claim_meter(meter_id=meter.pk, site=site, name="One", parent=None)
        with pytest.raises(AlreadyClaimedError):
            claim_meter(meter_id=meter.pk, site=site, name="Two", parent=None)
        meter.refresh_from_db()
        assert meter.name == "One"

    def test_a_parent_of_another_site_is_refused(self, meter, make_meter, other_site):
        with pytest.raises(NotAFeederError, match="feeds nothing there"):
            claim_meter(
                meter_id=meter.pk, site=other_site, name="x", parent=make_meter("1")
            )

    def test_a_parent_that_was_retired_meanwhile_is_refused(
        self, meter, make_meter, site
    ):
        parent = make_meter("1")
        Meter.objects.filter(pk=parent.pk).update(state="retired")
        with pytest.raises(NotAFeederError, match="feeds nothing there"):
            claim_meter(meter_id=meter.pk, site=site, name="x", parent=parent)

    def test_ingest_is_told_that_the_meter_has_changed(self, meter, site):
        long_ago = datetime(2026, 1, 1, tzinfo=UTC)
        Meter.objects.update(changed_at=long_ago)
        claim_meter(meter_id=meter.pk, site=site, name="One", parent=None)
        meter.refresh_from_db()
        assert meter.changed_at > long_ago
