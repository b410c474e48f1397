"""The time of one call, in milliseconds since it began."""

from __future__ import annotations

import asyncio
from time import perf_counter


class Clock:
    """Runs `scale` times as fast as the wall. Every position in a call record is one of its readings."""

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale
        self.restart()

    def restart(self) -> None:
        """It is zero now."""
        self.started_at = perf_counter()

    def now_ms(self) -> float:
        return (perf_counter() - self.started_at) * 1000 * self.scale

    def at_ms(self, wall: float) -> float:
        """The position of a moment that `perf_counter` told."""
        return (wall - self.started_at) * 1000 * self.scale

    def seconds_until(self, at_ms: float) -> float:
        """How long that is on the wall; zero for what has passed."""
        return max(0.0, self.started_at + at_ms / 1000 / self.scale - perf_counter())

    async def sleep(self, ms: float) -> None:
        await asyncio.sleep(ms / 1000 / self.scale)

    async def sleep_until(self, at_ms: float) -> None:
        await asyncio.sleep(self.seconds_until(at_ms))
