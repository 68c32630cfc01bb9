"""The messages that benchmarks publish: whole ones of each family, all values new.

`LOADS` names a maker per family: it takes the number of meters and yields, for ever,
(topic, payload) of one meter after the other; `first` are what must come before.
"""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

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


def sparkplug_b(messages: int, meters: int) -> Load:
    """Return DDATA of ten metrics by alias, of ten edge nodes; births come first."""
    from meters.families.sparkplug.payload import DOUBLE, Payload

    rng = random.Random(1)  # noqa: S311 - values of a benchmark
    clock = Clock(messages, meters)
    nodes = 10
    names = [f"{kind}/L{n}" for kind in ("Voltage", "Current", "Power") for n in "123"]
    names.append("Energy/Active/Import")
    seq = [0] * nodes

    def publication(kind: str, number: int, payload: Any, device: str) -> Publication:
        node = number % nodes
        payload.seq = seq[node] % 256
        seq[node] += 1
        topic = f"spBv1.0/bench/{kind}/n{node}{device}"
        return topic, payload.SerializeToString()

    start = round(clock.at(0).timestamp() * 1000)
    first = [
        publication("NBIRTH", n, Payload(timestamp=start), "") for n in range(nodes)
    ]
    for number in range(meters):
        birth = Payload(timestamp=start - 1000)
        for alias, name in enumerate(names):
            birth.metrics.add(name=name.encode(), alias=alias, datatype=DOUBLE)
        first.append(publication("DBIRTH", number, birth, f"/m{number}"))

    def every() -> Iterator[Publication]:
        for number in range(messages):
            payload = Payload(timestamp=round(clock.at(number).timestamp() * 1000))
            for alias in range(len(names)):
                payload.metrics.add(
                    alias=alias, double_value=round(rng.uniform(0, 400), 3)
                )
            meter = number % meters
            yield publication("DDATA", meter, payload, f"/m{meter}")

    return Load(first, every())


PROFILE = """
name = "bench"
topics = ["bench/{}/data"]
[device]
path = "sn"
[time]
path = "ts"
[quantities]
frequency = { path = "hz" }
active_energy_import = { path = "e", unit = "Wh" }
""" + "".join(
    f"""
voltage_l{n} = {{ path = "phases[{n - 1}].u" }}
current_l{n} = {{ path = "phases[{n - 1}].i" }}
active_power_l{n} = {{ path = "phases[{n - 1}].p", unit = "W" }}
"""
    for n in (1, 2, 3)
)


def profile(messages: int, meters: int) -> Load:
    """Return messages of eleven values that a profile in the database declares."""
    from meters.models import Profile

    Profile.objects.get_or_create(name="bench", defaults={"definition": PROFILE})
    rng = random.Random(1)  # noqa: S311 - values of a benchmark
    clock = Clock(messages, meters)

    def every() -> Iterator[Publication]:
        for number in range(messages):
            meter = number % meters
            phases = [
                {key: round(rng.uniform(0, 400), 3) for key in "uip"} for _ in "abc"
            ]
            body = {
                "sn": f"B{meter:06}",
                "ts": round(clock.at(number).timestamp() * 1000),
                "hz": 50.01,
                "e": number,
                "phases": phases,
            }
            yield f"bench/{meter}/data", msgspec.json.encode(body)

    return Load([], every())


LOADS: dict[str, Callable[[int, int], Load]] = {
    "acrel-json-v2": json_v2,
    "shelly-gen2": shelly_gen2,
    "sparkplug-b": sparkplug_b,
    "profile": profile,
}
