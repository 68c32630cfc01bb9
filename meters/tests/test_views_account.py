"""The login and its neighbours, and the pages for what went wrong."""

import pytest
from django.template.loader import render_to_string
from django.urls import reverse

from meters.models import User
from meters.tests.test_views_sites import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages")]


def test_a_person_logs_in_and_lands_at_the_sites(client, make_user):
    make_user("ada@example.com")
    answer = client.post(
        reverse("account_login"),
        {"login": "Ada@example.com", "password": "correct horse battery"},
    )
    assert answer.status_code == 302
    assert answer.url == reverse("site_list")


def test_a_wrong_password_is_told_without_saying_what_was_wrong(client, make_user):
    make_user("ada@example.com")
    pages = [
        text_of(
            client.post(reverse("account_login"), {"login": email, "password": "wrong"})
        )
        for email in ("ada@example.com", "eve@example.com")
    ]
    assert "are not correct" in pages[0]
    assert pages[0] == pages[1]


@pytest.mark.parametrize(
    "name",
    [
        "account_login",
        "account_signup",
        "account_reset_password",
        "account_reset_password_done",
        "account_inactive",
    ],
)
def test_the_pages_before_the_login_have_our_look(client, name):
    answer = client.get(reverse(name))
    assert answer.status_code == 200
    assert "css/energy-site.css" in answer.text


@pytest.mark.parametrize(
    "name", ["account_change_password", "account_email", "account_logout"]
)
def test_the_pages_of_one_s_own_login_have_our_look(client, log_in, name):
    log_in()
    answer = client.get(reverse(name), follow=True)
    assert answer.status_code == 200
    assert "css/energy-site.css" in answer.text


def test_nobody_signs_up_alone(client):
    answer = client.post(
        reverse("account_signup"),
        {"email": "eve@example.com", "password1": "correct horse battery"},
    )
    assert "People are invited here" in answer.text
    assert not User.objects.exists()


def test_what_is_not_there_says_so(client):
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "Nothing here" in answer.text


@pytest.mark.parametrize(
    "template", ["403.html", "403_csrf.html", "429.html", "500.html"]
)
def test_every_error_says_what_to_do(template):
    # As Django renders the last of them: without a request
    assert "To the sites" in render_to_string(template)


def test_pages_allow_no_foreign_script(client):
    policy = client.get(reverse("account_login")).headers["Content-Security-Policy"]
    script = next(p for p in policy.split("; ") if p.startswith("script-src"))
    assert "unsafe" not in script
