"""What somebody meant who answered in words: rules first, and what they leave open is for a person.

Pure: words go in, a proposal comes out. "Stop" wins over everything said beside it; a plain one is certain, and one
with a condition ("do not call me before nine") is not. All languages are asked, whatever language the call is in; where
several understand something, the one that is least sure counts, because words that look alike mislead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from calls.conversation.stopping import find_stop, plain
from campaigns.answers.vocabulary import LANGUAGES, Ways
from campaigns.calling.machines import Machine, who_speaks

SURE = 0.8  # from here on a proposal is acted upon
PLAIN, GREETED, HEDGED, DENIED = 0.9, 0.7, 0.5, 0.4  # GREETED: a lone "si?" may only pick up the telephone


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


def sort(said: str, heard: float = 1.0) -> Sorted:
    """What these words mean. `heard` is how sure the ear was of them; a plain "stop" counts whatever it was."""
    words = plain(said)
    if not words:
        return Sorted(Meaning.OTHER, 0.0)
    if stop := find_stop(said):
        return Sorted(Meaning.STOP, stop.confidence, stop.because)
    if (machine := who_speaks(said)) and machine is not Machine.HOLD:
        return Sorted(Meaning.AGAIN, 0.9, machine.value)
    found: dict[Meaning, Sorted] = {}
    for each in (each for ways in LANGUAGES.values() for each in _found(ways, words)):
        known = found.setdefault(each.meaning, each)
        found[each.meaning] = min(known, each, key=lambda one: one.confidence)
    return _weighed(found, heard) if found else _rest(words)


def _found(ways: Ways, words: str) -> Iterator[Sorted]:
    """What one language understands."""
    plainly = ways.harmless.sub(" ", words)
    sure = DENIED if ways.denied.search(plainly) else PLAIN
    rules = (
        (Meaning.WRONG_PERSON, ways.wrong),
        (Meaning.RESCHEDULE, ways.reschedule),
        (Meaning.CANCEL, ways.cancel),
    )
    for meaning, rule in rules:
        if match := rule.search(words):
            yield Sorted(meaning, sure, match[0])
    if match := ways.confirm.search(words) or ways.agreed.match(words):
        if words in ways.greeted:
            sure = GREETED
        elif ways.hedged.search(plainly):
            sure = min(sure, HEDGED)
        yield Sorted(Meaning.CONFIRM, sure, match[0].strip())


def _weighed(found: dict[Meaning, Sorted], heard: float) -> Sorted:
    """One finding stands; "I cannot come, can we find another day" is about another day; others contradict."""
    first = min(found.values(), key=lambda each: list(Meaning).index(each.meaning))
    agrees = len(found) == 1 or found.keys() == {Meaning.RESCHEDULE, Meaning.CANCEL}
    sure = first.confidence if agrees else min(DENIED, first.confidence)
    return Sorted(first.meaning, round(sure * heard, 2), first.because)


def _rest(words: str) -> Sorted:
    """What no language is sure about."""
    everywhere = LANGUAGES.values()
    if match := next((match for ways in everywhere if (match := ways.again.search(words))), None):
        return Sorted(Meaning.AGAIN, PLAIN, match[0])
    if any(ways.hello.match(words) for ways in everywhere):
        return Sorted(Meaning.AGAIN, PLAIN, words)
    if match := next((match for ways in everywhere if (match := ways.yes_first.match(words))), None):
        return Sorted(Meaning.CONFIRM, HEDGED, match[0])
    if any(ways.refused.match(words) for ways in everywhere):
        return Sorted(Meaning.CANCEL, DENIED, words)
    return Sorted(Meaning.OTHER, 0.3)
