"""One run of one plant: live at once, and the past beside it."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from meters.domain.plant import Plant, publishing
from meters.domain.plant.publishing import Wrongs
from meters.management.publisher import Publisher

# How often it is remembered how far it has come. [s]
_REMEMBER_EVERY_S = 30.0
# More than this behind the clock: the machine slept, and rounds were missed. [s]
_MISSED_S = 120.0
# Live messages go out in time between two that are large.
_BREATH_S = 0.002


class Simulation:
    """
    Publishes a plant.

    Parameters
    ----------
    every_s : float
        Between two live readings of a meter. [s]
    """

    def __init__(
        self,
        plant: Plant,
        publisher: Publisher,
        stopping: threading.Event,
        *,
        every_s: float,
    ) -> None:
        self._plant = plant
        self._publisher = publisher
        self._stopping = stopping
        self._every_s = every_s
        self._past: threading.Thread | None = None

    def run(
        self,
        *,
        since: float,
        remember: Callable[[float], None],
        pause_s: float = 0.0,
    ) -> None:
        """
        Publish until it shall stop.

        Parameters
        ----------
        since : float
            All before is published. [s since 1970]
        remember : callable
            Is told now and then how far it has come.
        pause_s : float
            Before the past begins. [s]
        """
        number = int(time.time() // self._every_s) + 1
        self._begin_past(since, number * self._every_s, pause_s=pause_s)
        remembered = time.monotonic()
        while not self._stopping.is_set():
            begin = number * self._every_s
            if time.time() - begin > _MISSED_S and not self._is_past_coming:
                number = int(time.time() // self._every_s) + 1
                self._begin_past(begin, number * self._every_s)
                continue
            self._publish_round(begin)
            # A round that was cut short begins anew after a restart.
            number += not self._stopping.is_set()
            if time.monotonic() - remembered > _REMEMBER_EVERY_S:
                remembered = time.monotonic()
                self._remember(number, remember)
        if (past := self._past) is not None:
            past.join()
        self._remember(number, remember)

    @property
    def _is_past_coming(self) -> bool:
        return self._past is not None and self._past.is_alive()

    def _remember(self, number: int, remember: Callable[[float], None]) -> None:
        """Note how far it has come, if there is no gap behind."""
        if self._past is None and self._publisher.settle():
            remember(number * self._every_s)

    def _publish_round(self, begin: float) -> None:
        """Publish each meter at its own moment of the round."""
        for moment, serial, clock, quantities in sorted(
            self._round(begin), key=lambda item: item[0]
        ):
            if self._stopping.wait(max(0.0, moment - time.time())):
                return
            self._publisher.publish(serial, {clock: quantities})

    def _round(
        self, begin: float
    ) -> Iterator[tuple[float, str, datetime, dict[str, float]]]:
        late = publishing.offsets(self._plant, every_s=self._every_s)
        readings = self._plant.readings((begin + late)[:, None])
        wrong = Wrongs(self._plant, begin, begin + self._every_s)
        for serial, instants in readings.by_meter():
            for instant, quantities in instants.items():
                moment = instant.timestamp()
                if wrong.is_silent(serial, moment):
                    continue
                error = timedelta(seconds=wrong.clock_error_s(serial, moment))
                yield moment, serial, instant + error, quantities

    def _begin_past(self, since: float, until: float, *, pause_s: float = 0.0) -> None:
        self._past = threading.Thread(
            target=self._publish_past, args=(since, until, pause_s), daemon=True
        )
        self._past.start()

    def _publish_past(self, since: float, until: float, pause_s: float) -> None:
        """Publish what lies between, the newest first."""
        if self._stopping.wait(pause_s):
            return
        for instants in publishing.history(since=since, until=until):
            readings = publishing.historical(
                self._plant, instants, every_s=self._every_s
            )
            first, last = float(instants[0]), float(instants[-1]) + self._every_s
            wrong = Wrongs(self._plant, first, last)
            for serial, by_instant in readings.by_meter():
                told = {
                    instant: quantities
                    for instant, quantities in by_instant.items()
                    if not wrong.is_silent(serial, instant.timestamp())
                    and instant < datetime.fromtimestamp(until, UTC)
                }
                if told:
                    self._publisher.publish_patiently(serial, told, self._stopping)
                if self._stopping.wait(_BREATH_S):
                    return
        if self._publisher.settle(self._stopping):
            self._past = None
