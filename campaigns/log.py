"""What was done with a campaign: by whom, when, and in words that its page shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from agentos.tenants import log
from agentos.tenants.models import LogEntry
from campaigns.models import Campaign

FIELDS = {
    "agent": "agent",
    "agent_id": "agent",
    "at_once": "calls at once",
    "budget_cents": "budget",
    "calls_per_second": "pace",
    "ends_at": "last day",
    "hours": "hours",
    "keys": "keys",
    "kind": "message or agent",
    "message": "message",
    "most_attempts": "attempts",
    "number": "number",
    "number_id": "number",
    "records_reply": "spoken replies",
    "starts_at": "first day",
    "voicemail": "voicemail",
}


def tell(campaign: Campaign, what: str, words: str, **details: Any) -> None:
    """Write down what was done with the campaign, in the transaction that does it."""
    log.record(f"campaign.{what}", words, subject=subject(campaign), **details)


def entries(campaign: Campaign) -> QuerySet[LogEntry]:
    """Everything that was done with it, newest first."""
    return log.entries_about(subject(campaign))


def subject(campaign: Campaign) -> str:
    return f"campaign {campaign.pk}"


def changed(fields: Iterable[str]) -> str:
    """Changed hours and message"""
    names = list(dict.fromkeys(FIELDS.get(field, field.replace("_", " ")) for field in fields))
    return "Changed " + " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
