"""The transcript: turns, what was done and what happened between them, in the order in which they were heard."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.template.loader import render_to_string

from agentos.tenants.templatetags.words import count
from agents.catalog import language_name
from calls.latency import BUDGET_MS, SLOW_MS, Wait, wait_for
from calls.models import Call, CallEvent, ToolRun, Turn
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

    @property
    def css(self) -> str:
        """Whose words they are, as the transcript shows it."""
        side = " turn--person" if self.turn.is_person else " turn--agent" if self.is_agent else ""
        return f"turn{side}"

    @property
    def by(self) -> str:
        """Who spoke, where it is not the agent that the call began with: another one, or a person of the business."""
        return str(self.turn.extras.get("by") or self.turn.extras.get("agent", ""))

    @property
    def mood(self) -> str:
        """How the caller sounds here, where the words tell."""
        return {"angry": "Angry", "unhappy": "Unhappy", "pleased": "Pleased"}.get(self.turn.extras.get("mood", ""), "")

    @property
    def language(self) -> str:
        """In which it was said, where that is not the agent's own."""
        return language_name(code) if (code := self.turn.extras.get("language", "")) else ""

    @property
    def looked_up(self) -> str:
        """What the agent read for this reply, of what the business has written down; empty where it read nothing."""
        titles = dict.fromkeys(f"“{each['title']}”" for each in self.turn.extras.get("knowledge") or ())
        return f"Looked up: {', '.join(titles)}." if titles else ""


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
class Acted:
    """Something that the agent did, or was not allowed to do."""

    run: ToolRun

    @property
    def at_ms(self) -> int:
        return self.run.started_ms

    @property
    def at(self) -> str:
        return position(self.run.started_ms)

    @property
    def title(self) -> str:
        return self.run.title or f"“{self.run.name}”, which is no tool"

    @property
    def outcome(self) -> str:
        """How it went, in a word or two; empty for what went well."""
        unknown = "under way" if self.run.call.status != Call.Status.ENDED else "nobody knows whether it was done"
        return {"running": unknown, "failed": "failed", "refused": "not allowed", "done": ""}[self.run.state]

    @property
    def is_trouble(self) -> bool:
        return not self.run.ok and not (self.run.state == ToolRun.State.RUNNING and self.outcome == "under way")

    @property
    def arguments(self) -> list[tuple[str, str]]:
        """What the model gave, with the names of the arguments as words."""
        given = self.run.arguments if isinstance(self.run.arguments, dict) else {}
        return [
            (name.replace("_", " ").capitalize(), value if isinstance(value, str) else json.dumps(value))
            for name, value in given.items()
            if value not in (None, "")
        ]


Entry = Said | Told | Acted


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


def script(call: Call, turns: Sequence[Turn], events: Sequence[CallEvent], runs: Sequence[ToolRun] = ()) -> list[Entry]:
    entries: list[Entry] = [*_said(call, turns), *tell(events), *(Acted(run) for run in runs)]
    return sorted(entries, key=lambda entry: entry.at_ms)


def script_parts(call: Call, entries: Sequence[Entry]) -> list[Part]:
    """The transcript, printed. While the call lasts, entries are added and replaced one by one."""
    waits = [entry.wait.ms for entry in entries if isinstance(entry, Said) and entry.wait]
    scale_ms = max([SHORTEST_SCALE_MS, *waits]) if call.status == Call.Status.ENDED else SHORTEST_SCALE_MS
    return [_part(call, entry, scale_ms) for entry in entries]


def _said(call: Call, turns: Sequence[Turn]) -> Iterator[Said]:
    is_live = call.status != Call.Status.ENDED
    newest = next((turn for turn in reversed(turns) if turn.speaker == Turn.Speaker.AGENT), None)
    for place, turn in enumerate(turns):
        following = next((each for each in turns[place + 1 :] if _side(each) != _side(turn)), None)
        is_coming = is_live and turn is newest and not turn.interrupted
        yield Said(turn, wait_for(turn), cut_off(turn, following, is_live=is_live), is_coming)


def _side(turn: Turn) -> tuple[str, bool]:
    return turn.speaker, turn.is_person


def tell(events: Iterable[CallEvent]) -> Iterator[Told]:
    """What happened. Keys that were pressed one after the other are told as one."""
    for kind, several in groupby(events, key=lambda event: event.kind):
        alike = list(several)
        if kind == "digit" and len(alike) > 1:
            what = Happening(f"{count(len(alike), 'key')} were pressed.", "Keys pressed")
            yield Told(alike[0], what)
        else:
            yield from (Told(event, happening(event)) for event in alike)


def _part(call: Call, entry: Entry, scale_ms: int) -> Part:
    if isinstance(entry, Acted):
        css = "step step--warn" if entry.is_trouble else "step"
        return Part(f"r-{entry.run.pk}", render_to_string("calls/_tool.html", {"acted": entry}), "li", css, LIST)
    if isinstance(entry, Told):
        css = "step step--warn" if entry.what.is_trouble else "step"
        key = f"e-{entry.event.segment}-{entry.event.sequence}"
        return Part(key, render_to_string("calls/_step.html", {"told": entry}), "li", css, LIST)
    drawn = bars(entry.wait, scale_ms) if entry.wait else []
    context = {"call": call, "said": entry, "bars": drawn, "budget_ms": BUDGET_MS, "slow_ms": SLOW_MS}
    return Part(f"t-{entry.turn.index}", render_to_string("calls/_turn.html", context), "li", entry.css, LIST)
