"""The messages that benchmarks publish: whole ones of each family, all values new.

`LOADS` names a maker per family: it takes the number of meters and yields, for ever,
(topic, payload) of one meter after the other; `first` are what must come before.
"""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

POINTS = 50
Publication = tuple[str, bytes]


class Load(NamedTuple):
    """What is published, and how it comes to readings."""

    first: list[Publication]
    messages: Iterator[Publication]


class Clock:
    """Instants of a meter after the other, all within the last two minutes.

    So they are live when they are drained, and no meter has an instant twice.
    """

    def __init__(self, messages: int, meters: int) -> None:
        rounds = -(-messages // meters)
        self._step = timedelta(seconds=min(1.0, 120 / rounds))
        self._start = datetime.now(UTC) - rounds * self._step
        self._meters = meters

    def at(self, number: int) -> datetime:
        return self._start + number // self._meters * self._step


def json_v2(messages: int, meters: int) -> Load:
    """Return messages of an ADW300 with 50 points."""
    from meters.families.acrel_json_v2 import QUANTITY_BY_ID, encode

    rng = random.Random(1)  # noqa: S311 - values of a benchmark
    names = list(QUANTITY_BY_ID.values())[:POINTS]
    clock = Clock(messages, meters)

    def every() -> Iterator[Publication]:
        for number in range(messages):
            values = {name: round(rng.uniform(0, 400), 2) for name in names}
            payload = encode(f"24{number % meters:08}", {clock.at(number): values})
            yield "platform/acrel/meter/json-v2/analog/0000", payload

    return Load([], every())


def shelly_gen2(messages: int, meters: int) -> Load:
    """Return NotifyStatus messages of a three-phase Shelly, 22 values each."""
    rng = random.Random(1)  # noqa: S311 - values of a benchmark
    clock = Clock(messages, meters)
    names = [
        f"{phase}_{name}"
        for phase in "abc"
        for name in ("voltage", "current", "act_power", "aprt_power", "pf", "freq")
    ]
    names += ["n_current", "total_current", "total_act_power", "total_aprt_power"]

    def every() -> Iterator[Publication]:
        for number in range(messages):
            device = f"shellypro3em-{number % meters:012x}"
            values = {name: round(rng.uniform(0, 400), 3) for name in names}
            params = {"ts": clock.at(number).timestamp(), "em:0": {"id": 0, **values}}
            body = {
                "src": device,
                "dst": f"{device}/events",
                "method": "NotifyStatus",
                "params": params,
            }
            yield f"{device}/events/rpc", msgspec.json.encode(body)

    return Load([], every())


def iammeter(messages: int, meters: int) -> Load:
    """Return uploads of a three-phase IAMMETER: decoded by its profile."""
    rng = random.Random(1)  # noqa: S311 - values of a benchmark

    def every() -> Iterator[Publication]:
        for number in range(messages):
            serial = f"{number % meters:08X}"
            datas = [[round(rng.uniform(0, 400), 3) for _ in range(7)] for _ in "abc"]
            body = {
                "method": "uploadsn",
                "mac": f"B0F8{number % meters:08X}",
                "version": "2.75.69",
                "server": "em",
                "SN": serial,
                "Datas": datas,
            }
            yield f"device/{serial}/realtime", msgspec.json.encode(body)

    return Load([], every())


LOADS: dict[str, Callable[[int, int], Load]] = {
    "acrel-json-v2": json_v2,
    "shelly-gen2": shelly_gen2,
    "iammeter": iammeter,
}
