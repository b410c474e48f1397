"""A conversation in text: the same prompt, history, model and judgement over tools as in a call, without its time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal

from agents.providers.ports import LanguageModel, Message, ToolCall
from calls.conversation.guarding import GuardedToolbox, Wish, Worker
from calls.conversation.history import History, tool_messages
from calls.conversation.ports import ToolResult
from calls.conversation.sentences import Pieces

MOST_ROUNDS = 4  # as in a call
DONE = "It was done."
LEAVES: Mapping[str, Literal["hang_up", "transfer"]] = {"end_call": "hang_up", "transfer_call": "transfer"}


@dataclass(slots=True)
class Script:
    """What was said and done, in order. Takes what a journal takes of tools."""

    entries: list[dict[str, Any]] = field(default_factory=list)

    def said(self, who: str, text: str) -> None:
        self.entries.append({"who": who, "text": text})

    def tool(self, key: str, state: dict[str, Any]) -> None:
        kept = ("name", "title", "arguments", "result", "state")
        self.entries.append({"who": "tool", **{name: state[name] for name in kept}})

    def of(self, who: str) -> list[dict[str, Any]]:
        return [entry for entry in self.entries if entry["who"] == who]


@dataclass(frozen=True, slots=True)
class Pretending:
    """Tools that change something are only pretended; `answers` say what they answer. Others are run by `reading`."""

    answers: Mapping[str, str]
    reading: Worker

    async def perform(self, wish: Wish) -> ToolResult:
        name = wish.tool.spec.name
        if name in LEAVES:
            return ToolResult(DONE, ok=True, then=LEAVES[name])
        if name in self.answers or wish.tool.effect:
            return ToolResult(self.answers.get(name, DONE), ok=True)
        return await self.reading.perform(wish)


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
        self._history, self._model, self._toolbox, self.script = History(system), model, toolbox, script
        self._farewell, self._turn = farewell, 0
        self.is_over = False
        self._heard(greeting)

    async def say(self, text: str) -> str:
        """What the agent answers. Raises ProviderError."""
        self.script.said("caller", text)
        self._turn += 1
        self._history.caller_said(text)
        self._toolbox.caller_said(text)
        messages, said = self._history.messages(), list[str]()
        for _ in range(MOST_ROUNDS):
            pieces, calls = await self._write(messages)
            said += pieces
            if not calls:
                break
            messages = await self._use(messages, calls, " ".join(pieces), said)
            if self.is_over:
                break
        if self.is_over and not said:
            said.append(self._farewell)
        answer = " ".join(said)
        self._heard(answer)
        return answer

    def _heard(self, text: str) -> None:
        if text:
            self.script.said("agent", text)
            self._history.agent_says().text = text

    async def _write(self, messages: list[Message]) -> tuple[list[str], list[ToolCall]]:
        cutter, calls, said = Pieces(), list[ToolCall](), list[str]()
        async with aclosing(self._model.reply(messages, self._toolbox.specs)) as stream:
            async for item in stream:
                if isinstance(item, str):
                    said += cutter.feed(item)
                elif isinstance(item, ToolCall):
                    calls.append(item)
        said += cutter.finish()
        self.is_over = self.is_over or (cutter.hangs_up and not calls)
        return said, calls

    async def _use(self, messages: list[Message], calls: list[ToolCall], before: str, said: list[str]) -> list[Message]:
        entry = self._history.asks(calls, None)
        for exchange in entry.exchanges:
            result = await self._toolbox.run(self._turn, exchange.call)
            exchange.result = result.content
            if result.say:
                said.append(result.say)
            self.is_over = self.is_over or (result.ok and bool(result.then))
        return [*messages, *tool_messages(entry.exchanges, before)]
