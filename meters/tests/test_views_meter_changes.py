"""The pages that set a meter up, move it and retire it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from meters.models import Membership, Meter, MeterChange
from meters.tests.test_views_sites import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def meter(make_meter):
    return make_meter("press")


def local(site, at=None) -> str:
    """An instant as the form of a site has it."""
    at = at or timezone.now() - timedelta(minutes=5)
    return at.astimezone(ZoneInfo(site.time_zone)).strftime("%Y-%m-%dT%H:%M")


class TestChanges:
    def post(self, client, meter, **given):
        return client.post(f"/meters/{meter.pk}/changes/", given, follow=True)

    def move(self, client, meter, site, parent="", **more):
        given = {
            "move": "yes",
            "move-site": site.pk,
            "move-parent": parent,
            "move-at": local(meter.site),
            **more,
        }
        return self.post(client, meter, **given)

    def test_a_manager_moves_a_meter(self, client, log_in, meter, make_meter, site):
        log_in(site=site, role="manager")
        panel = make_meter("panel")
        answer = self.move(client, meter, site, panel.pk, **{"move-reason": "re-fed"})
        assert "Meter press is moved." in answer.text
        assert "moved : incomer → Meter panel re-fed" in text_of(answer).replace(
            "moved:", "moved :"
        )
        meter.refresh_from_db()
        assert meter.parent == panel

    def test_the_instant_is_in_the_zone_of_the_site(
        self, client, log_in, meter, make_meter, site
    ):
        log_in(site=site, role="manager")
        noon = timezone.now().astimezone(ZoneInfo("Europe/Berlin")) - timedelta(days=2)
        noon = noon.replace(hour=12, minute=0, second=0, microsecond=0)
        parent = make_meter("panel").pk
        self.move(client, meter, site, parent, **{"move-at": f"{noon:%Y-%m-%dT12:00}"})
        assert MeterChange.objects.get().at == noon

    def test_a_refusal_says_why(self, client, log_in, meter, site):
        log_in(site=site, role="manager")
        assert "hangs there already" in self.move(client, meter, site).text
        later = local(site, timezone.now() + timedelta(hours=2))
        answer = self.move(client, meter, site, **{"move-at": later})
        assert "That is in the future" in answer.text

    def test_not_to_a_site_that_they_do_not_manage(
        self, client, log_in, meter, site, other_site
    ):
        log_in(site=site, role="manager")
        self.move(client, meter, other_site)
        meter.refresh_from_db()
        assert meter.site == site

    def test_not_below_a_meter_that_hangs_below_it(
        self, client, log_in, meter, make_meter, site
    ):
        log_in(site=site, role="manager")
        below = make_meter("below", parent=meter)
        page = client.get(f"/meters/{meter.pk}/changes/")
        assert f'<option value="{below.pk}"' not in page.text
        self.move(client, meter, site, below.pk)
        assert not MeterChange.objects.exists()

    def test_retired_and_taken_back(self, client, log_in, meter, make_meter, site):
        log_in(site=site, role="manager")
        make_meter("below", parent=meter)
        page = text_of(client.get(f"/meters/{meter.pk}/changes/"))
        assert "Below it hang Meter below" in page
        answer = self.post(client, meter, **{"retire": "yes", "retire-at": local(site)})
        assert "is retired" in answer.text
        meter.refresh_from_db()
        assert meter.state == Meter.State.RETIRED
        # No list of the site shows it, its own page does
        assert "Meter press" not in client.get(f"/sites/{site.slug}/meters/").text
        assert client.get(f"/meters/{meter.pk}/").status_code == 200
        change = MeterChange.objects.get(kind="retirement")
        client.post(f"/changes/{change.pk}/undo/")
        meter.refresh_from_db()
        assert meter.state == Meter.State.ACTIVE
        page = text_of(client.get(f"/meters/{meter.pk}/changes/"))
        assert "taken back by ada@example.com" in page

    @pytest.mark.parametrize("role", ["viewer", "operator", "installer", "auditor"])
    def test_those_who_do_not_manage_only_look(self, client, log_in, meter, site, role):
        user = log_in(site=site, role=role)
        page = client.get(f"/meters/{meter.pk}/changes/")
        assert 'name="retire"' not in page.text
        given = {"retire": "yes", "retire-at": local(site)}
        assert self.post(client, meter, **given).status_code == 403
        change = MeterChange.objects.create(
            meter=meter,
            kind="retirement",
            at=timezone.now(),
            by=user,
            made_at=timezone.now(),
        )
        assert client.post(f"/changes/{change.pk}/undo/").status_code == 403

    @pytest.mark.parametrize(("manages_both", "status"), [(False, 403), (True, 302)])
    def test_back_to_another_site_by_who_manages_both(
        self, client, log_in, meter, site, other_site, manages_both, status
    ):
        user = log_in(site=site, role="manager")
        if manages_both:
            Membership.objects.create(user=user, site=other_site, role="manager")
        now = timezone.now()
        change = MeterChange.objects.create(
            meter=meter,
            kind="move",
            at=now,
            from_site=other_site,
            to_site=site,
            by=user,
            made_at=now,
        )
        assert client.post(f"/changes/{change.pk}/undo/").status_code == status
        meter.refresh_from_db()
        assert meter.site == (other_site if manages_both else site)

    def test_strangers_see_nothing(self, client, log_in, meter, other_site):
        log_in(site=other_site, role="manager")
        assert client.get(f"/meters/{meter.pk}/changes/").status_code == 404

    def test_a_get_takes_nothing_back(self, client, log_in, meter, site):
        log_in(site=site, role="manager")
        assert client.get("/changes/1/undo/").status_code == 405


class TestSettings:
    GIVEN = {
        "name": "Press 2",
        "wiring": "3P4W",
        "positive_power": "consumption",
        "ct_ratio": "60",
        "pt_ratio": "1",
        "power_is_primary": "on",
        "rated_current": "300",
        "nominal_voltage": "230",
    }

    def post(self, client, meter, query="", **given):
        address = f"/meters/{meter.pk}/settings/{query}"
        return client.post(address, {**self.GIVEN, **given})

    @pytest.mark.parametrize("role", ["installer", "manager"])
    def test_are_put_right(self, client, log_in, meter, site, role):
        log_in(site=site, role=role)
        assert self.post(client, meter).url == f"/meters/{meter.pk}/"
        meter.refresh_from_db()
        assert (meter.name, meter.ct_ratio, meter.power_is_primary) == (
            *("Press 2", 60.0),
            True,
        )
        assert meter.site == site

    @pytest.mark.parametrize(
        ("role", "needed"), [("installer", True), ("manager", False)]
    )
    def test_the_second_person_is_a_managers_to_do_away_with(
        self, client, log_in, make_meter, site, role, needed
    ):
        meter = make_meter(commands_need_approval=True)
        log_in(site=site, role=role)
        assert self.post(client, meter).status_code == 302
        meter.refresh_from_db()
        assert meter.commands_need_approval is needed

    def test_lead_back_to_the_checks(self, client, log_in, meter, site):
        log_in(site=site, role="installer")
        answer = self.post(client, meter, "?back=1")
        assert answer.url == f"/meters/{meter.pk}/commissioning/"

    def test_show_what_the_meter_sent_without_ratios(
        self, client, log_in, make_meter, site, store
    ):
        meter = make_meter(ct_ratio=40)
        store(meter, active_power=2.5)
        log_in(site=site, role="manager")
        page = client.get(f"/meters/{meter.pk}/settings/").text
        assert "sent: 2.50 kW" in page
        assert 'value="40"' in page

    @pytest.mark.parametrize(
        ("field", "value"),
        [("ct_ratio", "0"), ("pt_ratio", "-1"), ("name", ""), ("rated_current", "0")],
    )
    def test_are_refused(self, client, log_in, meter, site, field, value):
        log_in(site=site, role="manager")
        assert self.post(client, meter, **{field: value}).status_code == 200
        meter.refresh_from_db()
        assert meter.ct_ratio == 1.0

    @pytest.mark.parametrize("role", ["viewer", "operator", "auditor"])
    def test_not_by_others(self, client, log_in, meter, site, role):
        log_in(site=site, role=role)
        assert self.post(client, meter).status_code == 404
        page = client.get(f"/meters/{meter.pk}/").text
        assert "/settings/" not in page
