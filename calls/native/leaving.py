"""A call that its vendor lets go of, and that goes on here: with another agent, with keys to type, or after a transfer.

The wish waits in our own book until the agent leaves the call; then the carrier asks us. What was said so far is kept
as the vendor tells it along with the wish, and stands until the report comes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.timezone import now

from agents.native.offering import KEYS as KEYPAD
from agents.providers.ports import ToolCall
from calls import taking_over
from calls.models import Call, CallEvent, Turn
from calls.moving import BEGUN
from calls.native.models import NativeCall
from calls.native.reading import WORDS_A_SECOND, Report
from calls.redaction import Redactor
from calls.services import INDEXES_PER_SEGMENT
from calls.shipping import write_turns
from calls.transfers.telling import OUTSIDE

KEYS = "keys_asked"
WISHES = (taking_over.EVENT, KEYS)
SEGMENT = 1  # of the vendor; what we know of it before the report is told from outside
REPORTED_WITHIN = timedelta(seconds=60)


def goes_on(call: Call) -> bool:
    """Whether the call is not over when its vendor is done with it. Inside the tenant."""
    return call.transfers.exists() or _wishes(call).exists()


def come_home(native: NativeCall) -> bool:
    """The vendor has let go of it; True for the first time. Nothing more is done there, and its report is due soon."""
    at = now()
    if native.lasts_until <= at:
        return False
    native.lasts_until, native.due_at = at, at + REPORTED_WITHIN
    native.save(update_fields=["lasts_until", "due_at"])
    call = native.call
    _wishes(call).update(at_ms=max(0, round((at - (call.answered_at or at)).total_seconds() * 1000)))
    if call.segments < SEGMENT:
        call.segments = SEGMENT
        call.save(update_fields=["segments"])
    return True


def _wishes(call: Call) -> QuerySet[CallEvent]:
    wishes: QuerySet[CallEvent] = CallEvent.objects.filter(call=call, segment=OUTSIDE, kind__in=WISHES)
    return wishes


def wished_keys(call: Call) -> ToolCall | None:
    """The keys that the segment which begins now is to take from the caller. Inside the tenant."""
    newest = call.events.filter(kind__in=(*WISHES, BEGUN)).order_by("at_ms", "segment", "sequence").last()
    if newest is None or newest.kind != KEYS:
        return None
    return ToolCall("", KEYPAD, json.dumps(newest.data))


def keep_said(native: NativeCall, report: Report, redactor: Redactor) -> None:
    """What the vendor tells of the conversation so far, in the place of what it told before. Inside the tenant."""
    message, before_ms = str(native.call.briefing.get("message", "")), int(native.call.briefing.get("before_ms", 0))
    entries = report.turns(redactor, before_ms=before_ms, first=int(bool(message)))
    states = {entry["index"]: entry["state"] for entry in entries}
    if native.state == NativeCall.State.OPEN and states:
        forget_said(native.call)
        write_turns(native.call_id, states)


def forget_said(call: Call) -> None:
    """Before what is known better is written. What a message had told them before stays."""
    Turn.objects.filter(call=call, index__lt=INDEXES_PER_SEGMENT).exclude(kind="message").delete()


def report_of(said: Sequence[tuple[str, str]], lasted_s: float) -> Report:
    """A conversation of which the words alone are known: they are given the time that words take."""
    items: list[dict[str, Any]] = []
    words = [len(text.split()) for _, text in said]
    pace = min(1 / WORDS_A_SECOND, lasted_s / max(1, sum(words)))
    for place, (role, text) in enumerate(said):
        begins_s = int(lasted_s - pace * sum(words[place:]))
        items.append({"role": role, "message": text, "time_in_call_secs": max(0, begins_s)})
    return Report({"transcript": items, "metadata": {"call_duration_secs": lasted_s}})


def roles(entries: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Who said what, in the vendor's record of a conversation that lasts."""
    known = {"user": "user", "agent": "agent", "assistant": "agent"}
    told = [(known.get(str(each.get("role"))), each.get("message") or each.get("content")) for each in entries]
    return [(role, text) for role, text in told if role and isinstance(text, str) and text.strip()]
