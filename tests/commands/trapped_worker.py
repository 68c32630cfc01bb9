"""The portal's celery application, whose worker dies right before it publishes.

Started by a test as ``celery -A tests.commands.trapped_worker worker``.
"""

import os
import signal

from energy_site.celery import app
from meters.broker.publisher import CommandPublisher

__all__ = ["app"]


def _die(self: CommandPublisher, *args: object, **named: object) -> None:
    # First the parent, which would start another child.
    for pid in (os.getppid(), os.getpid()):
        os.kill(pid, signal.SIGKILL)


CommandPublisher.publish = _die  # type: ignore[method-assign]
