"""Who sees what."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from meters.models import Membership, Meter
from meters.queries.access import (
    claimable_meters,
    get_visible_meter,
    get_visible_site,
    managed_sites,
    visible_meters,
    visible_sites,
)

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def names(sites):
    return sorted(site.slug for site in sites)


class TestSites:
    def test_a_stranger_sees_nothing(self, make_user, site):
        user = make_user()
        assert names(visible_sites(user=user, now=NOW)) == []
        assert get_visible_site(user=user, slug=site.slug, now=NOW) is None

    def test_nobody_logged_in_sees_nothing(self, site):
        assert names(visible_sites(user=AnonymousUser(), now=NOW)) == []

    def test_a_member_sees_the_site_and_no_other(self, make_user, site, other_site):
        user = make_user(site=site, role="viewer")
        assert names(visible_sites(user=user, now=NOW)) == ["plant-north"]
        assert get_visible_site(user=user, slug=other_site.slug, now=NOW) is None

    def test_a_member_of_the_organisation_sees_its_sites(
        self, make_user, site, other_site, organisation
    ):
        user = make_user(organisation=organisation, role="auditor")
        assert names(visible_sites(user=user, now=NOW)) == ["plant-north"]

    def test_two_memberships_do_not_show_a_site_twice(
        self, make_user, site, organisation
    ):
        user = make_user(organisation=organisation, role="viewer")
        Membership.objects.create(user=user, site=site, role="operator")
        assert names(visible_sites(user=user, now=NOW)) == ["plant-north"]

    @pytest.mark.parametrize(
        ("valid", "sees"),
        [
            ({"valid_to": NOW}, False),
            ({"valid_to": NOW + timedelta(seconds=1)}, True),
            ({"valid_from": NOW}, True),
            ({"valid_from": NOW + timedelta(seconds=1)}, False),
        ],
    )
    def test_a_membership_counts_from_its_beginning_to_its_end(
        self, make_user, site, valid, sees
    ):
        user = make_user(site=site, role="viewer", **valid)
        assert bool(visible_sites(user=user, now=NOW)) is sees

    def test_a_user_who_was_switched_off_sees_nothing(self, make_user, site):
        user = make_user(site=site, role="manager")
        user.is_active = False
        assert not visible_sites(user=user, now=NOW)
        assert not visible_meters(user=user, now=NOW)

    @pytest.mark.parametrize(
        ("role", "manages"),
        [(role, role == "manager") for role in Membership.Role.values],
    )
    def test_only_a_manager_manages(self, make_user, site, role, manages):
        user = make_user(site=site, role=role)
        assert bool(managed_sites(user=user, now=NOW)) is manages


class TestMeters:
    def test_a_member_sees_the_meters_of_the_site(self, make_user, make_meter, site):
        meter = make_meter()
        user = make_user(site=site, role="viewer")
        assert get_visible_meter(user=user, meter_id=meter.pk, now=NOW) == meter

    def test_a_member_of_another_site_does_not(self, make_user, make_meter, other_site):
        meter = make_meter()
        user = make_user(site=other_site, role="manager")
        assert get_visible_meter(user=user, meter_id=meter.pk, now=NOW) is None

    def test_a_branch_is_the_meter_and_all_below_it(self, make_user, make_meter, site):
        incomer = make_meter("1")
        feeder = make_meter("2", parent=incomer)
        press = make_meter("3", parent=feeder)
        make_meter("4", parent=incomer)
        user = make_user(branch=feeder, role="viewer")
        assert set(visible_meters(user=user, now=NOW)) == {feeder, press}
        assert names(visible_sites(user=user, now=NOW)) == ["plant-north"]
        assert not managed_sites(user=user, now=NOW)


class TestClaiming:
    @pytest.fixture
    def discovered(self):
        return Meter.objects.create(
            family="acrel-json-v2",
            device_id="1",
            first_topic="north/acrel/meter/json-v2/analog/0000",
        )

    def test_staff_claim_any(self, make_user, discovered):
        user = make_user()
        user.is_staff = True
        assert list(claimable_meters(user=user, now=NOW)) == [discovered]

    @pytest.mark.parametrize(
        ("prefix", "claims"),
        [
            ("north", True),
            ("north/", True),
            ("nor", False),
            ("south", False),
            ("", False),
        ],
    )
    def test_a_manager_claims_by_the_sites_topic_prefix(
        self, make_user, site, discovered, prefix, claims
    ):
        site.topic_prefix = prefix
        site.save()
        user = make_user(site=site, role="manager")
        assert bool(claimable_meters(user=user, now=NOW)) is claims

    def test_a_viewer_claims_none(self, make_user, site, discovered):
        site.topic_prefix = "north"
        site.save()
        user = make_user(site=site, role="viewer")
        assert not claimable_meters(user=user, now=NOW)

    def test_a_claimed_meter_is_not_claimable(self, make_user, make_meter):
        make_meter()
        user = make_user()
        user.is_staff = True
        assert not claimable_meters(user=user, now=NOW)
