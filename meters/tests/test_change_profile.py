"""A profile is opened again and changed."""

import json
import re
from html import unescape

import pytest

from meters.families.profiles import read_profile
from meters.models import CommandTemplate, Meter, Profile, Reading, RejectedMessage
from meters.queries.profiles import profiles_version
from meters.tests.profile_pages import BODY, kept, posted
from meters.views.profile_editor import TOML_EXAMPLE

pytestmark = pytest.mark.django_db

MINE = """
name = "mine"
topics = ["hall/{}/data"]
[device]
path = "sn"
[quantities]
active_power = { path = "P.power_kW" }
"""
RICH = """
# As the maker's document has it.
name = "mine"
title = "Hall meters"
topics = ["hall/{}/data", "yard/{}/data"]
missing = [-1.0]
[device]
path = "sn"
channel = "ch"
[time]
path = "ts"
zone = "Europe/Berlin"
[quantities]
active_power = { path = "P.in", minus = "P.out", unit = "W" }
active_energy_import = [{ path = "e", unit = "Wh", factor = 0.1 }, { path = "kwh" }]
voltage_l1 = { path = "u", missing = [6553.5, -5.0, "a, b"] }
[extra]
firmware = "fw"
"""


@pytest.fixture
def staff(log_in):
    return log_in(is_staff=True)


@pytest.fixture
def mine():
    return Profile.objects.create(name="mine", definition=MINE)


def address(profile):
    return f"/profiles/{profile.pk}/"


def page_of(answer):
    return unescape(answer.content.decode())


def sample(topic="hall/K1/data", body=BODY):
    return {"sample_topic": topic, "sample": json.dumps(body)}


def as_shown(page):
    """Return the rows of the table as a browser would post them."""
    text = r'name="{}" value="([^"]*)"'
    chosen = r'name="{}"[^>]*>(?:(?!</select>).)*?value="([^"]*)" selected'
    rows = [row for row in page.split("<tr>") if 'name="path"' in row]
    return {
        name: [unescape(re.search(form.format(name), row, re.S)[1]) for row in rows]
        for form, names in (
            (text, ("path", "value", "minus", "factor", "missing")),
            (chosen, ("quantity", "unit")),
        )
        for name in names
    }


class TestOpening:
    def test_it_is_found_in_the_list(self, staff, client, mine):
        page = page_of(client.get("/unknown/"))
        assert f'href="{address(mine)}"' in page
        assert "hall/{}/data" in page

    def test_the_definition_stands_beside_the_newest_message(self, staff, client, mine):
        kept(body={**BODY, "sn": "OLD"})
        kept(body={**BODY, "sn": "NEW"})
        kept(topic="other/K1/data", body={**BODY, "sn": "OTHER"})
        page = page_of(client.get(address(mine)))
        assert 'value="hall/{}/data"' in page
        # What is taken, with its value; what is not, below
        assert page.index(">2.5<") < page.index("P.u_L1") < page.index("What comes of")
        assert "<bdi>NEW</bdi>" in page
        assert "OTHER" not in page

    def test_a_message_that_the_profile_refused_is_tried(self, staff, client, mine):
        kept(body={"sn": "K1", "p": 5}, family="mine", reason="Has none.")
        page = page_of(client.get(address(mine)))
        assert "The message has none of the values of profile “mine”." in page

    def test_without_one_the_message_it_was_saved_with_is_shown(self, staff, client):
        client.post(f"/unknown/{kept().pk}/", posted(save="1"))
        assert not RejectedMessage.objects.exists()
        page = page_of(client.get(address(Profile.objects.get())))
        assert "<bdi>K1</bdi>" in page
        assert 'value="hall/K1/data"' in page

    def test_without_any_one_can_be_pasted(self, staff, client, mine):
        Meter.objects.create(family="mine", device_id="K1", first_topic="hall/K1/data")
        page = page_of(client.get(address(mine)))
        assert 'value="hall/K1/data"' in page
        assert "There is no message of it: paste one above." in page
        pasted = posted(**sample(body={**BODY, "P": {"power_kW": 7.75}}))
        preview = page_of(client.post(f"{address(mine)}preview/", pasted))
        assert "7.75" in preview
        # And what it holds is listed
        page = page_of(client.post(address(mine), {**posted(), **sample(), "read": 1}))
        assert "P.u_L1" in page
        assert Profile.objects.get().definition == MINE

    def test_one_that_cannot_be_read_is_there_as_text(self, staff, client):
        faulty = Profile.objects.create(name="mine", definition="name = # what")
        page = page_of(client.get(address(faulty)))
        assert "name = # what" in page
        assert "mine: " in page

    @pytest.mark.parametrize(
        ("definition", "topic", "body", "place"),
        [
            # A topic for each value
            (
                'name="mine"\ntopics=["a/{device}/{quantity}"]\n'
                '[quantities]\nactive_power={path="p"}',
                "a/m1/p",
                7.25,
                "<code>p</code>",
            ),
            # Records that name their quantity
            (
                'name="mine"\ntopics=["a/{device}"]\n[quantities]\n'
                'active_power={path="12"}\n[records]\npath="r"\nkey="k"\nvalue="v"',
                "a/m1",
                {"r": [{"k": 12, "v": 7.25}]},
                "<code>12</code>",
            ),
            # Several instants
            (
                'name="mine"\ntopics=["a/{device}"]\neach="r"\n[quantities]\n'
                'active_power={path="p.a"}',
                "a/m1",
                {"r": [{"p": {"a": 7.25}}, {"p": {"a": 8.0}}]},
                "<code>p.a</code>",
            ),
        ],
    )
    def test_every_kind_has_its_values_in_the_table(
        self, staff, client, definition, topic, body, place
    ):
        profile = Profile.objects.create(name="mine", definition=definition)
        kept(topic, body)
        page = page_of(client.get(address(profile)))
        table = page[page.index("<tbody>") : page.index("</tbody>")]
        assert place in table
        assert ">7.25<" in table


class TestSaving:
    def test_a_change_is_stored_and_ingest_hears_of_it(self, staff, client, mine):
        before = profiles_version()
        fields = posted(quantity=["active_power", "voltage_l1"], unit=["W", "V"])
        answer = client.post(
            address(mine), {**fields, **sample(), "save": 1}, follow=True
        )
        assert "Profile “mine” is in use" in page_of(answer)
        mine.refresh_from_db()
        found = read_profile(mine.definition, where="")
        assert {name: (item.path, item.unit) for name, item in found.sources()} == {
            "active_power": ("P.power_kW", "W"),
            "voltage_l1": ("P.u_L1", None),
        }
        assert bytes(mine.example_payload) == json.dumps(BODY).encode()
        assert profiles_version() != before

    def test_what_it_had_refused_is_used(self, staff, client, mine):
        kept(body={"sn": "K1", "p": 5}, family="mine", reason="Has none.")
        fields = posted(path=["p"], value=["5"], quantity=["active_power"], unit=["W"])
        fields |= sample(body={"sn": "K1", "p": 5})
        client.post(address(mine), {**fields, "save": 1})
        assert [reading.active_power for reading in Reading.objects.all()] == [0.005]
        assert not RejectedMessage.objects.exists()

    def test_what_the_form_has_no_field_for_stays(self, staff, client):
        profile = Profile.objects.create(name="mine", definition=RICH)
        answer = client.get(address(profile))
        page = page_of(answer)
        for key in ("title", "missing", "extra"):
            assert f"<code>{key}</code>" in page
        assert "P.in − P.out" in page
        fields = posted(time="ts", **as_shown(answer.content.decode()))
        client.post(address(profile), {**fields, "save": 1})
        profile.refresh_from_db()
        assert read_profile(profile.definition, where="") == read_profile(
            RICH, where=""
        )

    def test_a_text_is_kept_as_it_was_written(self, staff, client, mine):
        client.post(address(mine), {"use_toml": "on", "toml": RICH, "save": 1})
        mine.refresh_from_db()
        assert mine.definition == RICH

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({"quantity": ["", ""]}, "quantities is empty"),
            ({"unit": ["kWh", ""]}, "quantities.active_power: active_power is in kW"),
            ({"name": "tasmota"}, "name: A family that is built in has this name"),
            ({"topic": "a/{b}"}, "topics: The topic “a/{b}” may have"),
            ({"device": "a["}, "device.path: The path “a[” cannot be read"),
            ({"time": "t", "time_format": "%Q"}, "time.format: “%Q” is no format"),
            ({"topic": "yard/{}/data"}, "hall/K1/data, is not meant by the profile"),
            ({"device": "no.where"}, "names no device at “no.where”"),
            ({"use_toml": "on", "toml": "x = 1" + MINE}, "unknown field `x`"),
        ],
    )
    def test_a_fault_is_one_sentence_that_names_the_key(
        self, staff, client, mine, fields, sentence
    ):
        answer = client.post(address(mine), {**posted(**fields), **sample(), "save": 1})
        assert sentence in page_of(answer)
        mine.refresh_from_db()
        assert mine.definition == MINE

    def test_one_at_rest_stays_so(self, staff, client, mine):
        Profile.objects.update(enabled=False)
        kept()
        answer = client.post(address(mine), {**posted(), "save": 1}, follow=True)
        assert "it is at rest" in page_of(answer)
        assert not Profile.objects.get().enabled
        assert not Meter.objects.exists()


class TestFactorAndMissing:
    FIELDS = posted(factor=["0.1", ""], missing=["", "6553.5, --"])

    def test_stand_in_the_table(self, staff, client, mine):
        fields = {**self.FIELDS, **sample(), "quantity": ["active_power", "voltage_l1"]}
        client.post(address(mine), {**fields, "save": 1})
        [power, voltage] = [
            item
            for _, item in read_profile(
                Profile.objects.get().definition, where=""
            ).sources()
        ]
        assert (power.factor, power.missing) == (0.1, [])
        assert (voltage.factor, voltage.missing) == (1.0, [6553.5, "--"])
        page = page_of(client.get(address(mine)))
        assert 'name="factor" value="0.1"' in page
        assert 'name="missing" value="6553.5, --"' in page

    def test_count_in_the_preview(self, staff, client, mine):
        body = {"sn": "K1", "P": {"power_kW": 2.5, "u_L1": 6553.5}}
        fields = {**self.FIELDS, "quantity": ["active_power", "voltage_l1"]}
        preview = page_of(
            client.post(f"{address(mine)}preview/", {**fields, **sample(body=body)})
        )
        assert "250 W" in preview
        assert "Voltage" not in preview

    @pytest.mark.parametrize(
        ("factor", "sentence"),
        [
            ("a tenth", "quantities.active_power: factor “a tenth” is no number."),
            ("0", "quantities.active_power: factor must be a number other than 0."),
            ("inf", "quantities.active_power: factor must be a number other than 0."),
        ],
    )
    def test_a_factor_that_is_none_is_refused(
        self, staff, client, mine, factor, sentence
    ):
        answer = client.post(
            address(mine), {**posted(factor=[factor, ""]), **sample(), "save": 1}
        )
        assert sentence in page_of(answer)

    def test_the_page_says_that_the_text_can_say_more(self, staff, client, mine):
        page = page_of(client.get(address(mine)))
        assert "The text below can say more: lists of records" in page
        body = {
            "sn": "A7",
            "data": [{"at": 1782907100, "point": [{"id": 13, "val": 1250}]}],
        }
        kept("hall/x/data", body)
        fields = {"use_toml": "on", "toml": TOML_EXAMPLE, **sample("hall/x/data", body)}
        assert "125 W" in page_of(client.post(f"{address(mine)}preview/", fields))


class TestItsName:
    def test_may_change_while_no_meter_has_it(self, staff, client, mine):
        client.post(address(mine), {**posted(name="ours"), **sample(), "save": 1})
        assert Profile.objects.get().name == "ours"

    @pytest.mark.parametrize("user", ["meter", "template"])
    def test_stays_where_meters_or_templates_are_of_it(self, staff, client, mine, user):
        if user == "meter":
            Meter.objects.create(family="mine", device_id="K1")
        else:
            CommandTemplate.objects.create(
                name="On", family="mine", action="on", topic="a", payload="b"
            )
        page = page_of(client.get(address(mine)))
        assert "It is the family of meters that are there: it stays." in page
        client.post(address(mine), {**posted(name="ours"), **sample(), "save": 1})
        assert Profile.objects.get().name == "mine"
        toml = MINE.replace('"mine"', '"ours"')
        answer = client.post(address(mine), {"use_toml": "on", "toml": toml, "save": 1})
        assert "name: it must stay “mine”" in page_of(answer)
        assert Profile.objects.get().definition != toml

    def test_of_another_is_refused(self, staff, client, mine):
        Profile.objects.create(name="ours", definition=MINE)
        answer = client.post(address(mine), {**posted(name="ours"), "save": 1})
        assert "name: there is a profile “ours” already." in page_of(answer)
        assert Profile.objects.filter(name="mine").exists()
