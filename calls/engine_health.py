"""Whether a way of carrying calls is well: what came of it in the last minutes, counted for all processes in Redis.

An engine is unwell while too many of its latest calls have failed; the next call is carried in another way. Failures
grow old by the minute, so it is tried again by itself. Without Redis a process goes by what it has seen itself.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

import structlog

from calls.quick_redis import AWAY, quick_redis

MINUTES = 5  # that far back is looked
FEWEST_FAILURES = 3
SHARE = 0.5  # of the calls
MOST_KEPT = 1000

log = structlog.get_logger(__name__)
_seen: deque[tuple[int, str, bool]] = deque(maxlen=MOST_KEPT)


@dataclass(frozen=True, slots=True)
class Health:
    """What came of an engine's calls in the last minutes."""

    calls: int = 0
    failed: int = 0

    @property
    def is_well(self) -> bool:
        return self.failed < FEWEST_FAILURES or self.failed < self.calls * SHARE


def with_settings(engine: str, version_id: int) -> str:
    """The name under which an engine is counted with the settings of one version: they may be all that is wrong."""
    return f"{engine}:{version_id}"


async def note(engine: str, *, failed: bool) -> None:
    """Count a call that this engine carried, or could not carry. Never raises, and hardly waits."""
    minute = _minute()
    _seen.append((minute, engine, failed))
    try:
        async with quick_redis() as redis, redis.pipeline(transaction=False) as pipe:
            key = _key(engine, minute)
            pipe.hincrby(key, "calls", 1)
            pipe.hincrby(key, "failed", int(failed))
            pipe.expire(key, 2 * MINUTES * 60)
            await pipe.execute()
    except AWAY as error:
        log.warning("the health of an engine is not shared", engine=engine, error=type(error).__name__)


async def note_call(engine: str, version_id: int, *, failed: bool, of_settings: bool) -> None:
    """Count a call of this version; `of_settings`: what it came to says nothing of other versions."""
    await note(with_settings(engine, version_id) if of_settings else engine, failed=failed)


async def health(engine: str) -> Health:
    """What is known of an engine, by all processes or, without Redis, by this one. Never raises, and hardly waits."""
    since = _minute() - MINUTES
    try:
        async with quick_redis() as redis, redis.pipeline(transaction=False) as pipe:
            for minute in range(since + 1, since + MINUTES + 1):
                pipe.hmget(_key(engine, minute), "calls", "failed")
            counted = await pipe.execute()
    except AWAY:
        own = [failed for minute, name, failed in _seen if name == engine and minute > since]
        return Health(len(own), sum(own))
    return Health(*(sum(int(each or 0) for each in column) for column in zip(*counted, strict=True)))


async def is_well(engine: str, version_id: int) -> bool:
    """Whether the next call may be carried by it, with the settings of this version."""
    settings_failed = (await health(with_settings(engine, version_id))).failed
    return not settings_failed and (await health(engine)).is_well


def _minute() -> int:
    return int(time.time()) // 60


def _key(engine: str, minute: int) -> str:
    return f"engine-health:{engine}:{minute}"
