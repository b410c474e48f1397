"""Reads a finished call without any model: simple, and always the same. What it cannot tell it leaves open.

Wishes, facts and answers are read in English. What an agent says that it has done, how callers sound, and that they
want no more calls is known in the languages that the platform speaks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from datetime import date, time, timedelta

from agentos.tenants.templatetags.words import clock_of
from agents.findings import FieldType, WantedField
from agents.prompts import clean
from agents.providers.offline_voice import intents
from agents.providers.offline_voice.conversation import Conversation, Slots
from agents.providers.offline_voice.slots import read_name
from agents.providers.offline_voice.states import Move
from agents.providers.offline_voice.when import MONTHS, Day, read_when
from agents.providers.offline_voice.wording import plain
from calls.after.reading import LONGEST_QUOTE, Findings, Line, Questions, found, supported
from calls.after.spoken import numbers_in, words_of
from calls.conversation.feelings import Mood, mood_of
from calls.conversation.stopping import CERTAIN, find_stop
from calls.rehearsal.claims import claims_in

SETTLES = {"booked", "stands", "moved", "canceled"}
MOODS = {Mood.ANGRY: "negative", Mood.UNHAPPY: "negative", Mood.PLEASED: "positive"}

_DONE = re.compile(
    r"\b(booked|confirmed|scheduled|rescheduled|has been moved|cancel+ed|all set|see you (?:on|then|at))\b",
    re.IGNORECASE,
)
_LATER = re.compile(
    r"\b((?<!can )(?<!could )(?<!shall i )(?<!should i )pass (?:it|that|this) on|"
    r"call(?:ed|ing)? you back|get back to you|will (?:call|contact|reach out)|"
    r"took (?:a|your) message|forward (?:it|this|that))\b",
    re.IGNORECASE,
)
_UNABLE = re.compile(r"\b(do not know|don't know|cannot|can't|not able to|unable to|could not)\b", re.IGNORECASE)
_GOODBYE = re.compile(r"\b(goodbye|good bye|have a (?:good|nice|great) day)\b", re.IGNORECASE)
_GLAD = re.compile(
    r"\b(thank you so much|thanks so much|perfect|great|wonderful|awesome|excellent|lovely|fantastic|appreciate|"
    r"very helpful|so kind|good to hear|happy)\b"
)
_CROSS = re.compile(
    r"\b(ridiculous|terrible|awful|horrible|angry|upset|annoy\w*|frustrat\w*|useless|stupid|unacceptable|complain\w*|"
    r"waste of time|never mind|not happy|disappoint\w*|worst|fed up|hate|damn|stop calling)\b"
)
_WRONG_NUMBER = re.compile(r"\bwrong number\b|\bnumero equivocado\b|\bfaux numero\b|\bverwahlt\b|\bsbagliato numero\b")
_MACHINE = re.compile(
    r"\b(?:voice ?mail|leave (?:me )?a message after|after the (?:tone|beep)|not available right now)\b"
)
_THROUGH = re.compile(r"\b(?:put|connect|putting|connecting|transferring) you(?: through)?\b", re.IGNORECASE)
_HOURS = re.compile(r"\b(?:hours|open|closed?)\b")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_DIGITS = re.compile(r"\+?\d[\d ()./-]{5,}\d")
_COMMON = frozenset(
    words_of(
        """the a an of to for in on at is was are be been has have had do does did will would can could should what
        which who when where why how your you their they them caller callers call person customer patient wants want
        wanted about this that it and or not with from by if whether any his her"""
    )
)


@dataclass(slots=True)
class _Heard:
    """A call, listened to from its beginning by the receptionist who works by rules."""

    asked: Questions
    moves: list[Move] = field(default_factory=list)
    slots: Slots = field(default_factory=Slots)

    def __post_init__(self) -> None:
        conversation = Conversation()
        for line in self.asked.lines:
            if line.speaker == "caller":
                self.moves.append(conversation.caller_said(line.text))
            else:
                conversation.agent_said(line.text)
            self._remember(conversation.slots)

    def _remember(self, slots: Slots) -> None:
        """What was said last of each; the receptionist forgets it once an appointment is booked."""
        for each in fields(slots):
            if (value := getattr(slots, each.name)) not in ("", None):
                setattr(self.slots, each.name, value)

    @property
    def by_agent(self) -> str:
        return " ".join(self.agents_lines)

    @property
    def agents_lines(self) -> list[str]:
        return [line.text for line in self.asked.lines if line.speaker != "caller"]

    @property
    def is_booked(self) -> bool:
        told = {name for line in self.agents_lines for name in claims_in(line)}
        return Move.CONFIRMED in self.moves or bool(_DONE.search(self.by_agent) or told & SETTLES)

    @property
    def waits_for_somebody(self) -> bool:
        told = any("passed_on" in claims_in(line) for line in self.agents_lines)
        return Move.PASSED_ON in self.moves or told or bool(_LATER.search(self.by_agent))

    @property
    def is_in_english(self) -> bool:
        return not self.asked.language or self.asked.language.lower().startswith("en")

    @property
    def oddity(self) -> str:
        """What the call was in truth, where it was no conversation about anything; empty for an ordinary one."""
        said = [plain(line.text) for line in self.asked.by_caller]
        if any((stop := find_stop(each)) and stop.confidence >= CERTAIN for each in said):
            return "stop"
        if any(_WRONG_NUMBER.search(each) for each in said):
            return "wrong_number"
        return "machine" if any(_MACHINE.search(each) for each in said) else ""

    @property
    def was_put_through(self) -> bool:
        """The last that the agent said was that it does it."""
        return bool(self.agents_lines) and bool(_THROUGH.search(self.agents_lines[-1]))

    @property
    def was_not_known(self) -> bool:
        told = [move for move in self.moves if move in (Move.QUESTION, Move.UNKNOWN, Move.PERSON, Move.EXISTING)]
        return bool(told and told[-1] is not Move.QUESTION) or bool(_UNABLE.search(self.by_agent))


def read(asked: Questions) -> Findings:
    """What the rules find. They never say more than was said."""
    heard = _Heard(asked)
    result = _result(heard)
    return Findings(
        summary=clean(_summary(heard, result), 600),
        result=result,
        sentiment=_overall(asked),
        criteria=[_judge(text, heard) for text in asked.criteria],
        fields=[_fill(wanted, heard) for wanted in asked.fields],
    )


# Sentiment -----------------------------------------------------------------------------------------------


def sentiment(text: str) -> str:
    """How one turn sounds, by its words."""
    said = plain(text)
    glad, cross = len(_GLAD.findall(said)), len(_CROSS.findall(said))
    if glad == cross == 0:
        return MOODS[mood] if (mood := mood_of(text)) else "neutral"
    return "neutral" if glad == cross else "positive" if glad > cross else "negative"


def by_turn(asked: Questions) -> dict[str, str]:
    """Of the caller's turns by index, those that are not neutral."""
    felt = {str(line.index): sentiment(line.text) for line in asked.by_caller}
    return {index: feeling for index, feeling in felt.items() if feeling != "neutral"}


def _overall(asked: Questions) -> str:
    """The end counts: somebody who was angry and then thankful is content."""
    return next((each for line in reversed(asked.by_caller) if (each := sentiment(line.text)) != "neutral"), "neutral")


# Result and summary --------------------------------------------------------------------------------------


def _result(heard: _Heard) -> str:
    if not any(words_of(line.text) for line in heard.asked.by_caller):
        return "nothing"
    if heard.oddity:
        return "resolved" if heard.oddity == "stop" else "nothing"
    if heard.was_put_through:
        return "resolved" if heard.asked.was_reached else "follow_up"
    if heard.waits_for_somebody:
        return "follow_up"
    if heard.is_booked:
        return "resolved"
    if heard.was_not_known:
        return "unresolved"
    if not heard.is_in_english:
        return "unresolved"
    return "resolved" if Move.QUESTION in heard.moves else "nothing" if _is_chat(heard) else "unresolved"


def _is_chat(heard: _Heard) -> bool:
    return set(heard.moves) <= {Move.GREETING, Move.THANKS, Move.SMALL_TALK, Move.GOODBYE, Move.DECLINED, Move.MISSED}


_OUTCOMES = {
    "resolved": "It was dealt with in the call.",
    "follow_up": "Somebody has to come back to them.",
    "unresolved": "It was not settled in the call.",
    "nothing": "Nothing was asked for.",
}


_IN_VAIN = "They were put through, and nobody took the call: somebody has to come back to them."

_ODDITIES = {
    "stop": "The caller does not want to be called again.",
    "wrong_number": "The caller had the wrong number.",
    "machine": "A machine answered, and nobody spoke.",
}


def _summary(heard: _Heard, result: str) -> str:
    slots = heard.slots
    who = slots.name or "The caller"
    if heard.oddity:
        return _ODDITIES[heard.oddity]
    if slots.reason:
        wish = f"{who} asked for {slots.reason}{_moment(slots.day, slots.minutes)}."
    elif opening := next((line.text for line in heard.asked.by_caller if len(words_of(line.text)) > 2), ""):
        wish = f"{who} said: “{_short(opening)}”."
    else:
        wish = f"{who} said little." if heard.asked.by_caller else "The caller said nothing."
    through = "They were put through to a person." if heard.asked.was_reached else _IN_VAIN
    came = through if heard.was_put_through else _OUTCOMES[result]
    return f"{wish} {came}"


def _moment(day: Day | None, minutes: int | None) -> str:
    return (f" {day.phrase}" if day else "") + (
        f" at {clock_of(time(*divmod(minutes, 60)))}" if minutes is not None else ""
    )


def _short(text: str, words: int = 18) -> str:
    said = text.split()
    return " ".join(said) if len(said) <= words else f"{' '.join(said[:words])} …"


# Criteria ------------------------------------------------------------------------------------------------

_CRITERIA: tuple[tuple[str, Callable[[_Heard], bool], str, str], ...] = (
    (
        r"appointment|book|moved|cancel",
        lambda heard: heard.is_booked,
        "The agent confirmed it.",
        "Nothing was confirmed.",
    ),
    (r"message|call(ed)? back", lambda heard: heard.waits_for_somebody, "It was noted.", "Nothing was noted."),
    (r"\bname\b", lambda heard: bool(heard.slots.name), "A name was given.", "No name was given."),
    (r"goodbye|farewell", lambda heard: bool(_GOODBYE.search(heard.by_agent)), "It was said.", "It was not said."),
    (
        r"question|answer",
        lambda heard: Move.QUESTION in heard.moves and not heard.was_not_known,
        "What was asked was answered.",
        "Something was asked that was not known, or nothing was asked.",
    ),
)


def _judge(text: str, heard: _Heard) -> dict[str, str]:
    said = plain(text)
    if not re.search(r"\b(not|no|never|without|isn't|wasn't|didn't)\b", said):
        for pattern, holds, yes, no in _CRITERIA:
            if re.search(pattern, said):
                met = holds(heard)
                if not met and not heard.is_in_english:
                    break
                return {"text": text, "verdict": "met" if met else "not_met", "reason": yes if met else no}
    return {"text": text, "verdict": "unclear", "reason": "Rules alone cannot judge this. A model can."}


# Fields --------------------------------------------------------------------------------------------------


def _fill(wanted: WantedField, heard: _Heard) -> dict[str, str]:
    said = heard.asked.said
    for value, line in _FINDERS[wanted.type](wanted, heard):
        quote = _around(line.text, value)
        if kept := supported(wanted, value, quote, said):
            return found(wanted, kept, quote)
    return found(wanted)


def _around(text: str, value: str) -> str:
    """Whole words of a turn, as many as a quote may have, with the value in them where it stands there as it is."""
    if len(text) <= LONGEST_QUOTE:
        return text
    at = max(0, text.find(value) - LONGEST_QUOTE // 3)
    cut = text[at : at + LONGEST_QUOTE]
    start = cut.find(" ") + 1 if at else 0
    return cut[start : cut.rfind(" ")] if " " in cut[start:] else cut[start:]


def _answers(wanted: WantedField, heard: _Heard) -> Iterator[Line]:
    """What the caller said right after a question about it, the last first."""
    about = set(words_of(f"{wanted.name} {wanted.description}")) - _COMMON
    lines = heard.asked.lines
    for place in range(len(lines) - 1, 0, -1):
        question, answer = lines[place - 1], lines[place]
        if answer.speaker == "caller" and question.speaker != "caller" and about & set(words_of(question.text)):
            yield answer


def _dates(wanted: WantedField, heard: _Heard) -> Iterator[tuple[str, Line]]:
    if heard.asked.on is None:
        return
    for line in reversed(heard.asked.by_caller):
        if _HOURS.search(plain(line.text)):
            continue  # about when somebody is there
        day = read_when(plain(line.text), today=heard.asked.on, bare=False).day
        if day and (meant := _date_of(day, heard.asked.on)):
            yield meant.isoformat(), line


def _date_of(day: Day, on: date) -> date | None:
    if named := re.search(rf"({'|'.join(MONTHS)}) (\d{{1,2}})", day.name):
        month, number = MONTHS.index(named[1]) + 1, int(named[2])
        ahead = [date(year, month, number) for year in (on.year, on.year + 1) if _is_date(year, month, number)]
        return next((each for each in ahead if each >= on), None)
    if day.weekday is None or day.name.startswith("next"):
        return None  # "next Tuesday" means another day to everybody
    days = (day.weekday - on.weekday()) % 7
    return on + timedelta(days=days or (0 if day.name.startswith("today") else 7))


def _is_date(year: int, month: int, number: int) -> bool:
    try:
        return bool(date(year, month, number))
    except ValueError:
        return False


def _times(wanted: WantedField, heard: _Heard) -> Iterator[tuple[str, Line]]:
    for line in reversed(heard.asked.by_caller):
        minutes = read_when(plain(line.text), today=heard.asked.on, bare=False).minutes
        if minutes is not None:
            yield f"{minutes // 60:02}:{minutes % 60:02}", line


def _numbers(wanted: WantedField, heard: _Heard) -> Iterator[tuple[str, Line]]:
    for line in _answers(wanted, heard):
        if len(said := numbers_in(line.text)) == 1:
            yield f"{said.pop():g}", line


def _choices(wanted: WantedField, heard: _Heard) -> Iterator[tuple[str, Line]]:
    for line in reversed(heard.asked.by_caller):
        said = set(words_of(line.text))
        named = [choice for choice in wanted.choices if set(words_of(choice)) <= said]
        if len(named) == 1:
            yield named[0], line


def _yes_or_no(wanted: WantedField, heard: _Heard) -> Iterator[tuple[str, Line]]:
    for line in _answers(wanted, heard):
        said = plain(line.text)
        yes, no = bool(intents.YES.search(said)), bool(intents.NO.search(said))
        if yes != no:
            yield ("yes" if yes else "no"), line


def _texts(wanted: WantedField, heard: _Heard) -> Iterator[tuple[str, Line]]:
    about = set(words_of(wanted.name))
    if "name" in about:
        yield from _names(heard)
    elif about & {"email", "mail", "phone", "number", "callback"}:
        pattern = _EMAIL if about & {"email", "mail"} else _DIGITS
        for line in reversed(heard.asked.by_caller):
            yield from ((match[0].strip(), line) for match in pattern.finditer(line.text))
    else:
        yield from ((line.text, line) for line in _answers(wanted, heard) if len(words_of(line.text)) < 30)


def _names(heard: _Heard) -> Iterator[tuple[str, Line]]:
    for line in heard.asked.by_caller:
        name = read_name(plain(line.text), asked=False)
        if name and name.introduced:
            yield name.text, line
    known = heard.slots.name
    yield from ((known, line) for line in heard.asked.by_caller if set(words_of(known)) <= set(words_of(line.text)))


_FINDERS: dict[FieldType, Callable[[WantedField, _Heard], Iterator[tuple[str, Line]]]] = {
    FieldType.DATE: _dates,
    FieldType.TIME: _times,
    FieldType.NUMBER: _numbers,
    FieldType.CHOICE: _choices,
    FieldType.YES_NO: _yes_or_no,
    FieldType.TEXT: _texts,
}
