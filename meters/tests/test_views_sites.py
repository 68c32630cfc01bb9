"""The list of sites and the dashboard, as the server renders them."""

import json
import re
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from meters.models import Meter
from meters.queries.today import midnight_before

pytestmark = pytest.mark.django_db


def text_of(answer):
    """Return what a person reads: no tags, single blanks."""
    assert answer.status_code == 200
    body = re.sub(r"<(script|template)\b.*?</\1>", "", answer.text, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


@pytest.fixture
def dashboard(client, log_in, site):
    """Get the dashboard as a viewer; returns its text."""
    log_in(site=site, role="viewer")

    def get():
        return text_of(client.get(reverse("site_dashboard", args=[site.slug])))

    return get


class TestSiteList:
    def test_shows_power_and_states_of_a_site(
        self, client, log_in, site, make_meter, store
    ):
        incomer = make_meter("1")
        store(incomer, active_power=412.4)
        store(make_meter("2", parent=incomer), seconds_ago=600, active_power=5.0)
        make_meter("3", parent=incomer)
        log_in(site=site, role="viewer")
        page = text_of(client.get("/"))
        assert "Plant North Northern Foundries 412 kW import" in page
        assert "1 fresh 1 stale 1 silent" in page

    def test_sites_of_others_are_not_listed(self, client, log_in, site, other_site):
        log_in(site=site, role="viewer")
        page = text_of(client.get("/"))
        assert "Plant North" in page
        assert "Mill" not in page

    def test_without_any_site_it_says_what_to_do(self, client, log_in):
        log_in()
        assert "Ask the manager of the site to add" in text_of(client.get("/"))

    def test_staff_without_any_site_are_led_to_make_one(self, client, log_in):
        log_in(is_staff=True)
        assert "Add a site" in text_of(client.get("/"))


class TestPower:
    def test_is_that_of_the_incomers_together(self, dashboard, make_meter, store):
        first, second = make_meter("1"), make_meter("2")
        store(first, active_power=100.0)
        store(second, active_power=50.0)
        store(make_meter("3", parent=first), active_power=70.0)
        assert "Power now 150 kW import" in dashboard()

    def test_that_flows_out_is_export_without_a_sign(
        self, dashboard, make_meter, store
    ):
        store(make_meter("1"), active_power=-2.5)
        assert "Power now 2.50 kW export" in dashboard()

    def test_of_zero_is_no_load(self, dashboard, make_meter, store):
        store(make_meter("1"), active_power=0.0)
        assert "Power now 0 kW no load" in dashboard()

    def test_of_a_generator_counts_against_it(self, dashboard, make_meter, store):
        store(make_meter("1"), active_power=100.0)
        store(make_meter("2", positive_power="generation"), active_power=30.0)
        assert "Power now 70.0 kW import" in dashboard()

    def test_has_the_ratios_applied(self, dashboard, make_meter, store):
        store(make_meter("1", ct_ratio=40.0), active_power=1.5)
        assert "Power now 60.0 kW import" in dashboard()

    def test_factor_is_active_over_apparent_with_its_character(
        self, dashboard, make_meter, store
    ):
        store(make_meter("1"), active_power=80.0, reactive_power=-60.0)
        assert "Power factor 0.80 leading Q −60.0 kvar" in dashboard()

    def test_factor_of_several_incomers_is_that_of_their_sums(
        self, dashboard, make_meter, store
    ):
        store(make_meter("1"), active_power=50.0, reactive_power=60.0)
        store(make_meter("2"), active_power=30.0, reactive_power=0.0)
        assert "Power factor 0.80 lagging Q 60.0 kvar" in dashboard()

    def test_factor_is_not_known_where_an_incomer_sends_no_reactive_power(
        self, dashboard, make_meter, store
    ):
        store(make_meter("1"), active_power=50.0, reactive_power=60.0)
        store(make_meter("2"), active_power=30.0)
        assert "Power factor – Energy today" in dashboard()

    def test_is_as_old_as_its_oldest_part(self, dashboard, make_meter, store):
        store(make_meter("1"), active_power=50.0)
        store(make_meter("2"), active_power=30.0, seconds_ago=600)
        assert "Power now 80.0 kW import 10 min old" in dashboard()

    def test_of_gas_meters_is_none(self, dashboard, make_meter, store):
        store(make_meter("1", medium="gas"), volume=5.0)
        assert "Power now – kW" in dashboard()


class TestEnergyToday:
    def test_is_that_of_the_incomers_together(self, dashboard, make_meter, store):
        midnight = midnight_before(timezone.now(), ZoneInfo("Europe/Berlin"))
        for device, used in (("1", 1200.0), ("2", 34.0)):
            meter = make_meter(device)
            registers = {"active_energy_import": 500.0, "active_energy_export": 7.0}
            store(meter, at=midnight, **registers)
            registers = {
                "active_energy_import": 500.0 + used,
                "active_energy_export": 8.5,
            }
            store(meter, seconds_ago=0, **registers)
        assert "Energy today 1.23 MWh import · 3.00 kWh export" in dashboard()

    def test_says_when_it_counts_from_a_first_reading(
        self, dashboard, make_meter, store
    ):
        meter = make_meter("1")
        store(meter, seconds_ago=1, active_energy_import=1.0)
        store(meter, seconds_ago=0, active_energy_import=1.0)
        assert re.search(r"Energy today 0 kWh import · since \d\d:\d\d", dashboard())

    def test_without_a_register_is_not_known(self, dashboard, make_meter, store):
        store(make_meter("1"), active_power=1.0)
        assert "Energy today – kWh No register was read today." in dashboard()


@pytest.fixture
def table(client, log_in, site):
    """Get the page of meters as a viewer; returns its text."""
    log_in(site=site, role="viewer")

    def get(**query):
        address = reverse("site_meters", args=[site.slug])
        return text_of(client.get(address, query))

    return get


def shown_rows(client, site, **query):
    """Return the names in the rows of the table that are not hidden."""
    page = client.get(reverse("site_meters", args=[site.slug]), query).text
    rows = re.findall(r"<tr data-meter.*?</tr>", page, re.S)
    return [
        re.search(r'<th scope="row".*?<a [^>]*>(.*?)</a>', row, re.S)[1]
        for row in rows
        if " hidden>" not in row.split("\n")[0]
    ]


class TestMeterTable:
    def test_stands_in_tree_order_with_shares(self, table, make_meter, store):
        incomer = make_meter("1", name="Incomer")
        press = make_meter("2", name="Press", parent=incomer)
        paint = make_meter("3", name="Paint", parent=incomer)
        make_meter("4", name="Robot", parent=paint)
        store(incomer, active_power=100.0)
        store(press, active_power=25.0)
        page = table().split("Last seen")[1]
        assert re.findall("Incomer|Paint|Robot|Press", page) == [
            "Incomer",
            "Paint",
            "Robot",
            "Press",
        ]
        assert "Press 25.0 25 %" in page

    def test_says_how_old_a_stale_value_is(self, table, make_meter, store):
        meter = make_meter("1")
        # Stale is what is older than 2.5 intervals and a minute
        meter.expected_interval_s = 30.0
        meter.save()
        store(meter, seconds_ago=121, active_power=1.0)
        assert "2 min ago" in table()
        meter.expected_interval_s = 20.0
        meter.save()
        assert "2 min old" in table()

    def test_says_that_nothing_has_come(self, table, make_meter):
        make_meter("1")
        assert "no readings yet" in table()

    def test_does_not_show_retired_meters(self, dashboard, make_meter):
        make_meter("1", name="Old", state=Meter.State.RETIRED)
        assert "This site has no meters yet" in dashboard()

    def test_shows_what_was_not_sent_as_nothing(self, table, make_meter, store):
        store(make_meter("1", name="Incomer"), voltage_l1=230.0)
        assert "Incomer – – 230.0 – – 1 min ago" in table()

    def test_can_be_filtered_by_name_and_device(
        self, client, log_in, site, make_meter, store
    ):
        make_meter("4711", name="Press shop")
        make_meter("4712", name="Paint")
        log_in(site=site, role="viewer")
        assert shown_rows(client, site) == ["Paint", "Press shop"]
        assert shown_rows(client, site, name="pRESS") == ["Press shop"]
        assert shown_rows(client, site, name="4712") == ["Paint"]
        assert shown_rows(client, site, name="x") == []

    def test_can_be_filtered_by_state(self, client, log_in, site, make_meter, store):
        store(make_meter("1", name="Heard"), active_power=1.0)
        store(make_meter("2", name="Old"), seconds_ago=3600, active_power=1.0)
        make_meter("3", name="Never heard")
        log_in(site=site, role="viewer")
        assert shown_rows(client, site, state="fresh") == ["Heard"]
        assert shown_rows(client, site, state="stale") == ["Old"]
        assert shown_rows(client, site, state="silent") == ["Never heard"]
        assert len(shown_rows(client, site, state="unheard-of")) == 3

    def test_counts_states(self, table, make_meter, store):
        store(make_meter("1"), active_power=1.0)
        make_meter("2")
        assert "1 fresh 0 stale 1 silent" in table()


class TestDistribution:
    def test_says_what_no_meter_below_shows(self, dashboard, make_meter, store):
        incomer = make_meter("1", name="Incomer")
        store(incomer, active_power=100.0)
        store(make_meter("2", name="Press", parent=incomer), active_power=62.0)
        assert "Not metered below more below than above 38.0 38 %" in dashboard()

    def test_a_generator_below_adds_to_what_comes_from_above(
        self, dashboard, make_meter, store
    ):
        incomer = make_meter("1", name="Incomer")
        store(incomer, active_power=60.0)
        store(make_meter("2", name="Press", parent=incomer), active_power=90.0)
        roof = make_meter("3", parent=incomer, positive_power="generation")
        store(roof, active_power=40.0)
        page = dashboard()
        assert "Not metered below more below than above 10.00 17 %" in page
        assert "Generation now 40.0 kW" in page

    def test_a_stale_part_leaves_the_rest_unknown(self, dashboard, make_meter, store):
        incomer = make_meter("1", name="Incomer")
        store(incomer, active_power=100.0)
        press = make_meter("2", name="Press", parent=incomer)
        store(press, active_power=62.0, seconds_ago=3600)
        assert "Not metered below more below than above –" in dashboard()

    def test_sums_that_contradict_need_a_look(
        self, client, log_in, site, make_meter, store
    ):
        incomer = make_meter("1", name="Incomer")
        store(incomer, active_power=100.0)
        store(make_meter("2", name="Press", parent=incomer), active_power=130.0)
        log_in(site=site, role="viewer")
        answer = client.get(site.get_absolute_url())
        assert "The meters below show 30.0 kW more than Incomer" in text_of(answer)
        assert 'data-contradicts="yes"' in answer.text

    def test_stale_meters_need_a_look_and_nothing_else_does(
        self, dashboard, make_meter, store
    ):
        store(make_meter("1", name="Incomer"), active_power=100.0)
        assert "Every meter reports, and the sums agree." in dashboard()
        store(make_meter("2", name="Press"), active_power=1.0, seconds_ago=7200)
        assert "Needs a look Press 2 h old" in dashboard()


def test_the_wall_shows_the_site_without_navigation(
    client, log_in, site, make_meter, store
):
    store(make_meter("1", name="Incomer"), active_power=412.0)
    log_in(site=site, role="viewer")
    answer = client.get(reverse("site_wall", args=[site.slug]))
    assert "Power now 412 kW import" in text_of(answer)
    assert "<nav" not in answer.text


def test_the_pages_of_a_site_without_meters_look_for_the_first_one(
    client, log_in, site
):
    log_in(site=site, role="viewer")
    for name in ("site_dashboard", "site_meters", "site_wall"):
        page = client.get(reverse(name, args=[site.slug])).text
        assert re.search(r'data-refresh="no-meters" data-refresh-seconds="\d+"', page)


def test_names_are_text_and_never_markup(client, log_in, site, make_meter, store):
    incomer = make_meter("1", name="Incomer")
    evil = make_meter("2", name="</script><img src=x onerror=alert(1)>", parent=incomer)
    store(incomer, active_power=1.0)
    store(evil, active_power=1.0)
    log_in(site=site, role="viewer")
    for address in (
        site.get_absolute_url(),
        reverse("site_meters", args=[site.slug]),
        reverse("site_wall", args=[site.slug]),
        reverse("search") + "?q=onerror",
        evil.get_absolute_url(),
    ):
        answer = client.get(address)
        assert "onerror" in answer.text
        assert "<img src=x" not in answer.text
        assert "</script><img" not in answer.text


def test_the_chart_has_the_site_and_its_feeders(
    client, log_in, site, make_meter, store
):
    incomer = make_meter("1", name="Incomer")
    feeder = make_meter("2", name="Press", parent=incomer)
    store(incomer, active_power=10.0, seconds_ago=30)
    store(feeder, active_power=4.0, seconds_ago=30)
    store(incomer, active_power=10.0, seconds_ago=2 * 3600)
    log_in(site=site, role="viewer")
    page = client.get(site.get_absolute_url()).text
    found = re.search(r'<script id="figure"[^>]*>(.*?)</script>', page)
    figure = json.loads(found[1])
    lines = {line["meta"]["key"]: line["y"] for line in figure["data"]}
    # The reading of two hours ago is not in the last hour
    assert lines == {"total": [10.0], str(feeder.pk): [4.0]}


def test_without_readings_the_chart_says_so(dashboard, make_meter):
    make_meter("1")
    assert "No reading with active power in the last hour" in dashboard()
