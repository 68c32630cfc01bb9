"""The first administrator of an empty portal."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse

from meters.models import Membership, Organisation, SetupToken, Site, User
from meters.services.create_first_administrator import (
    InvalidTokenError,
    create_first_administrator,
    make_setup_token,
)
from meters.tests.test_views_sites import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages")]

ADDRESS = "/setup/"
ANSWERS = {
    "organisation": "Northern Foundries",
    "site_name": "Plant North",
    "time_zone": "Europe/Berlin",
    "name": "Ada Lovelace",
    "email": "Ada@Example.com",
    "password": "correct horse battery",
}


def setup_link():
    out = StringIO()
    call_command("setup_link", stdout=out)
    return out.getvalue()


class TestLink:
    def test_is_one_line_with_a_token_of_which_only_the_hash_is_kept(self, settings):
        settings.SITE_URL = "https://energy.example.com"
        link = setup_link()
        address, _, token = link.strip().partition("?token=")
        assert address == "https://energy.example.com/setup/"
        assert link.count("\n") == 1
        assert len(token) > 40
        assert token not in SetupToken.objects.get().digest

    def test_replaces_the_one_before(self, client):
        first = setup_link().strip()
        setup_link()
        answer = client.get(first)
        assert answer.status_code == 403
        assert "not valid any more" in answer.text

    def test_is_not_printed_when_there_is_an_administrator(self):
        User.objects.create_superuser("root@example.com", "x")
        assert setup_link() == ""
        assert not SetupToken.objects.exists()

    def test_is_printed_when_the_only_administrator_is_closed(self):
        User.objects.create_superuser("root@example.com", "x", is_active=False)
        assert "/setup/?token=" in setup_link()


class TestPage:
    def test_without_a_token_says_only_where_to_find_it(self, client):
        make_setup_token()
        page = text_of(client.get(ADDRESS))
        assert "bin/up --empty" in page
        assert "Organisation" not in page

    @pytest.mark.parametrize("token", ["wrong", "", "x" * 5000, "\u0000"])
    def test_with_a_wrong_token_makes_nobody(self, client, token):
        make_setup_token()
        answer = client.post(ADDRESS, {**ANSWERS, "token": token})
        assert answer.status_code in {200, 403}
        assert not User.objects.exists()

    def test_makes_administrator_organisation_and_site_and_logs_in(self, client):
        token = make_setup_token()
        assert "Set up this portal" in text_of(client.get(ADDRESS, {"token": token}))
        answer = client.post(ADDRESS, {**ANSWERS, "token": token})
        site = Site.objects.get()
        assert answer.status_code == 302
        assert answer.url == reverse("site_dashboard", args=["plant-north"])
        user = User.objects.get()
        assert (user.email, user.is_superuser) == ("ada@example.com", True)
        assert user.check_password("correct horse battery")
        assert (site.organisation.name, site.time_zone) == (
            "Northern Foundries",
            "Europe/Berlin",
        )
        assert Membership.objects.get().role == Membership.Role.MANAGER
        # Logged in already
        assert client.get(answer.url).status_code == 200

    def test_works_once(self, client):
        token = make_setup_token()
        client.post(ADDRESS, {**ANSWERS, "token": token})
        client.logout()
        again = {**ANSWERS, "email": "eve@example.com", "token": token}
        answer = client.post(ADDRESS, again)
        assert answer.status_code == 403
        assert "The link has been used" in answer.text
        assert User.objects.count() == 1

    def test_of_two_at_once_the_second_is_told(self, client, monkeypatch):
        token = make_setup_token()
        service = "meters.services.create_first_administrator"

        def quicker(**answers):
            SetupToken.objects.all().delete()
            raise InvalidTokenError

        monkeypatch.setattr(f"{service}.create_first_administrator", quicker)
        answer = client.post(ADDRESS, {**ANSWERS, "token": token})
        assert answer.status_code == 403
        assert not User.objects.exists()

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"password": "12345678"}, "too common"),
            ({"password": "ada@example"}, "too similar"),
            ({"email": "ada"}, "Enter a valid email address."),
            ({"time_zone": "Berlin"}, "Select a valid choice."),
            ({"organisation": " "}, "This field is required."),
        ],
    )
    def test_says_what_is_wrong_and_keeps_the_token(self, client, wrong, said):
        token = make_setup_token()
        answer = client.post(ADDRESS, {**ANSWERS, **wrong, "token": token})
        assert said in text_of(answer)
        assert not User.objects.exists()
        assert client.post(ADDRESS, {**ANSWERS, "token": token}).status_code == 302

    def test_a_site_whose_name_has_no_latin_letter_gets_an_address(self, client):
        token = make_setup_token()
        client.post(ADDRESS, {**ANSWERS, "site_name": "工厂", "token": token})
        assert Site.objects.get().slug == "site"


class TestService:
    def test_all_or_nothing(self):
        Organisation.objects.create(name="Northern Foundries")
        token = make_setup_token()
        with pytest.raises(Exception, match="organisation"):
            create_first_administrator(token=token, **ANSWERS)

    def test_a_used_token_is_refused(self):
        token = make_setup_token()
        create_first_administrator(token=token, **ANSWERS)
        with pytest.raises(InvalidTokenError):
            create_first_administrator(token=token, **ANSWERS)
