"""How long callers wait for replies: the figures of many, and which stage is to blame for a slow one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from calls.models import Turn

BUDGET_MS = 800  # what a reply may take
SLOW_MS = 1500  # from here on callers wonder whether anybody is there
GUILTY = 2.0  # a stage of a slow reply is to blame from this many times its share


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the wait: its name in the stored timing, its words, its colour, and its share of the budget."""

    name: str
    label: str
    short: str
    tone: str
    share_ms: int


STAGES = (
    Stage("endpointing", "Turn over", "Turn over", "end", 400),
    Stage("model", "Model, first word", "Model", "model", 220),
    Stage("tool", "Doing something", "Tool", "tool", 0),
    Stage("piece", "First sentence", "Sentence", "text", 50),
    Stage("voice", "Voice, first sound", "Voice", "voice", 100),
    Stage("sending", "Line", "Line", "line", 30),
)

# What a stage has done when it was slow; its milliseconds follow.
BLAME = {
    "endpointing": "knowing that the caller had finished took",
    "model": "the model’s first word took",
    "tool": "what had to be done took",
    "piece": "enough words for a first sentence took",
    "voice": "the first sound of the voice took",
    "sending": "sending took",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One stage of one reply."""

    stage: Stage
    ms: int
    guilty: bool

    @property
    def blame(self) -> str:
        return BLAME[self.stage.name]


@dataclass(frozen=True, slots=True)
class Wait:
    """What one reply made the caller wait, and for what."""

    turn: Turn
    ms: int
    parts: tuple[Part, ...]
    guessed: bool

    @property
    def is_slow(self) -> bool:
        return self.ms >= SLOW_MS

    @property
    def guilty(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.guilty)


def wait_ms(turn: Turn) -> int | None:
    """What the caller waited for this turn; None when nobody waited for it."""
    ms = turn.timing.get("waited_ms")
    return ms if isinstance(ms, int) else None


def wait_for(turn: Turn) -> Wait | None:
    ms = wait_ms(turn)
    if ms is None:
        return None
    stages = turn.timing.get("stages", {})
    spent = [(stage, int(stages.get(stage.name, 0))) for stage in STAGES]
    blamed = _blamed(spent) if ms >= SLOW_MS else ()
    parts = tuple(Part(stage, took, stage in blamed) for stage, took in spent)
    return Wait(turn, ms, parts, guessed="committed" in turn.timing.get("stamps", {}))


def waits(turns: Iterable[Turn]) -> list[Wait]:
    """One for each turn that somebody waited for, in the order of the turns."""
    return [wait for turn in turns if (wait := wait_for(turn)) is not None]


def _blamed(spent: Sequence[tuple[Stage, int]]) -> Sequence[Stage]:
    """The stages far over their share, most often one; else the one that is furthest over it."""
    over = [
        stage for stage, took in spent if took >= GUILTY * stage.share_ms and took - stage.share_ms >= BUDGET_MS / 4
    ]
    return over or [max(spent, key=lambda each: each[1] - each[0].share_ms)[0]]


def percentile(values: Sequence[int], share: float) -> int | None:
    """The smallest value that `share` of all values do not exceed; None for no values."""
    ranked = sorted(values)
    return ranked[max(0, ceil(share * len(ranked)) - 1)] if ranked else None


def p50(values: Sequence[int]) -> int | None:
    return percentile(values, 0.5)


def p95(values: Sequence[int]) -> int | None:
    return percentile(values, 0.95)
