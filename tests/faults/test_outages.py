"""Whatever breaks, everything the broker took is stored once, and the log says why."""

import json
import subprocess
import sys

import pytest

from conftest import ROOT
from energy_site.embedded.engines.mosquitto import installed_program


@pytest.mark.slow
@pytest.mark.skipif(installed_program() is None, reason="there is no Mosquitto here")
def test_twenty_kills_and_other_outages_lose_nothing_and_store_nothing_twice(tmp_path):
    log = tmp_path / "ingest.log"
    run = subprocess.run(
        [sys.executable, "bench/faults.py", "--short", "--log", str(log)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout.splitlines()[-1])
    assert found["published"] > 5_000
    assert found["kills"] == 20
    assert (found["lost"], found["duplicated"]) == (0, 0)
    # The messages waited at the broker, not here.
    assert found["memory_while_away_mb"] < found["memory_before_mb"] + 20
    said = log.read_text()
    for sentence in (
        "PostgreSQL is away, ",
        "The disk of the database is full, ",
        "session resumed",
    ):
        assert sentence in said
