"""Who has the floor: two small state machines, the caller's and the agent's, and the rules that join them.

No clock and no asyncio in here. Every rule is a row of `RULES`; what a row needs to know about the words that were
heard is decided by `Policy`. docs/conversation.md is drawn from these tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto


class Caller(Enum):
    QUIET = "quiet"
    SPEAKING = "speaking"


class Agent(Enum):
    LISTENING = "listening"  # nothing to say
    THINKING = "thinking"  # a reply is being made, nothing of it was played
    WAITING = "waiting"  # as thinking, but the caller's voice holds it back
    SPEAKING = "speaking"  # a reply is played
    HELD = "held"  # as speaking, but silenced by the caller's voice until words decide
    AWAY = "away"  # a person of the business speaks in its place
    CLOSING = "closing"  # the last words of the call are played
    GONE = "gone"


class Action(Enum):
    """What the session does. The order in which a rule names them is the order in which they happen."""

    CANCEL_REPLY = auto()  # stop thinking and synthesis, fall silent, keep what was heard
    STOP_SPEAKING = auto()  # silence at once, but keep the rest of the reply
    RESUME_SPEAKING = auto()  # go on from the first word that was not heard
    REPLY = auto()  # the turn is over: answer it
    JOIN_TURNS = auto()  # the caller goes on: the answered turn and the next one are one
    NOTE = auto()  # keep the caller's words without answering them
    PROMPT = auto()  # nobody speaks: ask, or give up
    AWAIT_WORDS = auto()  # hold the line until the words of a voice are here
    NEVER_MIND = auto()  # there were no words: say no more than that one holding phrase
    TELL = auto()  # say what a tool has brought meanwhile
    WARN = auto()  # the longest duration is near
    FAREWELL = auto()  # say goodbye, then hang up
    FINISH_SENTENCE = auto()  # and say nothing after it
    STEP_ASIDE = auto()  # a person speaks now: nothing of ours may come between
    RETURN = auto()  # the person is gone: go on with the caller
    HANG_UP = auto()
    LET_GO = auto()  # the caller is gone: end without a word


# What happens ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The caller's voice begins."""


@dataclass(frozen=True, slots=True)
class VoiceLasted:
    """The caller's voice has lasted as long as an interruption by voice takes."""


@dataclass(frozen=True, slots=True)
class Silenced:
    """The line itself has silenced the agent for the caller's voice."""


@dataclass(frozen=True, slots=True)
class Words:
    """The caller's turn so far has these words."""

    text: str


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The caller's turn is over; `text` may be empty."""

    text: str


@dataclass(frozen=True, slots=True)
class WordsLate:
    """A voice is over, and whoever should tell its words is silent."""


@dataclass(frozen=True, slots=True)
class ReplyHeardFirst:
    """The first audio of the reply is on its way to the caller."""


@dataclass(frozen=True, slots=True)
class ReplyFinished:
    """The reply was played to its end. `last`: it said goodbye."""

    last: bool = False


@dataclass(frozen=True, slots=True)
class ReplyFailed:
    """Nothing more will come of the reply, and the agent cannot go on."""


@dataclass(frozen=True, slots=True)
class HearingLost:
    """Nobody will understand the caller any more."""


@dataclass(frozen=True, slots=True)
class ResultCame:
    """A tool has come to a result that no reply is waiting for."""


@dataclass(frozen=True, slots=True)
class NoWordsCame:
    """The voice that silenced the agent brought no words in time."""


@dataclass(frozen=True, slots=True)
class SilenceLasted:
    """Neither side has spoken for the silence timeout."""


@dataclass(frozen=True, slots=True)
class LimitNear:
    """The longest duration is half a minute away."""


@dataclass(frozen=True, slots=True)
class LimitReached:
    """The longest duration is over."""


@dataclass(frozen=True, slots=True)
class StopAsked:
    """The caller does not want to be called any more."""


@dataclass(frozen=True, slots=True)
class OperatorCame:
    """A person of the business speaks in the agent's place."""


@dataclass(frozen=True, slots=True)
class OperatorLeft:
    """They do not speak any more."""


@dataclass(frozen=True, slots=True)
class EndAsked:
    """A person of the business wants the call to end."""


@dataclass(frozen=True, slots=True)
class CallerGone:
    """The line is closed."""


Event = (
    SpeechStarted
    | VoiceLasted
    | Silenced
    | Words
    | TurnEnded
    | WordsLate
    | ReplyHeardFirst
    | ReplyFinished
    | ReplyFailed
    | HearingLost
    | ResultCame
    | NoWordsCame
    | SilenceLasted
    | LimitNear
    | LimitReached
    | StopAsked
    | OperatorCame
    | OperatorLeft
    | EndAsked
    | CallerGone
)


# What words mean ---------------------------------------------------------------------------------------

_WORD = re.compile(r"[\w'-]+")


def words_of(text: str) -> list[str]:
    """The words of `text`, lower case, without punctuation."""
    return _WORD.findall(text.lower())


def end_of_words(text: str, count: int) -> int:
    """Where in `text` its first `count` words end."""
    return [match.end() for match in _WORD.finditer(text)][count - 1]


class Interruption(StrEnum):
    OFF = "off"  # the agent always finishes
    WORDS = "words"  # so many words take the floor
    VOICE = "voice"  # a voice silences the agent, and words take the floor


@dataclass(frozen=True, slots=True)
class Policy:
    """When the caller may take the floor from a speaking agent."""

    interruption: Interruption = Interruption.VOICE
    words: int = 1
    backchannels: frozenset[tuple[str, ...]] = frozenset()

    @classmethod
    def of(cls, interruption: Interruption, words: int, backchannels: Iterable[str]) -> Policy:
        return cls(interruption, words, frozenset(tuple(words_of(phrase)) for phrase in backchannels))

    def is_backchannel(self, text: str) -> bool:
        """Whether `text` is made of nothing but backchannels ("mm-hm, yeah")."""
        rest = tuple(words_of(text))
        while rest:
            size = max((len(b) for b in self.backchannels if b and rest[: len(b)] == b), default=0)
            if not size:
                return False
            rest = rest[size:]
        return True

    def interrupts(self, text: str) -> bool:
        """Whether these words take the floor from a speaking agent."""
        if self.interruption is Interruption.OFF or self.is_backchannel(text):
            return False
        return self.interruption is Interruption.VOICE or len(words_of(text)) >= self.words


# The rules ---------------------------------------------------------------------------------------------

Guard = Callable[["Floor", Event], bool]


def always(floor: Floor, event: Event) -> bool:
    """always"""
    return True


def stops_for_voice(floor: Floor, event: Event) -> bool:
    """voice alone may interrupt"""
    return floor.policy.interruption is Interruption.VOICE and not floor.protected


def interrupts(floor: Floor, event: Event) -> bool:
    """the words interrupt"""
    return not floor.protected and isinstance(event, Words | TurnEnded) and floor.policy.interrupts(event.text)


def may_hold(floor: Floor, event: Event) -> bool:
    """the reply is not protected"""
    return not floor.protected


def has_words(floor: Floor, event: Event) -> bool:
    """there are words that mean something"""
    if floor.protected or not isinstance(event, Words | TurnEnded):
        return False
    return bool(words_of(event.text)) and not floor.policy.is_backchannel(event.text)


def brings_late_words(floor: Floor, event: Event) -> bool:
    """these words were waited for"""
    return floor.awaits_words and has_any_words(floor, event)


def awaits_words(floor: Floor, event: Event) -> bool:
    """words were waited for"""
    return floor.awaits_words


def has_any_words(floor: Floor, event: Event) -> bool:
    """there are words"""
    return isinstance(event, Words | TurnEnded) and bool(words_of(event.text))


def caller_is_quiet(floor: Floor, event: Event) -> bool:
    """the caller is quiet"""
    return floor.caller is Caller.QUIET


def says_goodbye(floor: Floor, event: Event) -> bool:
    """the reply said goodbye"""
    return isinstance(event, ReplyFinished) and event.last


@dataclass(frozen=True, slots=True)
class Rule:
    """In one of these states, on this event, if the guard holds: go there and do that. The first match counts."""

    states: tuple[Agent, ...]
    event: type[Event]
    guard: Guard
    to: Agent | None  # None: stay
    actions: tuple[Action, ...] = ()


_THINKING = (Agent.THINKING, Agent.WAITING)
_ALIVE = (Agent.LISTENING, *_THINKING, Agent.SPEAKING, Agent.HELD)
A = Action

RULES: tuple[Rule, ...] = (
    # The line
    Rule((*_ALIVE, Agent.AWAY, Agent.CLOSING), CallerGone, always, Agent.GONE, (A.CANCEL_REPLY, A.LET_GO)),
    # Voice: it holds a reply back or silences it, until words decide
    Rule((Agent.THINKING,), SpeechStarted, may_hold, Agent.WAITING, (A.STOP_SPEAKING,)),
    Rule((Agent.SPEAKING,), VoiceLasted, stops_for_voice, Agent.HELD, (A.STOP_SPEAKING,)),
    # A line that silences the agent itself
    Rule((Agent.THINKING,), Silenced, may_hold, Agent.WAITING, (A.STOP_SPEAKING,)),
    Rule((Agent.SPEAKING,), Silenced, may_hold, Agent.HELD, (A.STOP_SPEAKING,)),
    # Words: they take the floor
    Rule(_THINKING, Words, has_words, Agent.LISTENING, (A.CANCEL_REPLY, A.JOIN_TURNS)),
    Rule((Agent.SPEAKING,), Words, interrupts, Agent.LISTENING, (A.CANCEL_REPLY,)),
    Rule((Agent.HELD,), Words, has_words, Agent.LISTENING, (A.CANCEL_REPLY,)),
    # No words after all: the reply goes on
    Rule((Agent.WAITING,), NoWordsCame, always, Agent.THINKING, (A.RESUME_SPEAKING,)),
    Rule((Agent.HELD,), NoWordsCame, always, Agent.SPEAKING, (A.RESUME_SPEAKING,)),
    # The end of the caller's turn; of one that was waited for before all others
    Rule((Agent.THINKING, Agent.SPEAKING), TurnEnded, brings_late_words, None, (A.REPLY,)),
    Rule((Agent.THINKING, Agent.SPEAKING), TurnEnded, awaits_words, None, (A.NEVER_MIND,)),
    Rule((Agent.LISTENING,), WordsLate, always, Agent.THINKING, (A.AWAIT_WORDS,)),
    Rule((Agent.LISTENING,), TurnEnded, has_any_words, Agent.THINKING, (A.REPLY,)),
    Rule(_THINKING, TurnEnded, has_words, Agent.THINKING, (A.CANCEL_REPLY, A.JOIN_TURNS, A.REPLY)),
    Rule((Agent.WAITING,), TurnEnded, has_any_words, Agent.THINKING, (A.NOTE, A.RESUME_SPEAKING)),
    Rule((Agent.WAITING,), TurnEnded, always, Agent.THINKING, (A.RESUME_SPEAKING,)),
    Rule((Agent.THINKING,), TurnEnded, has_any_words, None, (A.NOTE,)),
    Rule((Agent.SPEAKING,), TurnEnded, interrupts, Agent.THINKING, (A.CANCEL_REPLY, A.REPLY)),
    Rule((Agent.SPEAKING,), TurnEnded, has_any_words, None, (A.NOTE,)),
    Rule((Agent.HELD,), TurnEnded, has_words, Agent.THINKING, (A.CANCEL_REPLY, A.REPLY)),
    Rule((Agent.HELD,), TurnEnded, has_any_words, Agent.SPEAKING, (A.NOTE, A.RESUME_SPEAKING)),
    Rule((Agent.HELD,), TurnEnded, always, Agent.SPEAKING, (A.RESUME_SPEAKING,)),
    Rule((Agent.CLOSING,), TurnEnded, has_any_words, None, (A.NOTE,)),
    # The reply
    Rule((Agent.THINKING,), ReplyHeardFirst, always, Agent.SPEAKING),
    Rule((Agent.THINKING, Agent.SPEAKING, Agent.CLOSING), ReplyFinished, says_goodbye, Agent.GONE, (A.HANG_UP,)),
    Rule((Agent.THINKING, Agent.SPEAKING), ReplyFinished, always, Agent.LISTENING),
    Rule((Agent.CLOSING,), ReplyFinished, always, Agent.GONE, (A.HANG_UP,)),
    Rule((Agent.CLOSING,), ReplyFailed, always, Agent.GONE, (A.HANG_UP,)),
    Rule(_ALIVE, ReplyFailed, always, Agent.CLOSING, (A.FAREWELL,)),
    Rule((Agent.SPEAKING,), HearingLost, always, None, (A.FINISH_SENTENCE,)),
    Rule(_ALIVE, HearingLost, always, Agent.CLOSING, (A.FAREWELL,)),
    Rule((Agent.LISTENING,), ResultCame, caller_is_quiet, Agent.THINKING, (A.TELL,)),
    # Whoever does not want to be called hears so, and nothing else, whatever is being said
    Rule(_ALIVE, StopAsked, always, Agent.CLOSING, (A.CANCEL_REPLY, A.FAREWELL)),
    # A person of the business speaks in the agent's place, or ends the call
    Rule(_ALIVE, OperatorCame, always, Agent.AWAY, (A.CANCEL_REPLY, A.STEP_ASIDE)),
    Rule((Agent.AWAY,), TurnEnded, has_any_words, None, (A.NOTE,)),
    Rule((Agent.AWAY,), OperatorLeft, caller_is_quiet, Agent.THINKING, (A.RETURN,)),
    Rule((Agent.AWAY,), OperatorLeft, always, Agent.LISTENING, (A.RETURN,)),
    Rule((*_ALIVE, Agent.AWAY), EndAsked, always, Agent.CLOSING, (A.CANCEL_REPLY, A.FAREWELL)),
    # Time
    Rule((Agent.LISTENING,), SilenceLasted, always, Agent.THINKING, (A.PROMPT,)),
    Rule((Agent.LISTENING,), LimitNear, always, Agent.THINKING, (A.WARN,)),
    Rule(_ALIVE, LimitNear, always, None, (A.WARN,)),
    Rule(_ALIVE, LimitReached, always, Agent.CLOSING, (A.CANCEL_REPLY, A.FAREWELL)),
)

CALLER_RULES: dict[type[Event], Caller] = {
    SpeechStarted: Caller.SPEAKING,
    Words: Caller.SPEAKING,
    TurnEnded: Caller.QUIET,
}

_BY_EVENT: dict[type[Event], list[Rule]] = {}
for _rule in RULES:
    _BY_EVENT.setdefault(_rule.event, []).append(_rule)


@dataclass(slots=True)
class Floor:
    """The state of both sides. `protected`: what is played now must be heard and cannot be interrupted.

    `awaits_words`: the agent holds the line until it is told what the caller has said.
    """

    caller: Caller = Caller.QUIET
    agent: Agent = Agent.LISTENING
    policy: Policy = field(default_factory=Policy)
    protected: bool = False
    awaits_words: bool = False

    def handle(self, event: Event) -> tuple[Action, ...]:
        """Move both machines and say what is to be done."""
        self.caller = CALLER_RULES.get(type(event), self.caller)
        for rule in _BY_EVENT.get(type(event), ()):
            if self.agent in rule.states and rule.guard(self, event):
                if rule.to is not None:
                    self.agent = rule.to
                return rule.actions
        return ()
