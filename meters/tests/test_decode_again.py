"""Rejected messages: who sees them, and decoding them again."""

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from meters.ingest import decode_again as decoding
from meters.models import Meter, Reading, RejectedMessage, StoredBatch
from meters.queries.rejected import rejected_groups
from meters.tests.test_views_sites import text_of
from tests.stream.messages import adw300

pytestmark = pytest.mark.django_db

TOPIC = "plant-north/meter/json-v2/analog/0000"
REASON = "No device family knows this topic."


@pytest.fixture
def reject():
    """Keep a message as ingest does when it refuses one."""

    def reject(
        payload, *, topic=TOPIC, reason=REASON, size=None, minutes_ago=5, **fields
    ):
        payload = payload if isinstance(payload, bytes) else payload.encode()
        return RejectedMessage.objects.create(
            received_at=timezone.now() - timedelta(minutes=minutes_ago),
            topic=topic,
            payload=payload,
            payload_size=len(payload) if size is None else size,
            reason=reason,
            **fields,
        )

    return reject


@pytest.fixture
def again():
    def again():
        return decoding.decode_again(RejectedMessage.objects.all(), now=timezone.now())

    return again


class TestDecodingAgain:
    def test_stores_what_now_decodes_and_forgets_the_rejection(self, reject, again):
        reject(adw300("1001", p13=45.5))
        reject(adw300("1002", p13=12.0), minutes_ago=4)
        result = again()
        assert (result.used, result.readings, result.refused) == (2, 2, 0)
        assert not RejectedMessage.objects.exists()
        powers = Reading.objects.order_by("meter__device_id")
        assert list(powers.values_list("active_power", flat=True)) == [45.5, 12.0]
        # Whoever follows the readings learns of them
        assert StoredBatch.objects.get().source == "decoded again"

    def test_keeps_what_is_refused_with_the_reason_of_now(self, reject, again):
        kept = reject("not json")
        result = again()
        kept.refresh_from_db()
        assert (result.used, result.refused) == (0, 1)
        assert kept.reason != REASON
        assert result.reasons == {kept.reason: 1}

    def test_one_bad_message_does_not_stop_the_others(self, reject, again):
        reject("not json")
        reject(adw300("1001"))
        assert (again().used, RejectedMessage.objects.count()) == (1, 1)

    def test_what_was_cut_short_is_left_alone(self, reject, again):
        reject(adw300("1001"), size=100_000)
        result = again()
        assert (result.used, result.cut_short) == (0, 1)
        assert RejectedMessage.objects.get().reason == REASON
        assert not Meter.objects.exists()

    def test_a_message_without_a_time_stands_at_its_receipt(self, reject, again):
        kept = reject('{"data":[{"point":[{"id":0,"val":"1001"},{"id":13,"val":1}]}]}')
        assert again().used == 1
        assert abs(Reading.objects.get().time - kept.received_at) < timedelta(seconds=1)

    def test_what_is_stored_already_is_stored_once(self, reject, again):
        message = adw300("1001")
        reject(message)
        reject(message, minutes_ago=4)
        assert again().used == 2
        assert Reading.objects.count() == 1

    def test_what_the_database_refuses_stays_with_its_reason(self, reject, again):
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE meters_reading ADD CONSTRAINT of_this_test"
                " CHECK (active_power <> 666)"
            )
        reject(adw300("1001", p13=666.0))
        reject(adw300("1002"))
        result = again()
        assert (result.used, result.refused) == (1, 1)
        assert "database refuses" in RejectedMessage.objects.get().reason

    def test_a_flood_is_done_in_several_goes(self, reject, again, monkeypatch):
        monkeypatch.setattr(decoding, "MOST_AT_ONCE", 2)
        for n in range(3):
            reject(adw300(f"100{n}"))
        assert (again().left, RejectedMessage.objects.count()) == (1, 1)


class TestGroups:
    def test_are_by_reason_and_topic_newest_first(self, reject):
        reject("a", topic="x")
        reject("b", topic="x")
        reject("c", topic="x", reason="Other.")
        found = rejected_groups(RejectedMessage.objects.all())
        assert [(g.topic, g.reason, g.count, g.excerpt) for g in found] == [
            ("x", "Other.", 1, "c"),
            ("x", REASON, 2, "b"),
        ]

    @pytest.mark.parametrize(
        ("payload", "excerpt"),
        [
            (b"\x08\xff\x01", "08 ff 01"),
            ("Zähler".encode(), "Zähler"),
            (b"a\nb\x00c", "a b c"),
            (b"", ""),
        ],
    )
    def test_show_a_payload_that_people_can_read(self, reject, payload, excerpt):
        reject(payload)
        [group] = rejected_groups(RejectedMessage.objects.all())
        assert group.excerpt == excerpt


class TestPage:
    @pytest.fixture(autouse=True)
    def prefix(self, site):
        site.topic_prefix = "plant-north"
        site.save()

    @pytest.fixture
    def address(self, site):
        return reverse("device_health", args=[site.slug])

    @pytest.fixture
    def press(self, client, site):
        def press(topic=TOPIC, reason=REASON):
            address = reverse("decode_again", args=[site.slug])
            answers = {"topic": topic, "reason": reason}
            return client.post(address, answers, follow=True)

        return press

    def test_managers_see_those_under_the_prefix_of_the_site(
        self, client, log_in, reject, address, site
    ):
        reject('{"theirs": 1}')
        reject('{"strange": 1}', topic="plant-northwest/x")
        log_in(site=site, role="manager")
        page = text_of(client.get(address))
        assert "theirs" in page
        assert "strange" not in page

    def test_staff_see_all(self, client, log_in, reject, address, site):
        reject('{"strange": 1}', topic="elsewhere/x")
        log_in(site=site, role="viewer", is_staff=True)
        assert "strange" in text_of(client.get(address))

    @pytest.mark.parametrize("role", ["viewer", "operator", "installer", "auditor"])
    def test_others_see_none_and_decode_none(
        self, client, log_in, reject, address, press, site, role
    ):
        reject(adw300("1001"))
        log_in(site=site, role=role)
        assert "Rejected messages" not in text_of(client.get(address))
        assert press().status_code == 403
        assert RejectedMessage.objects.count() == 1

    def test_strangers_find_nothing(self, log_in, reject, press, other_site):
        reject(adw300("1001"))
        log_in(site=other_site, role="manager", is_staff=True)
        assert press().status_code == 404

    def test_a_manager_of_one_site_decodes_nothing_of_another(
        self, log_in, reject, press, site
    ):
        reject(adw300("1001"), topic="mill/meter/json-v2/analog/0000")
        log_in(site=site, role="manager")
        press(topic="mill/meter/json-v2/analog/0000")
        assert RejectedMessage.objects.count() == 1
        assert not Reading.objects.exists()

    def test_the_button_tells_how_many_were_stored_and_how_many_not(
        self, log_in, reject, press, site
    ):
        reject(adw300("1001"))
        reject("not json")
        log_in(site=site, role="manager")
        page = text_of(press())
        assert "1 message is used now, 1 readings came of it." in page
        assert "1 message is still refused:" in page

    def test_of_what_was_cut_short_it_says_so(
        self, client, log_in, reject, address, press, site
    ):
        reject("{", size=9000)
        log_in(site=site, role="manager")
        answer = client.get(address)
        assert "Only the beginning was kept" in text_of(answer)
        assert reverse("decode_again", args=[site.slug]) not in answer.text
        assert "Of 1 message only the beginning was kept" in text_of(press())

    def test_a_payload_is_text_and_never_markup(
        self, client, log_in, reject, address, site
    ):
        reject("<script>alert(1)</script>")
        log_in(site=site, role="manager")
        assert "<script>alert(1)" not in client.get(address).text
