"""A running call as it sounds, for whoever listens to it. Costs one look at a boolean while nobody does.

Both sides on one clock, as in a recording: byte 2n is the caller, byte 2n + 1 the agent, or who speaks in its place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

BYTES_PER_S = 8000
SILENCE = 0xFF
EVERY_S = 0.1
LATE_S = 0.2  # the caller's frames are put this far behind the clock, so that a late one still finds its place


class Tap:
    """Collects both sides while it is on, and gives them away ten times a second."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.give: Callable[[bytes], None] = lambda sound: None
        self.is_on = False
        self._until = self._given_at = 0.0
        self._caller, self._agent = bytearray(), bytearray()
        self._timer: asyncio.TimerHandle | None = None

    def open(self, for_s: float) -> None:
        """Give the sound away for so long from now."""
        now = self._loop.time()
        self._until = now + for_s
        if not self.is_on:
            self.is_on, self._given_at = True, now
            self._caller, self._agent = bytearray(), bytearray()
            self._timer = self._loop.call_later(EVERY_S, self._tick)

    def close(self) -> None:
        """Safe to repeat."""
        self.is_on = False
        if self._timer is not None:
            self._timer.cancel()

    def heard(self, frame: bytes) -> None:
        """Sound of the caller, as it comes."""
        if self.is_on:
            self._caller += frame

    def played(self, audio: bytes) -> None:
        """Sound of the agent, which may come long before it is heard."""
        if self.is_on:
            self._agent += audio

    def cleared(self) -> None:
        """What was not heard yet never will be."""
        self._agent.clear()

    def _tick(self) -> None:
        now = self._loop.time()
        length = round((now - self._given_at) * BYTES_PER_S)
        self._given_at += length / BYTES_PER_S
        both = bytearray([SILENCE]) * (2 * length)
        for side, channel in enumerate((self._caller, self._agent)):
            part = channel[:length]
            both[side : side + 2 * len(part) : 2] = part
            del channel[:length]
        del self._caller[: -round(LATE_S * BYTES_PER_S)]
        self.give(bytes(both))
        if now < self._until:
            self._timer = self._loop.call_later(EVERY_S, self._tick)
        else:
            self.is_on = False
