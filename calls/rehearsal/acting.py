"""Somebody who calls with a goal, played by rules: for rehearsals without a model. English, and always the same. Pure.

Answers what was asked with what the goal says, and otherwise with what anybody might say. Leaves when the agent says
that it is done, and when several answers in a row led nowhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from calls.rehearsal.manners import ASKS_AGAIN, Manner, as_spoken, fact_in, mistaken

NAME, NUMBER, DAY, TIME = "anna smith", "two zero two five five five zero one three seven", "tuesday", "ten"
GOODBYE, GIVES_UP, IS_ANYBODY_THERE = "thank you goodbye", "never mind goodbye", "hello can you hear me"

_DAY = re.compile(r"\b((?:next |this )?(?:mon|tues|wednes|thurs|fri|satur|sun)day|today|tomorrow)\b", re.IGNORECASE)
_TIME = re.compile(
    r"\bat ((?:half past |a quarter (?:past|to) )?(?:\d{1,2}(?::\d\d)?|one|two|three|four|five|six|seven|eight|nine|"
    r"ten|eleven|twelve|noon)(?: ?(?:am|pm|a\.m\.|p\.m\.|thirty|fifteen|o'clock))?)(?!\w)",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"\b(?:for|about) ((?:(?:a|an|my|the) )?[\w' -]+?)(?= (?:on|at|under|next|this|by)\b|[.,;]|$)", re.I
)
_NAMED = re.compile(r"\b(?:named|called|name is|i am|i'm) ([A-Z][\w'-]+(?: [A-Z][\w'-]+)?)")
_FULL_NAME = re.compile(r"^([A-Z][\w'-]+ [A-Z][\w'-]+)\b")
_TO_FIRST_PERSON = (
    (r"\b(?:their|his|her) (?=\w)", "my "),
    (r"\b(?:they are|he is|she is)\b", "i am"),
    (r"\b(?:they|he|she)\b", "i"),
    (r"\b(?:them|him)\b", "me"),
)
_WANTS = re.compile(
    r"^(?:(?:they|he|she|the caller|i) )?(?:wants?|would like|needs?|is calling|calls?)(?: to)? |^to ", re.I
)
_TO_KNOW = re.compile(
    r"(?:know|find out|ask|learn|hear)(?: about)? (?=what|when|where|who|how|why|which|if|whether)", re.IGNORECASE
)
_SUBJECT_FIRST = re.compile(r"\b(you|it|there|that) (are|is|do|can)\b")
_ASKS = re.compile(r"^(?:i |is |are |do |does |can |could |what|when|where|who|how|why|which)|\?$", re.I)

_DONE = re.compile(
    r"\b(?:you are booked|is booked|booked for|pass (?:it|that|this) on|put you through|connect you|"
    r"has been (?:moved|cancel+ed)|(?:is|was) cancel+ed|will call you(?: back)?|"
    r"somebody will call|have a (?:good|nice|great) day|goodbye)\b",
    re.IGNORECASE,
)
_SAYS_NOTHING_NEW = re.compile(
    r"\b(?:did not catch|did not (?:quite )?understand|missed that|say (?:that|it) again)\b", re.I
)
# What a question is about, the first that fits; and how it is answered.
_QUESTIONS = (
    ("change", r"\bshould i change\b"),
    ("nothing", r"\b(?:anything|something) else\b"),
    ("name", r"\b(?:what|which|have|give me|tell me|under what)\b.* name\b|\bwho (?:am i|is) (?:speaking|calling)\b"),
    ("number", r"\b(?:what|which|have|give me|tell me)\b.* number\b|\breach you\b"),
    ("time", r"\b(?:what|which) time\b|\btime (?:would|suits)\b"),
    ("day", r"\b(?:what|which) day\b|\bwhen (?:would|do|should|can)\b|\bday (?:would|suits)\b|\bday and time\b"),
    ("reason", r"\bwhat\b.* (?:come in for|appointment for|message|tell them|about)\b|\breason\b"),
    ("opening", r"\b(?:help|do for you|looking for|not working|what you need)\b"),
    ("yes", r"\bis that (?:right|correct)\b|\bcorrect\?|\b(?:shall|should|may|can) i\b|\bdoes that (?:suit|work)\b"),
    ("yes", r"\bwould you like\b|\bdo you (?:still )?want\b|\bwill you be able\b"),
)
MOST_OF_THE_SAME = 2  # times that somebody answers the same words


@dataclass(frozen=True, slots=True)
class Part:
    """What somebody knows of themselves and of what they want."""

    wish: str
    name: str = NAME
    number: str = NUMBER
    day: str = DAY
    time: str = TIME
    reason: str = ""

    @classmethod
    def of(cls, persona: str, goal: str) -> Part:
        named = _NAMED.search(f"{persona} {goal}") or _FULL_NAME.search(persona)
        day, time, reason = _DAY.search(goal), _TIME.search(goal), _REASON.search(goal)
        wish = wish_of(goal)
        return cls(
            wish=wish,
            name=named[1].lower() if named else NAME,
            day=day[1].lower() if day else DAY,
            time=time[1].lower() if time else TIME,
            reason=_in_first_person(reason[1].lower()) if reason else wish,
        )


def wish_of(goal: str) -> str:
    """A goal as whoever has it says it: "To move their appointment" is "i would like to move my appointment"."""
    text = _in_first_person(" ".join(goal.strip().rstrip(".!").split()))
    text = text[:1].lower() + text[1:]
    if _ASKS.search(text):
        return text.rstrip("?")
    wanted = _WANTS.sub("", text, count=1)
    if asked := _TO_KNOW.match(wanted):
        question = wanted[asked.end() :]
        turned = _SUBJECT_FIRST.sub(r"\2 \1", question, count=1)
        return turned if turned != question else f"can you tell me {question}"
    if len(wanted.split()) == 1:
        return f"i am calling about {wanted}"
    is_thing = re.match(r"(?:a|an|the|my|some|somebody|someone|information) ", wanted)
    return f"i would like {wanted}" if is_thing else f"i would like to {wanted}" if wanted else "i have a question"


def _in_first_person(text: str) -> str:
    for pattern, words in _TO_FIRST_PERSON:
        text = re.sub(pattern, words, text, flags=re.IGNORECASE)
    return text


class Actor:
    """Plays a goal by rules."""

    def __init__(self, *, persona: str, goal: str, manner: Manner) -> None:
        self._part, self._manner = Part.of(persona, goal), manner
        self._answers = 0
        self._in_vain = 0
        self._is_leaving = False
        self._told: set[str] = set()
        self._right = self._to_correct = ""
        self._has_named_itself = False
        self._heard: Counter[str] = Counter()

    async def answer(self, script: Sequence[dict[str, Any]], *, cuts_off: bool = False) -> str | None:
        """As SimulatedCaller."""
        if self._is_leaving:
            return None
        self._answers += 1
        if self._did_not_hear() and not cuts_off:
            return ASKS_AGAIN
        line = self._line("" if cuts_off else _last_words(script), cuts_off=cuts_off)
        return as_spoken(line, self._manner) or line

    def _did_not_hear(self) -> bool:
        every = self._manner.asks_again_every
        return bool(every) and self._answers % (every + 1) == 0

    def _line(self, heard: str, *, cuts_off: bool) -> str:
        if cuts_off:
            return self._more()
        if "opening" not in self._told:
            return self._say("opening")
        if not heard:
            return self._lose_patience(IS_ANYBODY_THERE)
        about = _asked(heard)
        self._heard[heard] += 1
        if about == "nothing" or (_DONE.search(heard) and about is None):
            return self._leave(GOODBYE)
        if about is None or self._has_answered(about) or self._heard[heard] > MOST_OF_THE_SAME:
            return self._lose_patience(self._part.wish)
        if about == "yes" and self._is_named_wrongly(heard):
            self._has_named_itself = True
            return f"no my name is {self._part.name}"
        return self._say(about)

    def _is_named_wrongly(self, heard: str) -> bool:
        """Whether another name is read back to them; the second time they let it be."""
        was_told = "name" in self._told and not self._has_named_itself
        return was_told and bool(re.search(r"\bname\b", heard)) and self._part.name not in heard.lower()

    def _has_answered(self, about: str) -> bool:
        return about in self._told and about not in ("yes", "change")

    def _say(self, about: str) -> str:
        """The answer to a question that was not asked before."""
        part = self._part
        self._in_vain = self._in_vain if about == "yes" else 0
        self._told.add(about)
        if about == "yes" and self._to_correct:
            self._to_correct = ""
            return f"no {self._right}"
        said = {
            "opening": part.wish,
            "reason": part.reason,
            "day": f"on {part.day}",
            "time": f"at {part.time}",
            "name": part.name,
            "number": part.number,
            "yes": "yes please",
            "change": self._right or f"on {part.day} at {part.time}",
        }[about]
        if self._manner.is_mistaken and not self._right and (wrong := mistaken(said)) != said:
            self._right = self._to_correct = fact_in(said)
            return wrong
        return said

    def _more(self) -> str:
        """What they have not said yet, without waiting to be asked."""
        about = next((each for each in ("opening", "day", "time", "name") if each not in self._told), "")
        return self._say(about) if about else "yes please"

    def _lose_patience(self, line: str) -> str:
        self._in_vain += 1
        return line if self._in_vain <= self._manner.patience else self._leave(GIVES_UP)

    def _leave(self, line: str) -> str:
        self._is_leaving = True
        return line


def _last_words(script: Sequence[dict[str, Any]]) -> str:
    """What the agent has said since the caller last spoke."""
    words: list[str] = []
    for entry in reversed(script):
        if entry["who"] == "caller":
            break
        if entry["who"] == "agent":
            words.insert(0, entry["text"])
    return " ".join(words)


def _asked(heard: str) -> str | None:
    """What the last question is about; None where nothing was asked, or nothing that anybody could answer."""
    if _SAYS_NOTHING_NEW.search(heard):
        return None
    questions = [each for each in re.split(r"(?<=[.?!])\s+", heard) if each.endswith("?")]
    text = (questions[-1] if questions else "").lower()
    return next((name for name, pattern in _QUESTIONS if re.search(pattern, text)), None) if text else None
