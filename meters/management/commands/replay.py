"""Publish a load curve from a CSV file as a meter would that measures it."""

import hashlib
import signal
import threading
import time
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from meters.broker import BrokerAddress, BrokerError
from meters.domain.instants import OLDEST_STORED
from meters.domain.plant.load_curve import LoadCurve, LoadCurveError, read_load_curve
from meters.management.publisher import Publisher

_INSTANTS_A_MESSAGE = 60
_WEEK_S = 7 * 86_400


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV: start,kw and more")
        parser.add_argument(
            "--speed",
            type=float,
            default=0.0,
            help="times as fast as it was; 0, the default: all of it at once",
        )
        parser.add_argument(
            "--every", type=float, default=5.0, help="seconds between messages (5)"
        )
        parser.add_argument("--serial", help="of the meter; else made from the name")
        parser.add_argument(
            "--timezone", default="Europe/Berlin", help="of the file's times"
        )
        parser.add_argument("--begin", help="lay the curve's beginning on this time")
        parser.add_argument("--end", help="lay its end on this time; or: now")

    def handle(self, *, file: Path, **options: Any) -> None:
        curve, zone = self._read(file, options["timezone"])
        if options["speed"] < 0 or options["every"] <= 0:
            raise CommandError("--speed cannot be negative, --every must be positive.")
        try:
            address = BrokerAddress.of(settings.MQTT_URL)
        except BrokerError as error:
            raise CommandError(str(error)) from error
        now = time.time()
        begin = self._begin(curve, zone, now, options)
        if now - begin > OLDEST_STORED.total_seconds():
            raise CommandError(
                f"The curve would begin more than {OLDEST_STORED.days} days ago, and"
                " such readings are refused: give a later --begin."
            )
        serial = options["serial"] or serial_of(file)
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        publisher = Publisher(address, client_id=f"replay-{serial}")
        publisher.start()
        if options["speed"]:
            _play(
                curve, publisher, stopping, begin=begin, serial=serial, **_pace(options)
            )
        else:
            _publish_at_once(curve, publisher, stopping, begin=begin, serial=serial)
        publisher.settle(stopping)
        publisher.stop()
        first, last = (
            datetime.fromtimestamp(at, zone) for at in (begin, begin + curve.duration_s)
        )
        self.stdout.write(
            f"Meter {serial}: {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}."
        )

    def _read(self, file: Path, zone_name: str) -> tuple[LoadCurve, ZoneInfo]:
        try:
            zone = ZoneInfo(zone_name)
        except (KeyError, ValueError, OSError) as error:
            raise CommandError(f"There is no time zone {zone_name!r}.") from error
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                return read_load_curve(lines, zone), zone
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{file} is no text in UTF-8.") from error
        except LoadCurveError as error:
            raise CommandError(f"{file}: {error}") from error

    def _begin(
        self, curve: LoadCurve, zone: ZoneInfo, now: float, options: dict[str, Any]
    ) -> float:
        """Return where on the time axis the curve begins. [s since 1970]"""
        if options["begin"] and options["end"]:
            raise CommandError("Give --begin or --end, not both.")
        if options["begin"]:
            return _moment(options["begin"], zone, now)
        if options["end"]:
            return _moment(options["end"], zone, now) - curve.duration_s
        return default_begin(curve, zone, now=now, speed=options["speed"])


def serial_of(file: Path) -> str:
    """Return 14 digits that belong to the file's name."""
    digest = hashlib.sha256(file.name.encode()).digest()
    return f"27{int.from_bytes(digest[:8]) % 10**12:012d}"


def default_begin(
    curve: LoadCurve, zone: ZoneInfo, *, now: float, speed: float
) -> float:
    """
    Return where the curve begins when nobody says. [s since 1970]

    At once: moved by whole weeks, so that it ends before now and weekdays and hours
    stay. At a speed: so that it reaches the present when it ends.
    """
    if speed:
        return now - curve.duration_s * (1 - 1 / speed)
    late = now - (curve.start.timestamp() + curve.duration_s)
    local = curve.start.astimezone(zone).replace(tzinfo=None)
    local += timedelta(weeks=late // _WEEK_S)
    return local.replace(tzinfo=zone).timestamp()


def _moment(text: str, zone: ZoneInfo, now: float) -> float:
    if text == "now":
        return now
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text!r} is no time like 2026-01-31T23:45.") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()


def _pace(options: dict[str, Any]) -> dict[str, float]:
    return {"speed": options["speed"], "every_s": options["every"]}


def _publish_at_once(
    curve: LoadCurve,
    publisher: Publisher,
    stopping: threading.Event,
    *,
    begin: float,
    serial: str,
) -> None:
    """Publish a reading at each end of an interval, many to a message."""
    at = np.arange(len(curve.used) + 1.0) * curve.interval_s
    # What lies ahead of the clock would be taken for a wrong clock.
    at = at[at <= time.time() - begin]
    for first in range(0, len(at), _INSTANTS_A_MESSAGE):
        if stopping.is_set():
            return
        part = at[first : first + _INSTANTS_A_MESSAGE]
        instants = _instants(curve, part, begin)
        publisher.publish_patiently(serial, instants, stopping)


def _play(
    curve: LoadCurve,
    publisher: Publisher,
    stopping: threading.Event,
    *,
    begin: float,
    serial: str,
    speed: float,
    every_s: float,
) -> None:
    """Publish a reading every few seconds, never ahead of the clock."""
    at, step = 0.0, speed * every_s
    started = time.monotonic()
    number = 0
    while at <= curve.duration_s:
        due = max(
            started + number * every_s - time.monotonic(), begin + at - time.time()
        )
        if stopping.wait(max(0.0, due)):
            return
        publisher.publish(serial, _instants(curve, np.array([at]), begin))
        if at == curve.duration_s:
            return
        number += 1
        at = min(at + step, curve.duration_s)


def _instants(
    curve: LoadCurve, at_s: "np.typing.NDArray[np.float64]", begin: float
) -> dict[datetime, dict[str, float]]:
    shown = {name: values.tolist() for name, values in curve.quantities(at_s).items()}
    return {
        datetime.fromtimestamp(begin + at, UTC): {
            name: values[n] for name, values in shown.items()
        }
        for n, at in enumerate(at_s.tolist())
    }
