"""How callers are: what it does to their words in writing, to their voice on a line, and to a model that plays them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

ASKS_AGAIN = "Sorry, can you say that again?"


@dataclass(frozen=True, slots=True)
class Manner:
    """`prompt` tells a model how to be. The rest is done to whatever is said.

    In writing and aloud: `joins` so many lines into one; `asks_again_every` so many answers. In writing: `loses_every`
    so many words on the line, and hears only a `share` of every second answer. Aloud: waits until the agent was silent
    for `quiet_ms`, `interrupts` every second answer, and a `hiss` lies under the voice, as a share of its loudness.
    """

    prompt: str
    joins: int = 1
    asks_again_every: int = 0
    loses_every: int = 0
    share: float = 1.0
    quiet_ms: int = 800
    interrupts: bool = False
    hiss: float = 0.0


MANNERS = {
    "easy": Manner("friendly, patient, and clear. You answer what you are asked.", quiet_ms=1400),
    "normal": Manner("like most people: you say half of it at first, and the rest when you are asked."),
    "hard": Manner(
        "in a hurry. You say several things at once, change your mind once about something important, and ask "
        "something that has nothing to do with it.",
        joins=2,
        quiet_ms=500,
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
    "hearing": Manner(
        "hard of hearing. You often ask the agent to say it again, and misunderstand one thing that was read to you.",
        asks_again_every=2,
        quiet_ms=2000,
    ),
}


def as_said(lines: Sequence[str], manner: Manner) -> list[str]:
    """The lines as this caller says them."""
    joined = [" ".join(lines[at : at + manner.joins]) for at in range(0, len(lines), manner.joins)]
    said: list[str] = []
    for place, line in enumerate(joined):
        if manner.asks_again_every and place and place % manner.asks_again_every == 0:
            said.append(ASKS_AGAIN)
        said.append(_through(line, manner.loses_every))
    return said


def heard_share(turn: int, manner: Manner) -> float:
    """How much of the answer to their line of this number they let the agent say; counted from 0."""
    return manner.share if turn % 2 else 1.0


def _through(line: str, loses_every: int) -> str:
    words = line.split()
    kept = [word for place, word in enumerate(words, 1) if not loses_every or place % loses_every]
    return " ".join(kept)
