"""What is kept of calls, for how long; and what is erased because a person asked for it, with proof in the log.

Of an erased call stay its time, its length, how it ended and what it cost: numbers that say nothing of anybody.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.module_loading import import_string

from agentos.tenants.log import record
from agentos.tenants.scoping import tenant_transaction
from agents.models import KnowledgeGap
from calls.after.erasing import erase_at_vendors, erase_copies, erase_traces
from calls.after.models import Analysis, Retention
from calls.memory.models import Memory
from calls.models import Call, CallEvent, Recording, ToolRun, Turn
from calls.recordings import path_of
from calls.wording import other_number

MOST_AT_A_TIME = 500
INBOUND, OUTBOUND = Call.Direction.INBOUND, Call.Direction.OUTBOUND


def keep_for(recording_days: int | None, transcript_days: int | None) -> None:
    """Choose for how long, inside the tenant; it holds for what is there already."""
    Retention.objects.update_or_create(defaults={"recording_days": recording_days, "transcript_days": transcript_days})
    words = f"Recordings are kept {_days(recording_days)}, transcripts {_days(transcript_days)}"
    record("retention.set", words, subject="retention")


def _days(days: int | None) -> str:
    return "until they are erased" if days is None else f"for {days} days"


def forget_old(tenant_id: int, at: datetime) -> tuple[int, int]:
    """Erase what is older than the business keeps it; returns how many recordings and transcripts."""
    with tenant_transaction(tenant_id):
        kept = Retention.objects.first()
        if kept is None:
            return 0, 0
        recordings = transcripts = 0
        if kept.recording_days is not None:
            old = _ended_before(at, kept.recording_days).exclude(recording=None)
            recordings = erase_recordings(old[:MOST_AT_A_TIME])
        if kept.transcript_days is not None:
            old = _ended_before(at, kept.transcript_days).filter(Q(pk__in=Turn.objects.values("call")))
            transcripts = erase_words(old[:MOST_AT_A_TIME])
        beside = import_string(settings.FORGET_OLD_BESIDE)(at, kept.recording_days, kept.transcript_days)
        recordings, transcripts = recordings + beside[0], transcripts + beside[1]
        if recordings or transcripts:
            words = f"{recordings} recordings and {transcripts} transcripts were erased, as they were old enough"
            record("retention.erased", words, subject="retention")
        return recordings, transcripts


def erase_call(call: Call) -> None:
    """Everything that was said in one call that is over, and who it was with."""
    _erase([call])
    record("call.erased", "What was said in a call was erased", subject=f"call {call.pk}")


def erase_person(call: Call) -> int:
    """As for one call, for each that was with the same number; returns how many. Calls in progress stay."""
    number = other_number(call)
    if number:
        calls = erase_number(number)
    else:
        calls = 1
        _erase([call])
    words = f"What was said in {calls} calls with one person was erased"
    record("person.erased", words, subject="person", calls=calls, proof=proof_of(number))
    return calls


def erase_number(number: str) -> int:
    """Everything that was said with this number and is over; returns in how many calls. Inside the tenant."""
    theirs = Q(direction=INBOUND, from_number=number) | Q(direction=OUTBOUND, to_number=number)
    calls = list(Call.objects.filter(theirs, status=Call.Status.ENDED))
    _erase(calls, number)
    return len(calls)


def proof_of(number: str) -> str:
    """The same for the same number, and of no use to whoever does not know it: shows later whose calls were erased."""
    return hmac.new(settings.SECRET_KEY.encode(), f"erased:{number}".encode(), sha256).hexdigest()[:32]


def _erase(calls: list[Call], number: str = "") -> None:
    ids = [call.pk for call in calls]
    erase_recordings(calls)
    erase_words(calls)
    erase_traces(ids, number)
    import_string(settings.ERASE_BESIDE)(ids, number)
    for call in calls:
        kept = {"to_number": call.to_number} if call.direction == INBOUND else {"from_number": call.from_number}
        Call.objects.filter(pk=call.pk).update(**({"from_number": "", "to_number": ""} | kept))


def erase_recordings(calls: Iterable[Call]) -> int:
    """The files go once that is certain; a file that is gone already is no reason to stop."""
    found = list(Recording.objects.filter(call__in=[call.pk for call in calls]))
    paths = [path_of(each) for each in found]
    Recording.objects.filter(pk__in=[each.pk for each in found]).delete()
    transaction.on_commit(lambda: _unlink(paths))
    return len(found)


def _unlink(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def erase_words(calls: Iterable[Call]) -> int:
    """Turns, events, runs of tools, what was read of them, copies, and what the agent was told before."""
    ids = [call.pk for call in calls]
    KnowledgeGap.objects.filter(last_call__in=ids).delete()
    erase_copies(ids)
    erase_at_vendors(ids)
    for model in (Turn, CallEvent, ToolRun, Analysis, Memory):
        model.objects.filter(call__in=ids).delete()
    return int(Call.objects.filter(pk__in=ids).update(briefing={}))


def _ended_before(at: datetime, days: int) -> Any:
    ended = Call.objects.filter(status=Call.Status.ENDED, ended_at__lt=at - timedelta(days=days))
    return ended.order_by("ended_at")
