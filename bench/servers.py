"""The servers a benchmark runs on: those that are given, or throw-away ones."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_NEEDED = ("DATABASE_URL", "REDIS_URL", "MQTT_URL")


def on_servers(*, broker: str = "mosquitto") -> None:
    """Go on where servers are given; else start this script again on embedded ones.

    PostgreSQL with fsync, as a portal has it. A database that is given should be one
    that may be filled: the tables of the portal are made in it.
    """
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "energy_site.settings")
    if not all(name in os.environ for name in _NEEDED):
        embedded = [
            "-m",
            "energy_site.embedded",
            "run",
            "--durable",
            "--broker",
            broker,
        ]
        script = [sys.executable, *sys.argv]
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, *embedded, "--", *script])  # noqa: S606
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
