"""How fast a chart's query is, on readings as ingest leaves them.

    bench/series.py [--rows 2000000]

Thirty days of readings a minute apart, of as many meters as the rows need, 50 values
each, stored by the service that ingest uses, in time order over all meters. Then days
of raw readings, and thirty days by the quarter of an hour, of meters drawn by chance.
Warm is the second time; cold is after a restart of PostgreSQL, with its files dropped
from the operating system's cache, each day asked for once.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from energy_site.embedded.accounts import account_of_engines
from energy_site.embedded.credentials import Credentials
from energy_site.embedded.engines.postgres import Postgres
from energy_site.embedded.given import Given
from energy_site.embedded.places import lay_out
from energy_site.embedded.ports import any_free
from energy_site.embedded.stack import build

DAYS = 30
MINUTES = DAYS * 24 * 60
VALUES = 50
BATCH = 20_000
COLD_STARTS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    rows = parser.parse_args().rows
    home = Path(tempfile.mkdtemp(prefix="energy-site-"))
    postgres = start(home)
    try:
        print(json.dumps(measure(postgres, rows)))
    finally:
        postgres.stop()
        shutil.rmtree(postgres.directory, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


def start(home: Path) -> Postgres:
    """Start a PostgreSQL of our own: a cold start has to restart it."""
    account = account_of_engines()
    stack = build(
        places=lay_out(home, account),
        account=account,
        credentials=Credentials(),
        # Only the database is wanted.
        given=Given({"REDIS_URL": "redis://127.0.0.1", "MQTT_URL": "mqtt://127.0.0.1"}),
        port_for=lambda _name, address: any_free(address=address),
    )
    assert stack.postgres is not None  # noqa: S101
    stack.postgres.start()
    os.environ["DATABASE_URL"] = stack.postgres.url
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "energy_site.settings")
    return stack.postgres


def measure(postgres: Postgres, rows: int) -> dict[str, float]:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    end = datetime.now(UTC).replace(second=0, microsecond=0)
    begin = end - timedelta(days=DAYS)
    meters = make_meters(max(1, rows // MINUTES))
    began = time.perf_counter()
    stored = fill(meters, begin, rows)
    seconds = time.perf_counter() - began
    settle()
    rng = random.Random(5)  # noqa: S311 - which meters are asked for
    days = [begin + timedelta(days=n) for n in range(DAYS - 1)]

    def day(meter, start):
        return lambda: ask(meter, start, timedelta(days=1), points=2_000)

    def month(meter):
        return lambda: ask(meter, begin, timedelta(days=DAYS), points=3_000)

    warm = timings([day(rng.choice(meters), rng.choice(days)) for _ in range(200)])
    gathered = timings([month(rng.choice(meters)) for _ in range(40)])
    cold = []
    for _ in range(COLD_STARTS):
        restart_cold(postgres)
        cold += timings([day(rng.choice(meters), at) for at in days], warm=False)
    return {
        "rows": stored,
        "meters": len(meters),
        "stored_per_s": round(stored / seconds),
        "p50_ms": quantile(warm, 0.50),
        "p95_ms": quantile(warm, 0.95),
        "cold_p95_ms": quantile(cold, 0.95),
        "month_by_quarters_p50_ms": quantile(gathered, 0.50),
        "month_by_quarters_p95_ms": quantile(gathered, 0.95),
        "bytes_per_reading": round(table_bytes() / stored, 1),
    }


def make_meters(count: int) -> list:
    from meters.models import Meter, Organisation, Site

    owner = Organisation.objects.create(name="Bench")
    site = Site.objects.create(organisation=owner, name="Bench", slug="bench")
    return Meter.objects.bulk_create(
        Meter(
            family="acrel-json-v2",
            device_id=str(number),
            site=site,
            name=str(number),
            state="active",
            expected_interval_s=60,
        )
        for number in range(count)
    )


def fill(meters: list, begin: datetime, rows: int) -> int:
    from meters.services.record_readings import record_readings

    batch, stored = [], 0
    for row in readings(meters, begin, rows):
        batch.append(row)
        if len(batch) == BATCH:
            stored += record_readings(batch, source="bench").readings
            batch = []
    return stored + record_readings(batch, source="bench").readings


def readings(meters: list, begin: datetime, rows: int) -> Iterator:
    """Yield rows in time order over all meters, each meter on its own second."""
    from meters.families.acrel_json_v2 import QUANTITY_BY_ID
    from meters.services.record_readings import Row

    rng = random.Random(3)  # noqa: S311 - values of a benchmark
    names = [name for name in QUANTITY_BY_ID.values() if name != "digital_inputs"]
    names = names[:VALUES]
    # Values drawn anew for every row would take longer than storing them.
    drawn = [
        {name: round(rng.uniform(0, 400), 2) for name in names} for _ in range(997)
    ]
    for number in range(rows):
        minute, meter = divmod(number, len(meters))
        instant = begin + timedelta(minutes=minute, seconds=60 * meter / len(meters))
        yield Row(meters[meter].pk, instant, instant, drawn[number % 997], {})


def settle() -> None:
    """As autovacuum would in time: visibility and statistics."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) meters_reading")


def ask(meter, start: datetime, span: timedelta, *, points: int) -> None:
    from meters.queries.history import history

    history([meter], ["active_power"], start=start, end=start + span, points=points)


def timings(asks: list[Callable[[], None]], *, warm: bool = True) -> list[float]:
    """Return how long each takes; warm, the second time. [ms]"""
    taken = []
    for one in asks:
        if warm:
            one()
        began = time.perf_counter()
        one()
        taken.append(1000 * (time.perf_counter() - began))
    return taken


def restart_cold(postgres: Postgres) -> None:
    from django.db import connection

    connection.close()
    postgres.stop()
    os.sync()
    for path in postgres.data.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)
    postgres.start()
    # The connection and the plan are not what is measured.
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM meters_meter")


def table_bytes() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits"
            " WHERE inhparent = 'meters_reading'::regclass"
        )
        return int(cursor.fetchone()[0])


def quantile(values: list[float], share: float) -> float:
    return round(statistics.quantiles(values, n=100)[round(100 * share) - 1], 1)


if __name__ == "__main__":
    main()
