"""What a conversation is given to say and to keep to, and the ways in which it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from calls.conversation.turn_taking import Policy


class Ending(StrEnum):
    """Why the conversation is over."""

    CALLER = "caller"
    AGENT = "agent"
    SILENCE = "silence"
    LIMIT = "limit"
    FAILURE = "failure"
    MEDIA_LOST = "media_lost"
    TRANSFER = "transfer"
    HAND_OVER = "hand_over"
    OPERATOR = "operator"
    MOVED = "moved"  # the same call goes on with sound


Translate = Callable[[str], Mapping[str, Any]]  # the sentences of a script in a language, by the names of its fields


def in_one_language(language: str) -> Mapping[str, Any]:
    """For a call that is held in one."""
    return {}


@dataclass(slots=True)
class Script:
    """The sentences and limits of one call; texts are ready to be spoken."""

    opening: tuple[str, ...]
    opening_kind: str = "greeting"
    takes_over: bool = False  # from another agent: the model begins, from what was said
    introduction: str = ""
    consent_notice: str = ""
    stopped: str = ""  # answers whoever asks not to be called, and ends the call; empty: that is not listened for
    farewell: str = "Goodbye."
    fallback: str = "One moment, please."
    moments: tuple[str, ...] = ("One moment, please.", "I am still working on it.")  # while one has to wait
    waiting: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # a tool's own phrases for that, by its name
    not_done: str = "I am sorry, I could not do that."
    putting_through: str = "I will put you through to a colleague now. One moment, please."
    came_back: str = "Sorry, my colleague was cut off. I am with you again. Please go on."
    apology: str = "I am sorry, I cannot go on right now. Please call again later. Goodbye."
    handing_over: str = "I am sorry, I cannot go on right now. I am putting you through to somebody."
    ringing_back: str = "I am sorry, I cannot go on right now. Somebody will call you back. Goodbye."
    silence_prompts: tuple[str, ...] = ()
    silence_timeout_s: float = 6.0
    max_duration_s: float = 900.0
    duration_warning: str = ""
    policy: Policy = field(default_factory=Policy)
    interruption_s: float | None = 0.0  # None: the line itself decides when a voice interrupts
    speculation: bool = True
    by_ear: bool = False  # the model hears the caller itself, and need not wait for the words
    translate: Translate = in_one_language

    def go_on_in(self, language: str) -> None:
        """From now on the fixed sentences are said in this language, as far as they are written in it."""
        for name, text in self.translate(language).items():
            setattr(self, name, text)

    def moment(self, place: int, tools: Iterable[str] = ()) -> str:
        """The holding phrase in this place: of a tool that keeps the caller, else the usual one."""
        own = next((self.waiting[name] for name in tools if name in self.waiting), ())
        return (own[place] if place < len(own) else "") or self.moments[min(place, len(self.moments) - 1)]

    def last_words(self, ending: Ending) -> str:
        """What is said when the call is ended from the outside; empty where the agent just cannot go on."""
        match ending:
            case Ending.LIMIT | Ending.OPERATOR:
                return self.farewell
            case Ending.AGENT:
                return self.stopped
            case Ending.TRANSFER:
                return self.putting_through
            case Ending.MOVED:
                return self.moments[0]
        return ""
