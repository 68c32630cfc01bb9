"""The page of system health."""

import pytest
from django.utils import timezone

from meters.services.record_readings import Row, record_readings

pytestmark = pytest.mark.django_db(transaction=True)


def test_staff_see_what_is_stored_month_by_month(client, make_user):
    client.force_login(make_user(is_staff=True))
    now = timezone.now()
    record_readings([Row(1, now, now, {"voltage_l1": 1.0}, {})], source="test")
    page = client.get("/health/").content.decode()
    assert f"{now:%B %Y}" in page
    assert "Room left" in page
    assert f"{now:%H:%M}" in page


def test_others_do_not(client, make_user, site):
    client.force_login(make_user(site=site, role="manager"))
    assert client.get("/health/").status_code == 403


def test_nobody_without_a_login(client):
    assert "/accounts/login/" in client.get("/health/").headers["Location"]
