"""Deadlines, breakers and the second provider, on a clock that jumps."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import pytest

from agents.providers.breaker import Breaker
from agents.providers.deadlines import with_deadlines
from agents.providers.fallback import FallbackLanguageModel, FallbackTextToSpeech
from agents.providers.ports import Endpoint, Message, ProviderError, Speech, Usage
from tests.agents.providers.failing import until_failure
from tests.clock import on_virtual_clock

QUESTION = [Message("user", "Are you open?")]
Step = str | float | Exception


class Scripted:
    """A model and a voice at once: waits for numbers, yields text, raises errors. Each use takes the next script."""

    def __init__(self, provider: str, *scripts: Sequence[Step]) -> None:
        self.provider, self.endpoint = provider, Endpoint(provider)
        self.scripts = list(scripts)
        self.used = self.closed = self.warmed = self.opened = self.let_go = 0
        self.open_error: ProviderError | None = None

    async def _play(self) -> AsyncGenerator[str, None]:
        script = self.scripts[min(self.used, len(self.scripts) - 1)]
        self.used += 1
        try:
            for step in script:
                match step:
                    case float():
                        await asyncio.sleep(step)
                    case Exception():
                        raise step
                    case _:
                        yield step
        finally:
            self.closed += 1

    async def warm(self) -> None:
        self.warmed += 1

    async def reply(self, messages: Sequence[Message]) -> AsyncGenerator[str | Usage, None]:
        async with aclosing(self._play()) as items:
            async for item in items:
                yield item

    async def open(self) -> None:
        self.opened += 1
        if self.open_error:
            raise self.open_error

    async def speak(self, piece: str) -> AsyncGenerator[Speech, None]:
        async with aclosing(self._play()) as items:
            async for item in items:
                yield Speech(item.encode())

    async def close(self) -> None:
        self.let_go += 1


class Failures(list[ProviderError]):
    @property
    def codes(self) -> list[str]:
        return [failure.code for failure in self]


def thinking(primary: Scripted, second: Scripted | None = None) -> tuple[FallbackLanguageModel, Failures]:
    failures = Failures()
    return FallbackLanguageModel(primary, second, first_s=1.5, gap_s=2.0, on_failure=failures.append), failures


async def reply_of(model: FallbackLanguageModel) -> list[str | Usage]:
    return [item async for item in model.reply(QUESTION)]


async def failure_of(model: FallbackLanguageModel) -> ProviderError:
    with pytest.raises(ProviderError) as error:
        await reply_of(model)
    return error.value


def broken(code: str = "500", *, retryable: bool = True) -> ProviderError:
    return ProviderError("scripted", "broken", code=code, retryable=retryable)


def watched(source: Scripted, **limits: float) -> AsyncGenerator[str | Usage, None]:
    return with_deadlines(source.reply(QUESTION), provider="scripted", **({"first_s": 1.0, "gap_s": 2.0} | limits))


# Deadlines ----------------------------------------------------------------------------------------------


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


# The second provider ------------------------------------------------------------------------------------


@on_virtual_clock
async def test_the_second_is_not_asked_while_the_first_answers():
    first, second = Scripted("a", ["Yes,", " we are."]), Scripted("b", ["no"])
    model, failures = thinking(first, second)

    assert await reply_of(model) == ["Yes,", " we are."]
    assert (second.used, failures) == (0, [])


@pytest.mark.parametrize("trouble", [[broken()], [broken("401", retryable=False)], [9.0, "late"]])
def test_the_second_answers_when_the_first_fails_or_is_late(trouble):
    @on_virtual_clock
    async def scenario():
        first, second = Scripted("a", trouble), Scripted("b", ["Yes."])
        model, failures = thinking(first, second)

        assert await reply_of(model) == ["Yes."]
        assert len(failures) == first.closed == 1

    scenario()


@on_virtual_clock
async def test_a_failure_after_the_first_text_is_raised():
    first, second = Scripted("a", ["Yes,", broken()]), Scripted("b", ["no"])
    model, failures = thinking(first, second)

    got, _ = await until_failure(model.reply(QUESTION))

    assert (got, second.used, failures) == (["Yes,"], 0, [])


@on_virtual_clock
async def test_without_a_second_the_failure_is_raised_and_told_once():
    model, failures = thinking(Scripted("a", [broken("503")]))

    assert (await failure_of(model)).code == "503"
    assert failures == []


@on_virtual_clock
async def test_when_both_fail_the_last_failure_is_raised():
    model, failures = thinking(Scripted("a", [broken("500")]), Scripted("b", [9.0]))

    assert (await failure_of(model)).code == "first_byte_timeout"
    assert failures.codes == ["500"]


@on_virtual_clock
async def test_closing_the_reply_closes_the_provider_that_speaks():
    first = Scripted("a", ["Yes,", 60.0])
    model, _ = thinking(first, Scripted("b", ["no"]))
    async with aclosing(model.reply(QUESTION)) as reply:
        await anext(reply)

    assert first.closed == 1


@on_virtual_clock
async def test_both_models_are_warmed():
    first, second = Scripted("a", []), Scripted("b", [])
    await thinking(first, second)[0].warm()

    assert (first.warmed, second.warmed) == (1, 1)


# The breaker --------------------------------------------------------------------------------------------


@on_virtual_clock
async def test_after_three_failures_the_first_is_left_alone_and_tried_once_later():
    first, second = Scripted("a", [broken()]), Scripted("b", ["Yes."])
    model, failures = thinking(first, second)
    for _ in range(5):
        await reply_of(model)
    assert (first.used, failures.codes) == (3, ["500"] * 3 + ["breaker_open"] * 2)

    await asyncio.sleep(20)
    await reply_of(model)
    await reply_of(model)
    assert first.used == 4, "one trial, which failed"

    await asyncio.sleep(20)
    first.scripts = [["I am", " back."]]
    assert await reply_of(model) == ["I am", " back."]
    assert await reply_of(model) == ["I am", " back."]


@on_virtual_clock
async def test_lateness_opens_the_breaker_too_and_then_costs_nothing():
    model, _ = thinking(Scripted("a", [9.0]), Scripted("b", ["Yes."]))
    for _ in range(3):
        await reply_of(model)
    began = asyncio.get_running_loop().time()

    await reply_of(model)

    assert asyncio.get_running_loop().time() == began


@on_virtual_clock
async def test_calls_share_what_they_know_about_a_server_and_a_success_forgets_it():
    for script in ([broken()], [broken()], ["Yes."], [broken()], [broken()]):
        await reply_of(thinking(Scripted("a", script), Scripted("b", ["Yes."]))[0])
    assert Breaker("llm", "a", Endpoint("a")).allows()

    await reply_of(thinking(Scripted("a", [broken()]), Scripted("b", ["Yes."]))[0])

    assert not Breaker("llm", "a", Endpoint("a")).allows()
    assert Breaker("llm", "a", Endpoint("another key")).allows()
    assert Breaker("tts", "a", Endpoint("a")).allows()


@on_virtual_clock
async def test_refusals_that_are_our_own_fault_do_not_open_the_breaker():
    first = Scripted("a", [broken("400", retryable=False)])
    model, _ = thinking(first, Scripted("b", ["Yes."]))
    for _ in range(5):
        await reply_of(model)

    assert first.used == 5


@on_virtual_clock
async def test_a_reply_that_was_cut_off_by_the_caller_counts_as_an_answer():
    first = Scripted("a", [broken()], [broken()], ["Yes,", 60.0], [broken()])
    model, failures = thinking(first, Scripted("b", ["Yes."]))
    await reply_of(model)
    await reply_of(model)
    async with aclosing(model.reply(QUESTION)) as reply:
        await anext(reply)
    await reply_of(model)

    assert Breaker("llm", "a", Endpoint("a")).allows()
    assert failures.codes == ["500"] * 3


@on_virtual_clock
async def test_with_nobody_else_to_ask_an_open_breaker_stops_nothing():
    first = Scripted("a", [broken()], [broken()], [broken()], ["I am back."])
    model, _ = thinking(first)
    for _ in range(3):
        await failure_of(model)

    assert await reply_of(model) == ["I am back."]


# The second voice ---------------------------------------------------------------------------------------


def speaking(primary: Scripted, second: Scripted | None = None) -> tuple[FallbackTextToSpeech, Failures]:
    failures = Failures()
    return FallbackTextToSpeech(primary, second, first_s=1.0, gap_s=1.0, on_failure=failures.append), failures


@on_virtual_clock
async def test_the_second_voice_speaks_the_piece_that_the_first_could_not_begin():
    first, second = Scripted("a", [9.0]), Scripted("b", ["sound"])
    voice, failures = speaking(first, second)

    assert [part.audio async for part in voice.speak("Hello.")] == [b"sound"]
    assert failures.codes == ["first_byte_timeout"]


@on_virtual_clock
async def test_the_second_voice_is_opened_when_the_first_cannot_be():
    first, second = Scripted("a", []), Scripted("b", [])
    first.open_error = broken("503")
    voice, failures = speaking(first, second)

    await voice.open()
    await voice.close()

    assert (second.opened, failures.codes) == (1, ["503"])
    assert (first.let_go, second.let_go) == (1, 1)


@pytest.mark.parametrize("has_second", [True, False])
def test_when_no_voice_can_be_opened_it_is_said(has_second: bool):
    @on_virtual_clock
    async def scenario():
        voices = [Scripted("a", []), Scripted("b", [])][: 1 + has_second]
        for voice in voices:
            voice.open_error = broken()

        with pytest.raises(ProviderError):
            await speaking(*voices)[0].open()

    scenario()


@on_virtual_clock
async def test_a_voice_that_opens_is_enough():
    first, second = Scripted("a", []), Scripted("b", [])
    await speaking(first, second)[0].open()

    assert (first.opened, second.opened) == (1, 0)


@on_virtual_clock
async def test_a_voice_that_breaks_in_mid_piece_is_the_session_s_to_mend():
    first, second = Scripted("a", ["so", broken()]), Scripted("b", ["sound"])
    voice, _ = speaking(first, second)

    got, _ = await until_failure(voice.speak("Hello."))

    assert (got, second.used) == ([Speech(b"so")], 0)
