"""How long a command takes from the click to the device.

    bench/commands.py [--commands 300] [--every 0.25] [--rate 0]

Real broker, ingest, Redis, PostgreSQL, celery worker and web process. A person who is
logged in switches the output of a Tasmota plug on and off, as a browser does: a POST,
then the page that it leads to. The plug is a subscriber of the broker; it answers, and
ingest confirms the command by that. The time ends when the plug has the message. With
`--rate`, meters publish as many readings a second of 50 points all the while.
"""

import argparse
import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.live import __file__ as live_script, make_sites, processes, quantile
from bench.servers import ROOT, on_servers

PLUG = "plug7"
# What is asked before everything has run once does not count.
WARM_UP = 10
HEARD_WITHIN_S = 30.0
CONFIRMED_WITHIN_S = 10.0
# As Django makes them; the form and the cookie have the same.
CSRF = "b" * 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--commands", type=int, default=300)
    parser.add_argument("--every", type=float, default=0.25, help="seconds (0.25)")
    parser.add_argument("--rate", type=int, default=0, help="readings a second (0)")
    given = parser.parse_args()
    on_servers()
    print(json.dumps(measure(given)))


def measure(given: argparse.Namespace) -> dict[str, float]:
    from django.core.management import call_command

    call_command("collectstatic", interactive=False, verbosity=0)
    cookie = make_sites(1, max(1, given.rate))
    meter_id = make_plug()
    plug = Plug()
    with processes() as address, worker(), readings(given):
        browser = Browser(address, cookie, meter_id)
        for number in range(WARM_UP):
            switch(browser, plug, number)
        delays, answers = [], []
        for number in range(given.commands):
            delay_ms, answer_ms = switch(browser, plug, number)
            delays.append(delay_ms)
            answers.append(answer_ms)
            time.sleep(max(0.0, given.every - delay_ms / 1000))
        confirmed = count_confirmed(WARM_UP + given.commands) - WARM_UP
    plug.close()
    return {
        "commands": given.commands,
        "p50_ms": quantile(delays, 0.50),
        "p99_ms": quantile(delays, 0.99),
        "longest_ms": round(max(delays), 1),
        # Of it, until the web process has answered the POST.
        "web_p50_ms": quantile(answers, 0.50),
        "web_p99_ms": quantile(answers, 0.99),
        "confirmed": confirmed,
        "readings_per_s": given.rate,
    }


def make_plug() -> int:
    """Make the plug in the first site, and its people operators; return its meter."""
    from meters.models import Membership, Meter, Output, Site

    Membership.objects.update(role="operator")
    meter = Meter.objects.create(
        family="tasmota",
        device_id=PLUG,
        first_topic=f"tele/{PLUG}/STATE",
        site=Site.objects.get(slug="site-0"),
        name="Plug",
        state="active",
    )
    Output.objects.create(meter=meter, number=1)
    return meter.pk


class Plug:
    """The device: hears what it is told to do, and tells how its output stands."""

    def __init__(self) -> None:
        from django.conf import settings

        from meters.broker import BrokerAddress, new_client

        address = BrokerAddress.of(settings.MQTT_URL)
        self.heard_at = 0.0
        self.heard = threading.Event()
        self._client = new_client(address, client_id="")
        self._client.on_connect = lambda client, *_: client.subscribe("cmnd/#", 1)
        self._client.on_message = self._on_message
        self._client.connect(address.host, address.port)
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, client: Any, _data: object, message: Any) -> None:
        self.heard_at = time.perf_counter()
        self.heard.set()
        client.publish(f"stat/{PLUG}/POWER1", message.payload, qos=1)


class Browser:
    """What the browser of somebody who is logged in does."""

    def __init__(self, address: str, cookie: str, meter_id: int) -> None:
        self._connection = http.client.HTTPConnection(address, timeout=30)
        self._path = f"/meters/{meter_id}/commands/"
        self._cookie = f"{cookie}; csrftoken={CSRF}"

    def click(self, action: str) -> str:
        """Ask for an action; return the page that the answer leads to."""
        form = {"action": action, "output": 1, "csrfmiddlewaretoken": CSRF}
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        status, page = self._ask("POST", self._path, urlencode(form), kind)
        if status != 302:
            raise SystemExit(f"The web process answered {status}.")
        return page

    def look(self, page: str) -> None:
        """Fetch a page."""
        status, _ = self._ask("GET", page.partition("#")[0], None, {})
        if status != 200:
            raise SystemExit(f"The web process answered {status}.")

    def _ask(
        self, method: str, path: str, body: str | None, more: dict[str, str]
    ) -> tuple[int, str]:
        headers = {"Cookie": self._cookie, **more}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status, answer.headers.get("Location", "")


def switch(browser: Browser, plug: Plug, number: int) -> tuple[float, float]:
    """Switch once; return how long until the plug hears, and the browser. [ms]"""
    plug.heard.clear()
    began = time.perf_counter()
    page = browser.click("off" if number % 2 else "on")
    answered = time.perf_counter()
    browser.look(page)
    if not plug.heard.wait(HEARD_WITHIN_S):
        raise SystemExit("The plug has not heard a command.")
    return 1000 * (plug.heard_at - began), 1000 * (answered - began)


@contextmanager
def worker() -> Iterator[None]:
    """Run a worker as the portal does."""
    words = "-m celery -A energy_site worker --queues quick,slow --concurrency 2"
    process = subprocess.Popen(
        [sys.executable, *words.split(), "--loglevel", "WARNING"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def readings(given: argparse.Namespace) -> Any:
    """Publish readings of other meters meanwhile, where that is wanted."""
    return publishing(given.rate) if given.rate else nullcontext()


@contextmanager
def publishing(rate: int) -> Iterator[None]:
    """Let a process of its own publish a reading of each meter once a second."""
    # Longer than it can take; it is ended when the last command has come.
    arguments = [str(rate), str(rate), "3600"]
    process = subprocess.Popen(
        [sys.executable, str(live_script), "--publish", *arguments], cwd=ROOT
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def count_confirmed(expected: int) -> int:
    """Return how many commands the answers of the plug have confirmed."""
    from meters.models import Command

    confirmed = Command.objects.filter(state="confirmed")
    deadline = time.monotonic() + CONFIRMED_WITHIN_S
    while confirmed.count() < expected and time.monotonic() < deadline:
        time.sleep(0.2)
    return confirmed.count()


if __name__ == "__main__":
    main()
