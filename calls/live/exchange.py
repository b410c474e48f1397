"""One subscription of this process to Redis, for everything that comes to running calls from the outside.

It may die without harm: calls go on, and it comes back by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from calls.quick_redis import AWAY

WITHIN_S = 3.0
MOST_ON_THEIR_WAY = 20
ANSWERS_STAY_S = 30
AGAIN_AFTER_S = (0.2, 1.0, 3.0, 10.0)

Take = Callable[[bytes], None]

log = structlog.get_logger(__name__)


class Exchange:
    """Channels that this process listens to, on one connection that is open while there are any."""

    def __init__(self) -> None:
        self._takers: dict[str, list[Take]] = {}
        self._pubsub: PubSub | None = None
        self._task: asyncio.Task[None] | None = None
        self._client = Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=WITHIN_S,
            socket_connect_timeout=WITHIN_S,
            retry=Retry(NoBackoff(), 0),
        )
        self._sending: set[asyncio.Task[None]] = set()

    def subscribe(self, channel: str, take: Take) -> None:
        """Hand every message on `channel` to `take`, which must not wait. Does not fail: it may come true later."""
        takers = self._takers.setdefault(channel, [])
        takers.append(take)
        if self._task is None:
            self._task = asyncio.ensure_future(self._receive())
        elif len(takers) == 1 and self._pubsub is not None:
            self._spawn(self._also(self._pubsub, channel))

    async def unsubscribe(self, channel: str, take: Take) -> None:
        """Undo it; safe to repeat. With the last channel the connection goes, too."""
        takers = self._takers.get(channel, [])
        if take in takers:
            takers.remove(take)
        if takers or channel not in self._takers:
            return
        del self._takers[channel]
        if not self._takers:
            await self._stop()
        elif self._pubsub is not None:
            with suppress(*AWAY):
                await self._pubsub.unsubscribe(channel)

    async def publish(self, channel: str, message: bytes) -> int:
        """How many processes took it. Raises one of AWAY."""
        reached: int = await self._client.publish(channel, message)
        return reached

    def tell(self, channel: str, message: bytes) -> None:
        """Publish without waiting; dropped where Redis is away, or slower than what there is to tell."""
        if len(self._sending) < MOST_ON_THEIR_WAY:
            self._spawn(self._tell(channel, message))

    def answer(self, key: str, message: bytes) -> None:
        """Put an answer where somebody waits for it, without waiting."""
        self._spawn(self._put(key, message))

    async def ask(self, channel: str, message: bytes, key: str, within_s: float) -> bytes | None:
        """Publish a question and wait for what is put at `key`; b"" when nobody takes it, None when nothing comes."""
        if not await self.publish(channel, message):
            return b""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                found: Any = await self._client.blpop([key], timeout=within_s)
                return bytes(found[1]) if found else None
        return None

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _also(self, pubsub: PubSub, channel: str) -> None:
        with suppress(*AWAY):
            await pubsub.subscribe(channel)

    async def _tell(self, channel: str, message: bytes) -> None:
        with suppress(*AWAY):
            await self._client.publish(channel, message)

    async def _put(self, key: str, message: bytes) -> None:
        with suppress(*AWAY):
            async with self._client.pipeline(transaction=True) as pipe:
                pipe.rpush(key, message)
                pipe.expire(key, ANSWERS_STAY_S)
                await pipe.execute()

    async def _receive(self) -> None:
        failures = 0
        while self._takers:
            pubsub = self._client.pubsub(ignore_subscribe_messages=True)
            try:
                await pubsub.subscribe(*self._takers)
                self._pubsub, failures = pubsub, 0
                await pubsub.subscribe(*self._takers)  # those that came while the first was on its way
                while True:
                    message = await pubsub.get_message(timeout=None)
                    if message is not None:
                        self._hand_over(message["channel"].decode(), message["data"])
            except AWAY as error:
                log.info("running calls cannot be reached for a moment", error=type(error).__name__)
            finally:
                self._pubsub = None
                with suppress(*AWAY):
                    await pubsub.aclose()  # type: ignore[no-untyped-call]
            await asyncio.sleep(AGAIN_AFTER_S[min(failures, len(AGAIN_AFTER_S) - 1)])
            failures += 1

    def _hand_over(self, channel: str, message: bytes) -> None:
        for take in tuple(self._takers.get(channel, ())):
            try:
                take(message)
            except Exception:  # one call's trouble must not silence the others
                log.exception("a message to a running call was not taken")

    async def _stop(self) -> None:
        task, self._task = self._task, None
        while task is not None and not task.done():  # the client may lose the first cancellation while it connects
            task.cancel()
            await asyncio.wait({task}, timeout=0.2)
        if self._sending:
            await asyncio.wait(set(self._sending), timeout=WITHIN_S)
        if not self._takers:
            with suppress(*AWAY):
                await self._client.aclose()


_exchanges: WeakKeyDictionary[asyncio.AbstractEventLoop, Exchange] = WeakKeyDictionary()


def exchange() -> Exchange:
    """The one of this process, which has one loop."""
    loop = asyncio.get_running_loop()
    if loop not in _exchanges:
        _exchanges[loop] = Exchange()
    return _exchanges[loop]
