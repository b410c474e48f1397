"""Journal entries into rows: in batches, in order, and each with effect exactly once.

A cursor row per segment of a call says how far its journal has taken effect; it moves in the same transaction as the
rows, so a batch that is shipped again after a crash changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.dateparse import parse_datetime
from django.utils.timezone import now

from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from calls.models import Call, CallEvent, JournalCursor, Recording, Turn
from calls.services import NewCall, answer, create_call, finish

Entry = dict[str, Any]

_TURN_FIELDS = (
    "speaker",
    "kind",
    "heard",
    "unheard",
    "exact",
    "interrupted",
    "started_ms",
    "ended_ms",
    "timing",
)
_ADD_USAGE = """
insert into calls_usageline (tenant_id, call_id, kind, provider, model, unit, speculative, quantity)
values (%s, %s, %s, %s, %s, %s, %s, %s)
on conflict (call_id, kind, provider, model, unit, speculative)
do update set quantity = calls_usageline.quantity + excluded.quantity
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries of one segment of one call, in order. Each has a `sequence`, counting from 1."""

    call_id: UUID
    segment: int
    entries: Sequence[Entry]


def ship(tenant_id: int, batches: Sequence[Batch]) -> None:
    """Let the entries take effect, each once, however often they are shipped."""
    with tenant_transaction(tenant_id):
        calls = _calls(batches)
        fresh = _advance_cursors(calls, batches)
        _write_turns(calls, fresh)
        _write_events(calls, fresh)
        _add_usage(fresh)
        for batch, entry in fresh:
            if change := _CHANGES.get(entry["entry"]):
                change(calls[batch.call_id], batch.segment, entry)
        living = [call.pk for call in calls.values() if call.status != Call.Status.ENDED]
        Call.objects.filter(pk__in=living).update(seen_at=now())


def _calls(batches: Sequence[Batch]) -> dict[UUID, Call]:
    """The calls, locked in one order; one that was opened while the database was away is made now."""
    wanted = {batch.call_id for batch in batches}
    calls = {call.pk: call for call in Call.objects.select_for_update().filter(pk__in=wanted).order_by("pk")}
    for batch in batches:
        if batch.call_id not in calls:
            opened = next((entry["data"] for entry in batch.entries if entry["entry"] == "opened"), None)
            if opened is None:
                raise LookupError(f"call {batch.call_id} is unknown, and its journal does not open it")
            calls[batch.call_id] = create_call(_new_call(opened))
    return calls


def _new_call(data: Entry) -> NewCall:
    rest = ("version_id", "channel", "direction", "from_number", "to_number", "carrier_sid")
    return NewCall(
        call_id=UUID(data["call_id"]),
        agent_id=UUID(data["agent_id"]),
        created_at=_moment(data["created_at"]),
        **{name: data[name] for name in rest},
    )


def _advance_cursors(calls: dict[UUID, Call], batches: Sequence[Batch]) -> list[tuple[Batch, Entry]]:
    """The entries that have not taken effect yet; from now on they have."""
    known = {(c.call_id, c.segment): c for c in JournalCursor.objects.filter(call_id__in=calls)}
    fresh = []
    for batch in batches:
        key = (batch.call_id, batch.segment)
        cursor = known.get(key) or JournalCursor(call=calls[batch.call_id], segment=batch.segment)
        new = [(batch, entry) for entry in batch.entries if entry["sequence"] > cursor.sequence]
        if new:
            cursor.sequence, known[key] = new[-1][1]["sequence"], cursor
            fresh += new
    JournalCursor.objects.bulk_create([c for c in known.values() if c.pk is None])
    JournalCursor.objects.bulk_update([c for c in known.values() if c.pk is not None], ["sequence"])
    return fresh


def _write_turns(calls: dict[UUID, Call], fresh: Iterable[tuple[Batch, Entry]]) -> None:
    """An entry holds the whole state of its turn: of several in a batch only the last matters."""
    latest = {(batch.call_id, entry["index"]): entry["state"] for batch, entry in fresh if entry["entry"] == "turn"}
    Turn.objects.bulk_create(
        [
            Turn(call=calls[call_id], index=index, **{name: state[name] for name in _TURN_FIELDS})
            for (call_id, index), state in latest.items()
        ],
        update_conflicts=True,
        unique_fields=["call", "index"],
        update_fields=_TURN_FIELDS,
    )


def _write_events(calls: dict[UUID, Call], fresh: Iterable[tuple[Batch, Entry]]) -> None:
    CallEvent.objects.bulk_create(
        CallEvent(
            call=calls[batch.call_id],
            segment=batch.segment,
            sequence=entry["sequence"],
            kind=entry["kind"],
            at_ms=entry["at_ms"],
            data=entry["data"],
        )
        for batch, entry in fresh
        if entry["entry"] == "event"
    )


def _add_usage(fresh: Iterable[tuple[Batch, Entry]]) -> None:
    tenant_id = current_tenant_id()
    names = ("kind", "provider", "model", "unit", "speculative", "quantity")
    rows = [
        (tenant_id, batch.call_id, *(entry[name] for name in names))
        for batch, entry in fresh
        if entry["entry"] == "usage"
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_ADD_USAGE, rows)


def _moment(text: str) -> datetime:
    return parse_datetime(text) or now()


def _answered(call: Call, segment: int, entry: Entry) -> None:
    answer(call, _moment(entry["at"]))
    if segment > call.segments:
        call.segments = segment
        call.save(update_fields=["segments"])


def _recorded(call: Call, segment: int, entry: Entry) -> None:
    Recording.objects.update_or_create(call=call, defaults={name: entry[name] for name in ("file", "duration_ms")})


def _ended(call: Call, segment: int, entry: Entry) -> None:
    answer(call, _moment(entry["at"]))
    finish(call, entry["ending"], _moment(entry["at"]))


_CHANGES = {"answered": _answered, "recording": _recorded, "ended": _ended}
