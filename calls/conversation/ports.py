"""What a conversation needs from the world around it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from agents.providers.ports import HearingEvent, ProviderError, ServedBy, ToolCall, ToolSpec
from calls.conversation.sentences import Cutter


class Screen(Protocol):
    """What every line has, whatever travels on it."""

    def hang_up(self) -> None:
        """End the call once everything queued was sent."""
        ...

    def show(self, kind: str, data: dict[str, Any]) -> None:
        """Tell a caller who has a screen (the browser phone) what was said; other lines ignore it."""
        ...


class Line(Screen, Protocol):
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


class TextLine(Screen, Protocol):
    """The end of a carrier that hears and speaks itself: takes words. Nothing here waits."""

    def say(self, token: str, *, last: bool, interruptible: bool) -> None:
        """Queue more of what is said; after the `last` of it something else begins."""
        ...

    def switch_language(self, language: str, *, ears: bool) -> None:
        """Speak this language from now on; with `ears` understand it, too, and no other."""
        ...

    def press(self, keys: str) -> None:
        """Let the carrier press keys."""
        ...

    def hand_off(self, to: str) -> None:
        """Let the carrier say so when it asks how the call goes on."""
        ...


class Journal(Protocol):
    """Writes behind the call. Nothing here waits or fails; order is kept."""

    def turn(self, index: int, state: dict[str, Any]) -> None:
        """The whole state of turn `index` so far; a later one replaces it."""
        ...

    def event(self, kind: str, at_ms: int, data: dict[str, Any] | None = None) -> None:
        """Something that happened, at a position of the call in milliseconds."""
        ...

    def tool(self, key: str, state: dict[str, Any]) -> None:
        """What a model asked for and what came of it; `key` names the wish, and a later state replaces it."""
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

    @property
    def owes_words(self) -> bool:
        """Whether the words of a voice that was heard are still to come, late as they are."""
        ...

    def hear(self, frame: bytes) -> None:
        """Take the next audio. Never waits."""
        ...

    def switch_language(self, language: str) -> None:
        """Understand this language from now on; of the open turn no word is lost. Never waits."""
        ...

    async def run(self) -> None:
        """Listen until cancelled. Raises ProviderError when hearing is lost for good."""
        ...


class Utterance(Protocol):
    """One thing that the agent says. The session sets the callbacks that it cares about."""

    on_first_audio: Callable[[], None] | None
    on_first_frame: Callable[[], None] | None  # from here on some of it will be heard
    on_sounding: Callable[[], None] | None  # where sound comes later than that
    on_heard: Callable[[], None] | None
    on_finished: Callable[[], None] | None
    on_trouble: Callable[[ProviderError, bool], None] | None
    characters: Counter[ServedBy | None]  # synthesized, by whom when not the first choice

    def cutter(self) -> Cutter:
        """What cuts the words of a model into what `say` takes."""
        ...

    def say(self, text: str) -> None:
        """Add to it."""
        ...

    def say_first(self, text: str) -> None:
        """Put a phrase before what is not being played yet."""
        ...

    def press(self, keys: str) -> bool:
        """Add the tones of keys; False where the line knows none."""
        ...

    def close(self) -> None:
        """Nothing more will be added."""
        ...

    def finish_sentence(self) -> None:
        """Say the sentence that is being said to its end, and nothing after it."""
        ...

    def release(self, *, protected: bool = False) -> None:
        """It may be heard from now on; `protected`: to its end, whatever the caller says."""
        ...

    def hold(self) -> None:
        """Fall silent, keep the rest, and go back to the first unheard word."""
        ...

    def cancel(self) -> None:
        """Give it up. What is known to have been heard stays. Safe to repeat."""
        ...

    @property
    def started(self) -> bool:
        """Whether any of it was sent to the caller."""
        ...

    @property
    def heard_text(self) -> str: ...

    @property
    def unheard_text(self) -> str: ...

    @property
    def exact(self) -> bool:
        """Whether what was heard is known to the word."""
        ...


class Speaker(Protocol):
    """The agent's side: makes utterances, and learns from marks what was heard of them."""

    def begin(self) -> Utterance:
        """A new utterance; nothing of it is heard before its `release`."""
        ...

    def mark_reached(self, name: str) -> None:
        """The carrier has played everything before this mark."""
        ...

    def switch_language(self, language: str) -> None:
        """Speak this language from now on."""
        ...

    @property
    def carries_sound(self) -> bool:
        """Whether somebody else's voice can be let through."""
        ...

    def let_through(self, sound: bytes) -> None:
        """Play 8 kHz mu-law of somebody who speaks in the agent's place; what comes too late is left out."""
        ...


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of a tool call. The model reads `content`, and says what is to be said of it.

    With `say` the engine says that, as it is, and the model is not asked again. `then` is done once everything was
    said. `recalled` is what was read for it of the business's knowledge; None where nothing was looked up. `certain`:
    whether it is known what came of it.
    """

    content: str
    ok: bool = True
    say: str = ""
    then: Literal["", "hang_up", "transfer", "hand_over"] = ""
    recalled: tuple[Mapping[str, Any], ...] | None = None
    certain: bool = True


class Toolbox(Protocol):
    """The tools that one agent was granted, in one call."""

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What the model may ask for."""
        ...

    def patience_s(self, name: str) -> float:
        """How long the conversation waits for this tool; then it goes on, and hears of the result later."""
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
