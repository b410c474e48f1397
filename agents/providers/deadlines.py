"""The two limits on whatever a vendor streams: how late the first item may be, and how long the next may take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

from .ports import ProviderError

T = TypeVar("T")
FIRST_LATE, NEXT_LATE = "first_byte_timeout", "gap_timeout"  # codes of errors


async def with_deadlines(
    source: AsyncGenerator[T, None], *, first_s: float, gap_s: float, provider: str
) -> AsyncGenerator[T, None]:
    """The items of `source`, which is always closed at the end.

    Only the waiting counts, not what the listener does between two items. Raises ProviderError with the code
    `first_byte_timeout` or `gap_timeout`; the source is cancelled first.
    """
    alarm = _Alarm()
    limit_s, code = first_s, FIRST_LATE
    try:
        async with aclosing(source):
            while True:
                alarm.set(limit_s)
                try:
                    item = await anext(source)
                except StopAsyncIteration:
                    return
                except asyncio.CancelledError:
                    if not alarm.was_the_reason():
                        raise
                    message = f"nothing came within {limit_s:g} s"
                    raise ProviderError(provider, message, retryable=True, code=code) from None
                finally:
                    alarm.unset()
                yield item
                limit_s, code = gap_s, NEXT_LATE
    finally:
        alarm.remove()


class _Alarm:
    """Cancels the task that waits too long. One timer serves a whole stream: it rings, looks, and is wound up again."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[object] | None = None
        self._due = 0.0
        self._cancelled_before = 0
        self._rang = False

    def set(self, seconds: float) -> None:
        """From now on the current task waits, for `seconds` at the most."""
        self._task = asyncio.current_task()
        self._cancelled_before = self._task.cancelling() if self._task else 0
        self._due = self._loop.time() + seconds
        if self._timer is not None and self._due < self._timer.when():
            self.remove()
        if self._timer is None:
            self._timer = self._loop.call_at(self._due, self._look)

    def unset(self) -> None:
        """The wait is over, however it ended."""
        if self._rang:
            self._settle()
        self._task = None

    def remove(self) -> None:
        """The stream is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def was_the_reason(self) -> bool:
        """Whether the cancellation just caught was ours alone, and nobody else wants the task to end."""
        return self._rang and self._settle() <= self._cancelled_before

    def _settle(self) -> int:
        """Take our cancellation back; says how many are left."""
        self._rang = False
        return self._task.uncancel() if self._task else 0

    def _look(self) -> None:
        self._timer = None
        if self._task is None:
            return
        if self._loop.time() < self._due:
            self._timer = self._loop.call_at(self._due, self._look)
        else:
            self._rang = True
            self._task.cancel()
