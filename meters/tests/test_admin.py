"""The administration."""

import pytest
from django.contrib import admin
from django.urls import reverse

from meters.models import Meter, Reading, RejectedMessage, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(pages, client):
    user = User.objects.create_superuser("root@example.com", "correct horse battery")
    client.force_login(user)
    return user


@pytest.mark.parametrize(
    "name", ["user", "organisation", "site", "membership", "meter", "rejectedmessage"]
)
def test_every_list_opens(client, boss, make_meter, name):
    make_meter("1")
    assert client.get(reverse(f"admin:meters_{name}_changelist")).status_code == 200


@pytest.mark.parametrize("name", ["user", "organisation", "site", "membership"])
def test_new_ones_can_be_made(client, boss, name):
    assert client.get(reverse(f"admin:meters_{name}_add")).status_code == 200


def test_a_person_is_made_by_e_mail_address_and_password(client, boss):
    answer = client.post(
        reverse("admin:meters_user_add"),
        {
            "email": "ada@example.com",
            "usable_password": "true",
            "password1": "correct horse battery",
            "password2": "correct horse battery",
            "memberships-TOTAL_FORMS": 0,
            "memberships-INITIAL_FORMS": 0,
        },
    )
    assert answer.status_code == 302
    assert User.objects.get(email="ada@example.com").check_password(
        "correct horse battery"
    )


def test_a_meter_with_readings_cannot_be_deleted(client, boss, make_meter, store):
    meter = make_meter("1")
    address = reverse("admin:meters_meter_delete", args=[meter.pk])
    assert client.get(address).status_code == 200
    store(meter, active_power=1.0)
    assert client.post(address, {"post": "yes"}).status_code == 403
    assert Meter.objects.filter(pk=meter.pk).exists()


def test_meters_are_not_deleted_by_the_dozen(client, boss, make_meter, store):
    meter = make_meter("1")
    store(meter, active_power=1.0)
    client.post(
        reverse("admin:meters_meter_changelist"),
        {"action": "delete_selected", "_selected_action": [meter.pk], "post": "yes"},
    )
    assert Meter.objects.filter(pk=meter.pk).exists()


def test_a_rejected_message_is_read_and_not_changed(client, boss):
    message = RejectedMessage.objects.create(
        received_at="2026-03-01T12:00Z",
        topic="<b>x</b>",
        payload=b"\xff<script>",
        payload_size=9,
        reason="Not JSON.",
    )
    address = reverse("admin:meters_rejectedmessage_change", args=[message.pk])
    page = client.get(address).text
    assert "\\xff&lt;script&gt;" in page
    assert 'name="_save"' not in page
    assert client.post(address, {"reason": "x"}).status_code == 403


def test_readings_are_not_there():
    assert not admin.site.is_registered(Reading)


def test_its_login_is_the_portal_s_own_which_limits_tries(client, pages):
    answer = client.get(reverse("admin:index"), follow=True)
    assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))
