"""The log of a business: who did what, when. Written in the transaction of what it tells about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from agentos.tenants.models import ApiKey, LogEntry, User


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person, the holder of a key, or AgentOS itself."""

    name: str
    ref: int | None = None


AGENTOS = Actor("AgentOS")

_actor: ContextVar[Actor] = ContextVar("actor", default=AGENTOS)


@contextmanager
def acting_as(who: User | ApiKey) -> Iterator[None]:
    """Until it is left, what is recorded was done by them."""
    actor = Actor(str(who), who.pk) if isinstance(who, User) else Actor(f"API key {who.name}")
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


def actor_name() -> str:
    """Who acts at the moment, as people call them."""
    return _actor.get().name


def record(what: str, words: str, *, subject: str, **details: Any) -> LogEntry:
    """Write an entry, inside the tenant: it stands when the transaction does."""
    actor = _actor.get()
    limit = LogEntry._meta.get_field("words").max_length
    entry: LogEntry = LogEntry.objects.create(
        who=actor.name[:160], who_ref=actor.ref, what=what, words=words[:limit], details=details, subject=subject
    )
    return entry


def entries_about(subject: str) -> QuerySet[LogEntry]:
    """Newest first."""
    entries: QuerySet[LogEntry] = LogEntry.objects.filter(subject=subject)
    return entries
