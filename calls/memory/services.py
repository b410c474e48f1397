"""What people do with what is remembered: agree to it, look at it, change it, have it forgotten. Inside the tenant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.tenants.log import record
from agents.prompts import clean
from calls.memory.distilling import LONGEST, MOST, Remembered, is_usable
from calls.memory.models import Memory, Remembering
from calls.models import Call
from calls.numbers import read_number

TOOL = "remember_caller"
ASKED = "Said so in a call"
ANSWERED = "They have agreed to be remembered; do not ask again."
REFUSED = "They do not want to be remembered; do not ask again."


def settings_of(grants: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """How a version remembers callers; None where it does not."""
    return next((each.get("settings", {}) for each in grants if each["name"] == TOOL), None)


def answer_of(number: str) -> Remembering | None:
    """What the owner of a number has said to being remembered."""
    found: Remembering | None = Remembering.objects.filter(e164=number).first() if number else None
    return found


def note_answer(number: str, *, agreed: bool, source: str, call_id: UUID | None = None) -> Remembering:
    """Their latest answer counts; with a no, everything is forgotten at once."""
    answer: Remembering = Remembering.objects.update_or_create(
        e164=number,
        defaults={"agreed": agreed, "source": source.strip()[:120], "at": now(), "call_id": call_id},
    )[0]
    if not agreed:
        Memory.objects.filter(e164=number).delete()
    record("memory.agreed" if agreed else "memory.refused", _words(agreed), subject=f"memory {answer.pk}")
    return answer


def _words(agreed: bool) -> str:
    return "A caller wants to be remembered" if agreed else "A caller does not want to be remembered"


def memories_of(number: str) -> list[Memory]:
    """Oldest first."""
    return list(Memory.objects.filter(e164=number).select_related("call")) if number else []


def told(number: str) -> tuple[str, ...]:
    """What the agent is told at the beginning of a call; nothing of anybody who has not agreed."""
    number = read_number(number) or ""
    answer = answer_of(number)
    if answer is None:
        return ()
    if not answer.agreed:
        return (REFUSED,)
    return (ANSWERED, *(f"{_day(each.at)}, {each.kind}: {each.text}" for each in memories_of(number)))


def _day(at: datetime) -> str:
    return f"{at:%B} {at.day}, {at.year}"


def keep(call: Call, number: str, found: Sequence[Remembered]) -> int:
    """Add what a call has brought; the same topic is replaced, and the oldest give way. Twice is once."""
    for each in found:
        if each.topic:
            Memory.objects.filter(e164=number, text__startswith=each.topic, edited_by="").delete()
        Memory.objects.get_or_create(
            e164=number,
            text=each.text,
            defaults={"kind": each.kind, "quote": each.quote, "call": call, "at": call.ended_at or now()},
        )
    surplus = Memory.objects.filter(e164=number).order_by("-at", "-pk").values_list("pk", flat=True)[MOST:]
    Memory.objects.filter(pk__in=list(surplus)).delete()
    return len(found)


def change(memory: Memory, text: str, by: str) -> None:
    """A person puts it right. Raises DomainError for what would read as an order to the agent."""
    text = clean(text, LONGEST + 1)
    if not is_usable(text):
        raise DomainError("unusable", f"Write at most {LONGEST} characters about the person, and no instructions.")
    if Memory.objects.filter(e164=memory.e164, text=text).exclude(pk=memory.pk).exists():
        raise DomainError("twice", "This stands there already.")
    memory.text, memory.edited_by = text, by[:120]
    memory.save(update_fields=["text", "edited_by"])
    record("memory.changed", "Something that is remembered of a caller was changed", subject=f"memory {memory.pk}")


def forget(number: str, memory_id: int | None = None) -> int:
    """One line, or all of them; returns how many."""
    rows = Memory.objects.filter(e164=number)
    if memory_id is not None:
        rows = rows.filter(pk=memory_id)
    count: int = rows.delete()[0]
    if count:
        record("memory.forgotten", "Something that was remembered of a caller was forgotten", subject="memory")
    return count
