"""How smooth a site's dashboard is in a browser while all of its meters are live.

    bench/dashboard.py [--meters 500] [--every 1] [--seconds 600] [--path meters/]

Real broker, ingest, Redis, web process and Chromium. Every branch of the distribution
tree is open, so that every meter has its row. Frames are those the browser really
begins; the heap is measured after a garbage collection, at the beginning and ten times.
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.live import TOPIC, processes
from bench.servers import ROOT, on_servers

SLUG = "bench"
FEEDERS = 20
PASSWORD = "a long bench password"  # noqa: S105 - of a throw-away server
# The page has loaded plotly.js and drawn everything by then.
WARM_UP_S = 15
HEAP_SAMPLES = 10
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_COUNT_FRAMES = """() => {
  const bench = { frames: 0, seconds: [], longest: 0, last: performance.now() };
  window.bench = bench;
  const count = (now) => {
    bench.frames += 1;
    bench.longest = Math.max(bench.longest, now - bench.last);
    bench.last = now;
    requestAnimationFrame(count);
  };
  requestAnimationFrame(count);
  let before = 0;
  setInterval(() => {
    bench.seconds.push(bench.frames - before);
    before = bench.frames;
  }, 1000);
}"""
_OPEN_ALL = """() => {
  for (const row of document.querySelectorAll('#tree [aria-expanded="false"]')) {
    row.querySelector(".toggle").click();
  }
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--meters", type=int, default=500)
    parser.add_argument("--every", type=float, default=1.0, help="seconds (1)")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--path", default="", help="below the site's address")
    parser.add_argument("--publish", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    # Files straight from the checkout: nothing of it is to be collected first.
    os.environ["DEBUG"] = "true"
    on_servers()
    if given.publish:
        publish(given.meters, given.every)
    else:
        print(json.dumps(measure(given)))


def measure(given: argparse.Namespace) -> dict[str, Any]:
    make_plant(given.meters)
    fill_last_hour()
    words = ["--publish", "--meters", str(given.meters), "--every", str(given.every)]
    with processes() as address:
        publisher = subprocess.Popen([sys.executable, __file__, *words], cwd=ROOT)
        try:
            found = watch(f"http://{address}", given)
        finally:
            publisher.terminate()
            publisher.wait(20)
    return {**found, "meters": given.meters, "every_s": given.every}


def serial(number: int) -> str:
    return f"31{number:08}"


def make_plant(meters: int) -> None:
    """Make an incomer, feeders below it, loads below them, and somebody to look."""
    from meters.models import Membership, Meter, Organisation, Site, User

    owner = Organisation.objects.create(name="Bench")
    site = Site.objects.create(organisation=owner, name="Bench", slug=SLUG)
    user = User.objects.create_user("bench@example.com", PASSWORD)
    Membership.objects.create(user=user, organisation=owner, role="viewer")
    made: list[Meter] = []
    for number in range(meters):
        feeder = 0 if number <= FEEDERS else 1 + number % FEEDERS
        above = None if number == 0 else feeder
        made.append(
            Meter.objects.create(
                family="acrel-json-v2",
                device_id=serial(number),
                site=site,
                parent=None if above is None else made[above],
                name="Incomer" if above is None else f"Load {number:03}",
                state="active",
            )
        )


def fill_last_hour() -> None:
    """Store an hour of readings a second apart where the chart draws them."""
    from django.db import connection
    from django.utils import timezone

    from meters.services.make_partitions import first_of_month, make_partitions

    now = timezone.now()
    hour_ago = now - timedelta(hours=1)
    make_partitions({first_of_month(now), first_of_month(hour_ago)})
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO meters_reading (meter_id, time, received_at, active_power)
            SELECT meter.id, at, at,
                CASE WHEN meter.parent_id IS NULL THEN 1000 ELSE 50 END
                * (1 + 0.1 * sin(extract(epoch FROM at) / 200 + meter.id))
            FROM meters_meter meter
            LEFT JOIN meters_meter parent ON parent.id = meter.parent_id,
            generate_series(%s, %s, interval '1 s') at
            WHERE parent.parent_id IS NULL
            """,
            [hour_ago, now],
        )


def publish(meters: int, every: float) -> None:
    """Publish a reading of every meter each `every` seconds, evenly spread."""
    from datetime import UTC, datetime

    from django.conf import settings

    from meters.broker import BrokerAddress, new_client
    from meters.families import acrel_json_v2

    address = BrokerAddress.of(settings.MQTT_URL)
    client = new_client(address, client_id="bench-dashboard")
    client.max_inflight_messages_set(1000)
    client.connect(address.host, address.port)
    client.loop_start()
    sent, began = 0, time.monotonic()
    while True:
        due = int((time.monotonic() - began) / every * meters)
        for number in range(sent, due):
            instant = datetime.now(UTC)
            values = reading(number % meters, instant.timestamp(), meters)
            payload = acrel_json_v2.encode(serial(number % meters), {instant: values})
            client.publish(TOPIC, payload, qos=1)
        sent = due
        time.sleep(0.02)


def reading(number: int, at: float, meters: int) -> dict[str, float]:
    """Return values of one meter that change with every reading and add up."""
    below = meters - 1 if number == 0 else meters // FEEDERS if number <= FEEDERS else 1
    power = below * (2 + 0.2 * math.sin(at / 7 + number))
    phases = {}
    for phase in (1, 2, 3):
        phases |= {
            f"voltage_l{phase}": round(230 + math.sin(at / 5 + phase), 1),
            f"current_l{phase}": round(power / 0.69, 2),
        }
    return phases | {
        "active_power": round(power, 3),
        "reactive_power": round(0.4 * power, 3),
        "active_energy_import": round(at - 1.7e9 + number, 2),
    }


def watch(url: str, given: argparse.Namespace) -> dict[str, Any]:
    """Look at the page for a while; return frames and heap."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, _BROWSERS)), None)
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    faults: list[str] = []
    values: list[int] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=[*root, "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "websocket",
            lambda socket: socket.on(
                "framereceived", lambda text: values.append(text.count('"time"'))
            ),
        )
        page.goto(f"{url}/accounts/login/")
        page.get_by_label("Email").fill("bench@example.com")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(f"{url}/")
        page.goto(f"{url}/sites/{SLUG}/{given.path}")
        page.wait_for_timeout(1000 * WARM_UP_S)
        page.evaluate(_OPEN_ALL)
        session = page.context.new_cdp_session(page)
        heap_start = heap_mb(session)
        page.evaluate(_COUNT_FRAMES)
        values.clear()
        heap = []
        for _ in range(HEAP_SAMPLES):
            page.wait_for_timeout(1000 * given.seconds / HEAP_SAMPLES)
            heap.append(heap_mb(session))
        counted = page.evaluate("window.bench")
        fresh = page.locator('[data-count="fresh"] .count').inner_text()
        browser.close()
    seconds = sorted(counted["seconds"])
    return {
        "frames_per_s": round(sum(seconds) / len(seconds), 1),
        "worst_second_frames": seconds[0],
        "p5_second_frames": seconds[len(seconds) // 20],
        "longest_frame_ms": round(counted["longest"]),
        "heap_start_mb": heap_start,
        "heap_end_mb": heap[-1],
        "heap_mb": heap,
        "seconds": given.seconds,
        # What came, and how many meters the page says are heard: it was live.
        "values_per_s": round(sum(values) / given.seconds),
        "fresh": int(fresh),
        "errors": len(faults),
    }


def heap_mb(session: Any) -> float:
    session.send("HeapProfiler.collectGarbage")
    used: float = session.send("Runtime.getHeapUsage")["usedSize"]
    return round(used / 1e6, 1)


if __name__ == "__main__":
    main()
