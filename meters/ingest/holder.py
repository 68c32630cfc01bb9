"""Lets one process hold a session that several stand by for."""

import logging
import threading
from collections.abc import Callable

from django.db import DatabaseError, connection

logger = logging.getLogger(__name__)

_LOCK = 7_301_003
_ASK_EVERY_S = 1.0


class Holder:
    """A PostgreSQL advisory lock, held by a connection of its own thread.

    Where the connection ends, the lock has gone with it: another may hold it now, so
    `on_lost` is called and this process must let the session go.
    """

    def __init__(self, *, on_lost: Callable[[], None]) -> None:
        self._on_lost = on_lost
        self._held = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="holder", daemon=True)

    def wait(self) -> bool:
        """Wait until the lock is held; return False where `stop` came before."""
        self._thread.start()
        logger.info("Waiting to be the one that hears what only one may hear.")
        while not self._held.wait(_ASK_EVERY_S):
            if self._stopping.is_set():
                return False
        return True

    def stop(self) -> None:
        """Let the lock go. Safe to call from a signal handler."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(0 if not self._held.is_set() else _ASK_EVERY_S):
            try:
                if self._held.is_set():
                    self._ask("SELECT 1")
                elif self._ask("SELECT pg_try_advisory_lock(%s)", [_LOCK]):
                    self._held.set()
                else:
                    self._stopping.wait(_ASK_EVERY_S)
            except DatabaseError:
                connection.close()
                if self._held.is_set():
                    logger.warning("PostgreSQL is away: another may be the one now.")
                    self._on_lost()
                    return
                self._stopping.wait(_ASK_EVERY_S)
        connection.close()

    def _ask(self, statement: str, given: list[int] | None = None) -> object:
        with connection.cursor() as cursor:
            cursor.execute(statement, given)
            return cursor.fetchone()[0]
