"""ConversationRelay: the carrier hears and speaks, and its JSON over a WebSocket carries text; to events and back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, NamedTuple

from telephony.wire_json import bounded_text, digit, parameters, parsed

MAX_BAD = 50
MESSAGES_PER_S, HELD_BACK = 100, 1000  # far more than people say; a stalled network delivers its own at once
LONGEST_PROMPT = 20_000
_ENCODER = json.JSONEncoder(separators=(",", ":"))
_BOOL = {True: "true", False: "false"}
_IGNORED = frozenset({"configUpdated"})


class RelayStarted(NamedTuple):
    """The session of one call begins; `parameters` are those of our TwiML."""

    call_sid: str
    account_sid: str
    session_id: str
    parameters: dict[str, str]


class CallerSaid(NamedTuple):
    """What the caller said, as the carrier understood it; not `final`: so far."""

    text: str
    language: str
    final: bool


class KeyPressed(NamedTuple):
    digit: str


class AgentInterrupted(NamedTuple):
    """The carrier has silenced the agent for the caller. `heard` is what was said until then."""

    heard: str
    after_ms: int


class RelayTrouble(NamedTuple):
    """The carrier could not do something; most of the time the session goes on."""

    description: str


class CallerVoice(NamedTuple):
    """The caller's voice begins or ends."""

    begins: bool


class AgentVoice(NamedTuple):
    """The agent's voice begins to sound, or has ended."""

    begins: bool


class WordsPlayed(NamedTuple):
    """These words of ours have been heard."""

    text: str


Event = (
    RelayStarted | CallerSaid | KeyPressed | AgentInterrupted | RelayTrouble | CallerVoice | AgentVoice | WordsPlayed
)


@dataclass(slots=True)
class Counts:
    """What was wrong with a session so far."""

    bad: int = 0
    unknown: int = 0


@dataclass(slots=True)
class ConversationRelay:
    """One session. `receive` never raises: a bad message is counted, and `is_spent` says when there were too many."""

    clock: Callable[[], float] = time.monotonic
    counts: Counts = field(default_factory=Counts)
    session_id: str = ""
    _allowance: float = HELD_BACK
    _allowed_at: float = 0.0

    @property
    def is_spent(self) -> bool:
        """More bad messages came than a sound carrier ever sends."""
        return self.counts.bad >= MAX_BAD

    def refuse(self) -> None:
        """Count a message that is not even text."""
        self.counts.bad += 1

    def receive(self, text: str) -> Event | None:
        """The event in one message; None for what does not concern us."""
        try:
            self._spend()
            return self._event(parsed(text))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
            self.counts.bad += 1
            return None

    # To the carrier

    @staticmethod
    def text(token: str, *, last: bool, interruptible: bool = True, language: str = "") -> str:
        """More of what the agent says. `last` ends the talk cycle: only then is it certain to be spoken.

        What comes in the next talk cycle may always cut this one: a reply that was given up is spoken no further.
        """
        spoken_in = f',"lang":{quoted(language)}' if language else ""
        return (  # for each token of each call
            f'{{"type":"text","token":{quoted(token)},"last":{_BOOL[last]}{spoken_in},'
            f'"interruptible":{_BOOL[interruptible]},"preemptible":true}}'
        )

    @staticmethod
    def play(source: str, *, loop: int = 1, interruptible: bool = True) -> str:
        """Play a sound file from an address of ours."""
        flags = {"preemptible": True, "interruptible": interruptible}
        return _written({"type": "play", "source": source, "loop": loop, **flags})

    @staticmethod
    def send_digits(digits: str) -> str:
        """Press keys for whoever is at the other end; `w` waits half a second."""
        if not digits or set(digits) - set("0123456789*#w"):
            raise ValueError("not the keys of a telephone")
        return _written({"type": "sendDigits", "digits": digits})

    @staticmethod
    def language(*, speak: str = "", hear: str = "") -> str:
        """Speak or hear another language from now on; each must have been declared in the TwiML."""
        message = {"type": "language"}
        message |= {"ttsLanguage": speak} if speak else {}
        message |= {"transcriptionLanguage": hear} if hear else {}
        return _written(message)

    @staticmethod
    def end(handoff: Mapping[str, str] | None = None) -> str:
        """End the session. `handoff` comes back at the `action` address: JSON within JSON."""
        return _written({"type": "end"} | ({"handoffData": _written(handoff)} if handoff else {}))

    # From the carrier

    def _event(self, message: dict[str, Any]) -> Event | None:
        match message["type"]:
            case "prompt":
                said = bounded_text(message["voicePrompt"], LONGEST_PROMPT)
                return CallerSaid(said, bounded_text(message.get("lang", ""), 20), message.get("last", True) is True)
            case "interrupt":
                heard = bounded_text(message.get("utteranceUntilInterrupt", ""), LONGEST_PROMPT)
                return AgentInterrupted(heard, _milliseconds(message.get("durationUntilInterruptMs", 0)))
            case "info":
                return self._info(message)
            case "dtmf":
                return KeyPressed(digit(message["digit"]))
            case "error":
                return RelayTrouble(bounded_text(message.get("description", ""), 2000))
            case "setup":
                return self._setup(message)
            case other if other in _IGNORED:
                return None
        self.counts.unknown += 1
        return None

    def _setup(self, message: dict[str, Any]) -> RelayStarted:
        session_id = bounded_text(message["sessionId"], 64)
        if self.session_id or not session_id:
            raise ValueError("a session starts once, under a name")
        started = RelayStarted(
            bounded_text(message["callSid"], 64),
            bounded_text(message.get("accountSid", ""), 64),
            session_id,
            parameters(_of_texts(message.get("customParameters"))),
        )
        self.session_id = session_id
        return started

    def _info(self, message: dict[str, Any]) -> Event | None:
        value = bounded_text(message.get("value", ""), LONGEST_PROMPT)
        match message.get("name"):
            case "clientSpeaking" if value in ("on", "off"):
                return CallerVoice(value == "on")
            case "agentSpeaking" if value in ("on", "off"):
                return AgentVoice(value == "on")
            case "tokensPlayed":
                return WordsPlayed(value)
        self.counts.unknown += 1
        return None

    def _spend(self) -> None:
        """Count the message against what may come. Raises ValueError when it is too many."""
        if self._allowance < 1:
            at = self.clock()
            earned = (at - self._allowed_at) * MESSAGES_PER_S
            self._allowed_at, self._allowance = at, min(self._allowance + earned, HELD_BACK)
            if self._allowance < 1:
                raise ValueError("messages faster than any conversation")
        elif not self._allowed_at:
            self._allowed_at = self.clock()
        self._allowance -= 1


def is_setup(text: str) -> bool:
    """Whether a socket that begins with this is one for words."""
    try:
        return parsed(text).get("type") == "setup"
    except (ValueError, TypeError, RecursionError):
        return False


def _written(message: Mapping[str, Any]) -> str:
    return _ENCODER.encode(message)


def _of_texts(given: Any) -> dict[str, str]:
    """Parameters are texts; a value of another kind has been seen, and is none of ours."""
    return {name: value for name, value in (given or {}).items() if isinstance(value, str)}


def _milliseconds(value: Any) -> int:
    """A number that has been seen as a text and with decimals."""
    return max(0, int(float(value)))
