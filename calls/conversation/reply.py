"""One reply: from the words of a turn, over the model and the voice, to what was heard of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from agents.providers.ports import Message, ServedBy, Usage, Wasted
from calls.conversation.caller_side import CallerTurn
from calls.conversation.history import Entry
from calls.conversation.ports import Utterance
from calls.conversation.timing import Timing

TRIES = 2
CHARACTERS_PER_TOKEN = 4  # to estimate what a reply cost when the model's own count never came


@dataclass(slots=True, eq=False)
class Reply:
    """Something the agent says, whether thought up or fixed. `answers` are the words that it replies to.

    One that is thought up is written in rounds: a model that asks for tools is asked again when it has their results.
    """

    utterance: Utterance
    kind: str = "reply"
    answers: str = ""
    timing: Timing = field(default_factory=Timing)
    last: bool = False
    committed: bool = True
    commitment: asyncio.Event = field(default_factory=asyncio.Event)  # what a guess waits for before it acts
    caller_turn: CallerTurn | None = None  # whose answer it is
    failed: bool = False
    protected: bool = False
    ending: str | None = None
    tries: int = 0
    written: int = 0  # pieces that the model has written in this round
    rounds: int = 0
    said: str = ""  # what the model wrote in this round
    awaits_words: bool = False  # what it answers is not known yet
    awaits_tools: bool = False  # nothing was written since tools were asked for
    asked_for: tuple[str, ...] = ()  # the names of the tools that it asked for last
    has_spoken: bool = False  # the model, or a tool, has given it words
    language: str = ""  # in which it asked to go on
    has_acted: bool = False  # tools were asked for
    failed_tools: bool = False  # and one of them did not do what it should
    speaks_until: float = 0.0  # about when everything written will have been spoken
    quiet_since: float | None = None  # since when the caller hears nothing while tools are running
    awaited_since: float = 0.0  # when the caller began to wait for it
    moments: int = 0  # holding phrases that were said
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
    before: dict[ServedBy | None, Usage] = field(default_factory=dict)  # what earlier rounds have used, and of whom
    served_by: ServedBy | None = None  # the model that wrote this round, when not the first choice
    wasted: list[Wasted] = field(default_factory=list)  # what models have used that were asked as well, in vain
    settled: bool = False
    extras: dict[str, Any] = field(default_factory=dict)  # what else took part in it; kept with the turn

    @property
    def is_thinking(self) -> bool:
        return self.task is not None and not self.task.done()

    @property
    def turn(self) -> int:
        """The index of the caller's turn that it answers."""
        return (self.caller_turn and self.caller_turn.index) or 0

    def commit(self) -> None:
        """What it was guessed from has become certain."""
        self.committed = True
        self.commitment.set()

    def begin_round(self) -> None:
        """The model will be asked again."""
        self.before = self.spent()
        self.usage, self.served_by, self.tokens, self.tries, self.written = None, None, 0, 0, 0

    def cancel(self) -> None:
        """Stop thinking, synthesis and sound; closing the model's stream happens on the way out of its task."""
        if self.task is not None:
            self.task.cancel()
        self.utterance.cancel()

    def spent(self) -> dict[ServedBy | None, Usage]:
        """The tokens of this reply, each model's own: as it counts them, or estimated of a round that was cut short."""
        now = self.usage
        if now is None and self.tries:
            now = Usage(sum(len(message.content) for message in self.messages) // CHARACTERS_PER_TOKEN, self.tokens)
        before = self.before.get(self.served_by, Usage(0, 0))
        return {**self.before, self.served_by: before + (now or Usage(0, 0))}

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
