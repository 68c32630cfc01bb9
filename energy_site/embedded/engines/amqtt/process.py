"""The process of the broker: ``python -m …engines.amqtt.process FILE``."""

import asyncio
import contextlib
import logging
import signal
import sys
import time
from pathlib import Path

import msgspec

from energy_site.embedded.engines.amqtt.access import Configuration
from energy_site.embedded.engines.amqtt.broker import PatientBroker
from energy_site.embedded.engines.amqtt.sessions import Snapshot

_SNAPSHOT_EVERY = 5.0
_STOP_WITHIN = 5.0


async def serve(configuration: Configuration) -> None:
    """Run the broker until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    snapshot = Path(configuration.snapshot)
    broker = PatientBroker(configuration)
    kept = Snapshot.load(snapshot)
    await broker.start()
    await broker.restore(kept)
    await _keep_snapshots(broker, stop)
    broker.stopping = True
    broker.snapshot().save(snapshot)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(broker.shutdown(), timeout=_STOP_WITHIN)


async def _keep_snapshots(broker: PatientBroker, stop: asyncio.Event) -> None:
    """Write a snapshot when something changed, as often as is cheap."""
    path = Path(broker.configuration.snapshot)
    pause = _SNAPSHOT_EVERY
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), timeout=pause)
        if not broker.changed:
            continue
        broker.changed = False
        began = time.monotonic()
        await asyncio.to_thread(broker.snapshot().save, path)
        # A long queue takes long to write: most of the time is for messages.
        pause = max(_SNAPSHOT_EVERY, 10 * (time.monotonic() - began))


def main() -> None:
    """Read the configuration named on the command line, and serve."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    text = Path(sys.argv[1]).read_bytes()
    asyncio.run(serve(msgspec.json.decode(text, type=Configuration)))


if __name__ == "__main__":
    main()
