"""Websockets: the live values of a site or of one meter, to one browser."""

import asyncio
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from meters.live.announce import site_group, user_group
from meters.live.hub import Watcher, hub
from meters.models import User
from meters.queries.live_view import LiveView, meter_view, site_view, snapshot_text

# The browser does not come back after this one: the access has ended.
ACCESS_ENDED = 4403
_LOOK_AGAIN_S = 60.0

_SessionStore = import_module(settings.SESSION_ENGINE).SessionStore


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """First a snapshot, then what changes, until the access ends."""

    watcher: Watcher | None = None
    tasks: tuple[asyncio.Task[None], ...] = ()

    def find_view(self, user: User | AnonymousUser) -> LiveView | None:
        """Return what the user may see at the socket's address, if anything."""
        raise NotImplementedError

    async def connect(self) -> None:
        view = await self._look()
        if view is None:
            # Before accept: the browser sees a refused handshake.
            await self.close()
            return
        await self._join(user_group(self.scope["user"].pk))
        await self._join(site_group(view.site_id))
        await self.accept()
        await self._watch(view)
        self.tasks = (
            asyncio.create_task(self._send_frames()),
            asyncio.create_task(self._look_again()),
        )

    async def disconnect(self, code: int) -> None:
        for task in self.tasks:
            task.cancel()
        if self.watcher is not None:
            await hub().leave(self.watcher)

    async def view_changed(self, event: dict[str, Any]) -> None:
        """Look again at what may be shown; close where that is nothing any more."""
        view = await self._look()
        if view is None:
            await self.close(code=ACCESS_ENDED)
        elif self.watcher is None or view != self._watched():
            await self._follow(view)
            await self._watch(view)

    async def commands_changed(self, event: dict[str, Any]) -> None:
        """Tell the browser to fetch what the page shows of commands anew."""
        await self.send(text_data='{"type": "commands"}')

    def _watched(self) -> LiveView | None:
        if self.watcher is None:
            return None
        return LiveView(self.watcher.view.site_id, self.watcher.view.factors)

    async def _join(self, group: str) -> None:
        # Channels leaves the groups listed here by itself.
        self.groups.append(group)
        await self.channel_layer.group_add(group, self.channel_name)

    async def _follow(self, view: LiveView) -> None:
        """Hear of the site that a meter has moved to, not of the one it has left."""
        group, watched = site_group(view.site_id), self._watched()
        if group in self.groups or watched is None:
            return
        left = site_group(watched.site_id)
        self.groups.remove(left)
        await self.channel_layer.group_discard(left, self.channel_name)
        await self._join(group)

    async def _watch(self, view: LiveView) -> None:
        previous = self.watcher
        watcher = Watcher(hub().view(view.site_id, view.factors))
        if previous is not None:
            watcher.frames = previous.frames
            await hub().leave(previous)
        self.watcher = watcher
        await hub().join(watcher)
        watcher.ask_for_snapshot()

    async def _send_frames(self) -> None:
        while self.watcher is not None:
            text = await self.watcher.frames.get()
            if text is None:
                meter_ids = list(self.watcher.view.factors)
                text = await database_sync_to_async(snapshot_text)(meter_ids)
            await self.send(text_data=text)

    async def _look_again(self) -> None:
        """A membership may end by the clock, which nobody announces."""
        while True:
            await asyncio.sleep(_LOOK_AGAIN_S)
            await self.view_changed({})

    @database_sync_to_async  # type: ignore[untyped-decorator]
    def _look(self) -> LiveView | None:
        session = _SessionStore(self.scope["session"].session_key)
        # As Django finds the user of a request: the login may have ended since.
        user = get_user(SimpleNamespace(session=session))  # type: ignore[arg-type]
        return self.find_view(user)


class SiteConsumer(LiveConsumer):
    """The meters of one site."""

    def find_view(self, user: User | AnonymousUser) -> LiveView | None:
        slug = self.scope["url_route"]["kwargs"]["slug"]
        return site_view(user=user, slug=slug, now=timezone.now())


class MeterConsumer(LiveConsumer):
    """One meter."""

    def find_view(self, user: User | AnonymousUser) -> LiveView | None:
        meter_id = self.scope["url_route"]["kwargs"]["meter_id"]
        return meter_view(user=user, meter_id=meter_id, now=timezone.now())
