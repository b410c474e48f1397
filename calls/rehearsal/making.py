"""Rehearsals out of conversations that took place: a call, or a try in writing."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from agentos.errors import DomainError
from agentos.tenants.models import User
from agents.models import Agent
from agents.prompts import clean
from calls.models import Call, ToolRun, Turn
from calls.rehearsal.models import Rehearsal

LONGEST_NAME = 60


def from_talk(agent: Agent, entries: list[dict[str, Any]], *, by: User) -> Rehearsal:
    """A test out of a try in writing: the caller's lines, and the tools that it came to. Raises DomainError."""
    lines = [line for entry in entries if entry["who"] == "caller" and (line := clean(entry["text"]))]
    if not lines:
        raise DomainError("empty", "Say something as the caller first.")
    used = [entry for entry in entries if entry["who"] == "tool" and entry.get("state") == "done"]
    granted = {grant["name"] for grant in agent.versions.get(number=None).tools}
    answers = {entry["name"]: clean(entry["result"]) for entry in used if entry["name"] in granted}
    made: Rehearsal = Rehearsal.objects.create(
        agent=agent,
        name=lines[0][:LONGEST_NAME].rstrip(),
        lines=lines,
        uses=list(answers),
        answers=answers,
        created_by=by,
    )
    return made


def from_call(call: Call) -> Rehearsal:
    """A test out of a real call: the caller's own words, and the tools that were used. Inside the tenant."""
    turns = call.turns.filter(speaker=Turn.Speaker.CALLER).exclude(heard="").order_by("started_ms", "index")
    done = ToolRun.objects.filter(call=call, state=ToolRun.State.DONE).order_by("started_ms")
    answers = {run.name: run.result for run in done if run.effect}
    made: Rehearsal = Rehearsal.objects.create(
        agent=call.agent,
        name=f"Call of {timezone.localtime(call.created_at):%B %-d, %H:%M}",
        lines=[turn.heard for turn in turns],
        uses=list(answers),
        answers=answers,
        from_call=call.pk,
    )
    return made
