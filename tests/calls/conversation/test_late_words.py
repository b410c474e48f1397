"""Transcribers that are late: what a caller hears who has said something, on a virtual clock."""

import asyncio

from agents.providers.ports import EndOfTurn, Interim, SpeechStarted, WordsLate
from calls.conversation.script import Ending
from tests.calls.conversation.stage import Stage, on_stage
from tests.clock import on_virtual_clock
from tests.fakes import ScriptedModel

MOMENT = "One moment, please."


async def says_something_unheard(stage: Stage) -> int:
    """A voice of a second, and then nothing from the transcriber; returns where it began."""
    await stage.until_quiet()
    began = stage.at_ms()
    stage.listener.say(SpeechStarted(began))
    await stage.sound(1.0)
    await asyncio.sleep(1.5)
    stage.listener.say(WordsLate())
    return began


@on_virtual_clock
async def test_late_words_are_announced_and_answered_in_one_breath():
    async with on_stage(ScriptedModel("We open at eight.")) as stage:
        began = await says_something_unheard(stage)
        await asyncio.sleep(0.5)
        stage.listener.say(EndOfTurn("when do you open", began, began + 1000))
        await stage.until_quiet()

        assert stage.journal.transcript()[-2:] == [
            ("caller", "when do you open"),
            ("agent", f"{MOMENT} We open at eight."),
        ]
        assert [(m.role, m.content) for m in stage.model.asked[0]][-1] == ("user", "when do you open")
        asked_again = stage.history.messages()
        assert [m.content for m in asked_again[-2:]] == ["when do you open", f"{MOMENT} We open at eight."]


@on_virtual_clock
async def test_a_voice_that_turns_out_to_be_a_noise_ends_the_waiting():
    async with on_stage(ScriptedModel("What?"), silence_prompts=("Are you there?",)) as stage:
        began = await says_something_unheard(stage)
        await asyncio.sleep(0.5)
        stage.listener.say(EndOfTurn("", began, began + 1000))
        await asyncio.sleep(9.0)

        assert [text for _, text in stage.journal.transcript()[-2:]] == [MOMENT, "Are you there?"]
        assert not stage.model.asked


@on_virtual_clock
async def test_words_that_never_come_end_in_an_apology_within_eight_seconds():
    async with on_stage(apology="I am sorry, goodbye.") as stage:
        await says_something_unheard(stage)
        over = stage.loop.time() - 1.5
        assert await stage.running is Ending.FAILURE

        assert stage.journal.transcript()[-1][1] == "I am sorry, goodbye."
        apologized = [at for at, kind, _ in stage.line.sent if kind == "audio"][-4]
        assert apologized - over < 8.8
        assert stage.line.longest_silence_s(over, stage.loop.time()) < 4.0


@on_virtual_clock
async def test_the_words_so_far_are_taken_and_their_late_end_is_not_answered_again():
    async with on_stage(ScriptedModel("We open at eight.", "Twice?"), speculation=False) as stage:
        await stage.until_quiet()
        began = stage.at_ms()
        stage.listener.say(SpeechStarted(began))
        stage.listener.say(Interim("when do you open", began, began + 900))
        await stage.sound(1.0)
        await asyncio.sleep(1.5)
        stage.listener.say(WordsLate())
        await asyncio.sleep(1.0)
        stage.listener.say(EndOfTurn("When do you open?", began, began + 1000))
        await stage.until_quiet()

        assert stage.journal.transcript()[-2:] == [("caller", "when do you open"), ("agent", "We open at eight.")]
        assert len(stage.model.asked) == 1
