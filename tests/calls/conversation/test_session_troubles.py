"""Conversations with something amiss, in a vendor, on the line or in the room, on a virtual clock."""

import asyncio

from agents.providers.ports import Interim, ProviderError, SpeechStarted
from calls.conversation.rescue import Rescued
from calls.conversation.script import Ending
from tests.calls.conversation.stage import on_stage
from tests.clock import on_virtual_clock
from tests.fakes import ScriptedModel, SpokenText, Thought


@on_virtual_clock
async def test_a_dead_model_is_excused_tried_again_and_then_given_up_politely():
    dead = Thought(error=ProviderError("llm", "dead"), first_s=2.5)
    async with on_stage(ScriptedModel(dead), apology="I am sorry, goodbye.", fallback="One moment.") as stage:
        await stage.until_quiet()
        await stage.caller_says("hello")
        start = stage.loop.time()
        assert await stage.running is Ending.FAILURE
        said = [text for _, text in stage.journal.transcript()]
        assert said[-2:] == ["One moment, please.", "I am sorry, goodbye."]
        assert stage.line.longest_silence_s(start, stage.loop.time()) < 4.0
        assert stage.journal.kinds().count("failure") >= 2


@on_virtual_clock
async def test_a_model_that_fails_once_is_forgiven():
    model = ScriptedModel(Thought(error=ProviderError("llm", "hiccup"), first_s=0.2), "Here I am.")
    async with on_stage(model, fallback="One moment.", speculation=False) as stage:
        await stage.until_quiet()
        await stage.caller_says("hello")
        await stage.until_quiet(1.5)
        assert stage.journal.transcript()[-1] == ("agent", "One moment. Here I am.")


@on_virtual_clock
async def test_a_slow_model_is_bridged_before_four_seconds_of_silence():
    model = ScriptedModel(Thought("Found it.", first_s=5.0))
    async with on_stage(model, fallback="One moment, please.", speculation=False) as stage:
        await stage.until_quiet()
        start = stage.loop.time()
        await stage.caller_says("look it up", speak_s=0.5)
        await stage.until_quiet()
        assert stage.journal.transcript()[-1] == ("agent", "One moment, please. Found it.")
        assert stage.line.longest_silence_s(start + 0.5, stage.loop.time() - 0.5) < 4.0


def heard_at(stage) -> list[float]:
    """When sound began to be sent after a silence."""
    times, dry_at = [], 0.0
    for at, kind, audio in stage.line.sent:
        if kind == "audio":
            if at > dry_at:
                times.append(at)
            dry_at = max(dry_at, at) + len(audio) / 8000
    return times


@on_virtual_clock
async def test_a_late_reply_is_announced_within_a_second_and_a_fifth_and_again_before_four_are_silent():
    model = ScriptedModel(Thought("Found it.", first_s=7.0))
    async with on_stage(model, moments=("One moment.", "Still here."), speculation=False) as stage:
        await stage.until_quiet()
        await stage.caller_says("look it up", speak_s=0.5)
        endpoint = stage.loop.time()
        await stage.until_quiet()
        first = next(at for at in heard_at(stage) if at > endpoint)
        assert first - endpoint < 1.4
        assert stage.journal.transcript()[-1] == ("agent", "One moment. Still here. Found it.")
        assert stage.line.longest_silence_s(endpoint, stage.loop.time() - 0.5) < 4.0


@on_virtual_clock
async def test_after_eight_seconds_without_a_word_the_agent_apologizes():
    model = ScriptedModel(Thought("Found it.", first_s=60.0))
    async with on_stage(model, moments=("One moment.", "Still here."), apology="I am sorry.") as stage:
        await stage.until_quiet()
        await stage.caller_says("look it up", speak_s=0.5)
        endpoint = stage.loop.time()
        assert await stage.running is Ending.FAILURE
        assert stage.journal.transcript()[-1] == ("agent", "I am sorry.")
        last = heard_at(stage)[-1]
        assert last - endpoint < 8.5
        assert stage.line.longest_silence_s(endpoint, last) < 4.0


@on_virtual_clock
async def test_a_reply_in_time_is_not_announced():
    async with on_stage(ScriptedModel(Thought("We are open.", first_s=0.8)), speculation=False) as stage:
        await stage.until_quiet()
        await stage.caller_says("are you open")
        await stage.until_quiet()
        assert stage.journal.transcript()[-1] == ("agent", "We are open.")


@on_virtual_clock
async def test_of_a_sentence_that_breaks_off_only_what_is_missing_is_said_anew():
    voice = SpokenText()
    async with on_stage(ScriptedModel("One two three four. Five six seven."), voice) as stage:
        await stage.until_quiet()
        voice.breaks = [2]
        await stage.caller_says("count")
        await stage.until_quiet()

        turn = stage.journal.turns[2]
        assert turn["heard"] == "One two three four. Five six seven."
        assert voice.asked[1:] == ["One two three four.", "Five six seven.", "three four."]
        sounds = [audio[0] for _, kind, audio in stage.line.sent if kind == "audio"][2:]
        assert sounds == [1, 2, 1, 2, 1, 2, 3]  # each word once, numbered in what the voice was asked for


@on_virtual_clock
async def test_where_nobody_knows_which_word_was_the_last_rather_one_too_many_is_said_twice():
    voice = SpokenText(aligned=False)
    async with on_stage(ScriptedModel("We are closed on Sundays."), voice) as stage:
        await stage.until_quiet()
        voice.breaks = [3]
        await stage.caller_says("when are you open")
        await stage.until_quiet()

        assert voice.asked[1:] == ["We are closed on Sundays.", "closed on Sundays."]
        assert stage.journal.turns[2]["heard"] == "We are closed on Sundays."


@on_virtual_clock
async def test_the_rest_of_an_answer_that_its_model_broke_off_is_asked_for():
    broken = Thought("We open at eight. Would you", error=ProviderError("llm", "cut"))
    model = ScriptedModel(broken, "Would you like to come?")
    async with on_stage(model, speculation=False) as stage:
        await stage.until_quiet()
        await stage.caller_says("when do you open")
        await stage.until_quiet()

        assert stage.journal.transcript()[-1] == ("agent", "We open at eight. Would you like to come?")
        assert "“We open at eight.”" in model.asked[1][0].content
        assert model.asked[1][1:] == model.asked[0][1:]


@on_virtual_clock
async def test_endless_interims_cannot_keep_the_agent_mute():
    async with on_stage(ScriptedModel("I will answer now."), silence_timeout_s=1000.0) as stage:
        await stage.until_quiet()
        start = stage.at_ms()
        stage.listener.say(SpeechStarted(start))
        for count in range(1200):
            stage.listener.voice()
            stage.listener.say(Interim(f"and so on {count}", start, stage.at_ms()))
            await asyncio.sleep(0.1)

        answers = [t for t in stage.journal.turns.values() if t["heard"] == "I will answer now."]
        assert len(answers) >= 2


@on_virtual_clock
async def test_endless_noise_cannot_keep_the_agent_mute():
    text = "We are open from eight to five on weekdays, and on Saturdays until noon."
    async with on_stage(ScriptedModel(text), silence_timeout_s=1000.0) as stage:
        await stage.until_quiet()
        await stage.caller_says("when are you open")
        for _ in range(300):
            stage.listener.voice()
            stage.listener.say(SpeechStarted(stage.at_ms()))
            await asyncio.sleep(0.3)
        assert stage.journal.turns[2]["heard"] == text


@on_virtual_clock
async def test_marks_that_never_come_do_not_stop_the_conversation():
    async with on_stage(ScriptedModel("We open at eight.")) as stage:
        stage.line.returns_marks = False
        await stage.until_quiet(2.0)
        await stage.caller_says("when do you open")
        await stage.until_quiet(3.0)
        assert stage.journal.transcript()[-1] == ("agent", "We open at eight.")


@on_virtual_clock
async def test_a_recogniser_that_forgets_the_end_of_a_turn_does_not_stop_the_call():
    async with on_stage(ScriptedModel("I heard you."), speculation=False) as stage:
        await stage.until_quiet()
        start = stage.at_ms()
        stage.listener.voice()
        stage.listener.say(SpeechStarted(start))
        stage.listener.say(Interim("hello there", start, start + 500))
        await asyncio.sleep(9.0)
        assert stage.journal.transcript()[-1] == ("agent", "I heard you.")


@on_virtual_clock
async def test_a_caller_without_a_recogniser_hears_an_apology():
    async with on_stage(apology="I cannot hear you, goodbye.") as stage:
        await stage.until_quiet()
        stage.listener.lost.set_result(ProviderError("stt", "gone"))
        assert await stage.running is Ending.FAILURE
        assert stage.journal.transcript()[-1] == ("agent", "I cannot hear you, goodbye.")


@on_virtual_clock
async def test_a_caller_whose_agent_cannot_go_on_is_put_through_to_a_person():
    async def somebody_is_there() -> Rescued:
        return Rescued.PERSON

    dead = ScriptedModel(Thought(error=ProviderError("llm", "dead"), first_s=0.2))
    async with on_stage(dead, handing_over="I am putting you through.", rescue=somebody_is_there) as stage:
        await stage.until_quiet()
        await stage.caller_says("hello")
        assert await stage.running is Ending.TRANSFER
        assert stage.journal.transcript()[-1][1] == "I am putting you through."


@on_virtual_clock
async def test_nobody_waits_long_for_somebody_who_cannot_be_asked():
    async def never() -> Rescued:
        await asyncio.sleep(60.0)
        return Rescued.PERSON

    dead = ScriptedModel(Thought(error=ProviderError("llm", "dead"), first_s=0.2))
    async with on_stage(dead, apology="I am sorry.", rescue=never) as stage:
        await stage.until_quiet()
        start = stage.loop.time()
        await stage.caller_says("hello")
        assert await stage.running is Ending.FAILURE
        assert stage.loop.time() - start < 8.0
