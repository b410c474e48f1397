"""Hearing, thinking and speaking in one: what the engine needs from a model that does all three."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..ports import Message, ProviderError, ToolCall, ToolSpec, Usage


@dataclass(frozen=True, slots=True)
class Talking:
    """How a model that hears and speaks is to talk. `transcriber` writes down what it hears.

    `several`: the languages that the caller may speak, where the call can go on in more than one.
    """

    model: str
    voice: str
    transcriber: str
    language: str = "en-US"
    keyterms: tuple[str, ...] = ()
    endpointing_ms: int = 500
    several: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VoiceBegan:
    """The caller's voice begins, so far into the sound that was given."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class VoiceEnded:
    """The caller has fallen silent for long enough."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Understood:
    """What the caller said in `item`, so far or as a whole."""

    item: str
    text: str
    final: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """The vendor remembers something new: `item`, which follows `after` (empty for the first)."""

    item: str
    role: str  # "user", "assistant", "call" or "tool"
    after: str


@dataclass(frozen=True, slots=True)
class Said:
    """More of the words of the answer."""

    item: str
    text: str


@dataclass(frozen=True, slots=True)
class Sounded:
    """More of its sound, faster than it is spoken."""

    item: str
    audio: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer asks for a tool."""

    item: str
    call: ToolCall


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer is over; with an error where it has failed."""

    usage: Usage | None = None
    error: ProviderError | None = None


@dataclass(frozen=True, slots=True)
class Stopped:
    """An answer that was stopped is over, and has used this."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Trouble:
    """The vendor reports that something went wrong; the conversation goes on."""

    error: ProviderError


@dataclass(frozen=True, slots=True)
class Sign:
    """The vendor has told something that means nothing, but that it is there."""


TalkEvent = VoiceBegan | VoiceEnded | Understood | Kept | Said | Sounded | Asked | Answered | Stopped | Trouble | Sign


class SpeechToSpeech(Protocol):
    """One conversation of a model that hears and speaks. It answers when it is told to, one answer at a time."""

    async def open(self) -> None:
        """Connect, within 3 s. Raises ProviderError."""
        ...

    def events(self) -> AsyncGenerator[TalkEvent, None]:
        """What happens, in order. Raises ProviderError when the connection is lost."""
        ...

    def hear(self, frame: bytes) -> None:
        """Take any length of mu-law. Queues and returns; drops the oldest when 3 s are waiting."""
        ...

    def instruct(self, instructions: str, tools: Sequence[ToolSpec]) -> None:
        """How to answer from now on, and with which tools."""
        ...

    def write_down_in(self, language: str) -> None:
        """The language in which what is heard is written down from now on."""
        ...

    def keep(self, item: str, message: Message, after: str) -> None:
        """Remember a message with one content, call or result, under this name, behind `after` (empty: first)."""
        ...

    def forget(self, item: str) -> None: ...

    def cut(self, item: str, heard_ms: int) -> None:
        """Forget what was not heard of an answer."""
        ...

    def ask_for_sign(self) -> None:
        """Have the vendor tell something at once, whatever else it is doing."""
        ...

    async def quiet(self) -> None:
        """Wait until an answer that was stopped is over."""
        ...

    def answer(self) -> None:
        """Answer what was said, when it is quiet. One Answered follows, unless it is stopped before."""
        ...

    def stop(self) -> None:
        """Stop answering; what has come of the answer is remembered."""
        ...

    async def close(self) -> None:
        """Let go within 1 s. Safe to repeat."""
        ...
