"""Somebody whom we have called does not want to be called: by rule, at once, whatever is being said."""

from __future__ import annotations

import asyncio
from typing import Any

from calls.conversation.script import Ending
from calls.conversation.turn_taking import Interruption, Policy
from tests.calls.conversation.stage import on_stage
from tests.clock import on_virtual_clock
from tests.fakes import ScriptedModel

STOPPED = "You will get no more calls from us. Goodbye."
WHO = "This is Juniper Dental, and I am an AI. Press 9 or say stop to end all calls."


def called(asked: list[str]) -> dict[str, Any]:
    """A call that we make, and everybody who asks not to be called."""
    return {"introduction": WHO, "stopped": STOPPED, "on_stop": asked.append}


@on_virtual_clock
async def test_we_say_who_calls_before_the_greeting():
    async with on_stage(**called([])) as stage:
        await stage.until_quiet()

        assert stage.journal.turns[0]["heard"] == f"{WHO} Hello there."


@on_virtual_clock
async def test_whoever_says_stop_hears_that_it_is_done_and_goodbye():
    asked: list[str] = []
    model = ScriptedModel("Are you sure? We have an offer.")
    async with on_stage(model, **called(asked)) as stage:
        await stage.until_quiet()
        await stage.caller_says("please stop calling me")

        assert await stage.running is Ending.AGENT
        assert asked == ["please stop calling me"]
        assert ("caller", "please stop calling me") in stage.journal.transcript()
        assert ("agent", STOPPED) in stage.journal.transcript()
        assert "offer" not in str(stage.journal.transcript())


@on_virtual_clock
async def test_stop_counts_while_we_still_say_who_calls():
    asked: list[str] = []
    async with on_stage(**called(asked)) as stage:
        await stage.caller_says("no me llamen más", speak_s=0.5)

        assert await stage.running is Ending.AGENT
        assert asked == ["no me llamen más"]
        assert stage.journal.transcript()[-1] == ("agent", STOPPED)


@on_virtual_clock
async def test_stop_counts_when_the_agent_may_not_be_interrupted():
    asked: list[str] = []
    model = ScriptedModel("A long answer that goes on and on for quite a while, and then some more.")
    async with on_stage(model, policy=Policy.of(Interruption.OFF, 1, []), **called(asked)) as stage:
        await stage.until_quiet()
        await stage.caller_says("tell me")
        await asyncio.sleep(1.0)
        await stage.caller_says("stop calling me", speak_s=0.5)

        assert await stage.running is Ending.AGENT
        assert asked == ["stop calling me"]


@on_virtual_clock
async def test_a_wish_with_a_condition_is_answered_and_ends_nothing():
    asked: list[str] = []
    async with on_stage(ScriptedModel("Not before nine, then."), **called(asked)) as stage:
        await stage.until_quiet()
        await stage.caller_says("do not call me before nine")
        await stage.until_quiet()

        assert asked == []
        assert stage.journal.transcript()[-1] == ("agent", "Not before nine, then.")


@on_virtual_clock
async def test_key_9_ends_all_calls_within_a_second():
    asked: list[str] = []
    async with on_stage(**called(asked)) as stage:
        stage.session.digit("9")
        await asyncio.sleep(0.9)
        assert asked == [""]

        assert await stage.running is Ending.AGENT
        assert stage.journal.transcript()[-1] == ("agent", STOPPED)


@on_virtual_clock
async def test_a_9_within_a_number_is_a_digit():
    asked: list[str] = []
    async with on_stage(ScriptedModel("Thank you."), **called(asked)) as stage:
        await stage.until_quiet()
        for digit in "983":
            stage.session.digit(digit)
            await asyncio.sleep(0.4)
        await stage.until_quiet(2.0)

        assert asked == []
        assert ("caller", "I pressed 9 8 3.") in stage.journal.transcript()


@on_virtual_clock
async def test_in_a_call_that_came_to_us_stop_is_a_word_like_others():
    async with on_stage(ScriptedModel("I stopped.")) as stage:
        await stage.until_quiet()
        await stage.caller_says("please stop calling me")
        await stage.until_quiet()

        assert stage.journal.transcript()[-1] == ("agent", "I stopped.")
