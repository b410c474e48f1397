"""A call as stretches of speech on one line of time: what ribbons, scores and silences are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from calls.latency import SLOW_MS, wait_ms
from calls.models import Turn

WORD_MS = 330  # how long a spoken word takes where nothing better is known
QUICKEST_WORD_MS, SLOWEST_WORD_MS = 150, 600


@dataclass(frozen=True, slots=True)
class Stretch:
    """One side speaks. `unheard_ms` is about how long the part would have been that never reached the ear.

    `is_person`: of the agent's side, somebody of the business who spoke in its place.
    """

    is_agent: bool
    start_ms: int
    end_ms: int
    unheard_ms: int = 0
    waited_ms: int | None = None
    is_person: bool = False

    @property
    def is_slow(self) -> bool:
        return self.waited_ms is not None and self.waited_ms >= SLOW_MS

    @property
    def waits_from_ms(self) -> int:
        """When the caller began to wait for it."""
        return max(0, self.start_ms - (self.waited_ms or 0))


def stretches(turns: Iterable[Turn], length_ms: int) -> list[Stretch]:
    """In order of time. What was cut off ends where the agent speaks again, at the latest with the call."""
    found = [_stretch(turn) for turn in turns]
    until = length_ms
    for place in reversed(range(len(found))):
        stretch = found[place]
        if stretch.is_agent:
            found[place] = replace(stretch, unheard_ms=max(0, min(stretch.unheard_ms, until - stretch.end_ms)))
            until = stretch.start_ms
    return found


def _stretch(turn: Turn) -> Stretch:
    is_agent = turn.speaker == Turn.Speaker.AGENT
    spoken_ms = max(0, turn.ended_ms - turn.started_ms)
    cut = len(turn.unheard.split()) if is_agent and turn.interrupted else 0
    heard = len(turn.heard.split())
    word_ms = min(SLOWEST_WORD_MS, max(QUICKEST_WORD_MS, spoken_ms / heard)) if heard else WORD_MS
    ended_ms = turn.started_ms + spoken_ms
    return Stretch(is_agent, turn.started_ms, ended_ms, round(cut * word_ms), wait_ms(turn), turn.is_person)


def longest_silence(speech: Sequence[Stretch], length_ms: int) -> tuple[int, int]:
    """The longest time in which nobody spoke, and when it began; 0 when there was none."""
    longest, began, quiet_from = 0, 0, 0
    for stretch in sorted(speech, key=lambda each: each.start_ms):
        if stretch.start_ms - quiet_from > longest:
            longest, began = stretch.start_ms - quiet_from, quiet_from
        quiet_from = max(quiet_from, stretch.end_ms)
    if length_ms - quiet_from > longest:
        longest, began = length_ms - quiet_from, quiet_from
    return longest, began
