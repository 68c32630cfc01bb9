"""The newest values of each meter, in Redis.

One hash, ``newest``: meter id -> msgpack of `Newest`, as the device sent it, without
ratios. What changes is also published to the channel of the meter's site.
"""

import logging
from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec
from django.conf import settings
from redis import Redis, RedisError

logger = logging.getLogger(__name__)

KEY = "newest"


class Newest(msgspec.Struct):
    """The newest value of each quantity of one meter.

    `time` is the newest instant, in milliseconds since 1970.
    """

    meter: int = msgspec.field(name="m")
    time: int = msgspec.field(name="t")
    values: dict[str, float] = msgspec.field(name="v")
    # A Lua table without entries comes back as a list.
    extra: dict[str, Any] | list[Any] = msgspec.field(name="x", default_factory=dict)


_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(Newest)
_frame_decoder = msgspec.msgpack.Decoder(list[Newest])

# Runs alone in the server, so that two writers cannot mix. For each (meter, site, time,
# packed): lay the newer values over the older ones; publish what was not older.
_MERGE = """
local frames = {}
for i = 1, #ARGV, 4 do
  local meter, site, packed = ARGV[i], ARGV[i + 1], ARGV[i + 3]
  local stored = redis.call('HGET', KEYS[1], meter)
  local is_newer = true
  if stored then
    local older, newer = cmsgpack.unpack(stored), cmsgpack.unpack(packed)
    is_newer = tonumber(ARGV[i + 2]) >= older.t
    if not is_newer then older, newer = newer, older end
    local complete = true
    for _, part in ipairs({'v', 'x'}) do
      for name, value in pairs(older[part]) do
        if newer[part][name] == nil then
          newer[part][name] = value
          complete = false
        end
      end
    end
    if complete and is_newer then
      redis.call('HSET', KEYS[1], meter, packed)
    else
      redis.call('HSET', KEYS[1], meter, cmsgpack.pack(newer))
    end
  else
    redis.call('HSET', KEYS[1], meter, packed)
  end
  if is_newer and site ~= '0' then
    frames[site] = frames[site] or {}
    table.insert(frames[site], packed)
  end
end
for site, parts in pairs(frames) do
  -- The head of a msgpack array, then its items.
  local head = struct.pack('>BI2', 0xdc, #parts)
  redis.call('PUBLISH', KEYS[2] .. site, head .. table.concat(parts))
end
"""
_CHANNEL = "live:site:"
# A msgpack array's head counts in two bytes; a script should not hold the server long.
_AT_ONCE = 1000


@cache
def redis_client() -> Redis:
    """Return this process's connection pool to Redis, with short time-outs."""
    return Redis.from_url(
        settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2
    )


def site_channel(site_id: int) -> str:
    """Return the Redis channel on which a site's new values are published."""
    return f"{_CHANNEL}{site_id}"


def write(newest: Iterable[tuple[Newest, int | None]]) -> None:
    """
    Merge new values in and publish them.

    Parameters
    ----------
    newest : iterable of (Newest, site id or None)
        At most one per meter; a meter without a site is kept but not published.

    Raises
    ------
    redis.RedisError
        Redis is away.
    """
    script = redis_client().register_script(_MERGE)
    pending = list(newest)
    for first in range(0, len(pending), _AT_ONCE):
        args: list[Any] = []
        for item, site_id in pending[first : first + _AT_ONCE]:
            args += (item.meter, site_id or 0, item.time, _encode(item))
        script(keys=[KEY, _CHANNEL], args=args)


def read(meter_ids: Iterable[int]) -> dict[int, Newest]:
    """Return the newest values by meter id; raises redis.RedisError."""
    ids = list(meter_ids)
    if not ids:
        return {}
    packed: list[Any] = redis_client().hmget(KEY, [str(id_) for id_ in ids])
    return {
        id_: _decoder.decode(item)
        for id_, item in zip(ids, packed, strict=True)
        if item is not None
    }


def forget(meter_ids: Iterable[int]) -> None:
    """Let the newest values be asked of the database, until new ones come.

    While Redis is away, the old ones go when newer ones come.
    """
    try:
        redis_client().hdel(KEY, *map(str, meter_ids))
    except RedisError as error:
        logger.warning("Redis is away, newest values are not forgotten: %s", error)


def decode_frame(payload: bytes) -> list[Newest]:
    """Return what one published message of a site's channel holds."""
    return _frame_decoder.decode(payload)
