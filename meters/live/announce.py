"""Tells the sockets of every web process that what they may show has changed."""

import logging

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# Channels calls the consumer's method of this name, with an underscore for the dot.
EVENT = {"type": "view.changed"}
COMMANDS = {"type": "commands.changed"}


def user_group(user_id: int) -> str:
    """Return the group of one user's sockets."""
    return f"user.{user_id}"


def site_group(site_id: int) -> str:
    """Return the group of the sockets that watch one site."""
    return f"site.{site_id}"


def announce(group: str) -> None:
    """Let the sockets of a group look again at what they may show.

    While Redis is away this is lost; sockets look again every minute by themselves.
    """
    _send(group, EVENT)


def announce_commands(site_id: int) -> None:
    """Let open pages of a site fetch its commands, outputs and lockouts anew."""
    _send(site_group(site_id), COMMANDS)


def _send(group: str, event: dict[str, str]) -> None:
    try:
        async_to_sync(get_channel_layer().group_send)(group, event)
    except (RedisError, OSError) as error:
        logger.warning("Redis is away, sockets are not told: %s", error)
