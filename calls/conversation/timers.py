"""Named timers of one conversation: setting one again moves it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Timers:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._handles: dict[str, asyncio.TimerHandle] = {}

    def set(self, name: str, delay_s: float, act: Callable[[], None]) -> None:
        """Call `act` in `delay_s` seconds, and not when an earlier timer of this name would have."""
        self.cancel(name)

        def fire() -> None:
            del self._handles[name]
            act()

        self._handles[name] = self._loop.call_later(delay_s, fire)

    def is_set(self, name: str) -> bool:
        return name in self._handles

    def cancel(self, *names: str) -> None:
        for name in names:
            if handle := self._handles.pop(name, None):
                handle.cancel()

    def cancel_all(self) -> None:
        self.cancel(*list(self._handles))
