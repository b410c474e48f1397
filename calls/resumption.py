"""What the next process must know of a call that lost its own: who answers, what was said, how long it has run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.timezone import now

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import AgentVersion
from agents.providers.ports import LanguageModel, Thought, ToolCall
from agents.versions import VersionSpec
from calls.briefing import Briefing
from calls.conversation.first_answer import FirstAnswer
from calls.conversation.guarding import UNKNOWN, Run, digest_in
from calls.conversation.history import Exchange, words_of_operator
from calls.conversation.ports import ToolResult
from calls.conversation.script import Script
from calls.journal import spool
from calls.models import Call, ToolRun
from calls.moving import NOTE, Moved, moved
from calls.native.leaving import wished_keys
from calls.people import KINDS, Left, left_by
from calls.platform_sentences import platform_sentences
from calls.scripts import CallTexts
from calls.services import NewCall
from calls.snapshots import Answerer, load_snapshot
from calls.taking_over import note_for, passed_at, version_of, within_limits_of
from calls.transfers.services import words_of_return

TURN = ("speaker", "kind", "heard", "started_ms", "extras")


@dataclass(frozen=True, slots=True)
class Earlier:
    """The conversation before this segment: (role, text heard), its length so far, and what was done in it."""

    said: tuple[tuple[str, str] | Exchange, ...] = ()
    elapsed_ms: int = 0
    runs: tuple[Run, ...] = ()
    passed_to: str = ""  # the name of the agent to whom the call was passed on
    takes_over: bool = False  # it has not spoken yet
    agent_id: UUID | None = None  # its id
    bridge: str = ""  # said first, where more is known than that the line was lost
    left: Left = field(default_factory=Left)  # by people who were in the call
    moved: Moved = field(default_factory=Moved)  # to a line of sound
    language: str = ""  # in which it was held last, where that was not the version's own
    first: tuple[Thought, ...] = ()  # the agent's first answer, where it was decided before

    def begin(self, texts: CallTexts, *, resumed: bool, speculation: bool) -> Script:
        """The script of who goes on: one who takes over begins with an answer, and so does one whose line was moved."""
        script = texts.script(resumed=resumed, speculation=speculation, bridge=self.bridge, language=self.language)
        goes_on = self.takes_over or self.first or self.moved.since_ms is not None
        return replace(script, opening=(), takes_over=True) if goes_on else script

    def model(self, model: LanguageModel) -> LanguageModel:
        return FirstAnswer(model, self.first) if self.first else model

    @property
    def notes(self) -> tuple[str, ...]:
        """What the agent has been told, and reads on."""
        if self.moved.since_ms is None or self.left.speaker is not None:
            return self.left.notes
        return (*self.left.notes, NOTE)

    @property
    def moved_ago_s(self) -> float | None:
        """How long the caller has heard nothing, where the line was moved just now."""
        since_ms = self.moved.since_ms
        return None if since_ms is None else max(0, self.elapsed_ms - since_ms) / 1000


def load_earlier(
    tenant_id: int, agent_id: UUID, call_id: UUID, *, use_database: bool
) -> tuple[NewCall, Answerer, Earlier]:
    """Everything a segment begins with. Raises LookupError, and DatabaseError when asked to use the database."""
    if use_database:
        return _from_database(tenant_id, call_id)
    return _from_this_host(tenant_id, agent_id, call_id)


def heard_before(briefing: Briefing) -> Earlier:
    """What a conversation that begins with a message has behind it."""
    return Earlier((("assistant", briefing.message),) if briefing.message else (), briefing.before_ms)


def _from_database(tenant_id: int, call_id: UUID) -> tuple[NewCall, Answerer, Earlier]:
    with tenant_transaction(tenant_id):
        call = Call.objects.filter(pk=call_id).first()
        if call is None:
            raise LookupError(f"call {call_id} is unknown")
        first = AgentVersion.objects.select_related("agent").get(pk=call.version_id)
        version, passed_ms = version_of(call), passed_at(call)
        turns = list(call.turns.order_by("started_ms", "index").values(*TURN))
        left = left_by(call.events.filter(kind__in=KINDS).order_by("segment", "sequence").values_list("kind", "data"))
        keys, done = wished_keys(call), call.tool_runs.exclude(state=ToolRun.State.REFUSED)
        runs = [_facts_of(row) for row in (done.exclude(name=keys.name) if keys else done)]
        bridge, line = words_of_return(call), moved(call)
        answerer = Answerer.of(Tenant.objects.get(pk=tenant_id), version)
        answerer = answerer._replace(spec=within_limits_of(VersionSpec.of(first), answerer.spec))
    new = NewCall(
        call_id=call.pk,
        agent_id=call.agent_id,
        version_id=call.version_id,
        channel=call.channel,
        direction=call.direction,
        from_number=call.from_number,
        to_number=call.to_number,
        carrier_sid=call.carrier_sid,
        origin=call.origin,
        created_at=call.created_at,
        briefing=Briefing.from_json(call.briefing),
    )
    earlier = _earlier(turns, runs, call.answered_at, new.briefing.before_ms)
    earlier = replace(taken_over(earlier, turns, version, passed_ms), bridge=bridge, left=left, moved=line)
    first = (f"{platform_sentences(earlier.language or answerer.spec.language).type_now} ", keys) if keys else ()
    return new, answerer, replace(earlier, first=first)


def taken_over(
    earlier: Earlier, turns: Sequence[dict[str, Any]], version: AgentVersion, passed_ms: int | None
) -> Earlier:
    """With who speaks now; one who has not spoken yet is told that the caller was passed on."""
    if passed_ms is None:
        return earlier
    name = version.agent.name
    is_new = all(turn["started_ms"] < passed_ms for turn in turns if turn["speaker"] == "agent")
    said = (*earlier.said, note_for(name)) if is_new else earlier.said
    return replace(earlier, said=said, takes_over=is_new, passed_to=name, agent_id=version.agent_id)


def _from_this_host(tenant_id: int, agent_id: UUID, call_id: UUID) -> tuple[NewCall, Answerer, Earlier]:
    snapshot = load_snapshot(agent_id)
    if snapshot is None or snapshot.tenant_id != tenant_id:
        raise LookupError(f"nothing is known of agent {agent_id}")
    entries = spool.peek(call_id)
    opened: dict[str, Any] = next((entry["data"] for entry in entries if entry["entry"] == "opened"), {})
    answered = next((entry["at"] for entry in entries if entry["entry"] == "answered"), "")
    turns = {entry["index"]: entry["state"] for entry in entries if entry["entry"] == "turn"}
    new = NewCall(
        call_id=call_id,
        agent_id=agent_id,
        version_id=opened.get("version_id", snapshot.spec.version_id),
        channel=opened.get("channel", "phone"),
        direction=opened.get("direction", "inbound"),
        from_number=opened.get("from_number", ""),
        to_number=opened.get("to_number", ""),
        carrier_sid=opened.get("carrier_sid"),
        origin=opened.get("origin", ""),
        created_at=parse_datetime(opened.get("created_at", "")) or now(),
        briefing=Briefing.from_json(opened.get("briefing", {})),
    )
    done = {entry["key"]: {"key": entry["key"], **entry["state"]} for entry in entries if entry["entry"] == "tool"}
    runs = [each for each in done.values() if each["state"] != ToolRun.State.REFUSED]
    events = [entry for entry in entries if entry["entry"] == "event"]
    left = left_by((entry["kind"], entry["data"]) for entry in events)
    line = Moved.of((entry["kind"], entry["at_ms"]) for entry in events)
    earlier = _earlier(turns.values(), runs, parse_datetime(answered), new.briefing.before_ms)
    return new, snapshot, replace(earlier, left=left, moved=line)


def run_of(row: ToolRun) -> Run:
    """A run as whoever judges the next one knows it."""
    return _run(_facts_of(row))


def _facts_of(row: ToolRun) -> dict[str, Any]:
    names = ("key", "turn", "name", "arguments", "result", "state", "effect", "started_ms")
    return {name: getattr(row, name) for name in names}


def _earlier(
    turns: Iterable[dict[str, Any]], runs: Sequence[dict[str, Any]], answered_at: datetime | None, before_ms: int
) -> Earlier:
    known = sorted([*turns, *runs], key=lambda each: each["started_ms"])
    said = tuple(_exchange(each) if "key" in each else _said(each) for each in known if "key" in each or each["heard"])
    elapsed = round((now() - answered_at).total_seconds() * 1000) if answered_at else 0
    last: dict[str, Any] = next((each for each in reversed(known) if "key" not in each), {})
    language = str(last.get("extras", {}).get("language", ""))
    done = tuple(_run(each) for each in known if "key" in each)
    return Earlier(said, max(0, elapsed) + before_ms, done, language=language)


def _said(turn: dict[str, Any]) -> tuple[str, str]:
    if turn["speaker"] == "caller":
        return "user", turn["heard"]
    by = turn.get("extras", {}).get("by")
    return "assistant", words_of_operator(by, turn["heard"]) if by and turn["kind"] == "person" else turn["heard"]


def _exchange(run: dict[str, Any]) -> Exchange:
    result = UNKNOWN.content if run["state"] == ToolRun.State.RUNNING else run["result"]
    return Exchange(ToolCall("", run["name"], json.dumps(run["arguments"])), result)


def _run(run: dict[str, Any]) -> Run:
    ok = run["state"] == ToolRun.State.DONE
    result = UNKNOWN if run["state"] == ToolRun.State.RUNNING else ToolResult(run["result"], ok=ok)
    return Run(run["name"], digest_in(run["key"]), run["turn"], run["effect"], result)
