"""An event loop whose clock runs five times as fast: real sockets, real SDKs, and half a minute in six seconds."""

from __future__ import annotations

import asyncio
import selectors

SPEED = 5.0


class _Hurried(selectors.SelectSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(None if timeout is None else timeout / SPEED)


class HurriedLoop(asyncio.SelectorEventLoop):
    """A millisecond of the machine is five of the call: what is measured here is a little too long, never too short."""

    def __init__(self) -> None:
        super().__init__(_Hurried())

    def time(self) -> float:
        return super().time() * SPEED
