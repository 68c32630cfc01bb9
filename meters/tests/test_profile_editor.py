import json

import pytest

from meters.families.profiles.drafting import draft
from meters.models import Meter, Profile, Reading, RejectedMessage
from meters.tests.profile_pages import BODY, kept, posted


class TestDraft:
    def test_id_time_and_values_are_guessed(self):
        found = draft(["hall/K1/data"], json.dumps(BODY).encode()).profile
        assert (found.topics, found.device.path) == (["hall/{}/data"], "sn")
        assert found.time.path == "ts"
        assert {name: item.path for name, item in found.sources()} == {
            "active_power": "P.power_kW",
            "voltage_l1": "P.u_L1",
        }

    def test_lists_of_three_are_phases(self):
        body = {
            "el": {"u": [229.8, 230.4, 231.0], "power_W": [500, 0, -20]},
            "thresholds": [1, 2, 3],
            "voltage": [230.0, 231.0],
        }
        found = draft(["hall/K1/data"], json.dumps(body).encode()).profile
        assert {name: item.path for name, item in found.sources()} == {
            "voltage_l1": "el.u[0]",
            "voltage_l2": "el.u[1]",
            "voltage_l3": "el.u[2]",
            "active_power_l1": "el.power_W[0]",
            "active_power_l2": "el.power_W[1]",
            "active_power_l3": "el.power_W[2]",
        }

    def test_the_part_in_which_like_topics_differ_is_the_device(self):
        found = draft(["hall/press/data", "hall/saw/data"], b'{"power": 5}').profile
        assert found.topics == ["hall/{device}/data"]

    def test_numbers_on_topics_of_their_own_make_one_profile(self):
        topics = ["hall/m7/power_W", "hall/m7/voltage", "hall/m7/colour", "x/y"]
        found = draft(topics, b"12.5")
        assert found.profile.topics == ["hall/{device}/{quantity}"]
        assert [row.path for row in found.found] == ["power_W", "voltage", "colour"]
        assert set(found.profile.quantities) == {"active_power", "voltage_l1"}


def text(name):
    """Return a definition as text, with the name given so."""
    rest = 'topics = ["hall/{device}/data"]\n[quantities]\nactive_power={path="a"}'
    return {"use_toml": "on", "toml": f"{name}\n{rest}"}


@pytest.mark.django_db
class TestEditor:
    def test_saving_stores_what_was_kept_and_discovers_the_device(
        self, log_in, site, client
    ):
        log_in(is_staff=True)
        message = kept()
        kept(topic="hall/K2/data", body={**BODY, "sn": "K2"})
        answer = client.post(f"/unknown/{message.pk}/", posted(save="1"), follow=True)
        assert "2 readings of what was kept are stored" in answer.content.decode()
        assert Profile.objects.get().name == "mine"
        assert set(Meter.objects.values_list("family", "device_id")) == {
            ("mine", "K1"),
            ("mine", "K2"),
        }
        assert {r.active_power for r in Reading.objects.all()} == {2.5}
        assert not RejectedMessage.objects.exists()

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({"quantity": ["", ""]}, "quantities is empty"),
            ({"name": "tasmota"}, "A family that is built in has this name"),
            ({"topic": "other/{}"}, "is not meant by the profile"),
            ({"device": "no.where"}, "names no device at “no.where”"),
            ({"unit": ["kWh", ""]}, "active_power is in kW, not in “kWh”"),
            ({"use_toml": "on", "toml": "name = 5"}, "TOML: name: Expected `str`"),
            (text('name = "tasmota"'), "name: A family that is built in has this name"),
            (text(f'name = "{"x" * 41}"'), "name: it must be made of at most 40"),
            (
                {"use_toml": "on", "toml": 'name="x"\ntopics=["a"]\nfamily="x"'},
                "family: there is no family “x”",
            ),
        ],
    )
    def test_a_fault_is_one_sentence_and_nothing_is_saved(
        self, log_in, client, fields, sentence
    ):
        log_in(is_staff=True)
        answer = client.post(f"/unknown/{kept().pk}/", posted(save="1", **fields))
        assert sentence in answer.content.decode()
        assert not Profile.objects.exists()

    def test_a_preview_saves_nothing(self, log_in, client):
        log_in(is_staff=True)
        answer = client.post(f"/unknown/{kept().pk}/preview/", posted())
        assert "2.5" in answer.content.decode()
        assert not Profile.objects.exists()

    def test_a_name_that_is_taken_is_refused(self, log_in, client):
        log_in(is_staff=True)
        Profile.objects.create(name="mine", definition="", enabled=False)
        answer = client.post(f"/unknown/{kept().pk}/", posted(save="1"))
        assert "name: there is a profile “mine” already." in answer.content.decode()

    def test_what_is_left_to_a_family_is_shown_as_that_family_reads_it(
        self, log_in, client
    ):
        log_in(is_staff=True)
        body = [{"n": "d7:power", "u": "W", "v": 5}]
        message = kept("hall/a", body)
        toml = 'name = "mine"\ntopics = ["hall/{}"]\nfamily = "senml"'
        page = client.post(
            f"/unknown/{message.pk}/preview/", {"use_toml": "on", "toml": toml}
        ).content.decode()
        assert "d7" in page
        assert "5.00 W" in page

    def test_a_manager_sees_what_came_under_the_sites_prefix(
        self, log_in, site, client
    ):
        site.topic_prefix = "north"
        site.save()
        log_in(site=site, role="manager")
        theirs, other = kept(topic="north/K1/data"), kept()
        page = client.get("/unknown/").content.decode()
        assert "north/K1/data" in page
        assert "hall/K1/data" not in page
        assert client.get(f"/unknown/{theirs.pk}/").status_code == 200
        assert client.get(f"/unknown/{other.pk}/").status_code == 404

    def test_a_viewer_is_refused(self, log_in, site, client):
        log_in(site=site, role="viewer")
        assert client.get("/unknown/").status_code == 403
        assert client.get(f"/unknown/{kept().pk}/").status_code == 404
