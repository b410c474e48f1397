"""One reply: from the words of a turn, over the model and the voice, to what was heard of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from agents.providers.ports import LanguageModel, Message, ProviderError, ServedBy, ToolCall, ToolSpec, Usage
from calls.conversation.history import Entry
from calls.conversation.ports import Utterance
from calls.conversation.timing import Timing

TRIES = 2
CHARACTERS_PER_TOKEN = 4  # to estimate what a reply cost when the model's own count never came


@dataclass(slots=True, eq=False)
class Reply:
    """Something the agent says, whether thought up or fixed. `answers` is the caller's turn it replies to."""

    utterance: Utterance
    kind: str = "reply"
    answers: str = ""
    timing: Timing = field(default_factory=Timing)
    last: bool = False
    committed: bool = True
    failed: bool = False
    protected: bool = False
    ending: str | None = None
    tries: int = 0
    written: int = 0  # pieces that the model has written
    held_up: bool = False  # the holding phrase was said
    holds: int = 0
    index: int | None = None
    started_ms: int = 0
    interrupted: bool = False
    entry: Entry | None = None
    task: asyncio.Task[None] | None = None
    messages: list[Message] = field(default_factory=list)
    tokens: int = 0
    usage: Usage | None = None
    served_by: ServedBy | None = None  # the model that wrote it, when not the first choice
    settled: bool = False
    extras: dict[str, Any] = field(default_factory=dict)  # what else took part in it; kept with the turn

    @property
    def is_thinking(self) -> bool:
        return self.task is not None and not self.task.done()

    def cancel(self) -> None:
        """Stop thinking, synthesis and sound; closing the model's stream happens on the way out of its task."""
        if self.task is not None:
            self.task.cancel()
        self.utterance.cancel()

    def spent(self) -> Usage:
        """The tokens of this reply: the model's own count, or an estimate when it was cut short."""
        if self.usage is not None:
            return self.usage
        if not self.tries:
            return Usage(0, 0)
        return Usage(sum(len(message.content) for message in self.messages) // CHARACTERS_PER_TOKEN, self.tokens)

    def state(self, now_ms: int) -> dict[str, Any]:
        """The turn as the journal keeps it."""
        return {
            "speaker": "agent",
            "kind": self.kind,
            "heard": self.utterance.heard_text,
            "unheard": self.utterance.unheard_text,
            "exact": self.utterance.exact,
            "interrupted": self.interrupted,
            "started_ms": self.started_ms,
            "ended_ms": max(self.started_ms, now_ms),
            "timing": self.timing.report(),
            "extras": self.extras,
        }


class Thinker:
    """Lets the model write a reply, piece by piece, into its utterance."""

    def __init__(
        self,
        model: LanguageModel,
        now: Callable[[], float],
        on_failure: Callable[[Reply, ProviderError], None],
        farewell: str,
    ) -> None:
        self._model, self._now, self._on_failure, self._farewell = model, now, on_failure, farewell

    async def warm(self) -> None:
        """Have a connection ready for the next reply."""
        await self._model.warm()

    async def think(self, reply: Reply) -> None:
        """Write the reply. A failure before the first piece is reported; after it, what was said stands."""
        reply.tries += 1
        reply.served_by = None
        pieces = reply.utterance.cutter()
        try:
            async with aclosing(self._model.reply(reply.messages)) as stream:
                async for item in stream:
                    if isinstance(item, Usage):
                        reply.usage = item
                        continue
                    if isinstance(item, ServedBy):
                        reply.served_by = item
                        continue
                    if isinstance(item, ToolCall):
                        continue
                    self._stamp_token(reply)
                    for piece in pieces.feed(item):
                        self._say(reply, piece)
        except ProviderError as error:
            self._on_failure(reply, error)
            if reply.written:
                reply.utterance.close()
            return
        for piece in pieces.finish():
            self._say(reply, piece)
        reply.last = pieces.hangs_up
        if not reply.written and reply.last:
            self._say(reply, self._farewell)
        if not reply.written:
            self._on_failure(reply, ProviderError("llm", "the reply was empty", code="empty"))
            return
        reply.utterance.close()

    def _stamp_token(self, reply: Reply) -> None:
        reply.tokens += 1
        reply.timing.stamp("first_token", self._now())

    def _say(self, reply: Reply, piece: str) -> None:
        reply.timing.stamp("first_piece", self._now())
        reply.written += 1
        reply.utterance.say(piece)
