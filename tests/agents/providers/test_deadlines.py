"""The limits on what a vendor streams, on a clock that jumps."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from agents.providers.deadlines import with_deadlines
from agents.providers.ports import ProviderError, Usage
from tests.agents.providers.failing import until_failure
from tests.agents.providers.scripted import QUESTION, Scripted, broken
from tests.clock import on_virtual_clock


def watched(source: Scripted, **limits: float) -> AsyncGenerator[str | Usage, None]:
    return with_deadlines(source.reply(QUESTION), provider="scripted", **({"first_s": 1.0, "gap_s": 2.0} | limits))


@on_virtual_clock
async def test_items_in_time_pass_unchanged():
    source = Scripted("a", [0.9, "one", 1.9, "two", "three", 1.9])

    assert [item async for item in watched(source)] == ["one", "two", "three"]
    assert source.closed == 1


@on_virtual_clock
async def test_a_late_first_item_is_an_error_and_the_source_is_closed():
    source, began = Scripted("a", [5.0, "one"]), asyncio.get_running_loop().time()

    with pytest.raises(ProviderError) as error:
        await anext(watched(source))

    assert (error.value.code, error.value.retryable, error.value.provider) == ("first_byte_timeout", True, "scripted")
    assert asyncio.get_running_loop().time() - began == pytest.approx(1.0)
    assert source.closed == 1


@on_virtual_clock
async def test_a_gap_is_an_error_after_the_items_before_it():
    source = Scripted("a", ["one", 1.5, "two", 9.0, "three"])
    began = asyncio.get_running_loop().time()

    got, failure = await until_failure(watched(source))

    assert (got, failure.code) == (["one", "two"], "gap_timeout")
    assert asyncio.get_running_loop().time() - began == pytest.approx(3.5)
    assert source.closed == 1


@on_virtual_clock
async def test_a_gap_shorter_than_the_first_limit_is_noticed_in_time():
    source, began = Scripted("a", [3.0, "one", 9.0]), asyncio.get_running_loop().time()

    with pytest.raises(ProviderError):
        [item async for item in watched(source, first_s=8.0, gap_s=0.5)]

    assert asyncio.get_running_loop().time() - began == pytest.approx(3.5)


@on_virtual_clock
async def test_the_time_that_the_listener_takes_does_not_count():
    source, got = Scripted("a", ["one", "two", 0.5]), []

    async for item in watched(source):
        got.append(item)
        await asyncio.sleep(60)

    assert got == ["one", "two"]


@on_virtual_clock
async def test_leaving_early_closes_the_source_and_leaves_no_timer():
    source = Scripted("a", ["one", 60.0])
    async with aclosing(watched(source)) as items:
        await anext(items)

    assert source.closed == 1
    await asyncio.sleep(100)


@on_virtual_clock
async def test_a_cancellation_from_outside_is_not_mistaken_for_lateness():
    source = Scripted("a", [5.0])
    waiting = asyncio.create_task(anext(watched(source)))
    await asyncio.sleep(0.5)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert source.closed == 1


@on_virtual_clock
async def test_a_cancellation_at_the_moment_of_the_deadline_still_cancels():
    waiting = asyncio.create_task(anext(watched(Scripted("a", [5.0]))))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(1.0, waiting.cancel)

    with pytest.raises(asyncio.CancelledError):
        await waiting


@on_virtual_clock
async def test_a_source_that_fails_while_it_is_cancelled_leaves_the_task_uncancelled():
    async def stubborn() -> AsyncGenerator[str, None]:
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError:
            raise broken("own") from None
        yield "never"

    with pytest.raises(ProviderError) as error:
        await anext(with_deadlines(stubborn(), first_s=1, gap_s=1, provider="scripted"))

    task = asyncio.current_task()
    assert error.value.code == "own"
    assert task is not None
    assert task.cancelling() == 0
