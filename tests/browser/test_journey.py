"""The main job: a meter's message becomes a live number in a logged-in browser."""

import pytest
from playwright.sync_api import expect

from conftest import wait_until
from meters.models import Meter
from tests.browser.conftest import log_in
from tests.stream.messages import adw300

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_message_is_seen_claimed_and_watched(
    page, faults, portal, meter, make_user, site
):
    user = make_user(site=site, role="manager", is_staff=True)

    # A person logs in and sees the site
    log_in(page, portal, user)
    expect(page.get_by_role("link", name="Plant North").first).to_be_visible()

    # A real message makes the meter appear, by itself
    page.goto(f"{portal.url}/discovered/")
    meter.publish(adw300("24102809510006", p13=45.5))
    row = page.get_by_role("row").filter(has_text="24102809510006")
    expect(row).to_be_visible()

    # It is claimed
    row.get_by_role("link", name="Claim").click()
    page.get_by_label("Name").fill("Press shop")
    page.get_by_role("button", name="Claim").click()
    expect(page).to_have_url(f"{portal.url}/sites/plant-north/")
    row = page.get_by_role("row").filter(has_text="Press shop")
    expect(row).to_contain_text("45.5")

    # A new message changes the number, without a reload
    meter.publish(adw300("24102809510006", p13=61.2))
    expect(row).to_contain_text("61.2")

    # And it is there after a reload
    page.reload()
    row = page.get_by_role("row").filter(has_text="Press shop")
    expect(row).to_contain_text("61.2")

    # The meter's own page shows what it sends, live
    row.get_by_role("link", name="Press shop").click()
    expect(page.get_by_text("231.4").first).to_be_visible()
    meter.publish(adw300("24102809510006", p13=7.25, p1=228.8))
    expect(page.get_by_text("228.8").first).to_be_visible()
    assert faults == []


def test_the_page_says_that_it_is_disconnected_and_comes_back_by_itself(
    page, portal, meter, make_user, make_meter, site
):
    make_meter("24102809510006", name="Press shop")
    meter.publish(adw300("24102809510006", p13=45.5))
    log_in(page, portal, make_user(site=site, role="viewer"))
    page.goto(f"{portal.url}/sites/plant-north/")
    state = page.get_by_role("status").filter(has_text="Live")
    expect(state).to_be_visible()
    portal.stop()
    expect(page.get_by_text("Disconnected").first).to_be_visible()
    portal.start()
    expect(state).to_be_visible(timeout=20_000)
    meter.publish(adw300("24102809510006", p13=61.2))
    row = page.get_by_role("row").filter(has_text="Press shop")
    expect(row).to_contain_text("61.2")


def test_a_stranger_is_sent_to_the_login_and_a_wrong_password_is_refused(
    page, portal, make_user
):
    user = make_user()
    page.goto(f"{portal.url}/sites/plant-north/")
    assert "/accounts/login/" in page.url
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("not correct")).to_be_visible()
    assert "/accounts/login/" in page.url


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_is_wider_than_the_screen(
    page, portal, meter, make_user, make_meter, site, width
):
    claimed = make_meter("24102809510006", name="Press shop")
    meter.publish(adw300("24102809510006"), adw300("24102809510007"))
    wait_until(lambda: Meter.objects.count() == 2)
    user = make_user(site=site, role="manager", is_staff=True)
    page.set_viewport_size({"width": width, "height": 844})
    log_in(page, portal, user)
    page.wait_for_url(f"{portal.url}/**")
    new = Meter.objects.get(device_id="24102809510007")
    for path in (
        "/",
        "/sites/plant-north/",
        f"/meters/{claimed.pk}/",
        "/discovered/",
        f"/discovered/{new.pk}/claim/",
    ):
        page.goto(portal.url + path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, path
