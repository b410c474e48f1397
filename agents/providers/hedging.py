"""Two providers asked for one thing: the second when the first is late. Whoever answers first goes on alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Generic, TypeVar

from .breaker import Breaker
from .deadlines import with_deadlines
from .ports import ProviderError

T = TypeVar("T")
LATE_S = 1.0  # whoever takes longer is late; sooner, somebody else was quick
Source = tuple[Breaker, Callable[[], AsyncGenerator[T, None]]]


class _Racer(Generic[T]):
    """One of the two, from the question to its first item. Without one it has ended."""

    def __init__(self, source: Source[T], *, first_s: float, gap_s: float) -> None:
        self.breaker, start = source
        self.items = with_deadlines(start(), first_s=first_s, gap_s=gap_s, provider=self.breaker.provider)
        self.first: asyncio.Task[list[T]] = asyncio.ensure_future(self._begin())
        self._began = asyncio.get_running_loop().time()

    async def _begin(self) -> list[T]:
        async for item in self.items:
            return [item]
        return []

    @property
    def failure(self) -> ProviderError | None:
        """Why it is out of the race. Raises what is not a provider's failure."""
        error = self.first.exception()
        if error is not None and not isinstance(error, ProviderError):
            raise error
        return error

    async def stop(self, outrun: Callable[[ProviderError], None] | None = None) -> None:
        """Close the vendor's stream, whatever it was doing. `outrun`: the other was sooner, which tells of lateness."""
        if outrun is not None and asyncio.get_running_loop().time() - self._began >= LATE_S:
            late = ProviderError(self.breaker.provider, "the other was sooner", code="outrun")
            self.breaker.failed(late)
            outrun(late)
        self.first.cancel()
        await asyncio.wait({self.first})
        if not self.first.cancelled():
            self.first.exception()  # seen
        await self.items.aclose()


async def first_of_two(
    first: Source[T],
    second: Source[T],
    *,
    after_s: float,
    first_s: float,
    gap_s: float,
    on_failure: Callable[[ProviderError], None],
    lost: Callable[[bool], T],
) -> AsyncGenerator[T, None]:
    """The items of whoever answers first; raises the last failure when neither does.

    The second is asked `after_s` after the first, or at once when that has failed. Where both were asked, `lost` makes
    an item that tells whether it was the second that lost. A first that is late and loses counts as failed.
    """
    racers = [_Racer(first, first_s=first_s, gap_s=gap_s)]
    asked = list(racers)
    try:
        await asyncio.wait({racers[0].first}, timeout=after_s)
        while True:
            winner = _sort_out(racers, on_failure, is_last=len(asked) == 2)
            if winner is not None:
                break
            if len(asked) == 1:
                racers.append(_Racer(second, first_s=first_s, gap_s=gap_s))
                asked.append(racers[-1])
            await asyncio.wait({racer.first for racer in racers}, return_when=asyncio.FIRST_COMPLETED)
        losers = [racer for racer in racers if racer is not winner]
        for racer in losers:
            await racer.stop(on_failure if racer is asked[0] else None)
        for item in winner.first.result():
            yield item
        for racer in losers:
            yield lost(racer is not asked[0])
        async with aclosing(_rest(winner)) as rest:
            async for item in rest:
                yield item
    finally:
        for racer in asked:
            await racer.stop()


def _sort_out(
    racers: list[_Racer[T]], on_failure: Callable[[ProviderError], None], *, is_last: bool
) -> _Racer[T] | None:
    """The winner, if there is one. Those that have failed leave; raises when nobody is left to be asked."""
    for racer in [racer for racer in racers if racer.first.done()]:
        error = racer.failure
        if error is None:
            return racer
        racers.remove(racer)
        racer.breaker.failed(error)
        if is_last and not racers:
            raise error
        on_failure(error)
    return None


async def _rest(winner: _Racer[T]) -> AsyncGenerator[T, None]:
    """What follows its first item. It has answered: a failure is raised, and a listener who leaves is no failure."""
    try:
        async for item in winner.items:
            yield item
    except ProviderError as error:
        winner.breaker.failed(error)
        raise
    except (GeneratorExit, asyncio.CancelledError):
        winner.breaker.succeeded()
        raise
    winner.breaker.succeeded()
