"""The pages of commands, outputs and lockouts, and who may do what there."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from meters import tasks
from meters.forms.commands import OutputForm
from meters.models import (
    Command,
    CommandTemplate,
    DeviceEvent,
    Lockout,
    Meter,
    Output,
    Profile,
)
from meters.tests.test_views_sites import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def queued(monkeypatch) -> list[int]:
    """The commands that were given to a worker."""
    ids: list[int] = []
    monkeypatch.setattr(tasks, "_enqueue", ids.append)
    return ids


@pytest.fixture
def output(make_output):
    return make_output(is_on=False)


def page_of(output: Output) -> str:
    return f"/meters/{output.meter_id}/"


def post(client, output, action="on", **more):
    address = f"/meters/{output.meter_id}/commands/"
    return client.post(
        address, {"action": action, "output": output.number, **more}, follow=True
    )


class TestSwitching:
    def test_an_operator_switches(
        self, client, log_in, output, site, queued, django_capture_on_commit_callbacks
    ):
        ada = log_in(site=site, role="operator")
        page = client.get(page_of(output)).text
        assert "Switch on" in page
        with django_capture_on_commit_callbacks(execute=True):
            answer = post(client, output)
        command = Command.objects.get()
        assert (command.action, command.requested_by) == ("on", ada)
        assert queued == [command.pk]
        assert "to be sent switch on · Pump ada@example.com" in text_of(answer)

    @pytest.mark.parametrize("role", ["operator", "installer", "manager"])
    def test_those_who_may(self, client, log_in, output, site, role):
        log_in(site=site, role=role)
        post(client, output)
        assert Command.objects.count() == 1

    @pytest.mark.parametrize("role", ["viewer", "auditor"])
    def test_those_who_only_look(self, client, log_in, output, site, role):
        log_in(site=site, role=role)
        page = client.get(page_of(output))
        assert "Pump off" in text_of(page)
        assert "Switch on" not in page.text
        assert post(client, output).status_code == 404
        assert not Command.objects.exists()

    def test_strangers(self, client, log_in, output, other_site):
        log_in(site=other_site, role="manager")
        assert post(client, output).status_code == 404
        assert client.get(output.get_absolute_url()).status_code == 404
        assert not Command.objects.exists()

    def test_a_branch_is_commanded_by_its_own_operator_only(
        self, client, log_in, output, make_output
    ):
        other = make_output(is_on=False)
        log_in(branch=output.meter, role="operator")
        post(client, other)
        assert not Command.objects.exists()
        post(client, output)
        assert Command.objects.count() == 1

    def test_nobody_logged_in(self, client, pages, output):
        answer = client.post(f"/meters/{output.meter_id}/commands/", {"action": "on"})
        assert answer.status_code == 302
        assert "/accounts/login/" in answer.url

    def test_another_page_cannot_post_in_their_name(self, log_in, output, site, client):
        ada = log_in(site=site, role="operator")
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(ada)
        address = f"/meters/{output.meter_id}/commands/"
        assert strict.post(address, {"action": "on", "output": 1}).status_code == 403
        assert not Command.objects.exists()

    def test_a_get_changes_nothing(self, client, log_in, output, site):
        log_in(site=site, role="operator")
        assert client.get(f"/meters/{output.meter_id}/commands/").status_code == 405

    def test_a_refusal_says_why(self, client, log_in, make_output, site):
        output = make_output(is_on=False, off_only=True)
        log_in(site=site, role="operator")
        assert "Switch on" not in client.get(page_of(output)).text
        assert "never on" in post(client, output).text

    def test_a_second_click_is_no_second_command(self, client, log_in, output, site):
        log_in(site=site, role="operator")
        post(client, output)
        assert "has been asked for this already" in post(client, output).text
        assert Command.objects.count() == 1
        # The opposite may be asked at any time, and the same once the first is out
        post(client, output, action="off")
        Command.objects.filter(action="on").update(state="sent")
        post(client, output)
        assert Command.objects.count() == 3

    def test_what_is_no_command(self, client, log_in, output, site):
        log_in(site=site, role="operator")
        assert "no command" in post(client, output, action="explode").text

    def test_the_name_is_typed_on_the_page_of_the_output(
        self, client, log_in, make_output, site
    ):
        output = make_output(is_on=False, typed_confirmation=True)
        log_in(site=site, role="operator")
        assert "Switch…" in client.get(page_of(output)).text
        assert 'name="typed"' in client.get(output.get_absolute_url()).text
        assert "Type the name" in post(client, output).text
        post(client, output, typed="Pump")
        assert Command.objects.count() == 1

    def test_the_minimum_time_counts_down(self, client, log_in, make_output, site):
        now = timezone.now()
        log_in(site=site, role="operator")
        output = make_output(is_on=True, changed_at=now, minimum_on_s=600)
        page = client.get(page_of(output)).text
        assert re.search(r'data-until="[^"]+">may change in <span class="left">', page)

    def test_a_meter_that_cannot_be_commanded_shows_nothing(
        self, client, log_in, make_meter, site
    ):
        log_in(site=site, role="manager")
        meter = make_meter()
        assert 'id="commands"' not in client.get(f"/meters/{meter.pk}/").text


class TestApproval:
    def test_a_manager_approves_what_another_asked(
        self, client, log_in, make_output, site, make_user, queued,
        django_capture_on_commit_callbacks,
    ):  # fmt: skip
        output = make_output(is_on=False, needs_approval=True)
        ada = log_in(site=site, role="manager")
        with django_capture_on_commit_callbacks(execute=True):
            answer = post(client, output)
        assert "other than you" in answer.text
        assert queued == []
        command = Command.objects.get()
        address = f"/commands/{command.pk}/approve/"
        # Not by the one who asked
        assert "Approve" not in client.get("/sites/plant-north/commands/").text
        assert "Another person" in client.post(address, follow=True).text
        bob = make_user("bob@example.com", "manager", site=site)
        client.force_login(bob)
        assert "Approve" in client.get("/sites/plant-north/commands/").text
        with django_capture_on_commit_callbacks(execute=True):
            client.post(address)
        command.refresh_from_db()
        assert (command.state, command.approved_by) == ("approved", bob)
        assert queued == [command.pk]
        page = text_of(client.get("/sites/plant-north/commands/"))
        assert "waits for approval · ada@example.com" in page
        assert "to be sent · bob@example.com" in page
        assert ada.pk != bob.pk

    @pytest.mark.parametrize("role", ["operator", "viewer", "installer", "auditor"])
    def test_others_do_not(self, client, log_in, make_output, site, make_user, role):
        output = make_output(needs_approval=True)
        log_in(site=site, role="operator")
        post(client, output)
        command = Command.objects.get()
        client.force_login(make_user("eve@example.com", role, site=site))
        for what in ("approve", "cancel"):
            assert client.post(f"/commands/{command.pk}/{what}/").status_code == 404
        command.refresh_from_db()
        assert command.state == "requested"

    def test_whoever_asked_takes_it_back(self, client, log_in, make_output, site):
        log_in(site=site, role="operator")
        post(client, make_output(needs_approval=True))
        command = Command.objects.get()
        client.post(f"/commands/{command.pk}/cancel/")
        command.refresh_from_db()
        assert command.state == "cancelled"

    def test_the_history_is_of_what_one_may_see(
        self, client, log_in, output, make_output, site
    ):
        log_in(site=site, role="operator")
        post(client, output)
        other = make_output()
        log_in(email="bob@example.com", branch=other.meter, role="manager")
        page = client.get("/sites/plant-north/commands/").text
        assert output.meter.name not in page


class TestLockout:
    @pytest.fixture
    def locked(self, client, log_in, output, site):
        log_in(site=site, role="operator")
        client.post(output.get_absolute_url(), {"lock": "yes", "reason": "Belt off"})
        return Lockout.objects.get()

    def test_stands_on_every_page_of_the_site(self, client, locked, output):
        pages = ("", "meters/", "commands/", "wall/")
        for address in (*(f"/sites/plant-north/{p}" for p in pages), page_of(output)):
            assert "is locked out by ada@example.com: Belt off" in text_of(
                client.get(address)
            )
        # On pages of no site with the site's name
        assert "Plant North · Meter" in text_of(client.get("/"))

    def test_and_not_on_those_of_another(
        self, client, locked, log_in, other_site, site, make_output
    ):
        log_in(email="bob@example.com", site=other_site, role="viewer")
        assert "Belt off" not in client.get("/sites/mill/").text
        assert "Belt off" not in client.get("/").text
        # Nor for who sees another branch of the same site
        branch = make_output().meter
        log_in(email="cy@example.com", branch=branch, role="viewer")
        assert "Belt off" not in client.get("/sites/plant-north/").text

    def test_refuses_commands(self, client, locked, output):
        assert "is locked out by" in post(client, output).text
        assert not Command.objects.exists()

    def test_is_lifted_by_that_person(self, client, locked):
        client.post(f"/lockouts/{locked.pk}/lift/")
        locked.refresh_from_db()
        assert locked.lifted_at is not None

    @pytest.mark.parametrize(
        ("role", "lifts"),
        [("operator", False), ("viewer", False), ("manager", True)],
    )
    def test_or_by_a_manager(self, client, locked, make_user, site, role, lifts):
        client.force_login(make_user("bob@example.com", role, site=site))
        client.post(f"/lockouts/{locked.pk}/lift/")
        locked.refresh_from_db()
        assert (locked.lifted_at is not None) is lifts

    def test_until_is_in_the_zone_of_the_site(self, client, log_in, output, site):
        log_in(site=site, role="operator")
        client.post(
            output.get_absolute_url(),
            {"lock": "yes", "reason": "x", "until": "2099-07-01T12:00"},
        )
        assert Lockout.objects.get().until.isoformat() == "2099-07-01T10:00:00+00:00"

    def test_until_has_not_passed(self, client, log_in, output, site):
        log_in(site=site, role="operator")
        answer = client.post(
            output.get_absolute_url(),
            {"lock": "yes", "reason": "x", "until": "2020-07-01T12:00"},
        )
        assert "over already" in answer.text

    @pytest.mark.parametrize("role", ["viewer", "auditor"])
    def test_who_only_looks_locks_nothing(self, client, log_in, output, site, role):
        log_in(site=site, role=role)
        client.post(output.get_absolute_url(), {"lock": "yes", "reason": "x"})
        assert not Lockout.objects.exists()


class TestSetUp:
    def test_a_manager_sets_an_output_up(self, client, log_in, output, site):
        log_in(site=site, role="manager")
        given = {"name": "Fan", "minimum_on_s": "60", "minimum_off_s": "0"}
        client.post(
            output.get_absolute_url(), {"setup": "1", "off_only": "on", **given}
        )
        output.refresh_from_db()
        assert (output.name, output.off_only, output.minimum_on_s) == ("Fan", True, 60)

    def test_leaves_how_it_stands_alone(self, output):
        stale = Output.objects.get(pk=output.pk)
        now = timezone.now()
        Output.objects.filter(pk=output.pk).update(
            is_on=True, changed_at=now, commanded_on=True, commanded_at=now
        )
        given = {"name": "Fan", "minimum_on_s": "60", "minimum_off_s": "0"}
        form = OutputForm(given, instance=stale)
        assert form.is_valid()
        form.save()
        output.refresh_from_db()
        assert (output.name, output.is_on, output.commanded_at) == ("Fan", True, now)

    def test_an_operator_does_not(self, client, log_in, output, site):
        log_in(site=site, role="operator")
        given = {"name": "Fan", "minimum_on_s": "0", "minimum_off_s": "0"}
        client.post(output.get_absolute_url(), {"setup": "yes", **given})
        output.refresh_from_db()
        assert output.name == "Pump"
        assert client.get(f"/meters/{output.meter_id}/outputs/").status_code == 404

    def test_a_manager_adds_one_that_the_device_does_not_tell_of(
        self, client, log_in, output, site
    ):
        log_in(site=site, role="manager")
        address = f"/meters/{output.meter_id}/outputs/"
        given = {"name": "Fan", "minimum_on_s": "0", "minimum_off_s": "0"}
        assert "there already" in client.post(address, {"number": "1", **given}).text
        client.post(address, {"number": "2", **given})
        assert Output.objects.get(number=2).name == "Fan"


class TestTemplates:
    GIVEN = {
        "name": "DO on",
        "family": "acrel-json-v2",
        "action": "on",
        "topic": "down/{device}",
        "payload": '{"do": {output}}',
        "timeout_s": "30",
    }

    @pytest.mark.parametrize("address", ["", "new/"])
    def test_are_for_administrators(self, client, log_in, site, address):
        log_in(site=site, role="manager")
        assert client.get(f"/command-templates/{address}").status_code == 403

    def test_are_written_tried_dry_and_turned_on(self, client, log_in, make_meter):
        log_in(is_staff=True)
        meter = make_meter("42")
        client.post("/command-templates/new/", self.GIVEN)
        template = CommandTemplate.objects.get()
        assert not template.enabled
        address = f"/command-templates/{template.pk}/"
        query = {"dry_meter": meter.pk, "dry_output": 3, "dry_interval_s": 60}
        page = text_of(client.get(address, query))
        assert "Topic down/42 Payload {&quot;do&quot;: 3}" in page
        client.post(f"{address}switch/", {"enabled": "yes"})
        template.refresh_from_db()
        assert template.enabled
        # A change of what is published turns it off, a change of the name does not
        client.post(address, {**self.GIVEN, "name": "Other"})
        template.refresh_from_db()
        assert (template.name, template.enabled) == ("Other", True)
        client.post(address, {**self.GIVEN, "payload": "x"})
        template.refresh_from_db()
        assert not template.enabled

    def test_may_be_for_a_profile_made_in_the_portal(self, client, log_in):
        log_in(is_staff=True)
        given = {**self.GIVEN, "family": "hall-meters"}
        client.post("/command-templates/new/", given)
        assert not CommandTemplate.objects.exists()
        Profile.objects.create(name="hall-meters", definition="")
        client.post("/command-templates/new/", given)
        assert CommandTemplate.objects.get().family == "hall-meters"

    def test_two_for_the_same_are_not_on_at_once(self, client, log_in):
        log_in(is_staff=True)
        for _ in range(2):
            client.post("/command-templates/new/", self.GIVEN)
        for template in CommandTemplate.objects.all():
            address = f"/command-templates/{template.pk}/switch/"
            answer = client.post(address, {"enabled": "yes"}, follow=True)
        assert "Another template" in answer.text
        assert CommandTemplate.objects.filter(enabled=True).count() == 1

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"topic": "down/#"}, "has no + and no #"),
            ({"topic": "down/{serial}"}, "no placeholder"),
            ({"reply_match": "code"}, "path = value"),
            ({"family": ""}, "Choose a family"),
            ({"timeout_s": "0"}, "greater than or equal to 1"),
        ],
    )
    def test_what_is_wrong_is_said(self, client, log_in, change, sentence):
        log_in(is_staff=True)
        answer = client.post("/command-templates/new/", {**self.GIVEN, **change})
        assert sentence in answer.text
        assert not CommandTemplate.objects.exists()


class TestEvents:
    def test_stand_on_the_page_of_the_meter(self, client, log_in, output, site):
        at = timezone.now() - timedelta(minutes=5)
        DeviceEvent.objects.create(
            meter=output.meter,
            time=at,
            received_at=at,
            code="undervoltage",
            text="Undervoltage on L2",
            active=True,
            value=187.5,
        )
        log_in(site=site, role="viewer")
        page = text_of(client.get(page_of(output)))
        assert "begun Undervoltage on L2 undervoltage (187.5)" in page


class TestApi:
    def address(self, output):
        return f"/api/v1/meters/{output.meter_id}/commands"

    def test_asks_and_lists(self, client, log_in, output, site):
        log_in(site=site, role="operator")
        body = {"action": "on", "output": 1}
        answer = client.post(self.address(output), body, "application/json")
        assert answer.status_code == 202
        assert answer.json()["state"] == "approved"
        (told,) = client.get(self.address(output)).json()
        assert (told["meter"], told["output"], told["wanted_on"]) == (
            output.meter_id,
            1,
            True,
        )
        assert [step["who"] for step in told["steps"]] == ["ada@example.com", None]

    def test_refuses_with_a_sentence(self, client, log_in, make_output, site):
        output = make_output(off_only=True)
        log_in(site=site, role="operator")
        body = {"action": "on", "output": 1}
        answer = client.post(self.address(output), body, "application/json")
        assert answer.status_code == 409
        assert "never on" in answer.json()["detail"]

    @pytest.mark.parametrize("role", ["viewer", "auditor"])
    def test_who_only_looks_only_lists(self, client, log_in, output, site, role):
        log_in(site=site, role=role)
        body = {"action": "on", "output": 1}
        answer = client.post(self.address(output), body, "application/json")
        assert answer.status_code == 404
        assert client.get(self.address(output)).json() == []

    def test_strangers_and_other_pages(
        self, client, log_in, output, other_site, make_user, site
    ):
        log_in(site=other_site, role="manager")
        assert client.get(self.address(output)).status_code == 404
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(make_user("bob@example.com", "operator", site=site))
        body = {"action": "on", "output": 1}
        answer = strict.post(self.address(output), body, "application/json")
        assert answer.status_code == 403
        assert not Command.objects.exists()
        assert Meter.objects.exists()
