"""Redis as callers can wait for it: one connection for one question, answered at once or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

WITHIN_S = 0.3
AWAY = (RedisError, OSError, TimeoutError)


@asynccontextmanager
async def quick_redis() -> AsyncIterator[Redis]:
    """A client for what happens within WITHIN_S. Raises one of AWAY."""
    client = Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=WITHIN_S,
        socket_connect_timeout=WITHIN_S,
        retry=Retry(NoBackoff(), 0),
        protocol=2,  # with this and the next, a connection costs no round trips of its own: the caller is waiting
        driver_info=None,
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            yield client
    finally:
        with suppress(RedisError, OSError):
            await client.aclose()
