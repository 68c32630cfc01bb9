"""How fast ingest empties a backlog, against a paho subscriber that only counts.

    bench/ingest.py [--messages 100000] [--meters 1000] [--family acrel-json-v2]
                    [--processes 2]

Whole messages of QoS 1 (bench/loads.py) are published while two sessions are away: that
of ingest, and one for each protocol of the bare subscriber. Then the publisher stops,
and one after the other drains the same backlog. The ratio is to the faster of the two
bare subscribers. Everything that ingest does is on: partitions, discovery, StoredBatch,
Redis, acknowledgement after the commit.

With `--processes`, the same is published once more for as many sessions that share a
subscription, and drained by their processes together, into emptied tables. No other
session has anything left by then, neither for one process nor for several.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from itertools import chain
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.loads import LOADS
from bench.servers import ROOT, on_servers

# Families of which any process may decode any message.
WITHOUT_STATE = ("acrel-json-v2", "shelly-gen2", "profile")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--meters", type=int, default=1_000)
    parser.add_argument("--family", choices=LOADS, default="acrel-json-v2")
    parser.add_argument("--processes", type=int, default=1, help="that share (1)")
    given = parser.parse_args()
    if given.processes > 1 and given.family not in WITHOUT_STATE:
        parser.error(f"Messages of {given.family} are for one process.")
    on_servers()
    print(json.dumps(measure(given)))


def measure(given: argparse.Namespace) -> dict[str, float | str]:
    from paho.mqtt.enums import MQTTProtocolVersion

    messages, family = given.messages, given.family
    open_session("ingest-1", ["#"])
    bare = {
        "bare-5": MQTTProtocolVersion.MQTTv5,
        "bare-3": MQTTProtocolVersion.MQTTv311,
    }
    for name, protocol in bare.items():
        drain_bare(name, protocol, 0)
    births = publish(messages, given.meters, family)
    rates = {
        name: drain_bare(name, protocol, births + messages)
        for name, protocol in bare.items()
    }
    ours = drain_ingest(messages, [["--name", "ingest-1"]])
    together: dict[str, float] = {}
    if given.processes > 1:
        for name in ("ingest-1", *bare):
            end_session(name)
        together = measure_together(given, ours.rate)
    fastest = max(rates.values())
    return {
        "messages_per_s": round(ours.rate),
        "bare_subscriber_per_s": round(fastest),
        "ratio": round(ours.rate / fastest, 3),
        "bare_mqtt_5_per_s": round(rates["bare-5"]),
        "bare_mqtt_3_per_s": round(rates["bare-3"]),
        "lost": messages - ours.stored,
        "duplicated": ours.duplicated,
        "memory_after_a_tenth_mb": round(ours.early_kb / 1024, 1),
        "memory_at_the_end_mb": round(ours.late_kb / 1024, 1),
        "messages": messages,
        "family": family,
        **together,
    }


def measure_together(given: argparse.Namespace, alone: float) -> dict[str, float]:
    """Let several processes store what one has stored; return how they compare."""
    from django.conf import settings

    from meters.families import Registry
    from meters.ingest import roles

    names = [f"ingest-{number + 1}" for number in range(given.processes)]
    role = roles.shared(Registry().families, settings.MQTT_TOPICS)
    empty_tables()
    for name in names:
        open_session(name, role.topics)
    publish(given.messages, given.meters, given.family)
    ours = drain_ingest(given.messages, [["--shared", "--name", n] for n in names])
    ratio = "two_over_one" if len(names) == 2 else "several_over_one"
    return {
        "processes": len(names),
        "together_messages_per_s": round(ours.rate),
        ratio: round(ours.rate / alone, 3),
        "together_lost": given.messages - ours.stored,
        "together_duplicated": ours.duplicated,
    }


def empty_tables() -> None:
    """Forget what is stored; the meters too, so that they are discovered again."""
    from django.db import connection

    from meters.live.newest import redis_client

    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE meters_reading, meters_storedbatch, meters_meter CASCADE"
        )
    redis_client().flushdb()


def open_session(client_id: str, topics: list[str]) -> None:
    """Let the broker know the session, as ingest opens it, and leave."""
    from django.conf import settings

    from meters.broker import BrokerAddress, Subscription

    connected = threading.Event()
    subscription = Subscription(
        BrokerAddress.of(settings.MQTT_URL),
        client_id=client_id,
        topics=topics,
        on_message=lambda *_: None,
        on_connect=lambda *_: connected.set(),
    )
    subscription.start()
    connected.wait(10)
    time.sleep(0.5)
    subscription.stop()


def end_session(client_id: str) -> None:
    """Let the broker forget a session."""
    from django.conf import settings

    from meters.broker import BrokerAddress, new_client

    address = BrokerAddress.of(settings.MQTT_URL)
    client = new_client(address, client_id=client_id)
    client.connect(address.host, address.port)
    while not client.is_connected():
        client.loop(0.1)
    client.disconnect()


def publish(messages: int, meters: int, family: str) -> int:
    """Publish the backlog; return how many messages had to come before it."""
    from django.conf import settings

    from meters.broker import BrokerAddress, new_client

    load = LOADS[family](messages, meters)
    address = BrokerAddress.of(settings.MQTT_URL)
    client = new_client(address, client_id="")
    client.max_inflight_messages_set(2_000)
    client.connect(address.host, address.port)
    client.loop_start()
    sent = []
    for topic, payload in chain(load.first, load.messages):
        sent.append(client.publish(topic, payload, qos=1))
        if len(sent) == 5_000:
            for info in sent:
                info.wait_for_publish(60)
            sent.clear()
    for info in sent:
        info.wait_for_publish(60)
    client.disconnect()
    client.loop_stop()
    return len(load.first)


def drain_bare(client_id: str, protocol: int, messages: int) -> float:
    """Count messages with paho and no more; 0 messages: only open the session."""
    from django.conf import settings
    from paho.mqtt.client import Client
    from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties

    from meters.broker import BrokerAddress
    from meters.broker.subscription import RECEIVE_MAXIMUM

    is_v5 = protocol == MQTTProtocolVersion.MQTTv5
    address = BrokerAddress.of(settings.MQTT_URL)
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        protocol=protocol,
        clean_session=None if is_v5 else False,
    )
    client.username_pw_set(address.username, address.password)
    times: list[float] = []
    done = threading.Event()
    count = 0

    def on_message(_client: object, _data: object, _message: object) -> None:
        nonlocal count
        if count == 0:
            times.append(time.perf_counter())
        count += 1
        if count == messages:
            times.append(time.perf_counter())
            done.set()

    def on_connect(*_: object) -> None:
        client.subscribe("#", 1)

    def on_subscribe(*_: object) -> None:
        if not messages:
            done.set()

    client.on_message = on_message
    client.on_connect = on_connect
    client.on_subscribe = on_subscribe
    more = {}
    if is_v5:
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 3600
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        more = {"clean_start": False, "properties": properties}
    client.connect(address.host, address.port, **more)
    client.loop_start()
    if not done.wait(600):
        raise SystemExit(f"{client_id} heard {count} of {messages} messages.")
    client.disconnect()
    client.loop_stop()
    return messages / (times[1] - times[0]) if messages else 0.0


class Drained(NamedTuple):
    """What ingest did with a backlog."""

    rate: float
    stored: int
    duplicated: int
    early_kb: int
    late_kb: int


def drain_ingest(messages: int, processes: list[list[str]]) -> Drained:
    """Let processes of ``manage.py ingest`` empty their sessions; return what they did.

    The memory is that of the first.
    """
    from django.db.models import Max, Min, Sum

    from meters.models import Reading, StoredBatch

    running = [
        subprocess.Popen([sys.executable, "manage.py", "ingest", *arguments], cwd=ROOT)
        for arguments in processes
    ]
    early_kb = 0
    deadline = time.monotonic() + 60 + messages / 500
    stored = 0
    while stored < messages and time.monotonic() < deadline:
        time.sleep(0.1)
        totals = StoredBatch.objects.aggregate(Sum("readings"))
        stored = totals["readings__sum"] or 0
        if not early_kb and stored > messages / 10:
            early_kb = resident_kb(running[0].pid)
    late_kb = resident_kb(running[0].pid)
    for process in running:
        process.terminate()
    for process in running:
        process.wait(30)
    times = Reading.objects.aggregate(first=Min("received_at"))
    last = StoredBatch.objects.aggregate(last=Max("stored_at"))["last"]
    duplicates = StoredBatch.objects.aggregate(Sum("duplicates"))["duplicates__sum"]
    count = Reading.objects.count()
    rate = count / (last - times["first"]).total_seconds()
    return Drained(rate, count, duplicates or 0, early_kb, late_kb)


def resident_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1])


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
