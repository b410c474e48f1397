"""What every engine must do, whatever carries the call. The first line of each scenario is its row in the table."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from agents.providers.ports import ProviderError
from calls.conversation.ports import ToolResult
from calls.conversation.script import Ending
from tests.calls.conversation.tools import COLLECT, ENTRY, SEND, Acting, Tools, granted
from tests.calls.conversation.tools import call as wishes
from tests.conformance.engines import talk
from tests.conformance.people import escalation, hand_over, hung_up_on, put_through, take_over, takes_over, whisper
from tests.conformance.stages import LONG, NOISE, SLOW
from tests.fakes import Thought

DEAD = Thought(error=ProviderError("model", "gone", code="connection"))
IN_SPANISH: dict[str, Any] = {
    "silence_timeout_s": 4.0,
    "silence_prompts": ("Are you still there?",),
    "translate": lambda language: {"silence_prompts": ("¿Sigue ahí?",)},
}

Scenario = Callable[[str], Awaitable[None]]


async def greeting(engine: str) -> None:
    """The greeting is heard, and is in the transcript and the history"""
    async with talk(engine) as call:
        await call.until_quiet()
        assert call.heard == "Hello there."
        assert call.journal.transcript() == [("agent", "Hello there.")]
        assert call.journal.turns[0]["kind"] == "greeting"


async def question(engine: str) -> None:
    """A question is answered, and the wait is measured"""
    async with talk(engine, "We open at eight.") as call:
        await call.until_quiet()
        await call.says("when do you open")
        await call.until_quiet()
        assert call.heard == "Hello there. We open at eight."
        assert call.journal.transcript()[1:] == [("caller", "when do you open"), ("agent", "We open at eight.")]
        timing = call.journal.turns[2]["timing"]
        assert 0 < timing["waited_ms"] < 2000
        assert sum(timing["stages"].values()) == timing["waited_ms"]


async def barge_in(engine: str) -> None:
    """A caller who interrupts silences the agent; history and transcript hold what was heard, and no word more"""
    async with talk(engine, SLOW, "Monday it is.") as call:
        await call.until_quiet()
        await call.says("when can I come")
        await asyncio.sleep(2.0)
        await call.says("Monday please")
        await call.until_quiet()
        cut = call.journal.turns[2]
        assert cut["interrupted"]
        assert cut["heard"]
        assert cut["unheard"]
        assert f"{cut['heard']} {cut['unheard']}" == LONG
        assert call.heard.startswith(f"Hello there. {cut['heard']}")
        assert call.heard.endswith("Monday it is.")
        asked = " ".join(message.content for message in call.model.asked[-1])
        assert cut["heard"] in asked
        assert cut["unheard"].split(" ", 2)[-1] not in asked


async def to_the_word(engine: str) -> None:
    """What was heard of an interrupted reply is known to the word"""
    async with talk(engine, SLOW, "Monday it is.") as call:
        await call.until_quiet()
        await call.says("when can I come")
        await asyncio.sleep(2.0)
        await call.says("Monday please")
        await call.until_quiet()
        cut = call.journal.turns[2]
        assert cut["exact"]
        assert call.heard == f"Hello there. {cut['heard']} Monday it is."
        assert cut["unheard"] not in " ".join(message.content for message in call.model.asked[-1])


async def cough(engine: str) -> None:
    """A noise without words only pauses the agent, who says the rest"""
    async with talk(engine, LONG) as call:
        await call.until_quiet()
        await call.says("when can I come")
        await asyncio.sleep(2.0)
        await call.says(NOISE, 0.4)
        await call.until_quiet(5.0)
        assert call.journal.turns[2]["heard"] == LONG
        assert call.journal.turns[2]["unheard"] == ""
        assert call.heard.endswith("Friday at noon.")


async def backchannel(engine: str) -> None:
    """“Mm-hm” does not take the floor"""
    async with talk(engine, LONG) as call:
        await call.until_quiet()
        await call.says("when can I come")
        await asyncio.sleep(2.0)
        await call.says("mm-hm", 0.4)
        await call.until_quiet(3.0)
        assert [turn["heard"] for turn in call.journal.turns.values() if turn["kind"] == "reply"] == [LONG]


async def long_turn(engine: str) -> None:
    """A caller who speaks for long is not asked whether they are still there"""
    async with talk(engine, "I see.", silence_timeout_s=4.0, silence_prompts=("Are you still there?",)) as call:
        await call.until_quiet()
        await call.says("well it all began when I was a child and had a toothache", 12.0)
        await call.until_quiet()
        assert call.heard == "Hello there. I see."


async def keys(engine: str) -> None:
    """Pressed keys are an answer"""
    async with talk(engine, "One, thank you.") as call:
        await call.until_quiet()
        call.press("1")
        await asyncio.sleep(2.0)
        await call.until_quiet()
        assert call.journal.transcript()[1:] == [("caller", "I pressed 1."), ("agent", "One, thank you.")]


async def silence(engine: str) -> None:
    """Who says nothing is asked, and after the last question the agent says goodbye"""
    async with talk(engine, silence_timeout_s=4.0, silence_prompts=("Are you still there?", "Hello?")) as call:
        assert await asyncio.wait_for(call.over(), 60) is Ending.SILENCE
        assert call.heard == "Hello there. Are you still there? Hello? Goodbye."


async def goodbye(engine: str) -> None:
    """The agent ends the call, and its last words are heard to the end"""
    async with talk(engine, "You are welcome, goodbye. <hang_up/>") as call:
        await call.until_quiet()
        await call.says("that is all, thank you")
        assert await asyncio.wait_for(call.over(), 60) is Ending.AGENT
        assert call.heard == "Hello there. You are welcome, goodbye."


async def hang_up(engine: str) -> None:
    """A caller who hangs up in the middle leaves what was heard until then"""
    async with talk(engine, LONG) as call:
        await call.until_quiet()
        await call.says("when can I come")
        await asyncio.sleep(2.5)
        await call.loses_the_line()
        cut = call.journal.turns[2]
        assert cut["heard"]
        assert f"{cut['heard']} {cut['unheard']}" == LONG


async def limit(engine: str) -> None:
    """The longest duration is announced, and ends the call with goodbye"""
    talking = {"max_duration_s": 60.0, "duration_warning": "Half a minute left.", "silence_timeout_s": 60.0}
    async with talk(engine, **talking) as call:
        assert await asyncio.wait_for(call.over(), 120) is Ending.LIMIT
        assert call.heard == "Hello there. Half a minute left. Goodbye."


async def stop_calling(engine: str) -> None:
    """“Stop calling me” is honored by rule, at once, and answered"""
    asked: list[str] = []
    async with talk(engine, LONG, stopped="You will not be called again. Goodbye.", on_stop=asked.append) as call:
        await call.until_quiet()
        await call.says("stop calling me")
        assert await asyncio.wait_for(call.over(), 60) is Ending.AGENT
        assert asked == ["stop calling me"]
        assert call.heard == "Hello there. You will not be called again. Goodbye."


async def vendor_fails(engine: str) -> None:
    """When the model fails, the caller hears the sentence for that, and then the answer"""
    async with talk(engine, DEAD, "We open at eight.") as call:
        await call.until_quiet()
        await call.says("when do you open")
        await call.until_quiet(2.0)
        assert call.heard == "Hello there. One moment, please. We open at eight."
        assert "failure" in call.journal.kinds()


async def vendor_dead(engine: str) -> None:
    """When the model stays dead, the caller hears an apology, and the call ends"""
    async with talk(engine, DEAD) as call:
        await call.until_quiet()
        await call.says("when do you open")
        assert await asyncio.wait_for(call.over(), 60) is Ending.FAILURE
        assert call.heard.endswith("Please call again later. Goodbye.")


async def resume(engine: str) -> None:
    """After a lost line the next segment goes on: turns keep their order, and the clock of the call runs on"""
    bridge = ("We were cut off for a moment. Please go on.",)
    before = {"opening": bridge, "opening_kind": "bridge", "earlier_ms": 30_000, "next_index": 10_000}
    async with talk(engine, "Tuesday, then.", **before) as call:
        await call.until_quiet()
        await call.says("Tuesday please")
        await call.until_quiet()
        assert call.heard == f"{bridge[0]} Tuesday, then."
        assert sorted(call.journal.turns) == [10_000, 10_001, 10_002]
        assert all(turn["started_ms"] >= 30_000 for turn in call.journal.turns.values())


async def notice(engine: str) -> None:
    """A notice that must be heard is heard whole, also by who talks over it"""
    notice = "This call is recorded, and an automated assistant speaks with you."
    async with talk(engine, "Of course.", consent_notice=notice) as call:
        await asyncio.sleep(1.0)
        await call.says("hello hello")
        await call.until_quiet(2.0)
        assert call.heard.startswith(f"{notice} Hello there.")
        assert ("caller", "hello hello") in call.journal.transcript()


async def tool_call(engine: str) -> None:
    """A tool is run once, and its result is told in the same turn"""
    tools = Tools(answers={"look": ToolResult("Free: 10:00.")})
    looks = Thought("Let me look.", (wishes("look", day="Friday"),))
    async with talk(engine, looks, "Friday at ten is free.", tools=tools) as call:
        await call.until_quiet()
        await call.says("is Friday free")
        await call.until_quiet(2.0)
        assert call.heard == "Hello there. Let me look. Friday at ten is free."
        assert call.journal.transcript()[-1] == ("agent", "Let me look. Friday at ten is free.")
        assert [wish.call.name for wish in tools.begun] == ["look"]


async def takes_keys(engine: str) -> None:
    """Keys that the agent asks for reach the tool whole, and hidden ones neither the model nor a record"""
    asks = Thought("Your PIN, then pound.", (wishes("collect_digits", **(ENTRY | {"secret": True})),))
    async with talk(engine, asks, "Thank you.", tools=Acting((COLLECT,))) as call:
        await call.until_quiet()
        await call.says("I would like to pay")
        await call.until_quiet()
        call.press("4711#")
        await call.until_quiet(2.0)
        assert call.heard == "Hello there. Your PIN, then pound. Thank you."
        assert call.session.acts.entries == {"[entry 1]": "4711"}
        assert not any("4711" in repr(each) for each in (call.model.asked, call.journal.turns, call.journal.events))


async def sends_keys(engine: str) -> None:
    """The agent presses keys for a machine at the other end"""
    presses = Thought("", (wishes("send_digits", digits="1w2"),))
    async with talk(engine, presses, "Done.", tools=Acting((SEND,))) as call:
        await call.until_quiet()
        await call.says("press one and then two")
        await call.until_quiet(2.0)
        assert call.has_pressed("1w2")
        assert call.journal.transcript()[-1] == ("agent", "Done.")


async def transfer(engine: str) -> None:
    """The agent puts the caller through to a person, and leaves when that was heard"""
    leaves = ToolResult("The caller is put through.", say="I will put you through to Priya.", then="transfer")
    tools = Tools((granted("put_through"),), answers={"put_through": leaves})
    async with talk(engine, Thought("Of course.", (wishes("put_through", to="Priya"),)), tools=tools) as call:
        await call.until_quiet()
        await call.says("may I speak with Priya")
        assert await asyncio.wait_for(call.over(), 60) is Ending.TRANSFER
        assert call.heard == "Hello there. Of course. I will put you through to Priya."


async def language(engine: str) -> None:
    """The agent goes on in another language when the caller wishes"""
    async with talk(engine, "<language es-US/> Claro que sí.", "Hasta luego.", **IN_SPANISH) as call:
        await call.until_quiet()
        assert call.hears_in.startswith("en")
        await call.says("habla español")
        await call.until_quiet()
        assert call.heard == "Hello there. Claro que sí."
        assert call.hears_in.startswith("es")
        await asyncio.sleep(6.0)
        assert call.heard.endswith("¿Sigue ahí?")
        assert call.speaks_in == "es-US"
        await call.says("el lunes por favor")
        assert "goes on in es-US" in call.model.asked[-1][0].content
        spoken = [turn["extras"].get("language", "") for _, turn in sorted(call.journal.turns.items())]
        assert spoken == ["", "", "es-US", "es-US", "es-US", *spoken[5:]]


async def goes_over(engine: str) -> None:
    """A caller who simply goes on in another language is answered in it, where the version wishes that"""
    async with talk(engine, "Claro que sí.", several=True, **IN_SPANISH) as call:
        await call.until_quiet()
        await call.says_abroad("quiero una cita", "es")
        await call.until_quiet()
        assert call.heard == "Hello there. Claro que sí."
        assert call.speaks_in == "es-US"
        assert "goes on in es-US" in call.model.asked[-1][0].content
        assert call.journal.turns[1]["extras"]["language"] == "es-US"


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        greeting,
        question,
        barge_in,
        to_the_word,
        cough,
        backchannel,
        long_turn,
        keys,
        silence,
        goodbye,
        hang_up,
        limit,
        stop_calling,
        vendor_fails,
        vendor_dead,
        resume,
        notice,
        tool_call,
        takes_keys,
        sends_keys,
        transfer,
        escalation,
        hand_over,
        takes_over,
        whisper,
        take_over,
        hung_up_on,
        put_through,
        language,
        goes_over,
    )
}
