"""A conversation in text: the same prompt, history, model and judgement over tools as in a call, without its time."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal

from agents.providers.ports import LanguageModel, Message, Recalled, ServedBy, ToolCall, Usage, Wasted
from calls.conversation.guarding import GuardedToolbox, Wish, Worker
from calls.conversation.history import Exchange, History, tool_messages
from calls.conversation.ports import ToolResult
from calls.conversation.sentences import Pieces

MOST_ROUNDS = 4  # as in a call
DONE = "It was done."
AS_THE_TOOL_SAYS: Mapping[str, str] = {
    "book_appointment": "Booked.",
    "leave_message": "The message is kept for the team.",
    "save_lead": "Saved. Nothing is missing.",
}
NOT_ASKED = "The other system is not asked in a rehearsal, and nothing is known of it. Say that it cannot be reached."
KEYS = "collect_digits"
WAITS_FOR_KEYS = "The keypad is open. What the caller enters is the next thing that you hear."
LEAVES: Mapping[str, Literal["hang_up", "transfer"]] = {"end_call": "hang_up", "transfer_call": "transfer"}
Entries = Sequence[Mapping[str, Any]]


@dataclass(slots=True)
class Script:
    """What was said and done, in order. Takes what a journal takes of tools."""

    entries: list[dict[str, Any]] = field(default_factory=list)

    def said(self, who: str, text: str, **more: Any) -> None:
        self.entries.append({"who": who, "text": text, **{name: value for name, value in more.items() if value}})

    def tool(self, key: str, state: dict[str, Any]) -> None:
        kept = ("name", "title", "arguments", "result", "state")
        self.entries.append({"who": "tool", **{name: state[name] for name in kept}})

    def of(self, who: str) -> list[dict[str, Any]]:
        return [entry for entry in self.entries if entry["who"] == who]


@dataclass(frozen=True, slots=True)
class Pretending:
    """Nothing is done and no other system is asked; `answers` say what tools answer. Those that read here are run.

    `can_transfer`: whoever is put through has left; on a real line there is nobody to put them through to, so it ends.
    """

    answers: Mapping[str, str]
    reading: Worker
    can_transfer: bool = True
    has_keypad: bool = False

    async def perform(self, wish: Wish) -> ToolResult:
        name = wish.tool.spec.name
        if name in LEAVES:
            return ToolResult(DONE, ok=True, then=LEAVES[name] if self.can_transfer else "hang_up")
        if name in self.answers or wish.tool.effect:
            return ToolResult(self.answers.get(name) or AS_THE_TOOL_SAYS.get(name, DONE), ok=True)
        if wish.tool.outside:
            return ToolResult(NOT_ASKED, ok=False)
        if name == KEYS and not self.has_keypad:
            return ToolResult(WAITS_FOR_KEYS, ok=True)
        return await self.reading.perform(wish)


@dataclass(slots=True)
class _Written:
    """What a model has written in one round."""

    pieces: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)


class Talk:
    """An agent that is written to. `is_over` once it has said goodbye."""

    def __init__(
        self,
        *,
        system: str,
        greeting: str,
        farewell: str,
        model: LanguageModel,
        toolbox: GuardedToolbox,
        script: Script,
    ) -> None:
        """What stands in the script already was said; an empty one begins with the greeting."""
        self._history, self._model, self._toolbox = History(system, _earlier(script.entries)), model, toolbox
        self.script, self._farewell = script, farewell
        self._turn = len(script.of("caller"))
        self._passages: list[str] = []
        self.used: dict[ServedBy | None, Usage] = {}  # by whom when not the first choice
        self.is_over = False
        for entry in script.of("caller"):
            toolbox.caller_said(entry["text"])
        if not script.entries:
            self._heard(greeting)

    async def say(self, text: str, *, heard: float = 1.0) -> str:
        """What the agent answers. With less than all of it `heard`, the caller has cut it off. Raises ProviderError."""
        async with aclosing(self.answer(text, heard=heard)) as pieces:
            return " ".join([piece async for piece in pieces])

    async def answer(self, text: str, *, heard: float = 1.0) -> AsyncGenerator[str, None]:
        """The same, piece by piece as it is written."""
        self.script.said("caller", text)
        self._turn += 1
        self._history.caller_said(text)
        self._toolbox.caller_said(text)
        messages, said = self._history.messages(), list[str]()
        for _ in range(MOST_ROUNDS):
            written = _Written()
            async with aclosing(self._write(messages, written)) as pieces:
                async for piece in pieces:
                    said.append(piece)
                    yield piece
            if not written.calls:
                break
            told: list[str] = []
            messages = await self._use(messages, written, told)
            for line in told:
                said.append(line)
                yield line
            if self.is_over:
                break
        if self.is_over and not said:
            said.append(self._farewell)
            yield self._farewell
        self._heard(" ".join(said), heard)

    def _heard(self, text: str, share: float = 1.0) -> None:
        """Only what was heard of it enters the history."""
        words = text.split()
        until = len(words) if share >= 1 else max(1, round(len(words) * share))
        kept, rest = (text, "") if until == len(words) else (" ".join(words[:until]), " ".join(words[until:]))
        passages, self._passages = list(dict.fromkeys(self._passages)), []
        if text:
            self.script.said("agent", kept, unheard=rest, passages=passages)
            self._history.agent_says().text = kept

    async def _write(self, messages: list[Message], written: _Written) -> AsyncGenerator[str, None]:
        cutter, served_by = Pieces(), None
        async with aclosing(self._model.reply(messages, self._toolbox.specs)) as stream:
            async for item in stream:
                match item:
                    case str():
                        for piece in cutter.feed(item):
                            written.pieces.append(piece)
                            yield piece
                    case ToolCall():
                        written.calls.append(item)
                    case ServedBy():
                        served_by = item
                    case Usage():
                        self._use_up(item, served_by)
                    case Wasted():
                        self._use_up(item.usage, item.by)
                    case Recalled():
                        self._passages += [str(each["title"]) for each in item.passages]
        for piece in cutter.finish():
            written.pieces.append(piece)
            yield piece
        self.is_over = self.is_over or (cutter.hangs_up and not written.calls)

    def _use_up(self, usage: Usage, by: ServedBy | None) -> None:
        self.used[by] = self.used.get(by, Usage(0, 0)) + usage

    async def _use(self, messages: list[Message], written: _Written, told: list[str]) -> list[Message]:
        entry = self._history.asks(written.calls, None)
        for exchange in entry.exchanges:
            result = await self._toolbox.run(self._turn, exchange.call)
            exchange.result = result.content
            if result.say:
                told.append(result.say)
            self.is_over = self.is_over or (result.ok and bool(result.then))
        return [*messages, *tool_messages(entry.exchanges, " ".join(written.pieces))]


def _earlier(entries: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str] | Exchange]:
    for entry in entries:
        if entry["who"] == "tool":
            yield Exchange(ToolCall("", entry["name"], json.dumps(entry["arguments"])), entry["result"])
        else:
            yield ("user" if entry["who"] == "caller" else "assistant"), entry["text"]
