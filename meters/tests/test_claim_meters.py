"""Claiming many discovered meters in one form."""

import pytest
from django.urls import reverse

from meters.models import Meter
from meters.tests.test_views_sites import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def devices():
    """Three discovered meters: an incomer, what it feeds, and what that feeds."""
    return [
        Meter.objects.create(family="acrel-json-v2", device_id=device_id)
        for device_id in ("1001", "1002", "1003")
    ]


@pytest.fixture
def manager(log_in, site):
    return log_in(is_staff=True, site=site, role="manager")


@pytest.fixture
def row(site):
    """What the form sends of one row."""

    def row(meter, **changed):
        answers = {
            "name": f"Meter {meter.device_id}",
            "site": site.pk,
            "parent": "",
            "wiring": "3P4W",
            "ct_ratio": "40",
            "pt_ratio": "1",
            "rated_current": "250",
            "expected_interval_s": "",
            **changed,
        }
        return {f"{meter.pk}-{name}": value for name, value in answers.items()}

    return row


@pytest.fixture
def claim(client):
    def claim(meters, *rows, **extra):
        ids = ",".join(str(meter.pk) for meter in meters)
        answers = {name: value for row in rows for name, value in row.items()}
        address = f"{reverse('claim_meters')}?meters={ids}"
        return client.post(address, answers, **extra)

    return claim


def states(meters):
    return [Meter.objects.get(pk=meter.pk).state for meter in meters]


def test_the_button_of_the_list_leads_to_the_form(client, manager, devices):
    answer = client.post(
        reverse("sort_discovered"),
        {"action": "claim", "meter": [devices[0].pk, devices[2].pk]},
        follow=True,
    )
    page = text_of(answer)
    assert "Claim 2 meters" in page
    # The name is proposed from the device id
    assert f'name="{devices[0].pk}-name" value="1001"' in answer.text
    assert f'name="{devices[1].pk}-name"' not in answer.text


def test_claims_all_with_parents_among_them(claim, manager, devices, row, site):
    incomer, press, robot = devices
    answer = claim(
        devices,
        # The last of them first: what feeds it is claimed all the same
        row(robot, parent=f"among-{press.pk}"),
        row(press, parent=f"among-{incomer.pk}", current_is_primary="on"),
        row(incomer, name="Incomer"),
    )
    assert answer.url == site.get_absolute_url()
    for meter in devices:
        meter.refresh_from_db()
    assert [meter.state for meter in devices] == ["active"] * 3
    assert (press.parent, robot.parent) == (incomer, press)
    assert (incomer.name, incomer.ct_ratio, incomer.rated_current) == (
        "Incomer",
        40.0,
        250.0,
    )
    assert (press.current_is_primary, press.power_is_primary) == (True, False)


def test_a_parent_may_be_claimed_long_since(claim, manager, devices, row, make_meter):
    incomer = make_meter("1")
    claim(devices[:1], row(devices[0], parent=str(incomer.pk)))
    devices[0].refresh_from_db()
    assert devices[0].parent == incomer


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "This field is required."),
        ({"ct_ratio": "0"}, "A ratio is greater than zero."),
        ({"rated_current": "-5"}, "greater than zero, or left empty"),
        ({"parent": "among-999999"}, "Select a valid choice."),
    ],
)
def test_a_row_with_an_error_waits_and_the_others_are_claimed(
    claim, manager, devices, row, wrong, said
):
    good, bad, _ = devices
    answer = claim([good, bad], row(good), row(bad, **wrong))
    page = text_of(answer)
    assert said in page
    assert "1 meter is claimed." in page
    assert "Claim 1 meter" in page
    assert states([good, bad]) == ["active", "discovered"]
    bad.refresh_from_db()
    assert (bad.name, bad.site, bad.ct_ratio) == ("", None, 1.0)


def test_what_hangs_below_a_row_with_an_error_waits_too(claim, manager, devices, row):
    incomer, press, _ = devices
    answer = claim(
        [incomer, press],
        row(incomer, name=""),
        row(press, parent=f"among-{incomer.pk}"),
    )
    assert "The meter that feeds it is not claimed yet." in text_of(answer)
    assert states([incomer, press]) == ["discovered", "discovered"]


def test_a_row_that_waits_keeps_the_parent_that_was_claimed(
    claim, manager, devices, row
):
    incomer, press, _ = devices
    answer = claim(
        [incomer, press],
        row(incomer),
        row(press, name="", parent=f"among-{incomer.pk}"),
    )
    assert f'<option value="{incomer.pk}"' in answer.text
    claim([press], row(press, parent=str(incomer.pk)))
    press.refresh_from_db()
    assert press.parent == incomer


def test_names_are_text_and_never_markup(client, manager, devices, make_meter):
    make_meter("1", name="<script>alert(1)</script>")
    address = f"{reverse('claim_meters')}?meters={devices[0].pk}"
    page = client.get(address).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_a_meter_is_not_offered_as_its_own_parent(client, manager, devices):
    ids = ",".join(str(meter.pk) for meter in devices)
    page = client.get(f"{reverse('claim_meters')}?meters={ids}").text
    # In the two other rows only
    assert page.count(f'<option value="among-{devices[0].pk}"') == 2


def test_meters_that_feed_each_other_are_refused(claim, manager, devices, row):
    one, other, _ = devices
    answer = claim(
        [one, other],
        row(one, parent=f"among-{other.pk}"),
        row(other, parent=f"among-{one.pk}"),
    )
    assert "in a circle" in text_of(answer)
    assert states([one, other]) == ["discovered", "discovered"]


def test_a_parent_of_another_site_is_refused(
    claim, log_in, devices, row, organisation, other_site, make_meter
):
    other_site.organisation = organisation
    other_site.save()
    log_in(is_staff=True, organisation=organisation, role="manager")
    one, other, _ = devices
    stranger = make_meter("9", site=other_site)
    answer = claim(
        [one, other],
        row(one, parent=str(stranger.pk)),
        row(other, site=other_site.pk, parent=f"among-{one.pk}"),
    )
    assert "That meter belongs to another site." in text_of(answer)
    assert states([one, other]) == ["discovered", "discovered"]


def test_a_site_that_is_not_theirs_is_refused(claim, manager, devices, row, other_site):
    claim(devices[:1], row(devices[0], site=other_site.pk))
    assert states(devices[:1]) == ["discovered"]


@pytest.mark.parametrize("role", ["viewer", "operator", "installer", "auditor", ""])
def test_strangers_claim_nothing(client, claim, log_in, devices, row, site, role):
    site.topic_prefix = "plant"
    site.save()
    Meter.objects.update(first_topic="plant/a")
    log_in(**({"site": site, "role": role} if role else {}))
    ids = ",".join(str(meter.pk) for meter in devices)
    answer = client.get(f"{reverse('claim_meters')}?meters={ids}", follow=True)
    assert "None of these meters waits to be claimed." in text_of(answer)
    claim(devices[:1], row(devices[0]))
    assert states(devices) == ["discovered"] * 3


def test_nobody_logged_in_is_sent_to_the_login(client, pages):
    for name in ("claim_meters", "sort_discovered"):
        answer = client.post(reverse(name))
        assert reverse("account_login") in answer.url
