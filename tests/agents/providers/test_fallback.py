"""Breakers and the second provider, on a clock that jumps."""

import asyncio
from contextlib import aclosing

import pytest

from agents.providers.breaker import Breaker
from agents.providers.fallback import LEFT_S, FallbackLanguageModel, FallbackTextToSpeech
from agents.providers.ports import Endpoint, ProviderError, ServedBy, Speech, Usage, Wasted
from tests.agents.providers.failing import until_failure
from tests.agents.providers.scripted import QUESTION, Scripted, broken
from tests.clock import on_virtual_clock


class Failures(list[ProviderError]):
    @property
    def codes(self) -> list[str]:
        return [failure.code for failure in self]


def thinking(primary: Scripted, second: Scripted | None = None) -> tuple[FallbackLanguageModel, Failures]:
    failures = Failures()
    return FallbackLanguageModel(primary, second, first_s=1.5, gap_s=2.0, on_failure=failures.append), failures


async def reply_of(model: FallbackLanguageModel) -> list[str | Usage | ServedBy]:
    return [item async for item in model.reply(QUESTION)]


async def failure_of(model: FallbackLanguageModel) -> ProviderError:
    with pytest.raises(ProviderError) as error:
        await reply_of(model)
    return error.value


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

        assert (await reply_of(model))[0] == "Yes."
        assert len(failures) == first.closed == 1

    scenario()


@on_virtual_clock
async def test_what_a_late_model_has_read_is_told_as_spent_and_what_a_broken_one_has_is_not():
    name, read = ServedBy("b", "small"), len(QUESTION[0].content) // 4
    first, second = Scripted("a", [9.0, "late"], [broken()]), Scripted("b", ["Yes,", " we are."])
    model = FallbackLanguageModel(
        first, second, first_s=1.5, gap_s=2.0, on_failure=lambda error: None, second_name=name
    )

    assert await reply_of(model) == [name, Wasted(Usage(read, 0)), "Yes,", " we are."]
    assert await reply_of(model) == [name, "Yes,", " we are."]


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
async def test_while_one_call_tries_again_the_others_do_not():
    breaker = Breaker("llm", "a", Endpoint("a"))
    for _ in range(3):
        breaker.failed(broken())
    await asyncio.sleep(20)

    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    breaker.succeeded()
    assert breaker.allows()


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


@on_virtual_clock
async def test_the_second_is_named_before_its_first_word_and_the_first_is_not():
    name = ServedBy("b", "small")
    model = FallbackLanguageModel(
        Scripted("a", [broken()], ["first"]),
        Scripted("b", ["se", "cond"]),
        first_s=1.5,
        gap_s=2.0,
        on_failure=lambda error: None,
        second_name=name,
    )

    assert await reply_of(model) == [name, "se", "cond"]
    assert await reply_of(model) == ["first"]


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


@on_virtual_clock
async def test_a_voice_that_broke_off_is_asked_last_for_a_while():
    first, second = Scripted("a", ["so", broken()], ["back"]), Scripted("b", ["sound"])
    voice, _ = speaking(first, second)
    await until_failure(voice.speak("Hello."))

    assert [part.audio async for part in voice.speak("Hello.")] == [b"sound"]
    await asyncio.sleep(LEFT_S)
    assert [part.audio async for part in voice.speak("Hello.")] == [b"back"]
