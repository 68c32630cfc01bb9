"""Discovered meters, claimed together, and the health of a site, in a browser."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from conftest import wait_until
from meters.models import DataQuality, Meter, Profile, Reading, RejectedMessage
from meters.services.make_partitions import first_of_month, make_partitions
from tests.browser.conftest import elsewhere, log_in
from tests.browser.test_look import POOR_CONTRAST
from tests.stream.messages import adw300

pytestmark = pytest.mark.django_db(transaction=True)

KL_METER = """
name = "kl-meter"
topics = ["hall/{device}/telemetry"]
[quantities]
active_power = { path = "P" }
"""
FIRST, SECOND, THIRD = "24102809510001", "24102809510002", "24102809510003"


@pytest.fixture
def manager(page, portal, site, make_user):
    log_in(page, portal, make_user(site=site, role="manager", is_staff=True))
    page.wait_for_url(f"{portal.url}/**")


def row(page, text):
    return page.get_by_role("row").filter(has_text=text)


def claim_row(page, device):
    return page.locator("[data-row]").filter(
        has=page.get_by_text(device, exact=True).and_(page.locator("span"))
    )


def test_many_are_ticked_and_claimed_in_one_form(
    page, faults, portal, meter, site, manager
):
    meter.publish(adw300(FIRST), adw300(SECOND))
    page.goto(f"{portal.url}/discovered/")
    page.get_by_label(f"Select {FIRST}").check()
    # Another one arrives: the list is fetched anew, what is ticked stays ticked
    meter.publish(adw300(THIRD))
    expect(row(page, THIRD)).to_be_visible()
    expect(page.get_by_label(f"Select {FIRST}")).to_be_checked()
    page.get_by_label("Select all of this page").check()
    page.get_by_label(f"Select {THIRD}").uncheck()
    page.get_by_role("button", name="Claim selected 2").click()

    # The head row fills down
    expect(page.get_by_role("heading", name="Claim 2 meters")).to_be_visible()
    fill = page.locator("#fill-row")
    fill.get_by_label("CT ratio").fill("40")
    fill.locator('[data-fill="primary"] input').nth(3).check()
    expect(
        claim_row(page, FIRST).get_by_label("current transformer ratio")
    ).to_have_value("40")
    expect(claim_row(page, SECOND).get_by_label("energy is primary")).to_be_checked()
    claim_row(page, FIRST).get_by_label("Name,").fill("Incomer")
    claim_row(page, SECOND).get_by_label("Name,").fill("")
    claim_row(page, SECOND).get_by_label("Fed from").select_option(
        label=f"new: {FIRST}"
    )
    # The browser itself would stop an empty name
    page.locator("#claim-rows").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Claim", exact=True).click()

    # One is claimed, the other says what is missing and keeps what was said
    expect(page.get_by_text("1 meter is claimed.")).to_be_visible()
    expect(page.get_by_text("This field is required.")).to_be_visible()
    claim_row(page, SECOND).get_by_label("Name,").fill("Press shop")
    page.get_by_role("button", name="Claim", exact=True).click()
    expect(page).to_have_url(f"{portal.url}/sites/plant-north/")
    press = Meter.objects.get(device_id=SECOND)
    assert (press.parent.name, press.ct_ratio) == ("Incomer", 40.0)
    assert press.energy_is_primary
    assert faults == []


def test_a_meter_is_blocked_and_comes_back(page, faults, portal, meter, site, manager):
    meter.publish(adw300(FIRST))
    page.goto(f"{portal.url}/discovered/")
    expect(page.get_by_role("button", name="Block")).to_be_disabled()
    page.get_by_label(f"Select {FIRST}").check()
    page.get_by_role("button", name="Block").click()
    expect(page.get_by_text("1 meter is blocked")).to_be_visible()
    page.get_by_role("link", name="Blocked 1").click()
    page.get_by_label(f"Select {FIRST}").check()
    page.get_by_role("button", name="Back to discovered").click()
    page.get_by_role("link", name="Discovered 1").click()
    expect(row(page, FIRST)).to_be_visible()
    assert faults == []


@pytest.fixture
def unwell(make_meter):
    """A meter an hour behind with gaps, and messages that were refused."""
    meter = make_meter(FIRST, name="Press shop " * 6, expected_interval_s=60.0)

    def store():
        now = datetime.now(UTC)
        Meter.objects.update(discovered_at=now - timedelta(days=3), is_online=None)
        make_partitions([first_of_month(now), first_of_month(now - timedelta(hours=2))])
        hour = now.replace(minute=0, second=0, microsecond=0)
        for n in range(24):
            DataQuality.objects.create(
                meter=meter,
                hour=hour - timedelta(hours=n),
                received=(60, 31, 0)[n % 3],
                conflicting=n % 2,
            )
        for n in range(10):
            time = now - timedelta(minutes=60 + n)
            Reading.objects.create(
                meter_id=meter.pk,
                time=time,
                received_at=time + timedelta(minutes=60, seconds=1),
                active_power=float(n),
            )
        for size in (3, 9000):
            RejectedMessage.objects.create(
                received_at=timezone.now(),
                topic="x/" * 80,
                payload=b"{" * 400,
                payload_size=400 + size,
                reason=f"Reason {size}.",
            )

    elsewhere(store)()
    return meter


def test_a_clock_of_another_zone_is_put_right(
    page, faults, portal, meter, site, unwell, manager
):
    page.goto(f"{portal.url}/sites/plant-north/health/")
    expect(page.get_by_text("its clock is 1 h behind")).to_be_visible()
    page.get_by_role("link", name="Shift its readings").click()
    expect(page.get_by_label("Minutes to add")).to_have_value("60")
    page.get_by_role("button", name="See what it moves").click()
    expect(page.get_by_text("10 readings move")).to_be_visible()
    page.get_by_role("button", name="Shift by +60 min").click()
    expect(page.get_by_text("10 readings are moved.")).to_be_visible()
    expect(page.get_by_text("its clock is 1 h behind")).to_be_hidden()
    expect(row(page, "Press shop").get_by_text("shifted +60 min")).to_be_visible()
    assert faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_pages_fit_the_screen_and_stand_out_from_their_ground(
    page, faults, portal, meter, site, unwell, manager, width, scheme
):
    meter.publish(adw300("W" * 100), adw300(THIRD))
    wait_until(lambda: Meter.objects.count() == 3)
    profile = elsewhere(Profile.objects.create)(
        name="a-profile",
        definition=KL_METER.replace("kl-meter", "a-profile"),
        example_topic=f"hall/{'long' * 60}/telemetry",
        example_payload=json.dumps({"P": 5, "a" * 80: ["w" * 90]}).encode(),
    )
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=scheme)
    ids = ",".join(str(m.pk) for m in Meter.objects.filter(state="discovered"))
    for path in (
        "/discovered/",
        "/discovered/?state=ignored",
        f"/discovered/claim/?meters={ids}",
        "/sites/plant-north/health/",
        "/unknown/",
        f"/profiles/{profile.pk}/",
        f"/sites/plant-north/health/clock/{unwell.pk}/",
    ):
        page.goto(portal.url + path)
        page.wait_for_timeout(300)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, path
        assert page.evaluate(POOR_CONTRAST) == [], path
    assert faults == []


def test_a_meter_nobody_has_heard_of_is_on_the_dashboard_without_a_file(
    page, faults, portal, meter, site, manager
):
    def send(kilowatts):
        body = {"sn": "KL-0815", "data": {"power_kW": kilowatts, "u_L1": "231.5 V"}}
        meter.publish(json.dumps(body), topic="hall/KL-0815/telemetry")

    send(12.5)
    wait_until(elsewhere(RejectedMessage.objects.exists))
    page.goto(f"{portal.url}/unknown/")
    page.get_by_role("link", name="Make a profile").click()
    expect(page.get_by_label("Quantity of data.power_kW")).to_have_value("active_power")
    expect(page.locator("#preview")).to_contain_text("12.5")

    # What is chosen is shown at once
    page.get_by_label("Quantity of data.u_L1").select_option("voltage_l1")
    expect(page.locator("#preview")).to_contain_text("231.5")
    page.get_by_label("Quantity of data.u_L1").select_option("frequency")
    page.get_by_label("Unit of data.u_L1").select_option("kWh")
    expect(page.locator("#preview")).to_contain_text("frequency is in Hz, not in “kWh”")
    page.get_by_label("Quantity of data.u_L1").select_option("voltage_l1")
    page.get_by_label("Unit of data.u_L1").select_option("V")
    page.get_by_label("Name", exact=True).fill("kl-meter")
    page.get_by_role("button", name="Save and use").click()

    # What was kept is stored at once, what comes is decoded from now on
    expect(page.get_by_text("1 reading of what was kept is stored")).to_be_visible()
    row(page, "KL-0815").get_by_role("link", name="Claim").click()
    page.get_by_label("Name", exact=True).fill("Klystron")
    page.get_by_role("button", name="Claim").click()
    wait_until(lambda: is_stored(14.25, send))
    page.goto(f"{portal.url}/sites/{site.slug}/")
    expect(page.get_by_text("14.25").first).to_be_visible()


def test_a_profile_is_changed_and_ingest_follows(
    page, faults, portal, meter, site, manager
):
    def send(watts):
        body = {"sn": "KL-0815", "P": watts, "U": 231.5}
        meter.publish(json.dumps(body), topic="hall/KL-0815/telemetry")

    elsewhere(Profile.objects.create)(name="kl-meter", definition=KL_METER)
    wait_until(lambda: is_stored(1500.0, send))
    page.goto(f"{portal.url}/unknown/")
    page.get_by_role("link", name="kl-meter").click()
    expect(page.get_by_text("There is no message of it")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_be_disabled()

    # A message is pasted: what comes of it is shown at once, and what it holds
    page.get_by_label("What it says").fill('{"sn": "KL-0815", "P": 1750, "U": 231.5}')
    expect(page.locator("#preview")).to_contain_text("1.75 MW")
    page.get_by_role("button", name="List what it holds").click()
    page.get_by_label("Unit of P").select_option("W")
    expect(page.locator("#preview")).to_contain_text("1.75 kW")
    page.get_by_label("Quantity of U").select_option("voltage_l1")
    expect(page.locator("#preview")).to_contain_text("231.5 V")
    page.get_by_text("Advanced: the definition as text").click()
    expect(page.get_by_label("Definition")).to_have_value(re.compile("voltage_l1"))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Profile “kl-meter” is in use")).to_be_visible()
    wait_until(lambda: is_stored(1.75, lambda kilowatts: send(kilowatts * 1000)))
    changed = Reading.objects.filter(active_power=1.75, voltage_l1=231.5)
    assert elsewhere(changed.exists)()
    assert faults == []


def is_stored(kilowatts, send):
    """Send again until ingest has heard of the profile, which takes two seconds."""
    send(kilowatts)
    return elsewhere(Reading.objects.filter(active_power=kilowatts).exists)()
