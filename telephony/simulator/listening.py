"""Both sides of a call, decoded back from the audio: what was understood, not what was meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from agents.providers.offline_voice.ears import Ear, make_decoder
from agents.providers.offline_voice.grammar import Grammar
from agents.providers.ports import EndOfTurn
from telephony import mulaw

from .agent_words import agent_grammar
from .tracks import Track

Side = Literal["caller", "agent"]
PAUSE_MS = 700
"""A longer silence begins a new line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was said. `text` is empty where nothing was understood."""

    side: Side
    start_ms: int
    end_ms: int
    text: str

    def facts(self) -> dict[str, Any]:
        return {"side": self.side, "start_ms": self.start_ms, "end_ms": self.end_ms, "text": self.text}


@dataclass(frozen=True, slots=True)
class Spoken:
    """Words that the agent is known to use: its prompt, and the sentences that it says as they are.

    `said` are the caller's lines, which an answer repeats names and times of.
    """

    prompt: str = ""
    fixed: Sequence[str] = ()
    said: Sequence[str] = ()


def listen_back(said: Track, heard: Track, spoken: Spoken) -> list[Line]:
    """Write down both sides, in the order in which things were said.

    The offline recogniser does it, and blocks for about a fifth of the call's length. Raises ImportError where it is
    not installed.
    """
    caller = _lines("caller", said, None)
    return sorted((*caller, *listen_to_agent(heard, spoken)), key=lambda line: line.start_ms)


def listen_to_agent(heard: Track, spoken: Spoken) -> list[Line]:
    """The agent's side alone, where it is known what the caller said."""
    return list(_lines("agent", heard, agent_grammar(spoken.prompt, spoken.fixed, spoken.said)))


def _lines(side: Side, track: Track, grammar: Grammar | None) -> Iterator[Line]:
    ear = Ear(make_decoder(grammar), endpointing_ms=PAUSE_MS, eager=False)
    silence = mulaw.SILENCE * (PAUSE_MS // mulaw.FRAME_MS + 1)
    for event in ear.hear(bytes(track.audio) + silence):
        if isinstance(event, EndOfTurn):
            yield Line(side, event.start_ms, event.end_ms, event.text)
    ear.close()
