"""The HTTP connections to one vendor of language models: shared by an event loop's calls, and kept warm."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import aiohttp
import httpx2

SPARE_CONNECTIONS = 2
IDLE_S = 120.0
LIMITS = httpx2.Limits(max_connections=1000, max_keepalive_connections=200, keepalive_expiry=IDLE_S)
# What the network and the client under an SDK may raise through it.
BROKEN = (httpx2.HTTPError, aiohttp.ClientError, ValueError)
TIMEOUT = httpx2.Timeout(20.0, connect=1.0, read=8.0)


@dataclass(slots=True)
class Pool:
    """The connections of one event loop. `spare` counts, for each server, those that should be open and idle."""

    client: httpx2.AsyncClient
    spare: Counter[str] = field(default_factory=Counter)
    used_at: float = 0.0

    def missing(self, base: str, now: float) -> int:
        """How many more a server should have for the next replies. What nobody used for long is closed by now."""
        if now - self.used_at > IDLE_S:
            self.spare.clear()
        self.used_at = now
        return max(0, SPARE_CONNECTIONS - self.spare[base])

    def taken(self, base: str) -> None:
        self.spare[base] = max(0, self.spare[base] - 1)


class Connections:
    """A pool for each event loop. HTTP/1.1: over HTTP/2 a server never learns that nobody listens any more."""

    def __init__(self, make_client: Callable[[], httpx2.AsyncClient]) -> None:
        self._make = make_client
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, Pool] = WeakKeyDictionary()

    def pool(self) -> Pool:
        """Of the running event loop."""
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None:
            pool = self._pools[loop] = Pool(self._make())
        return pool

    async def close(self) -> None:
        """Close those of the running event loop."""
        pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool is not None:
            await pool.client.aclose()


def is_lost_connection(error: BaseException) -> bool:
    """Whether a connection failed and not our patience: the SDKs' aiohttp client calls both a timeout."""
    cause = error.__cause__
    while cause is not None:
        if isinstance(cause, aiohttp.ClientConnectionError):
            return not isinstance(cause, TimeoutError)
        cause = cause.__cause__
    return False
