"""In a rehearsal nothing is done, and nobody outside is asked."""

from __future__ import annotations

from typing import Any

from agents.providers.ports import ToolCall, ToolSpec
from agents.tools import built_in
from calls.conversation.guarding import Granted, Wish
from calls.conversation.ports import ToolResult
from calls.rehearsal.talk import NOT_ASKED, WAITS_FOR_KEYS, Pretending
from calls.toolbox import _granted
from tests.clock import on_virtual_clock

READ = ToolResult("This was really read.", ok=True)
KEPT_HERE = {"check_availability", "find_appointments", "look_up_contact", "search_knowledge"}  # they only read


class Reading:
    async def perform(self, wish: Wish) -> ToolResult:
        return READ


async def pretended(tool: Granted, answers: dict[str, str] | None = None, **how: Any) -> ToolResult:
    wish = Wish("key", 1, ToolCall("id", tool.spec.name, "{}"), {}, tool, at_ms=0)
    return await Pretending(answers or {}, Reading(), **how).perform(wish)


@on_virtual_clock
async def test_of_our_own_tools_only_those_are_run_that_read():
    results = {name: await pretended(_granted(tool)) for name, tool in built_in().items()}

    assert {name for name, result in results.items() if result is READ} == KEPT_HERE


@on_virtual_clock
async def test_another_system_is_not_asked_even_where_nothing_would_change():
    own = Granted(ToolSpec("order_status", "", {}), effect=False, outside=True)

    assert await pretended(own) == ToolResult(NOT_ASKED, ok=False)
    assert (await pretended(own, {"order_status": "It was sent."})).content == "It was sent."


@on_virtual_clock
async def test_in_writing_keys_are_the_next_thing_that_is_said_and_on_a_line_they_are_pressed():
    keys = _granted(built_in()["collect_digits"])

    assert (await pretended(keys)).content == WAITS_FOR_KEYS
    assert await pretended(keys, has_keypad=True) is READ
