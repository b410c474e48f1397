"""What a conversation needs from the world around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from agents.providers.ports import HearingEvent, ProviderError, ServedBy, ToolCall, ToolSpec

if TYPE_CHECKING:
    from calls.conversation.speaking import Utterance


class Line(Protocol):
    """The carrier's end: takes audio faster than real time and plays it in order. Nothing here waits."""

    def play(self, audio: bytes) -> None:
        """Queue 8 kHz mu-law of any length."""
        ...

    def mark(self, name: str) -> None:
        """Queue a label that comes back when everything before it was played (or was cleared)."""
        ...

    def clear(self) -> None:
        """Forget what is queued, here and at the carrier. Nothing queued before is sent after it."""
        ...

    def hang_up(self) -> None:
        """End the call once everything queued was sent."""
        ...

    def show(self, kind: str, data: dict[str, Any]) -> None:
        """Tell a caller who has a screen (the browser phone) what was said; other lines ignore it."""
        ...


class Journal(Protocol):
    """Writes behind the call. Nothing here waits or fails; order is kept."""

    def turn(self, index: int, state: dict[str, Any]) -> None:
        """The whole state of turn `index` so far; a later one replaces it."""
        ...

    def event(self, kind: str, at_ms: int, data: dict[str, Any] | None = None) -> None:
        """Something that happened, at a position of the call in milliseconds."""
        ...

    def usage(
        self, kind: str, unit: str, quantity: int, *, speculative: bool = False, by: ServedBy | None = None
    ) -> None:
        """Add to what the call has used of its "stt", "llm" or "tts"; `speculative`: spent on a dropped reply.

        `by`: who served, when not the first choice.
        """
        ...


class Listener(Protocol):
    """The caller's side: sound or text in, hearing events out."""

    on_event: Callable[[HearingEvent], None]
    on_trouble: Callable[[ProviderError], None]

    @property
    def voice_at(self) -> float | None:
        """Loop time of the last moment with a voice in it; None if none was heard yet."""
        ...

    def hear(self, frame: bytes) -> None:
        """Take the next audio. Never waits."""
        ...

    async def run(self) -> None:
        """Listen until cancelled. Raises ProviderError when hearing is lost for good."""
        ...


class Speaker(Protocol):
    """The agent's side: makes utterances, and learns from marks what was heard of them."""

    def begin(self) -> Utterance:
        """A new utterance; nothing of it is heard before its `release`."""
        ...

    def mark_reached(self, name: str) -> None:
        """The carrier has played everything before this mark."""
        ...


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of a tool call. The model reads `content`, and says what is to be said of it.

    With `say` the engine says that, as it is, and the model is not asked again. `then` is done once everything was
    said.
    """

    content: str
    ok: bool = True
    say: str = ""
    then: Literal["", "hang_up", "transfer"] = ""


class Toolbox(Protocol):
    """The tools that one agent was granted, in one call."""

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What the model may ask for."""
        ...

    def waits(self, name: str) -> bool:
        """Whether the conversation waits for this tool; otherwise it goes on, and hears of the result later."""
        ...

    async def run(self, turn: int, call: ToolCall) -> ToolResult:
        """Do what the model asks for in the answer to the caller's turn `turn`, if it may. Never raises.

        The same call again gives the same result and has no second effect. What has begun is finished, also when
        nobody waits for it any more.
        """
        ...

    def caller_said(self, text: str) -> None:
        """The caller's words of a turn that is over: some tools need them."""
        ...
