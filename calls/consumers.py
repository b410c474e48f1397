"""Sockets of browsers that watch calls. They send HTML that htmx swaps into the page, and take nothing."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, ClassVar
from urllib.parse import parse_qsl
from uuid import UUID

import structlog
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError
from django.utils import timezone

from agentos.tenants.models import Membership
from agentos.tenants.permissions import Permission
from agentos.tenants.scoping import tenant_transaction
from agentos.tenants.sockets import is_same_origin, member_at
from calls.announce import group_of
from calls.live.sound_socket import SoundSocket
from calls.watching import EVERYTHING, CallWatch, LinesWatch, ListWatch, Watch

NOT_ALLOWED, TRY_AGAIN = 4403, 1011

log = structlog.get_logger(__name__)


class WatchConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Looks when the channel layer says that calls have changed, and checks each time whether it still may."""

    check_every_s: ClassVar[float] = 5.0  # a person who was removed sees no call for longer than this
    send_every_s: ClassVar[float] = 1.0  # as often as the journal ships

    _task: asyncio.Task[None] | None = None
    _group = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._stop()

    async def connect(self) -> None:
        membership = await database_sync_to_async(self._member)() if is_same_origin(self.scope) else None
        if membership is None:
            log.info("a page may not watch calls")
            await self.close()
            return
        self._group, self._news = group_of(membership.tenant_id), asyncio.Event()
        self._changed: set[UUID] = set()
        self._watch, self._lines = self.make_watch(), LinesWatch(self.parameters)
        await self.channel_layer.group_add(self._group, self.channel_name)
        await self.accept()
        self._task = asyncio.create_task(self._follow())

    async def disconnect(self, code: int) -> None:
        await self._stop()
        if self._group:
            await self.channel_layer.group_discard(self._group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A page has nothing to say here."""

    async def calls_changed(self, event: dict[str, Any]) -> None:
        self._changed.update(UUID(call) for call in event["calls"])
        self._news.set()

    def make_watch(self) -> Watch:
        raise NotImplementedError

    @property
    def parameters(self) -> dict[str, str]:
        return dict(parse_qsl(self.scope["query_string"].decode("latin-1")))

    def _member(self) -> Membership | None:
        return member_at(self.scope, Permission.VIEW_CALLS)

    async def _follow(self) -> None:
        """Until the page is closed, or may not be shown any more."""
        try:
            changed: set[UUID] | None = EVERYTHING
            while (swaps := await database_sync_to_async(self._look)(changed)) is not None:
                for swap in swaps:
                    await self.send(text_data=swap)
                await asyncio.sleep(self.send_every_s)
                changed = await self._news_of_calls()
            await self.close(NOT_ALLOWED)
        except DatabaseError as error:
            log.info("a page that watches calls will try again", error=type(error).__name__)
            await self.close(TRY_AGAIN)
        except Exception:  # the end of a task: the page notices, and comes again
            log.exception("a page could not be told of calls")
            await self.close(TRY_AGAIN)

    async def _news_of_calls(self) -> set[UUID]:
        """Which calls have changed; none when it is only time to check again."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.check_every_s):
                await self._news.wait()
        self._news.clear()
        changed, self._changed = self._changed, set()
        return changed

    def _look(self, changed: set[UUID] | None) -> list[str] | None:
        """What has to be swapped in the page; None when the person may not see it any more."""
        membership = self._member()
        if membership is None:
            return None
        if changed is not EVERYTHING and not changed:
            return []
        with timezone.override(membership.tenant.zone), tenant_transaction(membership.tenant):
            return [swap for watch in (self._watch, self._lines) for swap in watch.look(membership, changed)]

    async def _stop(self) -> None:
        task, self._task = self._task, None
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.wait({task})


class CallListConsumer(WatchConsumer):
    """The list of calls; the address says which part of it the page shows."""

    def make_watch(self) -> Watch:
        return ListWatch(self.parameters)


class CallConsumer(WatchConsumer):
    """The page of one call."""

    def make_watch(self) -> Watch:
        return CallWatch(self.scope["url_route"]["kwargs"]["call_id"], self.parameters)


class SoundConsumer(SoundSocket):
    """Somebody listens to a call, and may speak in it."""

    def member(self, permission: Permission) -> Membership | None:
        return member_at(self.scope, permission)

    @property
    def is_welcome(self) -> bool:
        return is_same_origin(self.scope)
