"""An electrician before a meter, with a phone: scan, look, put right, sign."""

import io

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from meters.models import Commissioning, Meter
from tests.browser.conftest import log_in
from tests.browser.test_look import POOR_CONTRAST
from tests.stream.messages import adw300, now_ms

pytestmark = pytest.mark.django_db(transaction=True)
SERIAL = "24102809510006"


def three_phases(*, turned: bool) -> str:
    """A balanced load of 31 kW; with the transformer of L2 turned round or not."""
    powers, reactive = [10.4, 10.4, 10.4], [4.8, 4.8, 4.8]
    if turned:
        powers[1], reactive[1] = -powers[1], -reactive[1]
    points = {}
    for n in range(3):
        points |= {
            f"p{1 + n}": 230.1,
            f"p{7 + n}": 49.8,
            f"p{10 + n}": powers[n],
            f"p{14 + n}": reactive[n],
        }
    return adw300(SERIAL, tp=now_ms(), p13=sum(powers), **points)


def label() -> bytes:
    code = zxingcpp.create_barcode(SERIAL, zxingcpp.BarcodeFormat.QRCode)
    drawn = Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=6))
    photo = io.BytesIO()
    drawn.convert("RGB").save(photo, "JPEG")
    return photo.getvalue()


def photo(name: str, content: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


def test_from_the_label_to_the_signature(
    page, faults, portal, meter, site, make_user, make_meter
):
    claimed = make_meter(SERIAL, nominal_voltage=230.0)
    page.set_viewport_size({"width": 390, "height": 844})
    log_in(page, portal, make_user(site=site, role="installer"))
    page.goto(f"{portal.url}/sites/{site.slug}/meters/")
    page.get_by_role("link", name="Commissioning").click()

    # A photo of the label leads to the checks of the meter
    meter.publish(three_phases(turned=True))
    page.get_by_label("Scan the label").set_input_files(photo("label.jpg", label()))
    expect(page.get_by_role("heading", name=claimed.name)).to_be_visible()
    direction = page.locator(".checks li").filter(has_text="Direction of power")
    expect(direction).to_contain_text("wrong")
    expect(direction).to_contain_text("Power flows backwards in L2")
    expect(page.locator(".checks")).to_contain_text(
        "transformer of L2 seems to be turned round"
    )

    # It is turned back: the page notices by itself
    meter.publish(three_phases(turned=False))
    expect(direction).to_contain_text("good")
    assert page.evaluate(POOR_CONTRAST) == []
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390

    # A ratio is put right on the way
    page.get_by_role("link", name="Put right").click()
    page.get_by_label("Rated current").fill("250")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Checks")).to_be_visible()

    page.get_by_label("Your name").fill("Grace")
    page.get_by_label("Photo of the installation").set_input_files(
        photo("cabinet.jpg", label())
    )
    page.get_by_label("Note").fill("No register yet, clock not sent.")
    page.get_by_role("button", name="Sign off").click()
    expect(page.get_by_text("is signed off")).to_be_visible()
    expect(page.get_by_role("heading", name="Signed off by Grace")).to_be_visible()
    picture = page.get_by_role("img", name="Photo of the installation")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0
    signed = Commissioning.objects.get()
    assert Meter.objects.get().rated_current == 250.0
    assert signed.setup["rated_current"] == 250.0
    assert faults == []


def test_a_meter_moves_to_the_place_that_is_chosen(
    page, faults, portal, site, other_site, make_user, make_meter
):
    incomer, press = make_meter("incomer"), make_meter("press")
    mill = make_meter("mill", site=other_site)
    user = make_user(organisation=site.organisation, role="manager")
    log_in(page, portal, user)
    page.goto(f"{portal.url}/meters/{press.pk}/changes/")
    # A meter of a site that they do not manage is not there
    parents = page.get_by_label("Fed from")
    expect(parents.locator("option")).to_have_count(2)
    assert mill.name not in page.content()
    parents.select_option(label=f"{incomer.name} (Plant North)")
    page.get_by_label("Reason").first.fill("new feeder")
    page.get_by_role("button", name="Move").click()
    expect(page.get_by_text("is moved.")).to_be_visible()
    assert Meter.objects.get(device_id="press").parent == incomer
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("The change is taken back.")).to_be_visible()
    assert Meter.objects.get(device_id="press").parent is None
    assert faults == []
