"""How long a value takes from the meter's publish to a browser's websocket.

    bench/live.py [--sites 10] [--clients 100] [--rate 1000] [--seconds 30]

Real broker, ingest, Redis and web process. A message carries the instant of its publish
as the device's time; a client takes the difference when the frame is there. First one
meter of one site that sends once a second, then many.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.servers import ROOT, on_servers

TOPIC = "platform/acrel/meter/json-v2/analog/0000"
POINTS = 50
IDLE_SECONDS = 20
# What comes while everybody is still connecting does not count.
WARM_UP_S = 3.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sites", type=int, default=10)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--rate", type=int, default=1_000, help="messages a second")
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--publish", nargs=3, metavar=("METERS", "RATE", "SECONDS"))
    given = parser.parse_args()
    on_servers()
    if given.publish:
        publish(*map(int, given.publish))
    else:
        print(json.dumps(measure(given)))


def measure(given: argparse.Namespace) -> dict[str, float]:
    meters_a_site = given.rate // given.sites
    cookie = make_sites(given.sites, meters_a_site)
    with processes() as address:
        idle = asyncio.run(
            listen(address, cookie, sites=1, clients=1, meters=1, rate=1,
                   seconds=IDLE_SECONDS)
        )  # fmt: skip
        busy = asyncio.run(
            listen(address, cookie, sites=given.sites, clients=given.clients,
                   meters=given.rate, rate=given.rate, seconds=given.seconds)
        )  # fmt: skip
    per_client = len(busy) / given.clients / given.seconds
    return {
        "p50_ms": quantile(busy, 0.50),
        "p99_ms": quantile(busy, 0.99),
        "idle_p50_ms": quantile(idle, 0.50),
        "idle_p99_ms": quantile(idle, 0.99),
        "messages_per_s": given.rate,
        "clients": given.clients,
        # Of the site's own meters; gathered values of one meter count once.
        "values_per_client_per_s": round(per_client, 1),
        "meters_per_site": meters_a_site,
    }


def make_sites(sites: int, meters_a_site: int) -> str:
    """Make sites with claimed meters and one user; return the session's cookie."""
    from django.conf import settings
    from django.test import Client

    from meters.models import Membership, Meter, Organisation, Site, User

    owner = Organisation.objects.create(name="Bench")
    user = User.objects.create_user("bench@example.com", "bench")
    Membership.objects.create(user=user, organisation=owner, role="viewer")
    for number in range(sites):
        site = Site.objects.create(
            organisation=owner, name=str(number), slug=f"site-{number}"
        )
        Meter.objects.bulk_create(
            Meter(
                family="acrel-json-v2",
                device_id=serial(meters_a_site * number + n),
                site=site,
                name=str(n),
                state="active",
            )
            for n in range(meters_a_site)
        )
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}"


def serial(number: int) -> str:
    return f"30{number:08}"


@contextmanager
def processes() -> Iterator[str]:
    """Run ingest and web; give the address of web."""
    from energy_site.embedded.ports import any_free

    port = any_free()
    web = (
        "-m uvicorn energy_site.asgi:application --lifespan off --log-level warning"
        " --ws-per-message-deflate false"
    )
    commands = [["manage.py", "ingest"], [*web.split(), "--port", str(port)]]
    running = [subprocess.Popen([sys.executable, *c], cwd=ROOT) for c in commands]
    try:
        deadline = time.monotonic() + 30
        while not answers(f"http://127.0.0.1:{port}/healthz"):
            if time.monotonic() > deadline:
                raise SystemExit("The web process does not answer.")
            time.sleep(0.2)
        yield f"127.0.0.1:{port}"
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(20)


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:  # noqa: S310 - our own process
            return bool(answer.status == 200)
    except OSError:
        return False


async def listen(
    address: str,
    cookie: str,
    *,
    sites: int,
    clients: int,
    meters: int,
    rate: int,
    seconds: int,
) -> list[float]:
    """Return the delay of every value that every client hears. [ms]"""
    delays: list[float] = []
    listening = [
        asyncio.create_task(hear(address, cookie, f"site-{n % sites}", delays))
        for n in range(clients)
    ]
    await asyncio.sleep(2)
    arguments = [str(meters), str(rate), str(round(seconds + WARM_UP_S))]
    publisher = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--publish", *arguments
    )
    await asyncio.sleep(WARM_UP_S)
    delays.clear()
    await publisher.wait()
    await asyncio.sleep(1)
    for task in listening:
        task.cancel()
    failed = await asyncio.gather(*listening, return_exceptions=True)
    for error in failed:
        if not isinstance(error, asyncio.CancelledError):
            raise SystemExit(f"A client gave up: {error!r}")
    return delays


async def hear(address: str, cookie: str, slug: str, delays: list[float]) -> None:
    import msgspec
    from websockets.asyncio.client import connect

    class Newest(msgspec.Struct):
        time: datetime

    class Frame(msgspec.Struct):
        type: str
        meters: dict[str, Newest]

    decoder = msgspec.json.Decoder(Frame)
    url = f"ws://{address}/ws/sites/{slug}/"
    headers = {"Cookie": cookie}
    async with connect(
        url, origin=f"http://{address}", additional_headers=headers
    ) as socket:
        async for text in socket:
            now = datetime.now(UTC)
            frame = decoder.decode(text)
            if frame.type == "frame":
                delays += [
                    1000 * (now - newest.time).total_seconds()
                    for newest in frame.meters.values()
                ]


def publish(meters: int, rate: int, seconds: int) -> None:
    """Publish evenly, each meter in turn; runs in a process of its own."""
    from django.conf import settings

    from meters.broker import BrokerAddress, new_client
    from meters.families.acrel_json_v2 import QUANTITY_BY_ID, encode

    names = list(QUANTITY_BY_ID.values())[:POINTS]
    address = BrokerAddress.of(settings.MQTT_URL)
    client = new_client(address, client_id="")
    client.max_inflight_messages_set(1_000)
    client.connect(address.host, address.port)
    client.loop_start()
    began = time.monotonic()
    for number in range(rate * seconds):
        wait_s = began + number / rate - time.monotonic()
        if wait_s > 0:
            time.sleep(wait_s)
        values = {name: (number + n) % 400 + 0.25 for n, name in enumerate(names)}
        payload = encode(serial(number % meters), {datetime.now(UTC): values})
        client.publish(TOPIC, payload, qos=1)
    client.disconnect()
    client.loop_stop()


def quantile(values: list[float], share: float) -> float:
    return round(statistics.quantiles(values, n=100)[round(100 * share) - 1], 1)


if __name__ == "__main__":
    main()
