"""Commissioning: what is gathered for the checks, the pages, and signing off."""

import io
from datetime import timedelta

import pytest
import zxingcpp
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.utils import timezone
from PIL import Image

from meters.models import Commissioning, Meter
from meters.queries.commissioning import inspect
from meters.tests.test_views_sites import text_of

pytestmark = pytest.mark.django_db
RIGHT = {
    **dict.fromkeys(("voltage_l1", "voltage_l2", "voltage_l3"), 230.0),
    **dict.fromkeys(("current_l1", "current_l2", "current_l3"), 10.0),
    **dict.fromkeys(("active_power_l1", "active_power_l2", "active_power_l3"), 2.185),
    **dict.fromkeys(
        ("reactive_power_l1", "reactive_power_l2", "reactive_power_l3"), 0.718
    ),
    "active_power": 6.555,
    "signal_strength": 22.0,
}
TURNED = {**RIGHT, "active_power_l2": -2.185, "reactive_power_l2": -0.718}


@pytest.fixture
def meter(make_meter):
    return make_meter(nominal_voltage=230.0, rated_current=100.0)


@pytest.fixture
def ada(log_in, site):
    return log_in(site=site, role="installer")


def picture(
    *, size=(800, 600), kind="JPEG", name="photo.jpg", exif=None
) -> SimpleUploadedFile:
    content = io.BytesIO()
    more = {"exif": exif} if exif else {}
    Image.new("RGB", size, "#4477aa").save(content, kind, **more)
    return SimpleUploadedFile(name, content.getvalue(), "image/jpeg")


def label(text: str, kind=zxingcpp.BarcodeFormat.QRCode) -> SimpleUploadedFile:
    """A photo of a label with a code on it."""
    code = zxingcpp.create_barcode(text, kind)
    drawn = Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=4))
    sheet = Image.new("RGB", (1200, 900), "white")
    sheet.paste(drawn.convert("RGB"), (200, 150))
    content = io.BytesIO()
    sheet.rotate(7, fillcolor="white").save(content, "JPEG", quality=70)
    return SimpleUploadedFile("label.jpg", content.getvalue(), "image/jpeg")


def by_name(inspection):
    return {check.name: check.verdict for check in inspection.checks}


class TestInspection:
    def inspect(self, meter, user):
        return inspect(meter, user=user, now=timezone.now())

    def test_checks_what_the_meter_sends_now(self, meter, ada, store):
        now = timezone.now()
        for minute in range(20):
            store(
                meter,
                at=now - timedelta(minutes=19 - minute, seconds=5),
                active_energy_import=500 + 6.555 / 60 * minute,
                extra={"signal_unit": "CSQ"},
                **RIGHT,
            )
        assert by_name(self.inspect(meter, ada)) == {
            "voltages": "good",
            "direction": "good",
            "angles": "good",
            "power": "good",
            "register": "good",
            # It has none below, and no meter feeds it
            "children": "none",
            "clock": "none",
            "signal": "good",
        }

    def test_a_turned_transformer(self, meter, ada, store):
        store(meter, **TURNED)
        found = by_name(self.inspect(meter, ada))
        assert (found["direction"], found["angles"]) == ("bad", "bad")

    def test_the_ratio_is_applied_before(self, make_meter, ada, store):
        # Power comes as primary, current does not
        meter = make_meter(ct_ratio=40, power_is_primary=True)
        primary = {name: v * 40 for name, v in RIGHT.items() if "power" in name}
        store(meter, **{**RIGHT, **primary})
        assert by_name(self.inspect(meter, ada))["power"] == "good"
        meter.power_is_primary = False
        found = self.inspect(meter, ada)
        check = next(check for check in found.checks if check.name == "power")
        assert (check.verdict, check.facts["explained"]) == ("bad", "CT")

    def test_registers_by_rate_are_as_good_as_a_total(self, meter, ada, store):
        now = timezone.now()
        for minute in range(20):
            store(
                meter,
                at=now - timedelta(minutes=19 - minute, seconds=5),
                active_energy_import_t1=100.0,
                active_energy_import_t2=500 + 6.555 / 60 * minute,
                **RIGHT,
            )
        assert by_name(self.inspect(meter, ada))["register"] == "good"

    def test_holds_a_meter_against_those_below_and_above(self, make_meter, ada, store):
        incomer = make_meter("incomer")
        panel = make_meter("panel", parent=incomer)
        press = make_meter("press", parent=panel)
        for meter, power in ((incomer, 100.0), (panel, 80.0), (press, 160.0)):
            store(meter, active_power=power)
        checks = {check.name: check for check in self.inspect(panel, ada).checks}
        below, feeder = checks["children"], checks["feeder"]
        assert (below.facts["name"], below.verdict) == ("Meter panel", "bad")
        assert (feeder.facts["name"], feeder.verdict) == ("Meter incomer", "good")

    def test_a_generator_below_counts_backwards(self, make_meter, ada, store):
        incomer = make_meter("incomer")
        solar = make_meter("solar", parent=incomer, positive_power="generation")
        press = make_meter("press", parent=incomer)
        for meter, power in ((incomer, 20.0), (solar, 40.0), (press, 60.0)):
            store(meter, active_power=power)
        checks = [c for c in self.inspect(incomer, ada).checks if c.name == "children"]
        assert [c.verdict for c in checks] == ["good"]

    def test_a_meter_of_three_wires_has_no_phases_to_check(
        self, make_meter, ada, store
    ):
        meter = make_meter(wiring="3P3W")
        store(meter, **RIGHT)
        assert "direction" not in by_name(self.inspect(meter, ada))

    def test_a_water_meter_has_a_clock_and_a_signal(self, make_meter, ada, store):
        meter = make_meter(medium="water")
        store(meter, volume=12.5)
        assert set(by_name(self.inspect(meter, ada))) == {"clock", "signal"}

    def test_old_values_are_not_live(self, meter, ada, store):
        store(meter, seconds_ago=600, **RIGHT)
        assert not self.inspect(meter, ada).is_live
        # A device that tells it is there may have nothing new to say
        meter.is_online = True
        assert self.inspect(meter, ada).is_live

    def test_a_device_that_is_there_is_not_believed_for_ever(self, meter, ada, store):
        meter.is_online = True
        store(meter, seconds_ago=3700, **RIGHT)
        assert not self.inspect(meter, ada).is_live

    def test_of_three_wires_power_is_held_against_the_totals(
        self, make_meter, ada, store
    ):
        meter = make_meter(wiring="3P3W")
        lines = dict.fromkeys(("voltage_l12", "voltage_l23", "voltage_l31"), 400.0)
        # Voltages against a star point that floats
        floating = {"voltage_l1": 120.0, "voltage_l2": 300.0, "voltage_l3": 240.0}
        store(
            meter,
            **{**RIGHT, **lines, **floating},
            power_factor=0.946,
        )
        assert by_name(self.inspect(meter, ada))["power"] == "good"


class TestFinding:
    def address(self, site):
        return f"/sites/{site.slug}/commissioning/"

    def find(self, client, site, *texts):
        return client.get(self.address(site), {"serial": list(texts)})

    def scan(self, client, site, photo):
        return client.post(f"{self.address(site)}scan/", {"photo": photo}, follow=True)

    def test_by_serial_number_leads_to_the_checks(self, client, ada, meter, site):
        answer = self.find(client, site, " 24102809510006 ")
        assert answer.url == f"/meters/{meter.pk}/commissioning/"

    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("24102809510006", zxingcpp.BarcodeFormat.Code128),
            ("https://meters.example/d?sn=24102809510006&v=2", None),
        ],
    )
    def test_by_its_label(self, client, ada, meter, site, store, text, kind):
        store(meter, **RIGHT)
        kind = kind or zxingcpp.BarcodeFormat.QRCode
        answer = self.scan(client, site, label(text, kind))
        path, _ = answer.redirect_chain[-1]
        assert path == f"/meters/{meter.pk}/commissioning/"
        assert meter.name in answer.text

    def test_channels_of_a_device_share_its_label(self, client, ada, make_meter, site):
        for channel in (1, 2):
            make_meter(f"plug-7/{channel}", family="tasmota")
        make_meter("plug-77", family="tasmota")
        answer = self.find(client, site, "plug-7")
        assert "plug-7/1" in answer.text
        assert "Meter plug-7/2" in answer.text
        found = answer.context["found"].meters
        assert {meter.device_id for meter in found} == {"plug-7/1", "plug-7/2"}

    def test_one_that_is_not_claimed_yet(self, client, log_in, site, meter):
        site.topic_prefix = "north"
        site.save()
        log_in(site=site, role="manager")
        Meter.objects.create(
            family="tasmota", device_id="new-plug", first_topic="north/tele/x"
        )
        answer = self.find(client, site, "new-plug")
        assert "not claimed yet" in answer.text

    def test_what_is_not_there(self, client, ada, meter, site):
        assert "No meter of this site" in self.find(client, site, "99999").text

    def test_a_photo_without_a_code(self, client, ada, site, meter):
        answer = self.scan(client, site, picture())
        assert "No bar code or QR code can be read" in answer.text

    def test_what_is_no_photo(self, client, ada, site, meter):
        given = SimpleUploadedFile("x.jpg", b"<svg onload=alert(1)>", "image/jpeg")
        assert "This is no photo" in self.scan(client, site, given).text

    def test_labels_are_read_for_those_who_set_up(self, client, log_in, site, meter):
        log_in(site=site, role="viewer")
        address = f"{self.address(site)}scan/"
        assert client.post(address, {"photo": label("1")}).status_code == 403

    def test_not_at_another_site(self, client, log_in, other_site, meter, site):
        log_in(site=other_site, role="installer")
        assert self.find(client, site, meter.device_id).status_code == 404
        answer = self.find(client, other_site, meter.device_id)
        assert "No meter of this site" in answer.text

    def test_the_list_tells_who_signed(self, client, ada, meter, make_meter, site):
        make_meter("second")
        sign(meter, ada)
        text = text_of(client.get(self.address(site)))
        assert text.index("Meter second") < text.index("Meter 24102809510006")
        assert "not yet" in text
        assert "Grace" in text


def sign(meter, by) -> Commissioning:
    return Commissioning.objects.create(
        meter=meter,
        at=timezone.now(),
        by=by,
        name="Grace",
        photo=b"x",
        checks=[],
        values={},
        setup={},
    )


class TestSigningOff:
    def address(self, meter):
        return f"/meters/{meter.pk}/commissioning/"

    def post(self, client, meter, **given):
        given = {"name": "Grace", "photo": picture(), **given}
        return client.post(self.address(meter), given, follow=True)

    def test_keeps_what_the_meter_showed(self, client, ada, meter, store):
        store(meter, **TURNED)
        page = text_of(client.get(self.address(meter)))
        assert "shows 2.19 kW, a third of the 6.5" in page
        answer = self.post(client, meter, note="The CT is turned next week.")
        assert "is signed off" in answer.text
        signed = Commissioning.objects.get()
        assert (signed.by, signed.name) == (ada, "Grace")
        kept = {check["name"]: check["verdict"] for check in signed.checks}
        assert kept["direction"] == "bad"
        assert signed.values["active_power_l2"] == -2.185
        assert signed.setup["rated_current"] == 100.0
        assert "Signed off by Grace" in text_of(answer)

    def test_a_check_that_is_not_good_wants_a_note(self, client, ada, meter, store):
        store(meter, **TURNED)
        answer = self.post(client, meter)
        assert "the note says why" in answer.text
        assert not Commissioning.objects.exists()

    @pytest.mark.parametrize("lacking", ["name", "photo"])
    def test_wants_a_name_and_a_photo(self, client, ada, meter, store, lacking):
        store(meter, **RIGHT)
        self.post(client, meter, note="x", **{lacking: ""})
        assert not Commissioning.objects.exists()

    def test_not_while_nothing_is_heard(self, client, ada, meter, store):
        store(meter, seconds_ago=3600, **RIGHT)
        assert "Nothing is heard" in self.post(client, meter, note="x").text
        assert not Commissioning.objects.exists()

    def test_the_photo_is_small_upright_and_says_nothing_else(
        self, client, ada, meter, store
    ):
        store(meter, **RIGHT)
        exif = Image.Exif()
        # On its side, with the name of the camera
        exif[0x0112], exif[0x010F] = 6, "Camera of Grace"
        self.post(client, meter, note="x", photo=picture(size=(4000, 3000), exif=exif))
        signed = Commissioning.objects.get()
        answer = client.get(f"/commissionings/{signed.pk}/photo/")
        assert answer["Content-Type"] == "image/jpeg"
        kept = Image.open(io.BytesIO(answer.content))
        assert kept.size == (1200, 1600)
        assert not kept.getexif()
        assert b"Grace" not in answer.content

    def test_other_pictures_become_jpeg(self, client, ada, meter, store):
        store(meter, **RIGHT)
        given = picture(kind="PNG", name="photo.png")
        self.post(client, meter, note="x", photo=given)
        assert bytes(Commissioning.objects.get().photo)[:3] == b"\xff\xd8\xff"

    # Within bounds for a camera, whose JPEG is never decoded whole, a PNG is not
    @pytest.mark.parametrize("side", [20_000, 5_000])
    def test_a_picture_that_claims_to_be_enormous(
        self, client, ada, meter, store, side
    ):
        store(meter, **RIGHT)
        content = io.BytesIO()
        Image.new("1", (side, side)).save(content, "PNG")
        given = SimpleUploadedFile("x.png", content.getvalue(), "image/png")
        answer = self.post(client, meter, note="x", photo=given)
        assert "The photo is too large" in answer.text

    def test_half_a_picture(self, client, ada, meter, store):
        store(meter, **RIGHT)
        content = picture(size=(2000, 1500)).read()
        given = SimpleUploadedFile("x.jpg", content[:3000], "image/jpeg")
        answer = self.post(client, meter, note="x", photo=given)
        assert "The photo is damaged" in answer.text

    def test_a_set_up_that_was_changed_since_is_told(self, client, ada, meter, store):
        store(meter, **RIGHT)
        self.post(client, meter, note="x")
        changed = "Its set-up has been changed since"
        assert changed not in client.get(self.address(meter)).text
        meter.ct_ratio = 60
        meter.save()
        assert changed in client.get(self.address(meter)).text

    def test_is_never_changed(self, ada, meter):
        signed = sign(meter, ada)
        signed.name = "somebody else"
        with pytest.raises(TypeError):
            signed.save()
        rows = Commissioning.objects.filter(pk=signed.pk)
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(name="somebody else")
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.delete()

    @pytest.mark.parametrize("role", ["viewer", "operator", "auditor"])
    def test_not_by_those_who_set_nothing_up(self, client, log_in, meter, site, role):
        log_in(site=site, role=role)
        assert client.get(self.address(meter)).status_code == 404
        assert self.post(client, meter).status_code == 404

    def test_the_photo_is_not_for_strangers(self, client, log_in, meter, other_site):
        stranger = log_in(site=other_site, role="manager")
        signed = sign(meter, stranger)
        assert client.get(f"/commissionings/{signed.pk}/photo/").status_code == 404

    def test_a_retired_meter_is_not_signed(self, client, ada, make_meter):
        meter = make_meter("old", state="retired")
        assert client.get(self.address(meter)).status_code == 404
