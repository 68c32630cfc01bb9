"""Writes the newest values to Redis, beside the stream and never in its way."""

import logging
import threading
import time
from collections.abc import Iterable

from redis import RedisError

from meters.ingest.directory import KnownMeter
from meters.live import newest
from meters.live.newest import Newest
from meters.services.record_readings import Row

logger = logging.getLogger(__name__)

# An idle stream's value goes out at once; a busy one's are gathered this long, and
# longer where writing takes long: the stream comes first.
_GATHER_S = 0.05
_MOST_SHARE = 0.2
_LONGEST_GATHERING_S = 0.25
_LONGEST_PAUSE_S = 10.0


class LiveWriter:
    """
    Gathers committed values by meter, and writes them from a thread of its own.

    While Redis is away the newest value of each meter waits here; storing goes on.
    """

    def __init__(self) -> None:
        self._pending: dict[int, tuple[Newest, int | None]] = {}
        self._lock = threading.Lock()
        self._arrived = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="live-writer", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Write what is pending, then end."""
        self._stopping.set()
        self._arrived.set()
        self._thread.join(timeout=5)

    def offer(self, rows: Iterable[tuple[Row, KnownMeter]]) -> None:
        """Take the values of committed rows that are live."""
        with self._lock:
            for row, meter in rows:
                _merge(self._pending, row, meter)
        self._arrived.set()

    def _run(self) -> None:
        pause_s = _GATHER_S
        while not self._stopping.is_set():
            self._arrived.wait()
            began = time.monotonic()
            if self._write():
                took_s = time.monotonic() - began
                pause_s = max(_GATHER_S, took_s / _MOST_SHARE)
                pause_s = min(pause_s, _LONGEST_GATHERING_S)
            else:
                pause_s = min(2 * max(pause_s, 0.5), _LONGEST_PAUSE_S)
                self._arrived.set()
            self._stopping.wait(pause_s)
        self._write()

    def _write(self) -> bool:
        self._arrived.clear()
        with self._lock:
            pending, self._pending = self._pending, {}
        try:
            newest.write(pending.values())
        except RedisError as error:
            logger.warning("Redis is away, live values wait: %s", error)
            self._keep(pending)
            return False
        return True

    def _keep(self, unwritten: dict[int, tuple[Newest, int | None]]) -> None:
        """Put back what could not be written, under what has come since."""
        with self._lock:
            for meter_id, (item, site_id) in unwritten.items():
                newer = self._pending.get(meter_id)
                if newer is None:
                    self._pending[meter_id] = (item, site_id)
                else:
                    newer[0].values = {**item.values, **newer[0].values}


def _merge(
    pending: dict[int, tuple[Newest, int | None]], row: Row, meter: KnownMeter
) -> None:
    time_ms = int(row.time.timestamp() * 1000)
    waiting = pending.get(meter.id)
    if waiting is None:
        item = Newest(meter.id, time_ms, row.quantities, row.extra)
        pending[meter.id] = (item, meter.site_id)
        return
    item = waiting[0]
    if time_ms >= item.time:
        item.values = {**item.values, **row.quantities}
        item.time = time_ms
    else:
        item.values = {**row.quantities, **item.values}
    pending[meter.id] = (item, meter.site_id)
