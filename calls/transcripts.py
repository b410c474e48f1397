"""The transcript: turns and what happened between them, in the order in which they were heard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.template.loader import render_to_string

from agentos.tenants.templatetags.words import count
from calls.latency import BUDGET_MS, SLOW_MS, Wait, wait_for
from calls.models import Call, CallEvent, Turn
from calls.parts import Part
from calls.wording import Happening, cut_off, happening, position

LIST = "script"
SHORTEST_SCALE_MS = 2500  # what the whole width of a drawn wait means, unless a reply took longer


@dataclass(frozen=True, slots=True)
class Said:
    """A turn, and what is to be said about it."""

    turn: Turn
    wait: Wait | None
    note: str
    is_coming: bool

    @property
    def at_ms(self) -> int:
        return self.turn.started_ms

    @property
    def at(self) -> str:
        return position(self.turn.started_ms)

    @property
    def is_agent(self) -> bool:
        return self.turn.speaker == Turn.Speaker.AGENT


@dataclass(frozen=True, slots=True)
class Told:
    """An event, and what it means."""

    event: CallEvent
    what: Happening

    @property
    def at_ms(self) -> int:
        return self.event.at_ms

    @property
    def at(self) -> str:
        return position(self.event.at_ms)

    @property
    def thousandths(self) -> str:
        return f"{self.event.at_ms % 1000:03}"

    @property
    def facts(self) -> str:
        """What is stored with the event, word for word."""
        return ", ".join(f"{name} {value}" for name, value in self.event.data.items() if value not in ("", None))


@dataclass(frozen=True, slots=True)
class Bar:
    """A stage of a wait, drawn: where it begins and how wide it is, in percent of the scale."""

    x: str
    width: str
    tone: str


def bars(wait: Wait, scale_ms: int) -> list[Bar]:
    found, reached = [], 0
    for part in wait.parts:
        tone = "guilty" if part.guilty else part.stage.tone
        found.append(Bar(f"{100 * reached / scale_ms:.2f}", f"{100 * part.ms / scale_ms:.2f}", tone))
        reached += part.ms
    return found


def script(call: Call, turns: Sequence[Turn], events: Sequence[CallEvent]) -> list[Said | Told]:
    entries: list[Said | Told] = [*_said(call, turns), *tell(events)]
    return sorted(entries, key=lambda entry: entry.at_ms)


def script_parts(call: Call, entries: Sequence[Said | Told]) -> list[Part]:
    """The transcript, printed. While the call lasts, entries are added and replaced one by one."""
    waits = [entry.wait.ms for entry in entries if isinstance(entry, Said) and entry.wait]
    scale_ms = max([SHORTEST_SCALE_MS, *waits]) if call.status == Call.Status.ENDED else SHORTEST_SCALE_MS
    return [_part(call, entry, scale_ms) for entry in entries]


def _said(call: Call, turns: Sequence[Turn]) -> Iterator[Said]:
    is_live = call.status != Call.Status.ENDED
    newest = next((turn for turn in reversed(turns) if turn.speaker == Turn.Speaker.AGENT), None)
    for place, turn in enumerate(turns):
        following = next((each for each in turns[place + 1 :] if each.speaker != turn.speaker), None)
        is_coming = is_live and turn is newest and not turn.interrupted
        yield Said(turn, wait_for(turn), cut_off(turn, following), is_coming)


def tell(events: Iterable[CallEvent]) -> Iterator[Told]:
    """What happened. Keys that were pressed one after the other are told as one."""
    for kind, several in groupby(events, key=lambda event: event.kind):
        alike = list(several)
        if kind == "digit" and len(alike) > 1:
            what = Happening(f"{count(len(alike), 'key')} were pressed.", "Keys pressed")
            yield Told(alike[0], what)
        else:
            yield from (Told(event, happening(event)) for event in alike)


def _part(call: Call, entry: Said | Told, scale_ms: int) -> Part:
    if isinstance(entry, Told):
        css = "step step--warn" if entry.what.is_trouble else "step"
        key = f"e-{entry.event.segment}-{entry.event.sequence}"
        return Part(key, render_to_string("calls/_step.html", {"told": entry}), "li", css, LIST)
    drawn = bars(entry.wait, scale_ms) if entry.wait else []
    context = {"call": call, "said": entry, "bars": drawn, "budget_ms": BUDGET_MS, "slow_ms": SLOW_MS}
    css = "turn turn--agent" if entry.is_agent else "turn"
    return Part(f"t-{entry.turn.index}", render_to_string("calls/_turn.html", context), "li", css, LIST)
