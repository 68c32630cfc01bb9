"""Whether anything is lost or stored twice, whatever breaks: a script of outages.

    bench/faults.py [--short] [--log FILE]

Meters with and without a clock publish all the while with QoS 1, to servers of this
script's own. Ingest is killed twenty times while it stores, PostgreSQL is stopped and
started, Valkey emptied and stopped, the disk of the database full, the broker restarted
in an orderly way. Then each message that the broker took is looked for in the database.

The disk is a small tmpfs, which root may mount; as anybody else PostgreSQL is made to
raise the error. `disk_full` of the result tells which it was.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.ingest import resident_kb
from bench.servers import ROOT
from bench.small_disk import Disk, small_disk
from energy_site.embedded.accounts import account_of_engines
from energy_site.embedded.credentials import Credentials
from energy_site.embedded.given import Given
from energy_site.embedded.places import lay_out
from energy_site.embedded.ports import any_free
from energy_site.embedded.stack import Stack, build

TOPIC = "platform/acrel/meter/json-v2/analog/0000"
PER_SECOND = 400
METERS = 50
KILLS = 20
SETTLE_WITHIN_S = 180


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="outages of 8 s, not 30")
    parser.add_argument("--log", type=Path, help="what ingest says")
    given = parser.parse_args()
    # Ended from outside it leaves nothing behind either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with servers() as (stack, disk):
        print(json.dumps(outages(stack, disk, short=given.short, log=given.log)))


@contextmanager
def servers() -> Iterator[tuple[Stack, Disk]]:
    """Start throw-away servers and make the tables; give them and PostgreSQL's disk."""
    account = account_of_engines()
    home = Path(tempfile.mkdtemp(prefix="energy-site-faults-"))
    places = lay_out(home, account)
    stack = build(
        places=places,
        account=account,
        credentials=Credentials(),
        given=Given({}),
        port_for=lambda name, address: any_free(address=address),
        broker="mosquitto",
        durable=True,
    )
    disk = small_disk(places.engines / "small-disk", stack.postgres)
    try:
        for server in stack.servers:
            server.start()
        os.environ.update(stack.environment())
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "energy_site.settings")
        os.environ.setdefault("LOG_LEVEL", "WARNING")
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        yield stack, disk
    finally:
        for server in reversed(stack.servers):
            server.stop()
        disk.remove()
        for folder in {home, places.engines}:
            shutil.rmtree(folder, ignore_errors=True)


class Ingest:
    """``manage.py ingest``, which can be killed."""

    def __init__(self, log: Path | None) -> None:
        self._log = log.open("wb") if log else subprocess.DEVNULL
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "ingest"],
            cwd=ROOT,
            env={**os.environ, "LOG_LEVEL": "INFO"},
            stdout=self._log,
            stderr=self._log,
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)

    def memory_mb(self) -> float:
        return round(resident_kb(self.process.pid) / 1024, 1)


class Load:
    """Publishes running numbers at a steady pace, and knows which the broker took."""

    def __init__(self) -> None:
        from meters.broker import BrokerAddress, new_client

        address = BrokerAddress.of(os.environ["METER_MQTT_URL"])
        self._client = new_client(address, client_id="faults")
        self._client.max_inflight_messages_set(1000)
        self._client.reconnect_delay_set(1, 1)
        self._client.connect(address.host, address.port)
        self._client.loop_start()
        while not self._client.is_connected():
            time.sleep(0.1)
        self._sent: list[Any] = []
        self._going = threading.Event()
        self._going.set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @contextmanager
    def pausing(self) -> Iterator[None]:
        """Let nothing be under way, so that no message is sent a second time."""
        self._going.clear()
        time.sleep(0.5)
        self._wait()
        yield
        while not self._client.is_connected():
            time.sleep(0.1)
        self._going.set()

    def end(self) -> int:
        """Stop publishing; return how many messages the broker took."""
        self._ended.set()
        self._going.set()
        self._thread.join()
        self._wait()
        self._client.disconnect()
        self._client.loop_stop()
        return sum(info.is_published() for info in self._sent)

    def _run(self) -> None:
        while not self._ended.is_set():
            self._going.wait()
            for _ in range(PER_SECOND // 20):
                payload = message(len(self._sent))
                self._sent.append(self._client.publish(TOPIC, payload, qos=1))
            time.sleep(0.05)

    def _wait(self) -> None:
        for info in self._sent[-5_000:]:
            info.wait_for_publish(60)


def message(number: int) -> str:
    """Return a message with its number as the register; every other has no time."""
    has_clock = number % 2 == 0
    point = [
        {"id": 0, "val": f"{'c' if has_clock else 'n'}{number % METERS}"},
        {"id": 13, "val": 45.5},
        {"id": 28, "val": number},
    ]
    instant: dict[str, Any] = {"point": point}
    if has_clock:
        # A millisecond for each, so that no two have one key.
        instant["tp"] = round(time.time() * 1000)
    return json.dumps({"data": [instant]})


def outages(
    stack: Stack, disk: Disk, *, short: bool, log: Path | None
) -> dict[str, Any]:
    away_s = 8 if short else 30
    ingest = Ingest(log)
    # Its session is there before anything is published.
    time.sleep(3)
    load = Load()
    kill_often(ingest)
    before_mb = ingest.memory_mb()
    during_mb = stop_database(stack, ingest, away_s)
    lose_live_values(stack, away_s / 3)
    disk.fill()
    time.sleep(away_s / 3)
    disk.free()
    with load.pausing():
        stack.broker.stop()
        time.sleep(1)
        stack.broker.start()
    time.sleep(3)

    published = load.end()
    stored, distinct = settle(published)
    ingest.stop()
    return {
        "published": published,
        "stored": stored,
        "lost": published - distinct,
        "duplicated": stored - distinct,
        "kills": KILLS,
        "database_away_s": away_s,
        "disk_full": disk.kind,
        "memory_before_mb": before_mb,
        "memory_while_away_mb": during_mb,
    }


def kill_often(ingest: Ingest) -> None:
    """Kill ingest again and again, a moment after it has begun to store."""
    rng = random.Random(7)  # noqa: S311 - when to kill
    for _ in range(KILLS):
        await_storing()
        time.sleep(rng.uniform(0, 0.7))
        ingest.kill()
        ingest.start()
    await_storing()
    time.sleep(2)


def stop_database(stack: Stack, ingest: Ingest, away_s: float) -> float:
    """Stop PostgreSQL for a while; return the memory of ingest meanwhile. [MB]"""
    from django.db import connection

    stack.postgres.stop()
    connection.close()
    time.sleep(away_s)
    during_mb = ingest.memory_mb()
    stack.postgres.start()
    # What breaks next is to meet it at work.
    await_storing()
    return during_mb


def lose_live_values(stack: Stack, away_s: float) -> None:
    """Empty Valkey, and stop it for a while."""
    from meters.live.newest import redis_client

    redis_client().flushall()
    stack.valkey.stop()
    time.sleep(away_s)
    stack.valkey.start()


def await_storing() -> None:
    """Return when ingest has stored something from now on."""
    from django.db.models import Max

    from meters.models import StoredBatch

    def newest() -> int:
        return StoredBatch.objects.aggregate(newest=Max("pk"))["newest"] or 0

    before = newest()
    deadline = time.monotonic() + SETTLE_WITHIN_S
    while newest() == before:
        if time.monotonic() > deadline:
            raise SystemExit("Ingest stores nothing any more.")
        time.sleep(0.05)


def settle(published: int) -> tuple[int, int]:
    """Wait until all is stored; return how many rows there are, and numbers."""
    from meters.models import Reading

    deadline = time.monotonic() + SETTLE_WITHIN_S
    while time.monotonic() < deadline and Reading.objects.count() < published:
        time.sleep(0.5)
    # What would be stored twice has its chance.
    time.sleep(3)
    numbers = Reading.objects.values_list("active_energy_import", flat=True)
    found = list(numbers)
    return len(found), len(set(found))


if __name__ == "__main__":
    main()
