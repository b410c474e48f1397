"""Tools inside the conversation: what a reply asks for is done once, told, and survives the caller's interruptions."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from agents.providers.ports import EndOfTurn, Interim, ProviderError, SpeechStarted
from calls.conversation.ports import ToolResult
from calls.conversation.script import Ending
from tests.calls.conversation.stage import on_stage
from tests.calls.conversation.tools import ALL, BOOK, LOOK, Tools, call, pairs
from tests.clock import on_virtual_clock
from tests.fakes import ScriptedModel, Thought


@on_virtual_clock
async def test_a_reply_that_asks_for_a_tool_goes_on_with_its_result_in_the_same_turn():
    model = ScriptedModel(Thought("Let me look.", (call("look", day="Friday"),)), "Friday at ten is free.")
    tools = Tools(answers={"look": ToolResult("Free: 10:00.")})
    async with on_stage(model, tools=tools) as stage:
        await stage.until_quiet()
        await stage.caller_says("Is Friday free?")
        await stage.until_quiet()

        assert stage.journal.transcript()[-1] == ("agent", "Let me look. Friday at ten is free.")
        assert pairs(model.asked[-1]) == [("look", "Free: 10:00.")]
        assert model.asked[-1][-2].content == "Let me look."
        assert [spec.name for spec in model.offered[0]] == [tool.spec.name for tool in ALL]
        (run,) = stage.journal.tools.values()
        assert (run["name"], run["arguments"], run["result"]) == ("look", {"day": "Friday"}, "Free: 10:00.")
        assert (run["state"], run["took_ms"], run["turn"]) == ("done", 200, 1)


@on_virtual_clock
async def test_a_guess_holds_its_tool_ready_and_acts_only_when_it_has_become_certain():
    model = ScriptedModel(Thought("", (call("book", day="Friday"),)), "You are booked.")
    tools = Tools()
    async with on_stage(model, tools=tools) as stage:
        await stage.until_quiet()
        say = asyncio.ensure_future(stage.caller_says("Yes please", endpointing_s=1.5))
        await asyncio.sleep(2.3)
        assert len(model.asked) == 1, "the guess was made"
        assert not tools.begun
        await say
        await stage.until_quiet()

        assert tools.effects == [("book", {"day": "Friday"})]
        assert len(model.asked) == 2, "and was not made again"


@on_virtual_clock
async def test_a_guess_that_was_wrong_leaves_no_effect():
    model = ScriptedModel(Thought("", (call("book", day="Friday"),)), "Which day then?")
    tools = Tools()
    async with on_stage(model, tools=tools) as stage:
        await stage.until_quiet()
        start = stage.at_ms()
        stage.listener.voice()
        stage.listener.say(SpeechStarted(start))
        stage.listener.say(Interim("Yes Friday", start, start + 400))
        await asyncio.sleep(1.0)
        assert len(model.asked) == 1, "the guess was made, and holds its tool ready"
        stage.listener.say(EndOfTurn("Yes Friday no better Monday", start, start + 900))
        await stage.until_quiet()

        assert not tools.begun
        assert not stage.journal.tools
        assert pairs(model.asked[1]) == []


@on_virtual_clock
async def test_a_slow_tool_is_announced_before_the_silence_is_long():
    model = ScriptedModel(Thought("", (call("look", day="Friday"),)), "Friday is free.")
    async with on_stage(model, tools=Tools(takes_s=6.0)) as stage:
        await stage.until_quiet()
        await stage.caller_says("Is Friday free?")
        asked = stage.loop.time()
        await asyncio.sleep(9.0)

        spoken = stage.journal.transcript()[-1][1]
        assert spoken.startswith("One moment, please. I am still working on it.")
        assert spoken.endswith("Friday is free.")
        first = next(at for at, kind, _ in stage.line.sent if kind == "audio" and at > asked)
        assert first - asked < 1.2
        assert stage.line.longest_silence_s(first, asked + 8.0) < 4.0


@on_virtual_clock
async def test_a_slow_tool_is_announced_in_its_own_words_and_where_it_has_none_in_the_usual_ones():
    model = ScriptedModel(Thought("", (call("look", day="Friday"),)), "Friday is free.")
    own = {"look": ("", "Our book is slow today.")}
    async with on_stage(model, tools=Tools(takes_s=6.0), waiting=own) as stage:
        await stage.until_quiet()
        await stage.caller_says("Is Friday free?")
        await asyncio.sleep(9.0)

        spoken = stage.journal.transcript()[-1][1]
        assert spoken == "One moment, please. Our book is slow today. Friday is free."


@on_virtual_clock
async def test_a_tool_that_fails_becomes_a_sentence():
    model = ScriptedModel(Thought("", (call("book", day="Friday"),)), "I am sorry, Friday is taken.")
    tools = Tools(answers={"book": ToolResult("Friday is taken.", ok=False)})
    async with on_stage(model, tools=tools) as stage:
        await stage.until_quiet()
        await stage.caller_says("Friday please")
        await stage.until_quiet()

        assert stage.journal.transcript()[-1] == ("agent", "I am sorry, Friday is taken.")
        assert [run["state"] for run in stage.journal.tools.values()] == ["failed"]


@on_virtual_clock
async def test_words_that_a_tool_gives_are_said_as_they_are_without_asking_the_model_again():
    model = ScriptedModel(Thought("", (call("book", day="Friday"),)))
    tools = Tools(answers={"book": ToolResult("Booked.", say="You are booked for Friday.")})
    async with on_stage(model, tools=tools) as stage:
        await stage.until_quiet()
        await stage.caller_says("Friday please")
        await stage.until_quiet()

        assert stage.journal.transcript()[-1] == ("agent", "You are booked for Friday.")
        assert len(model.asked) == 1


@on_virtual_clock
async def test_hanging_up_is_a_tool_and_happens_after_the_last_word():
    model = ScriptedModel(Thought("Thank you, goodbye.", (call("end_call"),)))
    async with on_stage(model, tools=Tools()) as stage:
        await stage.until_quiet()
        await stage.caller_says("That is all")

        assert await stage.running is Ending.AGENT
        assert stage.journal.transcript()[-1] == ("agent", "Thank you, goodbye.")


@on_virtual_clock
async def test_hanging_up_without_a_word_says_goodbye_first():
    async with on_stage(ScriptedModel(Thought("", (call("end_call"),))), tools=Tools(), farewell="Bye now.") as stage:
        await stage.until_quiet()
        await stage.caller_says("That is all")

        assert await stage.running is Ending.AGENT
        assert stage.journal.transcript()[-1] == ("agent", "Bye now.")


@on_virtual_clock
async def test_nobody_is_hung_up_on_while_something_else_has_failed():
    model = ScriptedModel(Thought("", (call("book", day="Friday"), call("end_call"))), "Friday is taken, I fear.")
    tools = Tools(answers={"book": ToolResult("Friday is taken.", ok=False)})
    async with on_stage(model, tools=tools) as stage:
        await stage.until_quiet()
        await stage.caller_says("Friday and goodbye then")
        await stage.until_quiet()

        assert stage.journal.transcript()[-1] == ("agent", "Friday is taken, I fear.")
        assert not stage.running.done()


@pytest.mark.parametrize("interrupts_after_s", [0.1, 0.6, 1.2, 2.4])
def test_an_interruption_neither_loses_nor_doubles_what_was_begun(interrupts_after_s: float):
    @on_virtual_clock
    async def scenario():
        model = ScriptedModel(Thought("Sure.", (call("book", day="Friday"),)), "It is booked.", "Yes, it is booked.")
        tools = Tools(takes_s=2.0)
        async with on_stage(model, tools=tools, speculation=False) as stage:
            await stage.until_quiet()
            await stage.caller_says("Friday please")
            await asyncio.sleep(interrupts_after_s)
            await stage.caller_says("And is it expensive at all", speak_s=0.8)
            await asyncio.sleep(8.0)
            await stage.until_quiet()

            asked = [pairs(messages) for messages in model.asked]
            assert tools.effects in ([], [("book", {"day": "Friday"})])
            assert len(tools.effects) == len(tools.begun)
            if tools.effects:
                assert asked[-1] == [("book", "Done: book.")], "the model knows, once"
                assert len(stage.journal.tools) == 1
            callers = [text for who, text in stage.journal.transcript() if who == "caller"]
            assert " ".join(callers) == "Friday please And is it expensive at all"

    scenario()


@on_virtual_clock
async def test_a_result_that_comes_after_an_interruption_is_told_when_nobody_speaks():
    model = ScriptedModel(
        Thought("Sure.", (call("book", day="Friday"),)), "Parking is free.", "By the way, Friday is booked."
    )
    async with on_stage(model, tools=Tools(takes_s=6.0), speculation=False) as stage:
        await stage.until_quiet()
        await stage.caller_says("Friday please")
        await asyncio.sleep(1.5)
        await stage.caller_says("Is there parking?")
        await asyncio.sleep(9.0)

        assert [text for who, text in stage.journal.transcript() if who == "agent"][-2:] == [
            "Parking is free.",
            "By the way, Friday is booked.",
        ]
        assert "still being done" in pairs(model.asked[1])[0][1]
        assert pairs(model.asked[2]) == [("book", "Done: book.")]


@on_virtual_clock
async def test_the_conversation_goes_on_beside_a_tool_that_nobody_waits_for():
    model = ScriptedModel(
        Thought("I have asked the kitchen.", (call("order", item="soup"),)), "We close at ten.", "The soup is ordered."
    )
    tools = Tools(takes_s=7.0)
    async with on_stage(model, tools=tools) as stage:
        await stage.until_quiet()
        await stage.caller_says("Soup please")
        await stage.until_quiet()
        assert stage.journal.transcript()[-1] == ("agent", "I have asked the kitchen.")
        assert len(model.asked) == 1, "it has said what there is to say"
        await stage.caller_says("When do you close?")
        await asyncio.sleep(8.0)

        assert [text for _, text in stage.journal.transcript()][-2:] == ["We close at ten.", "The soup is ordered."]
        assert tools.effects == [("order", {"item": "soup"})]


@on_virtual_clock
async def test_a_writing_tool_that_is_too_slow_goes_on_and_is_told_later():
    tools = Tools((replace(BOOK, timeout_s=3.0),), takes_s=5.0)
    model = ScriptedModel(Thought("", (call("book", day="Friday"),)), "It takes a while.", "Now it is booked.")
    async with on_stage(model, tools=tools) as stage:
        await stage.until_quiet()
        await stage.caller_says("Friday please")
        await asyncio.sleep(11.0)

        assert "still being done" in pairs(model.asked[1])[0][1]
        assert [text for _, text in stage.journal.transcript()][-1] == "Now it is booked."
        assert len(tools.effects) == 1


@on_virtual_clock
async def test_a_reading_tool_that_is_too_slow_is_given_up():
    tools = Tools((replace(LOOK, timeout_s=2.0),), takes_s=60.0)
    model = ScriptedModel(Thought("", (call("look", day="Friday"),)), "I cannot see it right now.")
    async with on_stage(model, tools=tools) as stage:
        await stage.until_quiet()
        await stage.caller_says("Is Friday free?")
        await asyncio.sleep(7.0)

        assert [run["state"] for run in stage.journal.tools.values()] == ["failed"]
        assert stage.journal.transcript()[-1][1].endswith("I cannot see it right now.")


@on_virtual_clock
async def test_what_was_begun_is_finished_though_the_caller_hangs_up():
    tools = Tools(takes_s=3.0)
    async with on_stage(ScriptedModel(Thought("Sure.", (call("book", day="Friday"),))), tools=tools) as stage:
        await stage.until_quiet()
        await stage.caller_says("Friday please")
        await asyncio.sleep(1.5)
        await stage.hang_up()
        assert not tools.effects
        await stage.toolbox.close(within_s=10.0)

        assert tools.effects == [("book", {"day": "Friday"})]
        assert [run["state"] for run in stage.journal.tools.values()] == ["done"]


@on_virtual_clock
async def test_a_model_that_only_asks_for_tools_is_stopped_with_a_sentence():
    model = ScriptedModel(*(Thought("", (call("look", day=f"day {n}"),)) for n in range(20)))
    async with on_stage(model, tools=Tools(takes_s=0.0), not_done="I could not do that.") as stage:
        await stage.until_quiet()
        await stage.caller_says("Look")
        await stage.until_quiet()

        assert stage.journal.transcript()[-1] == ("agent", "I could not do that.")
        assert len(model.asked) == 5
        await stage.caller_says("Look again")
        await stage.until_quiet()
        assert not stage.running.done(), "and the call goes on"


@on_virtual_clock
async def test_a_model_that_fails_after_a_tool_is_asked_again_and_the_tool_is_not():
    failure = ProviderError("llm", "gone", code="500")
    model = ScriptedModel(
        Thought("Sure.", (call("book", day="Friday"),)), Thought(error=failure), "You are booked for Friday."
    )
    tools = Tools()
    async with on_stage(model, tools=tools) as stage:
        await stage.until_quiet()
        await stage.caller_says("Friday please")
        await stage.until_quiet(2.0)

        assert len(tools.begun) == 1
        assert stage.journal.transcript()[-1][1].endswith("You are booked for Friday.")


@on_virtual_clock
async def test_where_the_time_went_tells_of_tools():
    model = ScriptedModel(Thought("", (call("look", day="Friday"),)), "Friday is free.")
    async with on_stage(model, tools=Tools(takes_s=0.4), speculation=False) as stage:
        await stage.until_quiet()
        await stage.caller_says("Is Friday free?")
        await stage.until_quiet()

        timing = stage.journal.turns[2]["timing"]
        assert timing["stages"]["tool"] == 420
        assert sum(timing["stages"].values()) == timing["waited_ms"]


@on_virtual_clock
async def test_a_model_that_asks_for_what_nobody_waits_for_again_and_again_comes_to_an_end():
    model = ScriptedModel(*(Thought("", (call("order", item=f"soup {n}"),)) for n in range(200)))
    async with on_stage(model, tools=Tools(takes_s=1.0), silence_timeout_s=600.0) as stage:
        await stage.until_quiet()
        await stage.caller_says("Soup please")
        await asyncio.sleep(120.0)

        assert len(model.asked) < 30
        assert not model.open


@on_virtual_clock
async def test_passing_on_ends_this_agents_part_after_its_last_word_and_never_with_a_goodbye():
    passed_on = Tools(answers={"book": ToolResult("Passed on.", then="hand_over")})
    for words, heard in (
        ("I will pass you on to Billing.", "I will pass you on to Billing."),
        ("", "One moment, please."),
    ):
        model = ScriptedModel(Thought(words, (call("book", day="Friday"),)))
        async with on_stage(model, tools=passed_on) as stage:
            await stage.until_quiet()
            await stage.caller_says("I have a question about my bill")

            assert await stage.running is Ending.HAND_OVER
            assert stage.journal.transcript()[-1] == ("agent", heard)


@on_virtual_clock
async def test_who_takes_over_begins_with_an_answer():
    model = ScriptedModel("This is Billing. Which bill is it?")
    async with on_stage(model, opening=(), takes_over=True) as stage:
        await stage.until_quiet()

        assert stage.journal.transcript() == [("agent", "This is Billing. Which bill is it?")]
