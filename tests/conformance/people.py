"""What every engine must do when people of the business step in: listen, whisper, take over, hang up."""

from __future__ import annotations

import asyncio

from calls.conversation.commands import Answer, GiveBack, HangUp, PutThrough, TakeOver, Whisper
from calls.conversation.escalation import Need, Summons
from calls.conversation.history import Exchange
from calls.conversation.ports import ToolResult
from calls.conversation.script import Ending
from tests.calls.conversation.tools import Tools, granted
from tests.calls.conversation.tools import call as wishes
from tests.conformance.engines import talk
from tests.conformance.stages import LONG, SLOW
from tests.fakes import Thought

OPERATORS = {"taken_over", "given_back"}


async def escalation(engine: str) -> None:
    """A caller who asks for a person is put through by rule, without a word of the model"""

    async def find(need: str) -> bool:
        return need == Need.ASKED

    async with talk(engine, "I can help you with that!", summons=Summons(frozenset(Need), find)) as call:
        await call.until_quiet()
        await call.says("I want to talk to a real person")
        assert await asyncio.wait_for(call.over(), 60) is Ending.TRANSFER
        assert call.heard == "Hello there. I will put you through to a colleague now. One moment, please."


async def hand_over(engine: str) -> None:
    """The agent passes the caller on to another agent, and leaves when that was heard"""
    tools = Tools((granted("hand_over_to"),), answers={"hand_over_to": ToolResult("Passed on.", then="hand_over")})
    passes = Thought("I will pass you on to billing.", (wishes("hand_over_to", to="Billing"),))
    async with talk(engine, passes, tools=tools) as call:
        await call.until_quiet()
        await call.says("I have a question about my bill")
        assert await asyncio.wait_for(call.over(), 60) is Ending.HAND_OVER
        assert call.heard == "Hello there. I will pass you on to billing."


async def takes_over(engine: str) -> None:
    """The other agent begins by itself, and knows what was said"""
    said = [("assistant", "Hello there."), ("user", "my bill is wrong"), Exchange(wishes("hand_over_to"), "Yours now.")]
    before = {"opening": (), "takes_over": True, "said": said, "earlier_ms": 30_000, "next_index": 10_000}
    async with talk(engine, "This is Billing. Which bill?", "I see.", **before) as call:
        await call.until_quiet(2.0)
        assert call.heard == "This is Billing. Which bill?"
        assert [message.content for message in call.model.asked[0]][1:3] == ["Hello there.", "my bill is wrong"]
        await call.says("the last one")
        await call.until_quiet()
        assert call.heard.endswith("I see.")
        assert sorted(call.journal.turns) == [10_000, 10_001, 10_002]


async def whisper(engine: str) -> None:
    """A person who follows the call whispers to the agent, and only the agent hears it"""
    async with talk(engine, "Three is free.") as call:
        await call.until_quiet()
        assert call.session.command(Whisper("Priya", "Offer three.")) is Answer.DONE
        await call.says("when can I come")
        await call.until_quiet()
        assert "Offer three." in " ".join(message.content for message in call.model.asked[-1])
        assert call.heard == "Hello there. Three is free."


async def take_over(engine: str) -> None:
    """A person speaks in the agent's place, and gives the call back"""
    async with talk(engine, SLOW, "I am back.") as call:
        await call.until_quiet()
        await call.says("when can I come")
        await asyncio.sleep(2.0)
        call = await call.taken_over_by(TakeOver("Priya", "0" * 32))
        await asyncio.sleep(0.5)
        call.session.operator_speaks("0" * 32, b"")
        before, asked = call.heard, len(call.model.asked)
        await call.says("and who are you")
        assert (call.heard, len(call.model.asked)) == (before, asked)
        assert call.session.command(GiveBack("0" * 32)) is Answer.DONE
        await call.until_quiet()
        assert call.heard == f"{before} I am back.".strip()
        assert [kind for kind in call.journal.kinds() if kind in OPERATORS] == ["taken_over", "given_back"]


async def hung_up_on(engine: str) -> None:
    """A person ends the call, and the agent says goodbye"""
    async with talk(engine, SLOW) as call:
        await call.until_quiet()
        await call.says("when can I come")
        await asyncio.sleep(2.0)
        assert call.session.command(HangUp("Priya")) is Answer.DONE
        assert await asyncio.wait_for(call.over(), 60) is Ending.OPERATOR
        assert call.heard.endswith(" Goodbye.")
        assert LONG not in call.heard


async def put_through(engine: str) -> None:
    """A person puts the caller through from the page of the call, and the agent says so"""
    async with talk(engine, LONG) as call:
        await call.until_quiet()
        assert call.session.command(PutThrough("Priya")) is Answer.DONE
        assert await asyncio.wait_for(call.over(), 60) is Ending.TRANSFER
        assert call.heard.endswith("I will put you through to a colleague now. One moment, please.")
