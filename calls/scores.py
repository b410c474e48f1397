"""The score: a call at full size, with what happened written above it and the time below. Parts of an SVG."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from agentos.tenants.templatetags.words import count, duration
from calls.models import Call, Turn
from calls.speech import Stretch
from calls.waveform import Waveform
from calls.wording import Happening, outcome

MOST_TICKS = 12
TICKS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
CLOSE = 5.0  # percent: a tick this close to the end gives way to the length
LETTER = 0.8  # percent of the narrowest plot that a letter takes
ROWS = (10, 28)  # where the leaders of the two rows of words begin
BLOCK = 30  # height of a lane where there is no recording to tell how loud it was
UNHEARD = 26
THINNEST = 400  # no block is thinner than this share of the call


@dataclass(frozen=True, slots=True)
class Tick:
    x: str
    label: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Label:
    """Words above the score, with a dotted leader down to the moment they speak of."""

    at: float
    text: str
    is_trouble: bool = False
    is_mark: bool = False
    row: int = 0
    anchor: str = "start"

    @property
    def x(self) -> str:
        return f"{self.at:.2f}"

    @property
    def top(self) -> int:
        return ROWS[self.row]

    @property
    def span(self) -> tuple[float, float]:
        width = LETTER * (len(self.text) + 2)
        return (self.at, self.at + width) if self.anchor == "start" else (self.at - width, self.at)


@dataclass(frozen=True, slots=True)
class Score:
    length_ms: int
    caller: str
    agent: str
    unheard: str
    slow: str
    person: str = ""
    ticks: list[Tick] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)


def score(
    call: Call,
    turns: Sequence[Turn],
    happenings: Sequence[tuple[int, Happening]],
    *,
    speech: Sequence[Stretch],
    length_ms: int,
    loudness: Waveform | None,
) -> Score:
    length = max(1, length_ms)
    agent = [each for each in speech if each.is_agent and not each.is_person]
    caller = [each for each in speech if not each.is_agent]
    persons = [each for each in speech if each.is_person]
    if loudness is None:
        above = _blocks(caller, length, up=True)
        below, person = (_blocks(each, length, up=False) for each in (agent, persons))
    else:
        typed = [each for each in caller if each.start_ms == each.end_ms]
        above = _bars(loudness.caller, loudness.bar_ms, up=True) + _blocks(typed, length, up=True)
        parts = loudness.parted([(each.start_ms, each.end_ms) for each in persons])
        below, person = (_bars(heights, loudness.bar_ms, up=False) for heights in parts)
    return Score(
        length_ms=length,
        caller=above,
        agent=below,
        person=person,
        unheard="".join(_block(each.end_ms, each.unheard_ms, UNHEARD, up=False) for each in agent if each.unheard_ms),
        slow="".join(
            f"M{max(0, each.start_ms - (each.waited_ms or 0))} 50H{each.start_ms}" for each in agent if each.is_slow
        ),
        ticks=_ticks(length),
        labels=_placed(_labels(call, turns, happenings, speech, length)),
    )


def _blocks(speech: Sequence[Stretch], length_ms: int, *, up: bool) -> str:
    thinnest = max(1, length_ms // THINNEST)
    return "".join(_block(each.start_ms, max(thinnest, each.end_ms - each.start_ms), BLOCK, up=up) for each in speech)


def _bars(heights: Sequence[float], bar_ms: int, *, up: bool) -> str:
    width = max(1, round(bar_ms * 0.64))
    return "".join(_block(place * bar_ms, width, height, up=up) for place, height in enumerate(heights) if height)


def _block(start_ms: int, ms: int, height: float, *, up: bool) -> str:
    y, rise = (48.5, -height) if up else (51.5, height)
    return f"M{start_ms} {y}h{ms}v{rise:g}h-{ms}z"


def _ticks(length_ms: int) -> list[Tick]:
    step_ms = next((s for s in TICKS_S if length_ms <= s * 1000 * MOST_TICKS), TICKS_S[-1]) * 1000
    ticks = [Tick("0", "0:00", "start")]
    for at_ms in range(step_ms, length_ms, step_ms):
        x = 100 * at_ms / length_ms
        if x <= 100 - CLOSE:
            ticks.append(Tick(f"{x:.2f}", duration(at_ms)))
    return [*ticks, Tick("100", duration(length_ms), "end")]


def _labels(
    call: Call,
    turns: Sequence[Turn],
    happenings: Sequence[tuple[int, Happening]],
    speech: Sequence[Stretch],
    length_ms: int,
) -> list[Label]:
    """What deserves a word, in order of weight."""

    def at(ms: int) -> float:
        return min(100.0, 100 * ms / length_ms)

    end = [Label(100.0, outcome(call, turns).words, anchor="end")] if call.status == Call.Status.ENDED else []
    trouble = [Label(at(ms), what.short, True, True) for ms, what in happenings if what.is_trouble]
    slow = [Label(at(each.start_ms), "Slow reply", True, True) for each in speech if each.is_slow]
    cut = [
        Label(at(turn.ended_ms), f"Interrupted, {count(len(turn.unheard.split()), 'word')} not heard")
        for turn in turns
        if turn.interrupted and turn.unheard
    ]
    rest = [Label(at(ms), what.short, False, True) for ms, what in happenings if not what.is_trouble]
    return [*end, *trouble, *slow, *cut, *rest]


def _placed(labels: Iterable[Label]) -> list[Label]:
    """Each label in a row that has space for it, if there is one. Heavier labels come first."""
    taken: tuple[list[Label], ...] = tuple([] for _ in ROWS)
    for label in labels:
        anchor = "end" if label.anchor == "end" or label.span[1] > 100 else "start"
        places = [replace(label, row=row, anchor=anchor) for row in range(len(ROWS))]
        free = [place for place in places if all(_apart(place, other) for other in taken[place.row])]
        if free:
            best = min(free, key=lambda place: _crossings(place, taken))
            taken[best.row].append(best)
    return sorted((label for row in taken for label in row), key=lambda label: label.at)


def _apart(one: Label, other: Label) -> bool:
    return one.span[1] <= other.span[0] or other.span[1] <= one.span[0]


def _crossings(label: Label, taken: Sequence[Sequence[Label]]) -> int:
    """How many leaders of the upper row would run behind words of the lower one."""
    upper, lower = taken
    if label.row:
        return sum(label.span[0] < other.at < label.span[1] for other in upper)
    return sum(other.span[0] < label.at < other.span[1] for other in lower)
