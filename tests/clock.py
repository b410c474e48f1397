"""An event loop whose clock jumps: nothing waits, and hours of conversation take milliseconds."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any


class _Impatient(selectors.SelectSelector):
    """Instead of waiting for the next timer, moves the clock to it."""

    loop: JumpingLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("nothing is left to happen: the scenario waits for ever")
        self.loop.jumped += max(0.0, timeout)
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    """Time begins at 1000 s and passes only while everybody waits."""

    def __init__(self) -> None:
        self.jumped = 1000.0
        selector = _Impatient()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.jumped


def on_virtual_clock(scenario: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Turn an async test into one that runs on the jumping loop and must leave no task behind."""

    @wraps(scenario)
    def test(*args: Any, **kwargs: Any) -> None:
        async def run() -> None:
            await asyncio.wait_for(scenario(*args, **kwargs), 100_000)
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not left, f"tasks are left behind: {left}"

        with asyncio.Runner(loop_factory=JumpingLoop) as runner:
            runner.run(run())

    return test
