"""Scripted ends of a conversation: a recogniser, a voice, a model, and a line that plays on the virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from agents.providers import ports
from agents.providers.ports import (
    HearingEvent,
    Message,
    ProviderError,
    ServedBy,
    Speech,
    ToolCall,
    ToolSpec,
    Usage,
    WordTiming,
)

MS_PER_CHARACTER = 60


class ScriptedListener:
    """Says what the test tells it to say. `voice()` is sound without any recognition."""

    def __init__(self) -> None:
        self.on_event: Callable[[HearingEvent], None] = lambda event: None
        self.on_trouble: Callable[[ProviderError], None] = lambda error: None
        self.voice_at: float | None = None
        self.owes_words = False
        self.heard_ms = 0
        self.languages: list[str] = []
        self.lost: asyncio.Future[ProviderError] = asyncio.get_running_loop().create_future()

    def hear(self, frame: bytes) -> None:
        self.heard_ms += len(frame) // 8
        self.voice()

    def voice(self) -> None:
        self.voice_at = asyncio.get_running_loop().time()

    def say(self, event: HearingEvent) -> None:
        self.on_event(event)

    def switch_language(self, language: str) -> None:
        self.languages.append(language)

    async def run(self) -> None:
        raise await self.lost


class SpokenText:
    """A voice that takes `first_s` to its first sound and speaks 60 ms a character, faster than real time."""

    def __init__(self, *, first_s: float = 0.1, aligned: bool = True) -> None:
        self.first_s, self.aligned = first_s, aligned
        self.asked: list[str] = []
        self.closed_early: list[str] = []
        self.failures: list[ProviderError] = []
        self.breaks: list[int] = []  # after so many words, each of the next times

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def speak(self, piece: str) -> AsyncGenerator[Speech, None]:
        self.asked.append(piece)
        done = False
        break_after = self.breaks.pop(0) if self.breaks else None
        try:
            await asyncio.sleep(self.first_s)
            if self.failures:
                raise self.failures.pop(0)
            at = 0
            for count, word in enumerate(piece.split()):
                if count == break_after:
                    raise ProviderError("voice", "cut", code="cut")
                length = (len(word) + 1) * MS_PER_CHARACTER
                timing = (WordTiming(word, at, at + length),) if self.aligned else ()
                yield Speech(bytes([count + 1]) * length * 8, timing)
                at += length
                await asyncio.sleep(0.001)
            done = True
        finally:
            if not done:
                self.closed_early.append(piece)


@dataclass
class Thought:
    """One scripted reply: what it says and asks for, how long until its first word, and how it ends."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    first_s: float = 0.3
    per_word_s: float = 0.02
    error: ProviderError | None = None


class ScriptedModel:
    """Gives the scripted thoughts one after another, then repeats the last."""

    def __init__(self, *thoughts: Thought | str) -> None:
        self.thoughts = [Thought(t) if isinstance(t, str) else t for t in thoughts] or [Thought("Fine.")]
        self.asked: list[list[Message]] = []
        self.offered: list[tuple[ToolSpec, ...]] = []
        self.open = 0
        self.closed_early = 0

    async def warm(self) -> None: ...

    async def reply(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()
    ) -> AsyncGenerator[ports.Thought, None]:
        thought = self.thoughts[min(len(self.asked), len(self.thoughts) - 1)]
        self.asked.append(list(messages))
        self.offered.append(tuple(tools))
        self.open += 1
        done = False
        try:
            await asyncio.sleep(thought.first_s)
            if thought.error and not thought.text:
                raise thought.error
            words = thought.text.split()
            for index, word in enumerate(words):
                yield word if index == len(words) - 1 else f"{word} "
                await asyncio.sleep(thought.per_word_s)
            for call in thought.calls:
                yield ""
                await asyncio.sleep(thought.per_word_s)
                yield call
            if thought.error:
                raise thought.error
            yield Usage(100, len(words))
            done = True
        finally:
            self.open -= 1
            self.closed_early += not done


@dataclass
class PlayedLine:
    """A carrier: plays what it gets at real time, returns marks when they were reached, flushes on clear."""

    on_mark: Callable[[str], None] = lambda name: None
    returns_marks: bool = True
    sent: list[tuple[float, str, Any]] = field(default_factory=list)
    shown: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    hung_up: bool = False
    _dry_at: float = 0.0
    _waiting: list[tuple[asyncio.TimerHandle, str]] = field(default_factory=list)

    def play(self, audio: bytes) -> None:
        now = self._now()
        self.sent.append((now, "audio", audio))
        self._dry_at = max(self._dry_at, now) + len(audio) / 8000

    def mark(self, name: str) -> None:
        self.sent.append((self._now(), "mark", name))
        if self.returns_marks:
            handle = asyncio.get_running_loop().call_at(max(self._dry_at, self._now()), self.on_mark, name)
            self._waiting.append((handle, name))

    def clear(self) -> None:
        """As the carrier does: what waits is dropped, and its marks come back at once."""
        self.sent.append((self._now(), "clear", None))
        self._dry_at = self._now()
        waiting, self._waiting = self._waiting, []
        for handle, name in waiting:
            if handle.when() > self._now():
                handle.cancel()
                asyncio.get_running_loop().call_soon(self.on_mark, name)

    def hang_up(self) -> None:
        self.hung_up = True

    def show(self, kind: str, data: dict[str, Any]) -> None:
        self.shown.append((kind, data))

    @property
    def silent(self) -> bool:
        return self._dry_at <= self._now()

    def kinds(self) -> list[str]:
        return [kind for _, kind, _ in self.sent]

    def longest_silence_s(self, start: float, end: float) -> float:
        """The longest time between `start` and `end` in which the caller heard nothing."""
        longest, quiet_since, dry_at = 0.0, start, start
        for at, kind, audio in self.sent:
            if kind == "audio":
                longest = max(longest, at - max(quiet_since, dry_at))
                dry_at = max(dry_at, at) + len(audio) / 8000
            elif kind == "clear":
                dry_at = min(dry_at, at)
        return max(longest, end - max(quiet_since, dry_at))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


@dataclass
class Notebook:
    """A journal in memory."""

    turns: dict[int, dict[str, Any]] = field(default_factory=dict)
    tools: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[tuple[str, int, dict[str, Any]]] = field(default_factory=list)
    used: dict[tuple[str, str, bool], int] = field(default_factory=dict)
    served: dict[tuple[str, ServedBy | None], int] = field(default_factory=dict)

    def turn(self, index: int, state: dict[str, Any]) -> None:
        self.turns[index] = state

    def event(self, kind: str, at_ms: int, data: dict[str, Any] | None = None) -> None:
        self.events.append((kind, at_ms, data or {}))

    def tool(self, key: str, state: dict[str, Any]) -> None:
        self.tools[key] = state

    def usage(
        self, kind: str, unit: str, quantity: int, *, speculative: bool = False, by: ServedBy | None = None
    ) -> None:
        key = (kind, unit, speculative)
        self.used[key] = self.used.get(key, 0) + quantity
        self.served[unit, by] = self.served.get((unit, by), 0) + quantity

    def transcript(self) -> list[tuple[str, str]]:
        """Who said what was heard, by audio position."""
        rows = sorted(self.turns.items(), key=lambda row: (row[1]["started_ms"], row[0]))
        return [(turn["speaker"], turn["heard"]) for _, turn in rows]

    def kinds(self) -> list[str]:
        return [kind for kind, _, _ in self.events]

    def failures(self) -> list[str]:
        """How each failure of a vendor is called."""
        return [data["code"] for kind, _, data in self.events if kind == "failure"]
