import os
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from meters.models import IngestSession

ROOT = Path(__file__).resolve().parents[2]


def doctor():
    out = StringIO()
    with pytest.raises(SystemExit):  # no worker runs in these tests
        call_command("doctor", stdout=out)
    return out.getvalue().splitlines()


@pytest.mark.django_db
class TestDoctor:
    def test_servers_that_answer_are_well(self):
        lines = doctor()
        for name in ("PostgreSQL", "Redis", "Broker", "Tables"):
            assert any(line.startswith(f"ok     {name}:") for line in lines)

    def test_missing_workers_are_told(self):
        assert "WRONG  Workers: none answers: is celery running?" in doctor()

    def test_a_session_without_a_client_is_named(self):
        now = timezone.now()
        IngestSession.objects.create(name="ingest-1", topics=["#"], seen_at=now)
        IngestSession.objects.create(
            name="ingest-2", topics=["#"], seen_at=now - timedelta(hours=2)
        )
        lines = [line for line in doctor() if "Ingest" in line]
        assert lines[0] == "ok     Ingest: session ingest-1 is held."
        assert lines[1].startswith("WRONG  Ingest: session ingest-2 has had no client")
        assert lines[1].endswith("manage.py ingest --drain ingest-2.")


def test_one_line_for_each_that_is_away():
    away = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "MQTT_URL": "mqtt://127.0.0.1:1",
    }
    run = subprocess.run(
        [sys.executable, "manage.py", "doctor"],
        cwd=ROOT,
        env={**os.environ, **away, "LOG_LEVEL": "CRITICAL"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = run.stdout.splitlines()
    assert run.returncode == 1
    assert [line.split(":")[0] for line in lines] == [
        "WRONG  PostgreSQL",
        "WRONG  Redis",
        "WRONG  Broker",
        "WRONG  Workers",
    ]
