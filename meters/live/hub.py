"""Sends new values on to the browsers of this web process.

One subscription to Redis serves every browser: what comes for a site is gathered for at
most 100 ms, turned into text once, and given to each browser that watches it.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from weakref import WeakKeyDictionary, WeakValueDictionary

import msgspec
from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from meters.domain.registers import with_total_energy
from meters.domain.scaling import Factors, scale
from meters.live.newest import Newest, decode_frame, site_channel

logger = logging.getLogger(__name__)

GATHER_S = 0.1
# A browser that is further behind gets a snapshot instead.
MOST_WAITING = 50
_LONGEST_PAUSE_S = 10.0

_encode = msgspec.json.Encoder().encode


def frame_text(kind: str, meters: dict[int, tuple[int, dict[str, float]]]) -> str:
    """
    Return a message to browsers.

    Parameters
    ----------
    kind : str
        "snapshot" or "frame".
    meters : dict of meter id to (milliseconds since 1970, values by quantity)
    """
    return _encode(
        {
            "type": kind,
            "meters": {
                str(id_): {
                    "time": datetime.fromtimestamp(time / 1000, UTC),
                    "values": values,
                }
                for id_, (time, values) in meters.items()
            },
        }
    ).decode()


class View:
    """The meters of a site that somebody may see, each with its factors."""

    def __init__(self, site_id: int, factors: Mapping[int, Factors]) -> None:
        self.site_id = site_id
        self.factors = factors


class Watcher:
    """One browser: what it may see, and the frames that wait for it."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.frames: asyncio.Queue[str | None] = asyncio.Queue()

    def put(self, text: str) -> None:
        """Let a frame wait; None, where too many do: a snapshot is due."""
        if self.frames.qsize() >= MOST_WAITING:
            self.ask_for_snapshot()
        else:
            self.frames.put_nowait(text)

    def ask_for_snapshot(self) -> None:
        """Drop what waits; the browser gets everything anew."""
        while not self.frames.empty():
            self.frames.get_nowait()
        self.frames.put_nowait(None)


@dataclass
class _Site:
    watchers: set[Watcher] = field(default_factory=set)
    pending: dict[int, Newest] = field(default_factory=dict)
    flush_at: float = 0.0
    timer: asyncio.TimerHandle | None = None


class Hub:
    """The browsers of one event loop, by site."""

    def __init__(self) -> None:
        self._views: WeakValueDictionary[
            tuple[int, frozenset[tuple[int, Factors]]], View
        ] = WeakValueDictionary()
        self._sites: dict[int, _Site] = {}
        self._redis: Redis = Redis.from_url(settings.REDIS_URL)
        self._pubsub: PubSub = self._redis.pubsub(ignore_subscribe_messages=True)
        self._listener: asyncio.Task[None] | None = None

    def view(self, site_id: int, factors: Mapping[int, Factors]) -> View:
        """Return the one view of these meters, which its watchers share."""
        return self._views.setdefault(
            (site_id, frozenset(factors.items())), View(site_id, factors)
        )

    async def join(self, watcher: Watcher) -> None:
        """Begin to send a site's frames to a watcher."""
        site = self._sites.setdefault(watcher.view.site_id, _Site())
        site.watchers.add(watcher)
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._listen())
        elif len(site.watchers) == 1:
            await self._try(self._pubsub.subscribe, site_channel(watcher.view.site_id))

    async def leave(self, watcher: Watcher) -> None:
        """End it."""
        site = self._sites.get(watcher.view.site_id)
        if site is None:
            return
        site.watchers.discard(watcher)
        if not site.watchers:
            del self._sites[watcher.view.site_id]
            if site.timer is not None:
                site.timer.cancel()
            await self._try(
                self._pubsub.unsubscribe, site_channel(watcher.view.site_id)
            )

    async def _try(self, call: Callable[..., object], channel: str) -> None:
        try:
            await call(channel)  # type: ignore[misc]
        except RedisError:
            # The listener meets it too, and subscribes anew when Redis is back.
            logger.debug("Redis is away")

    async def _listen(self) -> None:
        """Hear what is published, for ever; after an outage all get a snapshot."""
        pause_s = 0.5
        while True:
            try:
                await self._subscribe_all()
                pause_s = 0.5
                async for message in self._pubsub.listen():
                    if message["type"] == "message":
                        site_id = int(message["channel"].rpartition(b":")[2])
                        self._gather(site_id, decode_frame(message["data"]))
            except (RedisError, OSError) as error:
                logger.warning("Redis is away, browsers wait: %s", error)
            await self._pubsub.aclose()  # type: ignore[no-untyped-call]
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            self._pubsub = self._redis.pubsub(ignore_subscribe_messages=True)

    async def _subscribe_all(self) -> None:
        # A connection that listens to nothing would end at once.
        await self._pubsub.subscribe("live:hub", *map(site_channel, self._sites))
        for site in self._sites.values():
            for watcher in site.watchers:
                watcher.ask_for_snapshot()

    def _gather(self, site_id: int, items: Iterable[Newest]) -> None:
        site = self._sites.get(site_id)
        if site is None:
            return
        for item in items:
            waiting = site.pending.setdefault(item.meter, item)
            if waiting is not item:
                waiting.values |= item.values
                waiting.time = max(waiting.time, item.time)
        if site.timer is None:
            loop = asyncio.get_running_loop()
            delay_s = site.flush_at - loop.time()
            if delay_s <= 0:
                self._flush(site)
            else:
                site.timer = loop.call_later(delay_s, self._flush, site)

    def _flush(self, site: _Site) -> None:
        site.timer = None
        site.flush_at = asyncio.get_running_loop().time() + GATHER_S
        pending, site.pending = site.pending, {}
        # Watchers with the same view share one text.
        texts: dict[View, str | None] = {}
        for watcher in site.watchers:
            if watcher.view not in texts:
                texts[watcher.view] = _frame(pending, watcher.view.factors)
            text = texts[watcher.view]
            if text is not None:
                watcher.put(text)


def _frame(pending: dict[int, Newest], factors: Mapping[int, Factors]) -> str | None:
    meters = {
        id_: (item.time, with_total_energy(scale(item.values, factors[id_])))
        for id_, item in pending.items()
        if id_ in factors
    }
    return frame_text("frame", meters) if meters else None


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """Return the hub of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]
