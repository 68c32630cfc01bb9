"""The page of one meter."""

import re

import pytest

from meters.tests.test_views_sites import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def page_of(client, log_in, site):
    log_in(site=site, role="viewer")
    return lambda meter: client.get(meter.get_absolute_url())


def test_every_quantity_sent_is_shown_with_its_unit(page_of, make_meter, store):
    meter = make_meter("1")
    store(
        meter,
        active_power=166.262,
        active_power_l1=55.4,
        voltage_l12=403.2,
        frequency=50.01,
        active_energy_import=3438404.46,
        temperature_l1=37.0,
        digital_inputs=5,
    )
    page = text_of(page_of(meter))
    assert "Active power 166.262 L1 55.400 kW" in page
    assert "Line voltage L1-L2 403.2 V" in page
    assert "Frequency 50.01 Hz" in page
    assert "Active energy import 3438404.46 kWh" in page
    assert "Temperature L1 37.0 °C" in page
    # Bits 1 and 3 of the mask
    assert "Digital inputs 1, 3" in page


def test_what_was_not_sent_is_not_shown(page_of, make_meter, store):
    meter = make_meter("1")
    store(meter, voltage_l1=230.0)
    page = text_of(page_of(meter))
    assert "Reactive power" not in page
    assert "Demand" not in page


def test_values_have_the_ratios_applied(page_of, make_meter, store):
    meter = make_meter("1", ct_ratio=40.0, energy_is_primary=True)
    store(meter, current_l1=3.2, active_energy_import=100.0)
    page = text_of(page_of(meter))
    assert "Current L1 128.00 A" in page
    assert "Active energy import 100.00 kWh" in page
    assert "current × 40 · voltage × 1 · power × 40 · energy × 1" in page


def test_the_obis_code_stands_in_the_tooltip(page_of, make_meter, store):
    meter = make_meter("1")
    store(meter, active_power=1.0)
    assert "OBIS 1-0:16.7.0" in page_of(meter).text


def test_rates_have_the_names_of_the_meter(page_of, make_meter, store):
    meter = make_meter("1", rate_labels=["sharp", "peak", "", ""])
    store(meter, active_energy_import_t1=1.0, active_energy_import_t3=2.0)
    page = text_of(page_of(meter))
    assert "sharp 1.00" in page
    assert "T3 2.00" in page


def test_what_the_device_sends_beyond_the_quantities_is_shown(
    page_of, make_meter, store
):
    meter = make_meter("1")
    store(
        meter,
        voltage_l1=1.0,
        signal_strength=19,
        extra={"iccid": "8949…", "signal_unit": "CSQ"},
    )
    page = text_of(page_of(meter))
    assert "iccid 8949…" in page
    assert "Signal strength 19 CSQ" in page


def test_without_a_reading_it_says_what_to_look_at(page_of, make_meter):
    meter = make_meter("77001")
    page = text_of(page_of(meter))
    assert "Nothing has come from the device 77001" in page


def test_the_way_up_and_down_the_tree_is_linked(page_of, make_meter):
    incomer = make_meter("1", name="Incomer")
    feeder = make_meter("2", name="Feeder", parent=incomer)
    make_meter("3", name="Press", parent=feeder)
    page = page_of(feeder).text
    assert re.search(r'class="trail".*?Plant North.*?Incomer', page, re.S)
    assert re.search(r"Feeds</dt><dd><a [^>]*>Press<", page)


def test_meters_that_feed_each_other_do_not_hang_the_page(page_of, make_meter):
    one = make_meter("1", name="One")
    two = make_meter("2", name="Two", parent=one)
    one.parent = two
    one.save()
    assert page_of(one).status_code == 200
    assert "Two" in page_of(one.parent).text


class TestHistory:
    """What the chart over time is told by the address."""

    def chart(self, page):
        found = re.search(r'id="chart".*?>', page, re.S)[0]
        return {
            "series": re.search(r'data-series="([^"]*)"', found)[1],
            "start": re.search(r'data-start="([^"]*)"', found)[1],
            "end": re.search(r'data-end="([^"]*)"', found)[1],
            "running": "data-running" in found,
        }

    def test_shows_the_power_of_today_by_default(self, page_of, make_meter, store):
        meter = make_meter("1")
        store(meter, active_power=1.0, voltage_l1=230.0)
        chart = self.chart(page_of(meter).text)
        assert chart["series"].endswith(f"?meter={meter.pk}&amp;quantity=active_power")
        assert chart["running"]

    def test_the_day_is_that_of_the_site(self, client, page_of, make_meter, store):
        meter = make_meter("1")
        store(meter, active_power=1.0)
        address = f"{meter.get_absolute_url()}?period=day&at=2026-10-25"
        chart = self.chart(client.get(address).text)
        assert chart["start"] == "2026-10-24T22:00:00+00:00"
        assert chart["end"] == "2026-10-25T23:00:00+00:00"
        assert not chart["running"]

    def test_several_quantities_of_one_unit(self, client, page_of, make_meter, store):
        meter = make_meter("1")
        store(meter, active_power=1.0, voltage_l1=230.0, voltage_l2=231.0)
        query = "?quantity=voltage_l1&quantity=voltage_l2&quantity=active_power"
        page = client.get(meter.get_absolute_url() + query).text
        assert self.chart(page)["series"].endswith(
            "&amp;quantity=voltage_l1&amp;quantity=voltage_l2"
        )

    def test_the_picker_keeps_what_is_drawn(self, client, page_of, make_meter, store):
        meter = make_meter("1")
        store(meter, voltage_l1=230.0)
        page = client.get(
            meter.get_absolute_url() + "?quantity=voltage_l1&period=week"
        ).text
        assert 'href="?period=month&amp;quantity=voltage_l1"' in page

    @pytest.mark.parametrize(
        "query",
        [
            "?period=day&at=nonsense",
            "?quantity=warp_factor",
            "?period=custom&from=1990-01-01T00:00&to=2090-01-01T00:00",
            "?period=%00&at=%00",
            "?period=day&at=2099-01-01",
        ],
    )
    def test_an_address_that_makes_no_sense_is_no_fault(
        self, client, page_of, make_meter, store, query
    ):
        meter = make_meter("1")
        store(meter, active_power=1.0)
        assert client.get(meter.get_absolute_url() + query).status_code == 200


def test_phases_are_drawn_with_what_is_nominal(page_of, make_meter, store):
    meter = make_meter("1", nominal_voltage=230.0)
    store(meter, voltage_l1=230.0, voltage_l2=207.0)
    page = page_of(meter).text
    assert "nominal 230 V" in text_of(page_of(meter))
    assert re.findall(r"--share: ([\d.]+); --mark: 0.500", page) == ["0.500", "0.250"]


def test_the_phasors_say_what_is_assumed(page_of, make_meter, store):
    meter = make_meter("1")
    volts = {f"voltage_l{n}": 230.0 for n in (1, 2, 3)}
    store(meter, **volts)
    assert "120° between the phases is assumed" in text_of(page_of(meter))
    store(
        meter,
        **volts,
        **{f"voltage_l{n}": 398.4 for n in (12, 23, 31)},
        seconds_ago=0,
    )
    page = text_of(page_of(meter))
    assert "Angles computed from the six voltages" in page
    assert "The phase sequence is not measured" in page


def test_words_of_the_trade_have_their_sentence(page_of, make_meter, store):
    meter = make_meter("1")
    store(meter, reactive_power=1.0)
    page = page_of(meter).text
    assert 'data-tip="What swings between source and load' in page
