"""A model that hears and speaks itself: what it remembers, and what becomes of the call when it is lost."""

from __future__ import annotations

import asyncio

from websockets.exceptions import ConnectionClosedError

from agents.providers.ports import EndOfTurn, ServedBy
from calls.conversation.ports import ToolResult
from tests.calls.conversation.tools import Tools
from tests.calls.conversation.tools import call as wishes
from tests.clock import on_virtual_clock
from tests.conformance.engines import talk
from tests.conformance.realtime_stage import Realtime
from tests.conformance.stages import LONG, SLOW
from tests.fakes import Thought


def memory(call: Realtime) -> list[tuple[str, str]]:
    return call.far.vendor.memory()


@on_virtual_clock
async def test_the_model_remembers_what_was_said_around_it():
    async with talk("openai_realtime", "One, thank you.", "We open at eight.") as call:
        await call.until_quiet()
        call.press("1")
        await asyncio.sleep(2.0)
        await call.until_quiet()
        await call.says("when do you open")
        await call.until_quiet()

        assert memory(call) == [
            ("assistant", "Hello there."),
            ("user", "I pressed 1."),
            ("assistant", "One, thank you."),
            ("user", "when do you open"),
            ("assistant", "We open at eight."),
        ]


@on_virtual_clock
async def test_the_model_forgets_what_the_caller_did_not_hear():
    async with talk("openai_realtime", SLOW, "Monday it is.") as call:
        await call.until_quiet()
        await call.says("when can I come")
        await asyncio.sleep(2.0)
        await call.says("Monday please")
        await call.until_quiet()

        heard = call.journal.turns[2]["heard"]
        assert memory(call)[2] == ("assistant", heard)
        assert LONG.startswith(heard)
        assert not call.journal.turns[2]["exact"]


@on_virtual_clock
async def test_an_answer_that_nobody_heard_is_forgotten_with_the_half_turn_that_it_answered():
    async with talk("openai_realtime", Thought(LONG, first_s=2.0), "Monday it is.") as call:
        await call.until_quiet()
        await call.says("when can I come")
        await call.says("I mean on Monday")
        await call.until_quiet()

        assert memory(call) == [
            ("assistant", "Hello there."),
            ("user", "when can I come"),
            ("user", "I mean on Monday"),
            ("assistant", "Monday it is."),
        ]
        assert call.journal.transcript()[1] == ("caller", "when can I come I mean on Monday")


@on_virtual_clock
async def test_a_result_is_told_to_the_call_that_asked_for_it():
    tools = Tools(answers={"look": ToolResult("Free: 10:00.")})
    looks = Thought("Let me look.", (wishes("look", day="Friday"),))
    async with talk("openai_realtime", looks, "Ten is free.", "Goodbye.", tools=tools) as call:
        await call.until_quiet()
        await call.says("is Friday free")
        await call.until_quiet(2.0)
        await call.says("thank you")
        await call.until_quiet(2.0)

        asked = [message for message in call.model.asked[-1] if message.tool_calls]
        told = [message for message in call.model.asked[-1] if message.role == "tool"]
        assert [message.tool_calls[0].name for message in asked] == ["look"]
        assert [(message.tool_call_id, message.content) for message in told] == [
            (asked[0].tool_calls[0].id, "Free: 10:00.")
        ]


@on_virtual_clock
async def test_a_lost_model_leaves_the_call_to_the_ears_the_mind_and_the_voice_of_the_version():
    async with talk("openai_realtime", SLOW, own_words="By words.") as call:
        await call.until_quiet()
        await call.says("when can I come")
        await asyncio.sleep(1.0)
        call.far.lose(ConnectionClosedError(None, None))
        await asyncio.sleep(10.0)
        call.own.say(EndOfTurn("is anybody there", 0, 1000))
        await call.until_quiet()

        assert "failure" in call.journal.kinds()
        assert call.heard.endswith("By words.")
        assert call.journal.transcript()[-2:] == [("caller", "is anybody there"), ("agent", "By words.")]
        assert ("output_tokens", ServedBy("own", "model")) in call.journal.served
        assert call.journal.turns[max(call.journal.turns)]["started_ms"] > 10_000


@on_virtual_clock
async def test_a_model_that_is_lost_before_its_first_word_is_stood_in_for_in_the_same_turn():
    async with talk("openai_realtime", Thought(LONG, first_s=2.0), own_words="By words.") as call:
        await call.until_quiet()
        await call.says("when can I come")
        call.far.lose(ConnectionClosedError(None, None))
        await call.until_quiet(2.0)

        assert call.heard.endswith("By words.")
        assert call.heard.startswith("Hello there. ")


async def until_heard(call: Realtime, words: str) -> float:
    while words not in call.heard:
        await asyncio.sleep(0.01)
    return call.loop.time()


@on_virtual_clock
async def test_the_model_thinks_while_the_words_of_the_caller_are_written_down():
    async with talk("openai_realtime", Thought("We open at eight.", first_s=0.4)) as call:
        await call.until_quiet()
        call.far.vendor.writes_down_ms = 400
        await call.says("when do you open")
        ended = call.loop.time() - 0.5 + 0.3
        assert not call.heard.endswith("eight.")

        assert await until_heard(call, "We") - ended < 0.5


@on_virtual_clock
async def test_a_caller_who_goes_on_is_answered_once_and_an_early_answer_runs_no_tool():
    tools = Tools(answers={"look": ToolResult("Free: 10:00.")})
    looks = Thought("", (wishes("look", day="Friday"),), first_s=0.1)
    async with talk("openai_realtime", looks, looks, "Ten is free.", tools=tools) as call:
        await call.until_quiet()
        call.far.vendor.writes_down_ms = 2000
        await call.says("is Friday")
        assert not tools.begun
        await call.says("free at all")
        await call.until_quiet(3.0)

        assert len(tools.begun) == 1
        assert call.heard.endswith("Ten is free.")


def silences(call: Realtime, since: float) -> float:
    """The longest that the caller heard nothing from then until the last sound."""
    return call.line.longest_silence_s(since, call.line._dry_at)


@on_virtual_clock
async def test_a_model_that_falls_mute_is_left_for_the_version_s_own_ears_which_hear_the_open_turn_again():
    async with talk("openai_realtime", "We open at eight.", own_words="By words.") as call:
        await call.until_quiet()
        call.far.fall_mute()
        await call.says("when do you open")
        ended = call.loop.time() - 0.5
        while not call.realtime.is_lost:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        assert call.own.heard_ms >= 1000
        call.own.say(EndOfTurn("when do you open", 300, 1300))
        await call.until_quiet(2.0)

        assert call.heard.endswith("By words.")
        assert call.journal.failures()[0] == "no_sign"
        assert call.journal.transcript()[-2] == ("caller", "when do you open")
        assert silences(call, ended) < 3.0


@on_virtual_clock
async def test_a_model_that_falls_mute_when_it_is_to_answer_is_stood_in_for_and_then_left():
    async with talk("openai_realtime", "We open at eight.", own_words="By words.") as call:
        await call.until_quiet()
        call.far.vendor.writes_down_ms = 100
        saying = asyncio.ensure_future(call.says("when do you open"))
        while "when do you open" not in [said for _, said in call.journal.transcript()]:
            await asyncio.sleep(0.01)
        ended = call.loop.time()
        call.far.fall_mute()
        await saying
        await call.until_quiet(2.0)

        assert call.journal.transcript()[-1] == ("agent", "One moment, please. By words.")
        assert silences(call, ended) < 1.5
        assert call.realtime.is_lost


@on_virtual_clock
async def test_one_late_answer_is_given_by_the_version_s_own_model_and_the_next_by_this_one_again():
    late = Thought("Too late.", first_s=4.0)
    async with talk("openai_realtime", late, "Monday it is.", own_words="By words.") as call:
        await call.until_quiet()
        await call.says("when do you open")
        await call.until_quiet(2.0)
        await call.says("when can I come")
        await call.until_quiet()

        said = [words for _, words in call.journal.transcript()]
        assert said[2:] == ["One moment, please. By words.", "when can I come", "Monday it is."]
        assert memory(call)[-3:] == [
            ("assistant", "One moment, please. By words."),
            ("user", "when can I come"),
            ("assistant", "Monday it is."),
        ]


@on_virtual_clock
async def test_two_late_answers_in_a_row_end_the_patience_with_a_model():
    async with talk("openai_realtime", Thought("Too late.", first_s=4.0), own_words="By words.") as call:
        await call.until_quiet()
        for _ in range(2):
            await call.says("when do you open")
            await call.until_quiet(2.0)

        assert call.realtime.is_lost
        assert call.heard.count("By words.") == 2


@on_virtual_clock
async def test_words_that_are_not_written_down_are_asked_for_from_the_version_s_own_ears():
    async with talk("openai_realtime", "We open at eight.", own_words="By words.") as call:
        await call.until_quiet()
        call.far.vendor.writes_down_ms = 60_000
        await call.says("when do you open")
        ended = call.loop.time() - 0.2
        while not call.realtime.is_lost:
            await asyncio.sleep(0.01)
        call.own.say(EndOfTurn("when do you open", 300, 1300))
        await call.until_quiet(2.0)

        assert call.journal.transcript()[-1] == ("agent", "One moment, please. By words.")
        assert silences(call, ended) < 1.5


@on_virtual_clock
async def test_an_answer_that_breaks_off_is_finished_by_the_version_s_own_model():
    async with talk("openai_realtime", SLOW, own_words="And so on.") as call:
        await call.until_quiet()
        await call.says("when can I come")
        await asyncio.sleep(0.4)
        call.far.lose(ConnectionClosedError(None, None))
        await call.until_quiet(2.0)

        broken = call.heard.removeprefix("Hello there. ").removesuffix(" And so on.")
        assert LONG.startswith(broken)
        assert 1 < len(broken.split()) < len(LONG.split())
        assert call.journal.transcript()[-1] == ("agent", f"{broken} And so on.")
        assert broken in call.own_mind.asked[-1][0].content


@on_virtual_clock
async def test_a_model_that_has_nothing_to_tell_of_a_noise_is_asked_for_a_sign_and_stays():
    async with talk("openai_realtime", "We open at eight.") as call:
        await call.until_quiet()
        call.sounds = (b"\xff" + call.VOICE[:3] + b"\xff" * 12) * 10  # loud for us, and no voice for the vendor
        await asyncio.sleep(5.0)
        call.sounds = call.SILENCE
        await call.says("when do you open")
        await call.until_quiet()

        assert call.heard.endswith("We open at eight.")
        assert not call.realtime.is_lost


@on_virtual_clock
async def test_a_model_that_only_changes_the_language_is_asked_to_speak_it():
    async with talk("openai_realtime", "<language es-US/>", "Claro que sí.", "El lunes.") as call:
        await call.until_quiet()
        await call.says("habla español")
        await call.until_quiet()
        assert call.heard == "Hello there. Claro que sí."
        assert "switch_language" in {tool.name for tool in call.model.offered[0]}
        assert "switch_language" not in {tool.name for tool in call.model.offered[1]}
        assert "goes on in es-US" in call.model.asked[1][0].content
        assert call.own.languages == ["es-US"]  # whoever stands by for the model knows, too

        await call.says("el lunes")
        await call.until_quiet()
        assert memory(call)[-2:] == [("user", "el lunes"), ("assistant", "El lunes.")]
        assert "failure" not in call.journal.kinds()
