"""The beginning and the end of a web process: the ASGI application for `lifespan`."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
logger = logging.getLogger(__name__)

_starters: list[Callable[[], Awaitable[None]]] = []
_closers: list[Callable[[], Awaitable[None]]] = []


def at_start(prepare: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """Have `prepare` awaited before the process takes its first call."""
    _starters.append(prepare)
    return prepare


def at_end(close: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """Have `close` awaited when the process ends, after the last call; the last one registered goes first."""
    _closers.append(close)
    return close


async def lifespan(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            for prepare in _starters:
                await prepare()
            await send({"type": "lifespan.startup.complete"})
        else:
            await close_all()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def close_all() -> None:
    """Close everything that was registered. One that fails is logged and does not keep the others open."""
    for close in reversed(_closers):
        try:
            await close()
        except Exception:
            logger.exception("closing %s failed", getattr(close, "__qualname__", close))
