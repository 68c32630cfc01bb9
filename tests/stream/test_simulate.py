"""The simulator fills the database, and goes on after a restart as if never stopped."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.db.models import Count, Max, Min, Sum
from django.utils import timezone

from conftest import ROOT, wait_until
from meters.domain.plant import PLACES, Plant
from meters.models import Meter, Reading, RejectedMessage, StoredBatch
from meters.services.seed_demo import seed_demo

pytestmark = pytest.mark.django_db(transaction=True)


class SimulatorProcess:
    def __init__(self, url: str, state: Path) -> None:
        self._environment = {**os.environ, "MQTT_URL": url}
        self._command = [sys.executable, "manage.py", "simulate", "--state", str(state)]

    def start(self, *options: str) -> None:
        self._process = subprocess.Popen(
            [*self._command, *options], cwd=ROOT, env=self._environment
        )

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(20)


@pytest.fixture
def simulator(broker, tmp_path):
    process = SimulatorProcess(broker.url_for("meters"), tmp_path / "state")
    yield process
    if process._process.poll() is None:
        process._process.kill()
        process._process.wait(10)


def span():
    return Reading.objects.aggregate(first=Min("time"), last=Max("time"))


def fewest() -> int:
    """How many readings the meter has that has fewest, once all are there."""
    counts = Reading.objects.values("meter").annotate(n=Count("*"))
    return min(row["n"] for row in counts) if len(counts) == len(PLACES) else 0


def test_it_fills_the_past_and_goes_on_after_a_restart(ingest, simulator, tmp_path):
    began = timezone.now()
    options = ("--days", "0.1", "--every", "1", "--calm", "--history-after", "0")
    simulator.start(*options)
    # All of the past, of every meter, and a little of now
    wait_until(
        lambda: (
            fewest() > 140
            and span()["first"] < began - timedelta(hours=2.3)
            and span()["last"] > began + timedelta(seconds=3)
        ),
        timeout_s=60,
    )
    assert simulator.stop() == 0
    stopped = timezone.now()
    assert list((tmp_path / "state").iterdir())

    simulator.start(*options)
    wait_until(lambda: span()["last"] > stopped + timedelta(seconds=4))
    # Once more all of it: the same values meet themselves
    assert simulator.stop() == 0
    # Numbers are left out where a transaction was tried again.
    before = StoredBatch.objects.aggregate(last=Max("pk"))["last"]
    simulator.start(*options, "--history")
    wait_until(
        lambda: (
            (
                StoredBatch.objects.filter(pk__gt=before).aggregate(
                    n=Sum("duplicates")
                )["n"]
                or 0
            )
            > 2000
        )
    )
    assert simulator.stop() == 0

    assert StoredBatch.objects.aggregate(n=Sum("conflicts"))["n"] == 0
    assert not RejectedMessage.objects.exists()
    assert fewest() > 140
    for meter in Meter.objects.all():
        readings = list(
            Reading.objects.filter(meter=meter)
            .order_by("time")
            .values_list("time", "active_energy_import")
        )
        apart = [b[0] - a[0] for a, b in pairwise(readings)]
        # Nothing is missing, and no register went back
        assert max(apart) <= timedelta(seconds=61)
        registers = [register for _, register in readings]
        assert registers == sorted(registers)


def test_a_load_curve_is_replayed_at_once_and_at_speed(ingest, broker, tmp_path):
    file = tmp_path / "curve.csv"
    rows = [f"2026-01-05 {n // 4:02}:{15 * (n % 4):02},{10 + n}" for n in range(96)]
    file.write_text("start,kw\n" + "\n".join(rows))
    command = [sys.executable, "manage.py", "replay", str(file)]
    environment = {**os.environ, "MQTT_URL": broker.url_for("meters")}
    for options in ([], ["--speed", "43200", "--every", "0.1", "--serial", "2799"]):
        subprocess.run([*command, *options], cwd=ROOT, env=environment, check=True)
    wait_until(lambda: Reading.objects.count() == 97 + 21)
    energy = sum(range(10, 106)) / 4
    for meter in Meter.objects.all():
        registers = Reading.objects.filter(meter=meter).aggregate(
            first=Min("active_energy_import"), last=Max("active_energy_import")
        )
        assert registers == {"first": 0.0, "last": energy}
    ends = Reading.objects.filter(meter__device_id="2799").aggregate(at=Max("time"))
    assert abs(timezone.now() - ends["at"]) < timedelta(seconds=30)


@pytest.mark.django_db
class TestTheDemonstration:
    def seed(self):
        return seed_demo(email="demo@example.com", password="correct horse")

    def test_has_the_plants_meters_in_their_tree(self):
        site = self.seed()
        meters = {m.name: m for m in Meter.objects.filter(site=site)}
        assert len(meters) == len(PLACES)
        assert meters["Press line 1"].parent == meters["Production hall A"]
        assert meters["Production hall A"].parent == meters["Incomer"]
        assert meters["Incomer"].parent is None
        assert meters["PV roof"].positive_power == "generation"
        assert meters["Lighting"].positive_power == "consumption"
        assert meters["Press line 1"].rate_labels == ["sharp", "peak", "flat", "valley"]
        assert meters["Press line 1"].rated_current == 250
        assert {m.device_id for m in meters.values()} == set(Plant().serials)

    def test_made_again_it_leaves_what_a_person_changed(self):
        self.seed()
        Meter.objects.filter(name="Canteen").update(name="Kitchen", parent=None)
        self.seed()
        assert Meter.objects.count() == len(PLACES)
        assert Meter.objects.get(name="Kitchen").parent is None

    def test_takes_in_meters_that_published_first(self):
        serial = Plant().serials[1]
        Meter.objects.create(family="acrel-json-v2", device_id=serial)
        self.seed()
        assert Meter.objects.get(device_id=serial).state == "active"
        assert Meter.objects.get(device_id=serial).name == "Production hall A"

    def test_retires_the_three_meters_of_an_earlier_one(self):
        site = self.seed()
        old = Meter.objects.create(
            family="acrel-json-v2",
            device_id="24112200010002",
            site=site,
            state="active",
            name="Press shop",
        )
        self.seed()
        old.refresh_from_db()
        assert old.state == "retired"
