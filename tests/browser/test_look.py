"""Pages as a person meets them: tree, table, chart over time, search, wall, states."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from conftest import wait_until
from meters.models import Reading
from tests.browser.conftest import elsewhere, log_in
from tests.stream.messages import adw300, now_ms

pytestmark = pytest.mark.django_db(transaction=True)

INCOMER, PRESS, ROBOT = "24102809510001", "24102809510002", "24102809510003"
# Voltages and currents, phase to phase, powers and reactive powers of the phases.
PHASES = {
    "p1": 231.0, "p2": 230.0, "p3": 229.0, "p4": 400.1, "p5": 397.5, "p6": 398.4,
}  # fmt: skip


@pytest.fixture
def plant(make_meter):
    """An incomer with a press shop below it, and a robot below that."""
    incomer = make_meter(INCOMER, name="Incomer", nominal_voltage=230.0)
    press = make_meter(PRESS, name="Press shop", parent=incomer)
    return incomer, press, make_meter(ROBOT, name="Robot", parent=press)


@pytest.fixture
def viewer(page, portal, site, make_user):
    """A person who looks at the site."""
    log_in(page, portal, make_user(site=site, role="viewer"))
    page.wait_for_url(f"{portal.url}/**")


@pytest.fixture
def hour_of_readings():
    """Store an hour of power, ten seconds apart, with a gap of ten minutes."""

    def store(meter):
        now = datetime.now(UTC)
        for n in range(360):
            if 180 <= n < 240:
                continue
            time = now - timedelta(seconds=10 * n + 5)
            Reading.objects.create(
                meter_id=meter.pk,
                time=time,
                received_at=time,
                active_power=50.0 - n / 6,
            )

    return elsewhere(store)


def row(page, name):
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name))


def test_the_tree_shows_powers_and_what_no_meter_below_shows(
    page, faults, portal, meter, site, plant, viewer
):
    meter.publish(adw300(INCOMER, p13=100.0), adw300(PRESS, p13=62.0))
    page.goto(f"{portal.url}/sites/plant-north/")
    expect(row(page, "Press shop")).to_contain_text("62.0")
    meter.publish(adw300(INCOMER, p13=100.0, tp=now_ms() + 1))
    meter.publish(adw300(PRESS, p13=91.5))
    expect(row(page, "Press shop")).to_contain_text("91.5")
    rest = page.get_by_role("row").filter(has_text="Not metered below").last
    expect(rest).to_contain_text("8.5")
    assert faults == []


def test_the_tree_is_walked_and_folded_by_keyboard(
    page, faults, portal, meter, site, plant, viewer
):
    meter.publish(adw300(INCOMER), adw300(PRESS), adw300(ROBOT))
    page.goto(f"{portal.url}/sites/plant-north/")
    robot = row(page, "Robot")
    expect(robot).to_be_visible()
    row(page, "Incomer").focus()
    page.keyboard.press("ArrowDown")
    expect(row(page, "Press shop")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(robot).to_be_hidden()
    expect(row(page, "Press shop")).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowRight")
    expect(robot).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Robot")).to_be_visible()
    assert faults == []


def test_a_slash_goes_to_the_search_and_arrows_to_what_it_finds(
    page, faults, portal, site, plant, viewer
):
    page.goto(f"{portal.url}/")
    page.keyboard.press("/")
    page.keyboard.type("rob")
    found = page.locator("#search-results").get_by_role("link", name="Robot")
    expect(found).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(found).to_be_focused()
    page.keyboard.press("Escape")
    expect(found).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("press")
    expect(
        page.locator("#search-results").get_by_role("link", name="Press shop")
    ).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Press shop")).to_be_visible()
    assert faults == []


def test_the_table_filters_while_one_types(
    page, faults, portal, meter, site, plant, viewer
):
    meter.publish(adw300(INCOMER), adw300(PRESS))
    page.goto(f"{portal.url}/sites/plant-north/meters/")
    page.get_by_placeholder("Name or device id").fill("press")
    expect(row(page, "Incomer")).to_be_hidden()
    expect(row(page, "Press shop")).to_be_visible()
    assert page.url.endswith("?name=press")
    page.get_by_placeholder("Name or device id").fill("")
    page.get_by_label("State").select_option("silent")
    expect(row(page, "Robot")).to_be_visible()
    expect(row(page, "Press shop")).to_be_hidden()
    # It is heard: silent no more
    meter.publish(adw300(ROBOT))
    expect(row(page, "Robot")).to_be_hidden()
    expect(page.get_by_text("No meter of this site matches")).to_be_visible()
    assert faults == []


class TestChartOverTime:
    @pytest.fixture
    def chart(self, page, portal, meter, site, plant, viewer, hour_of_readings):
        meter.publish(adw300(PRESS, p13=50.0))
        wait_until(lambda: Reading.objects.exists())
        hour_of_readings(plant[1])
        page.goto(f"{portal.url}/meters/{plant[1].pk}/?period=hour")
        expect(page.locator("#chart .main-svg").first).to_be_visible()
        expect(page.locator("#chart-resolution")).to_have_text("Single readings.")
        return page.locator("#chart")

    def test_its_gap_is_not_drawn_across(self, page, faults, chart):
        # Neither above nor below zero
        gaps = page.evaluate(
            """() => {
              const part = (name) => document.querySelector("#chart").data
                .find((trace) => trace.meta.part === name).y;
              const below = part("negative");
              const isGap = (y, n) => y === null && below[n] === null;
              return part("mean").filter(isGap).length;
            }"""
        )
        assert gaps == 1
        assert faults == []

    def test_dragging_looks_closer_and_the_address_says_so(self, page, faults, chart):
        box = page.locator("#chart .nsewdrag").first.bounding_box()
        middle = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + box["width"] * 0.8, middle)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.9, middle, steps=5)
        page.mouse.up()
        back = page.get_by_role("button", name="Back to the whole period")
        expect(back).to_be_visible()
        assert re.search(r"period=custom&from=.*&to=", page.url)
        back.click()
        expect(back).to_be_hidden()
        assert page.url.endswith("?period=hour")
        assert faults == []

    def test_another_period_keeps_the_page_and_going_back_works(
        self, page, faults, chart
    ):
        page.evaluate("window.isSamePage = true")
        page.get_by_role("link", name="Week", exact=True).click()
        expect(page.locator(".period-label")).to_contain_text("Week ")
        assert "period=week" in page.url
        page.go_back()
        expect(page.locator(".period-label")).to_have_text("Last hour")
        assert page.evaluate("window.isSamePage")
        assert faults == []

    def test_the_table_behind_it_has_its_values(self, page, faults, chart):
        page.get_by_text("As a table").click()
        expect(page.locator("#chart-table tbody tr").first).to_be_visible()
        assert page.locator("#chart-table tbody tr").count() > 290
        assert faults == []

    def test_a_period_without_readings_says_so_and_leads_to_the_last_one(
        self, page, faults, chart, portal, plant
    ):
        page.goto(f"{portal.url}/meters/{plant[1].pk}/?period=day&at=2020-01-01")
        expect(page.get_by_text("No reading of this in the period.")).to_be_visible()
        page.get_by_role("link", name="To the last reading").click()
        expect(page.locator("#chart-summary tbody tr")).to_be_visible()
        assert faults == []

    def test_what_could_not_be_loaded_can_be_tried_again(
        self, page, chart, portal, plant
    ):
        page.route("**/api/v1/series*", lambda route: route.abort())
        page.reload()
        expect(page.get_by_text("could not be loaded")).to_be_visible()
        page.unroute("**/api/v1/series*")
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("#chart-summary tbody tr")).to_be_visible()
        expect(page.get_by_text("could not be loaded")).to_be_hidden()


def test_where_websockets_are_refused_the_page_is_refreshed_instead(
    page, portal, meter, site, plant, viewer
):
    page.add_init_script(
        """window.WebSocket = class extends EventTarget {
             constructor() {
               super();
               setTimeout(() => this.dispatchEvent(new CloseEvent("close")));
             }
             close() {}
           };"""
    )
    meter.publish(adw300(PRESS, p13=62.0))
    page.goto(f"{portal.url}/sites/plant-north/")
    notice = page.get_by_text("a proxy on the way may refuse websockets")
    expect(notice).to_be_visible(timeout=15_000)
    meter.publish(adw300(PRESS, p13=45.5))
    expect(row(page, "Press shop")).to_contain_text("45.5", timeout=15_000)


def test_a_session_that_ended_says_so_and_leads_to_the_login(
    page, portal, meter, site, plant, viewer
):
    meter.publish(adw300(PRESS, p13=62.0))
    page.goto(f"{portal.url}/sites/plant-north/")
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    page.context.clear_cookies()
    portal.stop()
    portal.start()
    expect(page.get_by_text("You are logged out")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("link", name="Log in")).to_be_visible()


def test_the_first_meter_of_a_site_appears_by_itself(
    page, faults, portal, site, viewer, make_meter
):
    page.goto(f"{portal.url}/sites/plant-north/")
    expect(page.get_by_text("This site has no meters yet")).to_be_visible()
    make_meter(PRESS, name="Press shop")
    expect(row(page, "Press shop")).to_be_visible()
    assert faults == []


def test_the_wall_is_dark_and_live(page, faults, portal, meter, site, plant, viewer):
    meter.publish(adw300(INCOMER, p13=412.0))
    page.goto(f"{portal.url}/sites/plant-north/wall/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(page.locator(".wall-figure")).to_contain_text("412")
    meter.publish(adw300(INCOMER, p13=398.0))
    expect(page.locator(".wall-figure")).to_contain_text("398")
    # Readable from five metres
    size = page.locator(".wall-figure").evaluate("e => getComputedStyle(e).fontSize")
    assert float(size.removesuffix("px")) > 120
    assert faults == []


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_is_wider_than_the_screen_with_hard_names(
    page, faults, portal, meter, site, plant, viewer, make_meter, width
):
    incomer = plant[0]
    hard = [
        make_meter("1", name="⚡" * 100, parent=incomer),
        make_meter("2", name="مقياس الطاقة الرئيسي " * 8, parent=incomer),
        make_meter("3", name="W" * 200, parent=incomer),
        make_meter("4", name="<script>alert(1)</script>" * 4, parent=incomer),
    ]
    meter.publish(
        *(adw300(each.device_id, p13=12.3, **PHASES) for each in [incomer, *hard])
    )
    page.set_viewport_size({"width": width, "height": 844})
    for path in (
        "/sites/plant-north/",
        "/sites/plant-north/meters/",
        "/sites/plant-north/wall/",
        "/search/?q=W",
        *(f"/meters/{each.pk}/" for each in [incomer, *hard]),
    ):
        page.goto(portal.url + path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, path
    assert faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(
    page, portal, meter, site, plant, viewer, scheme
):
    page.emulate_media(color_scheme=scheme)
    meter.publish(adw300(INCOMER, p13=-12.3, **PHASES), adw300(PRESS, p13=5.0))
    wait_until(lambda: Reading.objects.count() == 2)
    for path in (
        "/sites/plant-north/",
        "/sites/plant-north/meters/",
        f"/meters/{plant[0].pk}/",
        "/search/?q=press",
    ):
        page.goto(portal.url + path)
        page.wait_for_timeout(500)
        assert page.evaluate(POOR_CONTRAST) == [], path


# Every visible text whose contrast to the nearest ground behind it is below 4.5.
POOR_CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      const parts = parse(colour);
      const isSolid = parts.length === 3 || parts[3] === 1;
      if (colour.startsWith("rgb") && isSolid) return parts;
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    if (element.closest("script, #chart, .visually-hidden, svg")) continue;
    const [a, b] = [getComputedStyle(element).color, ground(element)];
    const [x, y] = [light(parse(a)), light(b)].sort((p, q) => q - p);
    const ratio = (x + 0.05) / (y + 0.05);
    const text = walker.currentNode.textContent.trim();
    if (ratio < 4.5) poor.push([text, ratio.toFixed(2)]);
  }
  return poor;
}"""
