"""What somebody meant who answered in words: rules first, and what they leave open is for a person.

Pure: words go in, a proposal comes out. "Stop" wins over everything said beside it; a plain one is certain, and one
with a condition ("do not call me before nine") is not. It counts in every language that `stopping` knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from calls.conversation.stopping import find_stop, plain
from campaigns.calling.machines import Machine, who_speaks

SURE = 0.8  # from here on a proposal is acted upon


class Meaning(StrEnum):
    """What an answer can mean. The values are dispositions, except for AGAIN and OTHER."""

    STOP = "opted_out"
    WRONG_PERSON = "wrong_person"
    RESCHEDULE = "rescheduled"
    CANCEL = "canceled"
    CONFIRM = "confirmed"
    AGAIN = "again"  # they did not hear us, or a machine greets us or asks who is calling
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Sorted:
    """The proposal, how sure it is, and the words that led to it."""

    meaning: Meaning
    confidence: float
    because: str = ""

    @property
    def is_sure(self) -> bool:
        return self.confidence >= SURE

    @property
    def proposal(self) -> dict[str, Any]:
        """As the fields of a reply: empty where nothing can be proposed."""
        if self.meaning in (Meaning.OTHER, Meaning.AGAIN):
            return {"proposed": "", "proposed_by": "", "confidence": 0.0, "because": ""}
        return {
            "proposed": self.meaning.value,
            "proposed_by": "rules",
            "confidence": self.confidence,
            "because": self.because[:120],
        }


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(patterns) + r")\b")


_WRONG = _words(
    r"(?:the |a )?wrong (?:number|person|house|party)",
    r"(?:no ?body|no one|nobody|not anyone) (?:here )?(?:by|with|of) that name",
    r"(?:no ?body|no one) (?:called|named)",
    r"(?:does not|doesn't|doesnt) live here",
    r"(?:do not|don't|dont) know (?:any ?body|anyone|who that is|that person|him|her)",
    r"(?:i am|i'm|im|this is|that is|that's|thats) not (?:him|her|me|the patient)",
    r"you have the wrong",
)
_RESCHEDULE = _words(
    r"re ?-?schedule",
    r"(?:another|different|new|other|better) (?:day|time|date|appointment|slot)",
    r"(?:move|change|postpone|push|shift|switch|delay) (?:it|my|the|that|this)",
    r"(?:make|come) (?:it )?(?:later|earlier)",
    r"(?:next|following) week",
    "postpone",
    r"some other (?:day|time)",
)
_CANCEL = _words(
    r"cancel(?:ed|led|ing|ling)?",
    r"(?:can not|cannot|can't|cant|won't|wont|will not|not going to|not able to) (?:be )?"
    r"(?:make|come|be there|attend|keep)",
    r"(?:not|i'm not|im not) coming",
    r"call (?:it|that) off",
)
_CONFIRM = _words(
    r"confirm(?:ed|ing)?",
    r"(?:i will|i'll|ill|we will|we'll|well) (?:be there|come|be coming|see you)",
    r"(?:that|it|this) (?:is|works|will work|sounds|'s)? ?(?:fine|good|great|okay|ok|perfect|right|correct)",
    r"that works",
    r"works for me",
    r"sounds (?:good|great|fine)",
    r"see you (?:then|there|tomorrow)",
    r"count me in",
    r"(?:i am|i'm|im) coming",
)
_YES = re.compile(
    r"^(?:(?:yes|yeah|yep|yup|sure|okay|ok|absolutely|definitely|certainly|of course|correct|right|fine|perfect|great"
    r"|please|thanks|thank you|sir|ma'am|you|ma am|i am|it is) ?)+$"
)
_YES_FIRST = re.compile(r"^(?:yes|yeah|yep|yup|sure|okay)\b")
_NO = re.compile(r"^(?:(?:no|nope|nah|thanks|thank you|sir|ma'am|sorry) ?)+$")
_NOT = _words("not", "n't", r"can't", r"cant", r"won't", r"wont", r"don't", r"dont", "cannot", "but", "unless", "if")
_AGAIN = _words(
    r"(?:who is|who's|whos) (?:this|that|calling|there)",
    r"(?:say|repeat) (?:that|it|this)? ?again",
    r"repeat (?:that|it)",
    r"(?:did not|didn't|didnt|could not|couldn't|can't|cannot) (?:hear|understand|catch)",
    r"(?:please )?stay on the line",
    r"(?:please )?hold (?:on|the line)",
    r"one moment",
    r"come again",
    r"(?:before|to) (?:i )?try to connect you",
)
_HELLO = re.compile(
    r"^(?:(?:hello|hi|hey|yes hello|good morning|good afternoon|good evening|speaking|what|pardon|sorry"
    r"|this is she|this is he|who) ?)+$"
)


_RULES = ((Meaning.WRONG_PERSON, _WRONG), (Meaning.RESCHEDULE, _RESCHEDULE), (Meaning.CANCEL, _CANCEL))


def sort(said: str, heard: float = 1.0) -> Sorted:
    """What these words mean. `heard` is how sure the ear was of them; a plain "stop" counts whatever it was."""
    words = plain(said)
    if not words:
        return Sorted(Meaning.OTHER, 0.0)
    if stop := find_stop(said):
        return Sorted(Meaning.STOP, stop.confidence, stop.because)
    if (machine := who_speaks(said)) and machine is not Machine.HOLD:
        return Sorted(Meaning.AGAIN, 0.9, machine.value)
    found = [Sorted(meaning, 0.9, match[0]) for meaning, rule in _RULES if (match := rule.search(words))]
    if agreed := _CONFIRM.search(words) or _YES.match(words):
        found.append(Sorted(Meaning.CONFIRM, 0.5 if _NOT.search(words) else 0.9, agreed[0].strip()))
    if not found:
        return _rest(words)
    return _weighed(found, heard)


def _weighed(found: list[Sorted], heard: float) -> Sorted:
    """One finding stands; "I cannot come, can we find another day" is about another day; others contradict."""
    meanings = {each.meaning for each in found}
    first = found[0]
    agrees = len(found) == 1 or meanings == {Meaning.RESCHEDULE, Meaning.CANCEL}
    return Sorted(first.meaning, round((first.confidence if agrees else 0.4) * heard, 2), first.because)


def _rest(words: str) -> Sorted:
    if match := _AGAIN.search(words) or _HELLO.match(words):
        return Sorted(Meaning.AGAIN, 0.9, match[0].strip())
    if match := _YES_FIRST.match(words):
        return Sorted(Meaning.CONFIRM, 0.5, match[0])
    if match := _NO.match(words):
        return Sorted(Meaning.CANCEL, 0.4, match[0].strip())
    return Sorted(Meaning.OTHER, 0.3)
