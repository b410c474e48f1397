"""Conversations for tests of the pages: who spoke when, what was heard of it, and how long it was waited for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils.timezone import now

from agents.models import Agent
from calls.models import Call, Turn
from tests import factories


def wait(
    *, endpointing: int = 260, model: int = 210, piece: int = 40, voice: int = 140, sending: int = 60
) -> dict[str, Any]:
    """The timing of a reply as a conversation stores it."""
    stages = {"endpointing": endpointing, "model": model, "piece": piece, "voice": voice, "sending": sending}
    return {"waited_ms": sum(stages.values()), "stages": stages, "stamps": {"endpoint": endpointing}}


def ended_call(agent: Agent, seconds: int = 60, **fields: Any) -> Call:
    """A call that is over and lasted that long."""
    ended_at = fields.pop("ended_at", now() - timedelta(hours=1))
    began = ended_at - timedelta(seconds=seconds)
    times = {"created_at": began, "answered_at": began, "ended_at": ended_at}
    return factories.make_call(agent, **({"status": Call.Status.ENDED} | times | fields))


def says(call: Call, words: str, started_ms: int, ended_ms: int, **fields: Any) -> Turn:
    """The agent says something."""
    return factories.make_turn(
        call, words, speaker=Turn.Speaker.AGENT, started_ms=started_ms, ended_ms=ended_ms, **fields
    )


def asks(call: Call, words: str, started_ms: int, ended_ms: int, **fields: Any) -> Turn:
    """The caller says something."""
    return factories.make_turn(call, words, started_ms=started_ms, ended_ms=ended_ms, **fields)


def short_talk(call: Call) -> None:
    """A greeting, a question, an answer that came soon, an interruption, and an answer that came late."""
    says(call, "Juniper Dental, how can I help?", 0, 3000, kind="greeting")
    asks(call, "When are you open?", 3500, 5000)
    says(
        call,
        "From eight to five,",
        5710,
        9000,
        unheard="and on Saturdays until noon.",
        interrupted=True,
        timing=wait(),
    )
    asks(call, "And on Friday?", 8800, 10_000)
    says(call, "On Friday as well.", 12_200, 14_000, timing=wait(model=1700))
