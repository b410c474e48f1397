"""Whatever a model writes and whenever the caller interrupts: nothing unauthorised, nothing twice, nothing lost."""

from __future__ import annotations

import asyncio
import os
from collections import Counter

import pytest

from agents.providers.limits import Evidence, Limits
from agents.providers.ports import ToolCall
from calls.conversation.guarding import GuardedToolbox
from calls.conversation.ports import ToolResult
from tests.calls.conversation.evil import play
from tests.calls.conversation.tools import ALL, BOOK, TEXT_THEM, Tools, call
from tests.clock import JumpingLoop, on_virtual_clock
from tests.fakes import Notebook

SCRIPTS = int(os.environ.get("EVIL_SCRIPTS", "600"))
AT_A_TIME = 60


@pytest.mark.parametrize("first", range(0, SCRIPTS, AT_A_TIME))
def test_no_script_of_a_hostile_model_has_an_effect_that_nobody_allowed(first: int) -> None:
    for seed in range(first, first + AT_A_TIME):
        with asyncio.Runner(loop_factory=JumpingLoop) as runner:
            try:
                runner.run(play(seed))
            except BaseException as error:
                error.add_note(f"script {seed}")
                raise


async def answers(tools: Tools, *calls: tuple[int, ToolCall], said: tuple[str, ...] = ()) -> list[ToolResult]:
    """What the engine makes of calls in these turns, each after what the caller said before it."""
    box = GuardedToolbox(tools.granted, tools, Notebook(), now_ms=lambda: 0, callers_number=tools.callers_number)
    found = []
    for place, (turn, asked) in enumerate(calls):
        if place < len(said):
            box.caller_said(said[place])
        found.append(await box.run(turn, asked))
    await box.close(60.0)
    return found


@pytest.mark.parametrize(
    "asked",
    [
        call("refund", day="Friday"),
        call("book"),
        call("book", day="Friday", tenant_id="7"),
        call("book", day=None),
        ToolCall("c1", "book", '{"day": "Friday"'),
        ToolCall("c1", "book", '{"day": "Friday", "day": "Monday"}'),
        ToolCall("c1", "book", "[" * 100_000),
        call("book", day="F" * 1_000_000),
        ToolCall("c1", "book", r'{"day": "\ud83d"}'),
    ],
    ids=["unknown", "missing", "unknown argument", "null", "no JSON", "twice", "too deep", "too long", "half a letter"],
)
@on_virtual_clock
async def test_what_is_not_exactly_as_it_should_be_is_not_done_and_the_model_is_told_why(asked: ToolCall) -> None:
    tools = Tools()

    [result] = await answers(tools, (1, asked))

    assert not result.ok
    assert result.content
    assert len(result.content) < 500
    assert not tools.begun


@on_virtual_clock
async def test_the_same_wish_is_fulfilled_once_however_often_and_in_whatever_order_it_is_written() -> None:
    tools = Tools()
    same = ToolCall("c2", "book", ' { "day" :"Friday"}')

    results = await answers(tools, (1, call("book", day="Friday")), (1, same), (7, call("book", day="Friday")))

    assert len({result.content for result in results}) == 1
    assert tools.effects == [("book", {"day": "Friday"})]


@on_virtual_clock
async def test_what_was_undone_may_be_done_again() -> None:
    tools = Tools()
    book, cancel = call("book", day="Friday"), call("cancel", day="Friday")

    await answers(tools, (1, book), (2, cancel), (3, book))

    assert [name for name, _ in tools.effects] == ["book", "cancel", "book"]


@on_virtual_clock
async def test_what_failed_may_be_tried_again_in_another_turn_and_not_in_the_same() -> None:
    tools = Tools(answers={"book": ToolResult("Taken.", ok=False)})
    book = call("book", day="Friday")

    await answers(tools, (1, book), (1, book), (2, book))

    assert len(tools.begun) == 2


@on_virtual_clock
async def test_a_tool_is_used_as_often_as_it_may_be_and_no_more() -> None:
    tools = Tools()

    results = await answers(tools, *((n, call("book", day=f"day {n}")) for n in range(6)))

    assert Counter(result.ok for result in results) == {True: 3, False: 3}
    assert len(tools.effects) == BOOK.limits.per_call == 3


@on_virtual_clock
async def test_a_model_gets_so_many_calls_in_a_turn_and_in_a_call() -> None:
    tools = Tools((ALL[0],), takes_s=0.0)

    in_one = await answers(tools, *((1, call("look", day=f"day {n}")) for n in range(8)))
    in_all = await answers(Tools((ALL[0],), takes_s=0.0), *((n, call("look", day=f"day {n}")) for n in range(40)))

    assert sum(result.ok for result in in_one) == 3, "as often as this tool may be used in a turn"
    assert sum(result.ok for result in in_all) == 10, "as often as this tool may be used in a call"
    assert "Too many tools" in in_one[-1].content
    assert "Too many tools" in in_all[-1].content


@pytest.mark.parametrize(
    ("said", "number", "sent"),
    [
        ("Yes please", "+12085550147", True),
        ("Well, no, wait", "+12085550147", False),
        ("What is this", "+12085550147", False),
        ("Yes, two oh eight five five five zero one nine nine", "+12085550199", True),
        ("Yes, to 208-555-0199", "+12085550199", True),
        ("Yes please", "+19005550123", False),
        ("Ja, genau", "+12085550147", True),
        ("Sí, por favor", "+12085550147", True),
        ("Please don’t", "+12085550147", False),
        ("That isn't right", "+12085550147", False),
        ("Bitte keine SMS", "+12085550147", False),
        ("Por favor, nunca", "+12085550147", False),
    ],
)
@on_virtual_clock
async def test_what_needs_a_yes_and_a_number_that_was_said_is_not_done_without(
    said: str, number: str, sent: bool
) -> None:
    tools = Tools(callers_number="+12085550147")

    await answers(tools, (1, call("text", number=number, body="Hello")), said=(said,))

    assert bool(tools.effects) is sent
    assert TEXT_THEM.limits == Limits(per_call=1, after_yes=True, said={"number": Evidence.DIGITS})
