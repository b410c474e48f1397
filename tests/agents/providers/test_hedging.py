"""The second model is asked when the first is late: who answers first speaks. On a clock that jumps."""

import asyncio
from contextlib import aclosing

import pytest

from agents.providers.breaker import Breaker
from agents.providers.fallback import FallbackLanguageModel
from agents.providers.ports import Endpoint, ProviderError, ServedBy, ToolCall, Usage, Wasted
from tests.agents.providers.scripted import QUESTION, Scripted, broken
from tests.clock import on_virtual_clock

B = ServedBy("b", "small")
READ = Usage(len(QUESTION[0].content) // 4, 0)


def both(first: Scripted, second: Scripted) -> tuple[FallbackLanguageModel, list[str]]:
    failures: list[str] = []
    model = FallbackLanguageModel(
        first,
        second,
        first_s=1.5,
        last_s=2.5,
        gap_s=2.0,
        on_failure=lambda error: failures.append(error.code),
        second_name=B,
        hedge_s=0.9,
    )
    return model, failures


async def reply_of(model: FallbackLanguageModel) -> list:
    return [item async for item in model.reply(QUESTION)]


def now() -> float:
    return asyncio.get_running_loop().time()


@on_virtual_clock
async def test_the_second_is_not_asked_while_the_first_is_in_time():
    first, second = Scripted("a", [0.8, "Yes,", 1.5, " we are."]), Scripted("b", ["no"])
    model, failures = both(first, second)

    assert await reply_of(model) == ["Yes,", " we are."]
    assert (second.used, failures) == (0, [])


@on_virtual_clock
async def test_a_second_that_is_sooner_than_a_late_first_speaks_alone_and_the_first_is_booked():
    first, second = Scripted("a", [2.0, "late"]), Scripted("b", [0.3, "Yes,", " we are."])
    began = now()

    async with aclosing(both(first, second)[0].reply(QUESTION)) as reply:
        items = [await anext(reply)]
        assert now() == pytest.approx(began + 1.2)
        assert first.closed == 1, "whoever lost is stopped before anything is heard"
        items += [item async for item in reply]

    assert items == [B, Wasted(READ), "Yes,", " we are."]


@on_virtual_clock
async def test_a_first_that_is_late_each_time_is_left_alone_for_a_while():
    first, second = Scripted("a", [9.0, "late"]), Scripted("b", [0.3, "Yes."])
    model, failures = both(first, second)
    for _ in range(3):
        await reply_of(model)
    began = now()

    assert await reply_of(model) == [B, "Yes."]
    assert now() == pytest.approx(began + 0.3)
    assert failures == [*["outrun"] * 3, "breaker_open"]


@on_virtual_clock
async def test_a_late_first_that_is_still_sooner_speaks_and_the_second_is_booked():
    first, second = Scripted("a", [1.1, "Yes."]), Scripted("b", [0.9, "no"])

    assert await reply_of(both(first, second)[0]) == ["Yes.", Wasted(READ, B)]
    assert second.closed == 1


@on_virtual_clock
async def test_a_tool_call_is_an_answer():
    first = Scripted("a", [2.0, "late"])
    second = Scripted("b", [0.1, ToolCall("1", "lookup", "{}")])

    assert ToolCall("1", "lookup", "{}") in await reply_of(both(first, second)[0])


@on_virtual_clock
async def test_a_first_that_fails_at_once_is_not_waited_for():
    began = now()
    model, failures = both(Scripted("a", [broken()]), Scripted("b", ["Yes."]))

    assert await reply_of(model) == [B, "Yes."]
    assert (now(), failures) == (began, ["500"])


@on_virtual_clock
async def test_a_first_that_fails_while_both_are_asked_leaves_it_to_the_second():
    model, failures = both(Scripted("a", [1.0, broken()]), Scripted("b", [0.5, "Yes."]))

    assert await reply_of(model) == [B, "Yes."]
    assert failures == ["500"]


@on_virtual_clock
async def test_a_second_that_fails_leaves_it_to_the_late_first():
    model, failures = both(Scripted("a", [2.0, "Yes."]), Scripted("b", [broken("429")]))

    assert await reply_of(model) == ["Yes."]
    assert failures == ["429"]


@on_virtual_clock
async def test_when_both_are_silent_it_takes_as_long_as_the_later_one_and_no_longer():
    model, failures = both(Scripted("a", [9.0, "late"]), Scripted("b", [9.0, "late"]))
    began = now()

    with pytest.raises(ProviderError) as error:
        await reply_of(model)

    assert error.value.code == "first_byte_timeout"
    assert failures == ["first_byte_timeout"]
    assert now() == pytest.approx(began + 0.9 + 2.5)


@on_virtual_clock
async def test_a_reply_that_is_cut_off_stops_both():
    first, second = Scripted("a", [9.0, "late"]), Scripted("b", [9.0, "late"])
    task = asyncio.ensure_future(reply_of(both(first, second)[0]))
    await asyncio.sleep(1.0)
    task.cancel()
    await asyncio.wait({task})

    assert (first.closed, second.closed) == (1, 1)


@on_virtual_clock
async def test_a_reply_that_is_left_in_the_middle_was_an_answer():
    Breaker("llm", "b", Endpoint("b")).failed(broken())
    first, second = Scripted("a", [9.0]), Scripted("b", ["Yes,", 60.0])
    async with aclosing(both(first, second)[0].reply(QUESTION)) as reply:
        async for item in reply:
            if item == "Yes,":
                break

    Breaker("llm", "b", Endpoint("b")).failed(broken())
    Breaker("llm", "b", Endpoint("b")).failed(broken())
    assert Breaker("llm", "b", Endpoint("b")).allows()


@on_virtual_clock
async def test_a_provider_that_is_left_alone_is_not_hedged():
    for _ in range(3):
        Breaker("llm", "a", Endpoint("a")).failed(broken())
    first, second = Scripted("a", ["no"]), Scripted("b", ["Yes."])
    model, failures = both(first, second)

    assert await reply_of(model) == [B, "Yes."]
    assert (first.used, failures) == (0, ["breaker_open"])
