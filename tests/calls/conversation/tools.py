"""Scripted tools: a diary that remembers every effect, behind the real judgement of the engine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from agents.providers.limits import Evidence, Limits
from agents.providers.ports import Message, ToolCall, ToolSpec
from calls.conversation.guarding import Granted, GuardedToolbox, Wish
from calls.conversation.ports import ToolResult
from tests.fakes import Notebook


def schema(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


TEXT = {"type": "string", "maxLength": 60}
LOOK = Granted(ToolSpec("look", "Look for free times.", schema(day=TEXT)), "Look for free times", effect=False)
BOOK = Granted(ToolSpec("book", "Book a time.", schema(day=TEXT)), "Book a time", limits=Limits(per_call=3))
CANCEL = Granted(ToolSpec("cancel", "Cancel a time.", schema(day=TEXT)), "Cancel a time")
ORDER = Granted(ToolSpec("order", "Order something.", schema(item=TEXT)), "Order something", waits=False)
TEXT_THEM = Granted(
    ToolSpec("text", "Send a text message.", schema(number=TEXT, body=TEXT)),
    "Send a text message",
    limits=Limits(per_call=1, after_yes=True, said={"number": Evidence.DIGITS}),
)
END = Granted(ToolSpec("end_call", "Hang up.", schema()), "End the call", effect=False)
ALL = (LOOK, BOOK, CANCEL, ORDER, TEXT_THEM, END)


def granted(name: str) -> Granted:
    """A tool that says to whom."""
    return Granted(ToolSpec(name, "Leave the call to somebody else.", schema(to=TEXT)), "Leave the call")


def call(name: str, /, id: str = "c1", **arguments: Any) -> ToolCall:
    return ToolCall(id, name, json.dumps(arguments))


@dataclass
class Tools:
    """Does what it is told, after `takes_s`, and keeps what was done. `answers` by tool replace "Done."."""

    granted: tuple[Granted, ...] = ALL
    takes_s: float = 0.2
    answers: dict[str, ToolResult] = field(default_factory=dict)
    effects: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    begun: list[Wish] = field(default_factory=list)
    callers_number: str = ""

    def box(self, journal: Notebook, now_ms: Callable[[], int]) -> GuardedToolbox:
        return GuardedToolbox(self.granted, self, journal, now_ms=now_ms, callers_number=self.callers_number)

    async def perform(self, wish: Wish) -> ToolResult:
        self.begun.append(wish)
        name = wish.tool.spec.name
        if name == "end_call":
            return ToolResult("The call ends.", then="hang_up")
        await asyncio.sleep(self.takes_s)
        result = self.answers.get(name, ToolResult(f"Done: {name}."))
        if wish.tool.effect and result.ok:
            self.effects.append((name, wish.arguments))
        return result


COUNT = {"type": ["integer", "null"]}
COLLECT = Granted(
    ToolSpec(
        "collect_digits",
        "Take keys.",
        schema(length=COUNT, end_key={"type": ["string", "null"]}, timeout_s=COUNT, secret={"type": "boolean"}),
    ),
    "Take keys",
    effect=False,
    waits=False,
    timeout_s=90.0,
)
SEND = Granted(ToolSpec("send_digits", "Press keys.", schema(digits=TEXT)), "Press keys")
ENTRY = {"length": None, "end_key": None, "timeout_s": None, "secret": False}


@dataclass
class Acting(Tools):
    """Lets the conversation do what only it can."""

    granted: tuple[Granted, ...] = (COLLECT, SEND)
    stage: Any = None

    async def perform(self, wish: Wish) -> ToolResult:
        result: ToolResult = await self.stage.session.acts.perform(wish, {})
        return result


def pairs(messages: list[Message]) -> list[tuple[str, str]]:
    """Every tool call with its result; fails unless each call is followed at once by its own result."""
    found = []
    open_calls: list[ToolCall] = []
    for message in messages:
        if message.role == "tool":
            asked = open_calls.pop(0)
            assert asked.id == message.tool_call_id
            found.append((asked.name, message.content))
        else:
            assert not open_calls, "a call without its result"
            open_calls = list(message.tool_calls)
    assert not open_calls
    return found
