"""Tells those who watch that calls have changed. May die without harm: pages ask again by themselves."""

from __future__ import annotations

import asyncio
import threading
from queue import Empty, Full, Queue
from uuid import UUID

import structlog
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

SEND_WITHIN_S = 1.0

log = structlog.get_logger(__name__)
_changes: Queue[tuple[int, set[UUID]]] = Queue(maxsize=200)
_starting = threading.Lock()
_thread: threading.Thread | None = None


def group_of(tenant_id: int) -> str:
    """The channel group of everybody who watches this tenant's calls."""
    return f"tenant-{tenant_id}-calls"


def announce(tenant_id: int, call_ids: set[UUID]) -> None:
    """Queue the news; when nobody takes it, drop it."""
    global _thread  # one announcer per process, started at the first news
    with _starting:
        if _thread is None:
            _thread = threading.Thread(target=_send_all, name="announcer", daemon=True)
            _thread.start()
    try:
        _changes.put_nowait((tenant_id, call_ids))
    except Full:
        log.warning("nobody takes the news of calls")


def _send_all() -> None:
    with asyncio.Runner() as runner:
        while True:
            tenant_id, call_ids = _changes.get()
            try:
                while True:
                    other_tenant, more = _changes.get_nowait()
                    if other_tenant != tenant_id:
                        runner.run(_send(other_tenant, more))
                    else:
                        call_ids |= more
            except Empty:
                pass
            runner.run(_send(tenant_id, call_ids))


async def _send(tenant_id: int, call_ids: set[UUID]) -> None:
    layer = get_channel_layer()
    message = {"type": "calls.changed", "calls": sorted(str(call_id) for call_id in call_ids)}
    try:
        async with asyncio.timeout(SEND_WITHIN_S):
            await layer.group_send(group_of(tenant_id), message)
    except (TimeoutError, OSError, RedisError) as error:
        log.info("the news of calls was not sent", error=type(error).__name__)
