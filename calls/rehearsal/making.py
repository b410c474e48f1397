"""Rehearsals out of conversations that took place: a call, or a try in writing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from agentos.errors import DomainError
from agentos.tenants.models import User
from agents.models import Agent
from agents.prompts import clean
from calls.models import Call, ToolRun, Turn
from calls.redaction import Kind
from calls.rehearsal.models import Rehearsal
from calls.rehearsal.talk import LEAVES

LONGEST_NAME = 60
MOST_LINES, LONGEST_LINE = 30, 300
INSTEAD = {
    Kind.NAME.mark: "Anna Smith",
    Kind.PHONE.mark: "202 555 0137",
    Kind.EMAIL.mark: "anna at example dot com",
    Kind.CARD.mark: "4242 4242 4242 4242",
    Kind.NATIONAL_ID.mark: "000 12 3456",
}


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
    """A test out of a real call: the caller's own words, the tools that were used, and what they answered.

    It takes place when the call did, so that "tomorrow" is the same day and what was looked up is still right.
    Inside the tenant. Raises DomainError.
    """
    turns = call.turns.filter(speaker=Turn.Speaker.CALLER).exclude(heard="").order_by("started_ms", "index")
    lines = [as_fiction(turn.heard)[:LONGEST_LINE] for turn in turns[:MOST_LINES]]
    if not lines:
        raise DomainError("silent", "The caller said nothing in this call, so there is nothing to rehearse.")
    done = list(ToolRun.objects.filter(call=call, state=ToolRun.State.DONE).order_by("started_ms"))
    made: Rehearsal = Rehearsal.objects.create(
        agent=call.agent,
        name=f"Call of {timezone.localtime(call.created_at):%B %-d, %-I:%M %p}",
        lines=lines,
        uses=list(dict.fromkeys(run.name for run in done if run.effect)),
        answers=_answers(done),
        takes_place=call.created_at,
        from_call=call.pk,
    )
    return made


def as_fiction(text: str) -> str:
    """What was taken out of a transcript, made up: nobody says "[name]" on the telephone."""
    for mark, words in INSTEAD.items():
        text = text.replace(mark, words)
    return text


def _answers(done: Sequence[ToolRun]) -> dict[str, str]:
    """By tool. One that was asked for several things and answered differently is left to look for itself."""
    told: dict[str, set[str]] = {}
    for run in done:
        if run.name in LEAVES:
            continue  # whoever leaves needs no answer
        told.setdefault(run.name, set()).add(as_fiction(run.result))
    effects = {run.name for run in done if run.effect}
    return {name: min(results) for name, results in told.items() if len(results) == 1 or name in effects}
