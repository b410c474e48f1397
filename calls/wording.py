"""A call in plain words: who was on the line, what became of it, and what happened on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agentos.tenants.templatetags.words import NOTHING, count, duration, masked_phone, phone
from agents.catalog import Kind, company, language_name, provider
from calls.models import Call, CallEvent, Turn
from calls.transfers.story import came_of

NAMELESS = {
    "Test call": "a tester",
    "Unknown caller": "an unknown caller",
    "Website visitor": "a website visitor",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call stands or came out. `tone` is the tag's: good, warn, bad, idle or live."""

    words: str
    tone: str


def other_number(call: Call) -> str:
    """The number of the person, who may have called or been called."""
    return call.from_number if call.direction == Call.Direction.INBOUND else call.to_number


def own_number(call: Call) -> str:
    return call.to_number if call.direction == Call.Direction.INBOUND else call.from_number


def who(call: Call, *, shows_numbers: bool) -> str:
    """Whom the call was with, as far as the one who looks may know."""
    if call.channel == Call.Channel.BROWSER:
        return "Test call"
    if call.channel == Call.Channel.REHEARSAL:
        return "Simulated caller"
    if call.channel == Call.Channel.WEB:
        return "Website visitor"
    number = other_number(call)
    spoken = phone(number) if shows_numbers else masked_phone(number)
    return spoken if spoken != NOTHING and any(each.isdigit() for each in spoken) else "Unknown caller"


def length_ms(call: Call, at: datetime) -> int:
    """How long the call lasted, or has lasted by then; 0 while it was not answered."""
    if call.answered_at is None:
        return 0
    return max(0, round(((call.ended_at or at) - call.answered_at).total_seconds() * 1000))


def position(at_ms: int) -> str:
    """A moment of the call, as a player shows it: 46.9 s in is 0:46."""
    return duration(at_ms // 1000 * 1000)


def outcome(call: Call, turns: Sequence[Turn], *, needs_person: bool = False) -> Outcome:
    """`needs_person`: while it is in progress, and nobody has taken it."""
    if call.status == Call.Status.RINGING:
        return Outcome("Ringing", "idle")
    if call.status == Call.Status.IN_PROGRESS:
        return Outcome("Needs a person", "warn") if needs_person else Outcome("In progress", "live")
    return _ended(call, turns)


def _ended(call: Call, turns: Sequence[Turn]) -> Outcome:
    spoke = any(turn.speaker == Turn.Speaker.CALLER for turn in turns)
    match call.ending:
        case Call.Ending.CALLER:
            return Outcome("Caller hung up", "good") if spoke else Outcome("Hung up in the greeting", "idle")
        case Call.Ending.AGENT:
            return Outcome("Agent said goodbye", "good")
        case Call.Ending.SILENCE:
            return Outcome("Caller fell silent" if spoke else "Nobody spoke", "idle")
        case Call.Ending.LIMIT:
            return Outcome("Reached its longest duration", "warn")
        case Call.Ending.FAILURE:
            return Outcome("Agent could not go on", "bad")
        case Call.Ending.MEDIA_LOST:
            return Outcome("Audio was lost", "bad")
        case Call.Ending.REFUSED:
            return Outcome("Not answered", "warn")
        case Call.Ending.NO_ANSWER:
            return Outcome("No answer", "idle")
        case Call.Ending.CARRIER:
            return Outcome("Carrier ended it", "idle")
        case Call.Ending.TRANSFERRED:
            return Outcome("Put through to a person", "good")
        case Call.Ending.OPERATOR:
            return Outcome("Ended by a person", "good")
    return Outcome("Ended", "idle")


def title(call: Call, turns: Sequence[Turn], *, shows_numbers: bool) -> str:
    """What happened, in a sentence."""
    name, agent = who(call, shows_numbers=shows_numbers), call.agent.name
    person = NAMELESS.get(name, name)
    sentence = _sentence(call, turns, person, agent)
    return sentence[:1].upper() + sentence[1:]


def _sentence(call: Call, turns: Sequence[Turn], person: str, agent: str) -> str:
    if call.status == Call.Status.RINGING:
        return f"{agent} is calling {person}" if _is_outgoing(call) else f"{person} is calling {agent}"
    if call.status == Call.Status.IN_PROGRESS:
        return f"{person} is talking with {agent}"
    spoke = any(turn.speaker == Turn.Speaker.CALLER for turn in turns)
    match call.ending:
        case Call.Ending.CALLER:
            return f"{person} talked with {agent}" if spoke else f"{person} hung up in the greeting"
        case Call.Ending.AGENT:
            return f"{person} talked with {agent} to the end"
        case Call.Ending.SILENCE:
            return f"{person} fell silent" if spoke else f"{person} said nothing"
        case Call.Ending.LIMIT:
            return f"{person} and {agent} talked as long as a call may last"
        case Call.Ending.FAILURE:
            return f"{agent} could not go on with {person}"
        case Call.Ending.MEDIA_LOST:
            return f"{agent} lost {person}"
        case Call.Ending.NO_ANSWER:
            return f"{person} did not answer" if _is_outgoing(call) else f"{person} did not reach {agent}"
        case Call.Ending.REFUSED:
            return f"{person} was not answered"
        case Call.Ending.TRANSFERRED:
            return f"{agent} put {person} through"
        case Call.Ending.OPERATOR:
            return f"{person} talked with {agent}, and a colleague ended the call"
    return f"{person} talked with {agent}" if spoke else f"{person} called {agent}"


def _is_outgoing(call: Call) -> bool:
    return call.direction == Call.Direction.OUTBOUND


# What happened on the way ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Happening:
    """An event in a sentence, and in a word or two for the score. `is_trouble`: a person should look."""

    text: str
    short: str
    is_trouble: bool = False


_HAPPENINGS = {
    "resumed": Happening("The line was lost, and the same conversation went on over a new one.", "Went on", True),
    "media_lost": Happening("The audio stopped coming.", "Audio lost", True),
    "engine_fallback": Happening(
        "The usual way of carrying calls was unwell, and this call was carried in another.", "Carried otherwise", True
    ),
    "native": Happening("The conversation ran at ElevenLabs, which reported it afterwards.", "Ran elsewhere"),
    "native_failed": Happening("The conversation broke off at ElevenLabs.", "Broke off", True),
    "transfer": Happening("The caller is being put through to a person.", "Put through"),
    "digit": Happening("A key was pressed.", "Key pressed"),
    "stop_asked": Happening("The caller asked not to be called any more, which holds from now on.", "Asked to stop"),
    "turn_forced": Happening("The caller’s turn did not end by itself and was ended.", "Turn ended", True),
    "resumed_after_noise": Happening("A noise without words stopped the agent, who then went on.", "Noise"),
    "limit_near": Happening("The caller was told that time is nearly up.", "Time nearly up"),
}
_PARTS = {"stt": ("Hearing", Kind.STT), "llm": ("The model", Kind.LLM), "tts": ("The voice", Kind.TTS)}
BEGAN = {Kind.STT: "heard this call", Kind.LLM: "thought in this call", Kind.TTS: "spoke in this call"}
_REASONS = {
    "breaker_open": "was left alone after repeated failures",
    "connect_timeout": "could not be reached in time",
    "connection": "could not be reached",
    "connection_lost": "lost its connection",
    "closed": "closed its connection",
    "ended": "closed its connection",
    "contexts_busy": "was busy with too much at a time",
    "relay": "reported an error",
    "deaf": "took sound and answered nothing",
    "empty": "answered with nothing",
    "filtered": "kept its answer back",
    "first_byte_timeout": "was too slow to begin",
    "gap_timeout": "stopped in the middle",
    "language": "does not speak this language",
    "late": "kept the words to itself",
    "no_sign": "gave no sign any more",
    "outrun": "was late, and the second choice answered",
    "quota": "refused: the account has used up what it may",
    "runaway": "did not stop",
    "slow": "was too slow",
    "timeout": "was too slow",
    "truncated": "stopped in the middle",
    "unreadable": "gave an answer that cannot be read",
    "401": "refused the key",
    "403": "refused the key",
    "429": "refused: too many requests at a time",
    "rate_limit": "refused: too many requests at a time",
}


def happening(event: CallEvent) -> Happening:
    """The event in plain words; one that is not known here keeps its name."""
    if event.data.get("moved"):
        return _MOVED[event.kind]
    if event.kind == "failure":
        return _failure(event.data)
    if event.kind == "vendor_left":
        return _left(event.data)
    if event.kind == "transfer_tried":
        return _tried(event.data)
    if event.kind in _BY_PEOPLE:
        return _by_people(event.kind, event.data)
    if event.kind == "handed_over":
        return Happening(f"The call goes on with {event.data.get('to', 'another agent')}.", "Passed on")
    if event.kind == "language":
        return Happening(f"The call goes on in {language_name(str(event.data.get('to')))}.", "Language")
    if event.kind == "needs_person":
        return Happening(_NEEDS.get(str(event.data.get("reason")), "A person is needed."), "Needs a person", True)
    known = _HAPPENINGS.get(event.kind)
    plain = event.kind.replace("_", " ").capitalize()
    return known or Happening(f"{plain}.", plain)


_MOVED = {
    "resumed": Happening("The same conversation went on over a line of sound.", "Went on"),
    "engine_fallback": Happening("From here on the call was carried with sound.", "With sound"),
}
_BY_PEOPLE = {
    "moved": ("{by} had the call moved to a line of sound.", "Moved"),
    "listened": ("{by} listens to the call.", "Listening"),
    "whispered": ("{by} whispered to the agent: “{text}”", "Whisper"),
    "taken_over": ("{by} took the call over. The agent is quiet.", "Taken over"),
    "given_back": ("{by} gave the call back to the agent.", "Given back"),
    "hung_up": ("{by} ended the call.", "Ended"),
    "put_through": ("{by} put the caller through.", "Put through"),
}


def _by_people(kind: str, data: dict[str, Any]) -> Happening:
    """What people of the business did."""
    text, short = _BY_PEOPLE[kind]
    if data.get("lost"):
        return Happening(f"{data.get('by')} lost the connection, and the agent went on.", "Connection lost", True)
    return Happening(text.format(by=data.get("by", "Somebody"), text=data.get("text", "")), short)


_NEEDS = {
    "asked": "The caller asked for a person.",
    "frustrated": "The caller is upset, and needs a person.",
    "failed": "The agent failed twice in a row: a person is needed.",
}


def _tried(data: dict[str, Any]) -> Happening:
    """How it came out with one of the people whom a caller was put through to."""
    taken, name = data.get("outcome") == "answered", str(data.get("name", ""))
    return Happening(f"{name} {came_of(data.get('outcome'))}.", "Put through" if taken else "Not reached")


def _left(data: dict[str, Any]) -> Happening:
    """Whose second choice began, and whose place it took."""
    part = str(data.get("part", ""))
    name, kind = _PARTS.get(part, _PARTS["llm"])
    first, second = company(kind, str(data.get("provider", ""))), company(kind, str(data.get("by", "")))
    if first == second:  # two models of one company
        first, second = f"{first} {data.get('model')}", f"{second} {data.get('by_model')}"
    what = name.removeprefix("The ").capitalize()
    return Happening(f"{first} was unwell, so {second} {BEGAN[kind]} from the start.", f"{what} by another", True)


def _failure(data: dict[str, Any]) -> Happening:
    code = str(data.get("code", ""))
    reason = _REASONS.get(code) or ("had an error of its own" if code.startswith("5") else "failed")
    part = str(data.get("part", ""))
    if part not in _PARTS:
        return Happening("The reply was slow to come, and the caller was asked to wait.", "Reply late", True)
    name, kind = _PARTS[part]
    offer = provider(kind, str(data.get("provider", "")))
    at = f" ({offer.company})" if offer and offer.needs_key else ""
    return Happening(f"{name}{at} {reason}.", f"{name.removeprefix('The ').capitalize()} failed", True)


def cut_off(turn: Turn, following: Turn | None, *, is_live: bool = False) -> str:
    """What an interrupted reply says under its words; empty when all of it was heard.

    `following` is whoever spoke next: the caller, or a person who took over; nobody, when that ended the call, or
    while it lasts nobody yet.
    """
    words = len(turn.unheard.split())
    if not turn.interrupted or not words:
        return ""
    at = position(turn.ended_ms)
    if following is None:
        cause = f"It stopped at {at}." if is_live else f"The call ended at {at}."
    else:
        cause = f"Somebody of your team took over at {at}." if following.is_person else f"The caller spoke at {at}."
    about = "" if turn.exact else "About "
    struck = f"{about}{count(words, 'word')} struck through {'was' if words == 1 else 'were'} never heard"
    return f"{cause} {'The ' + struck if turn.exact else struck}, and the agent does not count on {_it(words)}."


def _it(words: int) -> str:
    return "it" if words == 1 else "them"
