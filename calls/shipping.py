"""Journal entries into rows: in batches, in order, and each with effect exactly once.

A cursor row per segment of a call says how far its journal has taken effect; it moves in the same transaction as the
rows, so a batch that is shipped again after a crash changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.dateparse import parse_datetime
from django.utils.timezone import now

from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from calls.briefing import Briefing
from calls.models import Call, CallEvent, JournalCursor, Recording
from calls.services import NewCall, answer, create_call, finish

Entry = dict[str, Any]

# Rows come as one JSON text that the database takes apart: a batch is written beside the event loop of live calls, and
# whatever this process does in Python for it, they wait for.
_MOVE_CURSORS = """
insert into calls_journalcursor (tenant_id, call_id, segment, sequence)
select %s, * from jsonb_to_recordset(%s::jsonb) as moved(call_id uuid, segment integer, sequence integer)
on conflict (call_id, segment) do update set sequence = excluded.sequence
"""
_WRITE_TURNS = """
insert into calls_turn
    (tenant_id, call_id, index, speaker, kind, heard, unheard, exact, interrupted, started_ms, ended_ms, timing,
    extras)
select %s, * from jsonb_to_recordset(%s::jsonb) as turn(
    call_id uuid, index integer, speaker text, kind text, heard text, unheard text, exact boolean,
    interrupted boolean, started_ms integer, ended_ms integer, timing jsonb, extras jsonb)
on conflict (call_id, index) do update set
    (speaker, kind, heard, unheard, exact, interrupted, started_ms, ended_ms, timing, extras) =
    (excluded.speaker, excluded.kind, excluded.heard, excluded.unheard, excluded.exact, excluded.interrupted,
    excluded.started_ms, excluded.ended_ms, excluded.timing, excluded.extras)
"""
# The toolbox has claimed the row of a run before its effect; what it knows for certain is never taken back.
_WRITE_TOOLS = """
insert into calls_toolrun (tenant_id, call_id, key, turn, tool_call_id, name, title, arguments, result, state, effect,
    started_ms, took_ms, created_at)
select %s, run.*, now() from jsonb_to_recordset(%s::jsonb) as run(
    call_id uuid, key text, turn integer, tool_call_id text, name text, title text, arguments jsonb, result text,
    state text, effect boolean, started_ms integer, took_ms integer)
on conflict (call_id, key) do update set
    started_ms = excluded.started_ms, took_ms = excluded.took_ms,
    result = case calls_toolrun.state when 'running' then excluded.result else calls_toolrun.result end,
    state = case calls_toolrun.state when 'running' then excluded.state else calls_toolrun.state end
"""
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
        states = _lock_calls(batches)
        fresh = _advance_cursors(states, batches)
        _write_turns(fresh)
        _write_tools(fresh)
        _write_events(fresh)
        _add_usage(fresh)
        for batch, entry in fresh:
            if change := _CHANGES.get(entry["entry"]):
                call = Call.objects.get(pk=batch.call_id)
                change(call, batch.segment, entry)
                states[call.pk] = call.status
        living = [call_id for call_id, status in states.items() if status != Call.Status.ENDED]
        Call.objects.filter(pk__in=living).update(seen_at=now())


def _lock_calls(batches: Sequence[Batch]) -> dict[UUID, str]:
    """The calls' states, locked in one order; a call that was opened while the database was away is made now."""
    wanted = {batch.call_id for batch in batches}
    calls = Call.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
    states = dict(calls.values_list("pk", "status"))
    for batch in batches:
        if batch.call_id not in states:
            opened = next((entry["data"] for entry in batch.entries if entry["entry"] == "opened"), None)
            if opened is None:
                raise LookupError(f"call {batch.call_id} is unknown, and its journal does not open it")
            states[batch.call_id] = create_call(_new_call(opened)).status
    return states


def _new_call(data: Entry) -> NewCall:
    rest = ("version_id", "channel", "direction", "from_number", "to_number", "carrier_sid")
    return NewCall(
        call_id=UUID(data["call_id"]),
        agent_id=UUID(data["agent_id"]),
        created_at=_moment(data["created_at"]),
        briefing=Briefing.from_json(data.get("briefing", {})),
        origin=data.get("origin", ""),
        **{name: data[name] for name in rest},
    )


def _advance_cursors(call_ids: Iterable[UUID], batches: Sequence[Batch]) -> list[tuple[Batch, Entry]]:
    """The entries that have not taken effect yet; from now on they have."""
    cursors = JournalCursor.objects.filter(call_id__in=list(call_ids))
    reached = {(call_id, segment): at for call_id, segment, at in cursors.values_list("call_id", "segment", "sequence")}
    moved: dict[tuple[UUID, int], int] = {}
    fresh = []
    for batch in batches:
        key = (batch.call_id, batch.segment)
        new = [(batch, entry) for entry in batch.entries if entry["sequence"] > reached.get(key, 0)]
        if new:
            reached[key] = moved[key] = new[-1][1]["sequence"]
            fresh += new
    rows = [
        {"call_id": call_id, "segment": segment, "sequence": at} for (call_id, segment), at in sorted(moved.items())
    ]
    _write(_MOVE_CURSORS, rows)
    return fresh


def _write_turns(fresh: Iterable[tuple[Batch, Entry]]) -> None:
    """An entry holds the whole state of its turn: of several in a batch only the last matters."""
    latest = {(batch.call_id, entry["index"]): entry["state"] for batch, entry in fresh if entry["entry"] == "turn"}
    rows = [{"call_id": call, "index": index, "extras": {}, **state} for (call, index), state in latest.items()]
    _write(_WRITE_TURNS, rows)


def _write_tools(fresh: Iterable[tuple[Batch, Entry]]) -> None:
    latest = {(batch.call_id, entry["key"]): entry["state"] for batch, entry in fresh if entry["entry"] == "tool"}
    _write(_WRITE_TOOLS, [{"call_id": call, "key": key, **state} for (call, key), state in latest.items()])


def write_turns(call_id: UUID, states: Mapping[int, Entry]) -> None:
    """Turns by their index that no journal of ours tells of, inside the tenant."""
    _write(
        _WRITE_TURNS, [{"call_id": call_id, "index": index, "extras": {}, **state} for index, state in states.items()]
    )


def write_run(call_id: UUID, key: str, state: Entry) -> None:
    """A run of a tool that no journal of ours tells of, inside the tenant."""
    _write(_WRITE_TOOLS, [{"call_id": call_id, "key": key, **state}])


def _write_events(fresh: Iterable[tuple[Batch, Entry]]) -> None:
    CallEvent.objects.bulk_create(
        CallEvent(
            call_id=batch.call_id,
            segment=batch.segment,
            sequence=entry["sequence"],
            kind=entry["kind"],
            at_ms=entry["at_ms"],
            data=entry["data"],
        )
        for batch, entry in fresh
        if entry["entry"] == "event"
    )


def _write(statement: str, rows: list[Entry]) -> None:
    """Write rows of the active tenant, given as JSON objects of the columns' names."""
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(statement, [current_tenant_id(), json.dumps(rows, default=str)])


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
