"""Tools in the answer to a turn: what a committed reply asks for is run, waited for, and told.

A run belongs to the call and not to the reply that asked for it. When the caller takes the floor, the reply is gone and
the run goes on; its result reaches the history, where the next reply finds it, and a pause if nobody speaks by then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from agents.providers.ports import ToolCall, ToolSpec
from calls.conversation.history import Exchange, History, tool_messages
from calls.conversation.ports import Toolbox, ToolResult
from calls.conversation.reply import Reply
from calls.conversation.speaking import Spawn

MOMENT_S = 0.05  # what is refused, or known at once, is no news later
MOST_AT_A_TIME = 8  # calls of one answer; a model that asks for more has lost its way


class NoTools:
    """The toolbox of an agent that can only talk."""

    specs: tuple[ToolSpec, ...] = ()

    def patience_s(self, name: str) -> float:
        return 0.0

    async def run(self, turn: int, call: ToolCall) -> ToolResult:
        return ToolResult("There are no tools.", ok=False)

    def caller_said(self, text: str) -> None:
        """Nobody needs it."""


class ToolUse:
    """Runs tools for replies. `on_news` is called when a result has come that no reply is waiting for."""

    def __init__(self, toolbox: Toolbox, history: History, spawn: Spawn, on_news: Callable[[], None]) -> None:
        self.toolbox = toolbox
        self._history, self._spawn, self._on_news = history, spawn, on_news

    async def answer(self, reply: Reply, calls: Sequence[ToolCall], said: str) -> list[ToolResult | None]:
        """Run what one answer of the model asks for, and let the reply's next answer read of it.

        None stands for what the conversation does not wait for, or not any longer.
        """
        entry = self._history.asks(calls[:MOST_AT_A_TIME], reply.entry)
        waiting: set[Exchange] = set(entry.exchanges)
        done: dict[Exchange, ToolResult] = {}
        tasks = {each: self._spawn(self._run(reply.turn, each, done, waiting)) for each in entry.exchanges}
        try:
            await asyncio.gather(*(self._wait(each, task) for each, task in tasks.items()))
        finally:
            waiting.clear()
        reply.messages = [*reply.messages, *tool_messages(entry.exchanges, said)]
        return [done.get(each) for each in tasks]

    async def _wait(self, exchange: Exchange, task: asyncio.Task[None]) -> None:
        await asyncio.wait({task}, timeout=max(MOMENT_S, self.toolbox.patience_s(exchange.call.name)))

    async def _run(
        self, turn: int, exchange: Exchange, done: dict[Exchange, ToolResult], waiting: set[Exchange]
    ) -> None:
        result = await self.toolbox.run(turn, exchange.call)
        exchange.result, done[exchange] = result.content, result
        if exchange not in waiting:
            self._history.move_to_end(exchange)
            self._on_news()
