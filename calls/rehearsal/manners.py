"""How callers are: what it does to their words in writing, to their voice on a line, and to a model that plays them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

ASKS_AGAIN = "Sorry, can you say that again?"
CORRECTS = "no sorry"

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_FACT = re.compile(rf"\b(?:{'|'.join(_DAYS)}|(?<=at )(?:{'|'.join(_HOURS)}|\d{{1,2}}))\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Manner:
    """`prompt` tells a model how to be. The rest is done to whatever is said.

    In writing and aloud: `joins` so many lines into one; `asks_again_every` so many answers; `loses_every` so many
    words, `says_um_every` so many others; gets a fact wrong at first where it `is_mistaken`; leaves after `patience`
    answers in a row that led nowhere. In writing: hears only a `share` of every second answer.
    Aloud: waits until the agent was silent for `quiet_ms`, gives up when it says nothing for `waits_ms`, `interrupts`
    every second answer; a `hiss` lies under the voice, as a share of its loudness; a `muffled` one is low and dull.
    """

    prompt: str
    joins: int = 1
    asks_again_every: int = 0
    loses_every: int = 0
    says_um_every: int = 0
    share: float = 1.0
    quiet_ms: int = 800
    waits_ms: int = 15_000
    patience: int = 2
    interrupts: bool = False
    is_mistaken: bool = False
    hiss: float = 0.0
    muffled: bool = False


MANNERS = {
    "easy": Manner("friendly, patient, and clear. You answer what you are asked.", quiet_ms=1400, patience=4),
    "normal": Manner("like most people: you say half of it at first, and the rest when you are asked."),
    "hard": Manner(
        "in a hurry. You say several things at once, change your mind once about something important, and ask "
        "something that has nothing to do with it. When it takes long you say so, and hang up soon after.",
        joins=2,
        quiet_ms=500,
        waits_ms=6_000,
        patience=1,
    ),
    "interrupts": Manner(
        "impatient. You cut the agent off as soon as you think that you know what it wants to say.",
        share=0.5,
        interrupts=True,
    ),
    "noisy": Manner(
        "in a noisy place, on a bad line. Leave out a word here and there, and ask what was said once.",
        loses_every=6,
        hiss=0.08,
    ),
    "mumbles": Manner(
        "somebody who mumbles: with um and uh, half sentences, and the important word at the end of a long one.",
        says_um_every=4,
        muffled=True,
    ),
    "mistaken": Manner(
        "sure of yourself and wrong once: you say a wrong day, number or name at first. Correct it only when it is "
        "read back to you; when it is not, never mention it.",
        is_mistaken=True,
    ),
    "hearing": Manner(
        "hard of hearing. You often ask the agent to say it again, and misunderstand one thing that was read to you.",
        asks_again_every=2,
        quiet_ms=2000,
    ),
}


def as_said(lines: Sequence[str], manner: Manner) -> list[str]:
    """The lines of a script as this caller says them; whoever reads puts right at once what they got wrong."""
    joined = [" ".join(lines[at : at + manner.joins]) for at in range(0, len(lines), manner.joins)]
    said: list[str] = []
    for place, line in enumerate(joined):
        if manner.asks_again_every and place and place % manner.asks_again_every == 0:
            said.append(ASKS_AGAIN)
        if manner.is_mistaken and (wrong := mistaken(line)) != line:
            line = f"{wrong}, {CORRECTS}, {line}"
        said.append(as_spoken(line, manner))
    return said


def as_spoken(line: str, manner: Manner) -> str:
    """A line as it leaves this caller's mouth and comes through their line."""
    words = line.split()
    kept = [word for place, word in enumerate(words, 1) if not manner.loses_every or place % manner.loses_every]
    if every := manner.says_um_every:
        kept = [each for place, word in enumerate(kept) for each in (("um", word) if place % every == 0 else (word,))]
    return " ".join(kept)


def mistaken(line: str) -> str:
    """The line with its first day or hour wrong; as it is where it names none."""
    return _FACT.sub(lambda found: _other(found[0]), line, count=1)


def fact_in(line: str) -> str:
    """That day or hour, as somebody says it who puts it right."""
    found = _FACT.search(line)
    return "" if found is None else f"on {found[0]}" if found[0].lower() in _DAYS else f"at {found[0]}"


def _other(fact: str) -> str:
    for names in (_DAYS, _HOURS):
        if fact.lower() in names:
            return names[(names.index(fact.lower()) + 1) % len(names)]
    return str(int(fact) % 12 + 1)


def heard_share(turn: int, manner: Manner) -> float:
    """How much of the answer to their line of this number they let the agent say; counted from 0."""
    return manner.share if turn % 2 else 1.0
