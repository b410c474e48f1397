"""What is done about calls that a vendor has: kept alive, imported once, recordings fetched, deleted there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from asgiref.sync import async_to_sync
from django.conf import settings
from django.db.models import Q
from django.utils.module_loading import import_string
from django.utils.timezone import now

from agentos.jobs import enqueue
from agentos.tenants.scoping import tenant_transaction
from agents.native.services import vendor_of_tenant
from agents.providers.native.elevenlabs import ElevenLabsAgents
from agents.providers.ports import ProviderError
from agents.transports import ELEVENLABS_NATIVE
from calls import engine_health
from calls.after.costs import charge
from calls.announce import announce
from calls.conversation.stopping import find_stop
from calls.models import Call, Recording, ToolRun
from calls.native.leaving import REPORTED_WITHIN, SEGMENT, forget_said, goes_on, keep_said
from calls.native.models import NativeCall
from calls.native.reading import Report
from calls.native.sound import NotSound, write_as_ours
from calls.redaction import Redactor
from calls.shipping import Batch, ship

MOST_TRIES = 8
MOST_AT_A_TIME = 50
OPEN, IMPORTED, ERASED = NativeCall.State.OPEN, NativeCall.State.IMPORTED, NativeCall.State.ERASED

log = structlog.get_logger(__name__)


# Import --------------------------------------------------------------------------------------------------


def take_report(tenant_id: int, agent_id: UUID, data: Mapping[str, Any]) -> bool:
    """Import what the vendor reports, once. Whether it was about a call of this agent that was still open."""
    report = Report(data)
    if not report.is_over:
        return False
    with tenant_transaction(tenant_id):
        theirs = Q(call_id=report.call_id) if report.call_id else Q(conversation_id=report.conversation_id or "none")
        open_ones = NativeCall.objects.select_for_update(of=("self",)).filter(theirs, state=OPEN)
        native = open_ones.filter(call__agent_id=agent_id, vendor_agent=report.vendor_agent).first()
        if native is None:
            return False
        call_id = native.call_id
        call = Call.objects.select_for_update(of=("self",)).select_related("version__agent").get(pk=call_id)
        _import(tenant_id, call, report)
        native.state, native.conversation_id, native.tries = IMPORTED, report.conversation_id, 0
        native.wants_recording = native.wants_recording and report.has_audio
        native.due_at = now()
        native.save()
        if native.wants_recording or native.wants_deletion:
            enqueue("calls.tasks.settle_hosted", tenant_id, call_id)
        listens_for_stop = bool(call.briefing.get("stopped"))
    announce(tenant_id, {call_id})
    if listens_for_stop:
        _stop_calls(tenant_id, call_id, report)
    async_to_sync(engine_health.note)(ELEVENLABS_NATIVE, failed=report.has_failed)
    return True


def catch_up(tenant_id: int, agent_id: UUID, call_id: UUID, *, within_s: float) -> None:
    """Take what the vendor can tell of a conversation that it has let go of just now. Raises ProviderError."""
    with tenant_transaction(tenant_id):
        native = NativeCall.objects.filter(call_id=call_id, state=OPEN).exclude(conversation_id="").first()
        if native is None:
            return
        vendor = vendor_of_tenant()
    told = vendor.conversation(native.conversation_id, within_s=within_s)
    if told is None or take_report(tenant_id, agent_id, told):
        return
    with tenant_transaction(tenant_id):
        held = NativeCall.objects.select_for_update(of=("self",)).select_related("call__version__agent", "call__tenant")
        native = held.get(pk=native.pk)
        keep_said(native, Report(told), _redactor(native.call))


def _redactor(call: Call) -> Redactor:
    known = (call.version.agent.name, call.tenant.name)
    return Redactor.of(call.version.redaction, language=call.version.language, known=known)


def _import(tenant_id: int, call: Call, report: Report) -> None:
    """Through the same door as what our own conversations write, redacted as they are."""
    redactor = _redactor(call)
    message, before_ms = str(call.briefing.get("message", "")), int(call.briefing.get("before_ms", 0))
    entries = [_heard_before(redactor.turn("agent", message), before_ms)] if message else []
    turns = list(report.turns(redactor, before_ms=before_ms, first=len(entries)))
    entries += [*turns, *report.usage(), *report.events()]
    entries += report.presses(redactor, before_ms=before_ms)
    began = call.answered_at or call.created_at
    over = min(now(), began + timedelta(seconds=report.duration_s, milliseconds=before_ms))
    if not goes_on(call):  # else the carrier has gone on with it, and may bring it back
        entries.append({"entry": "ended", "ending": report.ending, "at": over.isoformat()})
    numbered = [{"sequence": place, **entry} for place, entry in enumerate(entries, start=1)]
    if turns:
        forget_said(call)
    ship(tenant_id, [Batch(call.pk, SEGMENT, numbered)])
    _place_runs(call, report, before_ms)
    call.refresh_from_db()
    charge(call)


def _place_runs(call: Call, report: Report, before_ms: int) -> None:
    """Our clock began when the call was given away, the vendor's when it took it: what was done finds its turn."""
    asked, turns = list(report.asked_for(before_ms=before_ms)), list(call.turns.filter(speaker="caller"))
    for name in {name for name, _ in asked}:
        times = [at_ms for each, at_ms in asked if each == name]
        runs = list(call.tool_runs.filter(name=name).order_by("pk"))
        if len(runs) != len(times):  # something was asked for twice: nobody knows which was which
            continue
        for run, at_ms in zip(runs, times, strict=True):
            run.started_ms = at_ms
            run.turn = max((turn.index for turn in turns if turn.started_ms <= at_ms), default=0)
        ToolRun.objects.bulk_update(runs, ["started_ms", "turn"])


def _heard_before(message: str, before_ms: int) -> dict[str, Any]:
    state = {"speaker": "agent", "kind": "message", "heard": message, "unheard": "", "exact": False}
    state |= {"interrupted": False, "started_ms": 0, "ended_ms": before_ms, "timing": {}}
    return {"entry": "turn", "index": 0, "state": state}


def _stop_calls(tenant_id: int, call_id: UUID, report: Report) -> None:
    """Nobody listened for it while the vendor had the call."""
    for said in report.said_by_caller():
        if (stop := find_stop(said)) and stop.is_certain:
            import_string(settings.STOP_CALLS)(tenant_id, call_id, said, now())
            return


# What is outstanding -------------------------------------------------------------------------------------


def look_after(tenant_id: int, at: datetime) -> int:
    """Keep the calls that the vendor has alive, and take up what is due; returns how much."""
    with tenant_transaction(tenant_id):
        open_ones = NativeCall.objects.filter(state=OPEN)
        lasting = open_ones.filter(lasts_until__gt=at).exclude(call__status=Call.Status.ENDED)
        Call.objects.filter(pk__in=lasting.values("call")).update(seen_at=at)
        is_over = Q(call__ended_at__lt=at - REPORTED_WITHIN) | Q(lasts_until__lt=at)
        outstanding = (Q(state=OPEN) & is_over) | (~Q(state=OPEN) & (Q(wants_recording=True) | Q(wants_deletion=True)))
        due = NativeCall.objects.select_for_update(of=("self",), skip_locked=True).filter(outstanding, due_at__lte=at)
        taken = list(due.order_by("due_at")[:MOST_AT_A_TIME])
        for each in taken:
            _put_off(each, at)
            enqueue("calls.tasks.settle_hosted", tenant_id, each.call_id)
        NativeCall.objects.bulk_update(taken, ["tries", "due_at", "state", "wants_recording", "wants_deletion"])
        return len(taken)


def _put_off(native: NativeCall, at: datetime) -> None:
    native.tries += 1
    native.due_at = at + timedelta(minutes=2**native.tries)
    if native.tries > MOST_TRIES:
        log.error("a call is given up at its vendor", call_id=str(native.call_id), state=native.state)
        native.wants_recording = native.wants_deletion = False
        native.state = NativeCall.State.LOST if native.state == OPEN else native.state


def settle(tenant_id: int, call_id: UUID) -> None:
    """Do what is outstanding about one call. Done twice, it changes nothing. Raises ProviderError."""
    with tenant_transaction(tenant_id):
        native = NativeCall.objects.select_related("call").filter(call_id=call_id).first()
        if native is None:
            return
        vendor, agent_id = vendor_of_tenant(), native.call.agent_id
    conversation_id = native.conversation_id or vendor.conversation_with(native.vendor_agent, str(call_id))
    if not conversation_id:
        return
    if native.state == OPEN:
        report = vendor.conversation(conversation_id)
        if report is None or not take_report(tenant_id, agent_id, report):
            return
        with tenant_transaction(tenant_id):
            native = NativeCall.objects.select_related("call").get(call_id=call_id)
    if native.wants_recording:
        _fetch_recording(tenant_id, native, vendor, conversation_id)
    if native.wants_deletion:
        vendor.forget(conversation_id)
        _note(tenant_id, call_id, wants_deletion=False, conversation_id="")


def _fetch_recording(tenant_id: int, native: NativeCall, vendor: ElevenLabsAgents, conversation_id: str) -> None:
    """Beside those that we make ourselves, and like them."""
    folder = Path(settings.RECORDINGS_DIR) / str(tenant_id)
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as out:
            for part in vendor.audio(conversation_id):
                out.write(part)
        with tenant_transaction(tenant_id):
            held = NativeCall.objects.select_for_update().filter(pk=native.pk, state=IMPORTED).first()
            if held is not None:  # it was not erased meanwhile
                _keep_recording(native.call, Path(temporary), folder)
                _note(tenant_id, native.call_id, wants_recording=False)
    except ProviderError as error:
        if error.code != "404":
            raise
        _note(tenant_id, native.call_id, wants_recording=False)  # there is none
    finally:
        Path(temporary).unlink(missing_ok=True)


def _keep_recording(call: Call, fetched: Path, folder: Path) -> None:
    """In the file of the call, where that can be; else as the vendor has it."""
    path, length_ms = folder / f"{call.pk}.ulaw2", call.duration_ms or 0
    known: Recording | None = Recording.objects.filter(call=call).first()
    try:
        ends_ms = write_as_ours(fetched, path, before_ms=int(call.briefing.get("before_ms", 0)))
        length_ms = max(ends_ms, known.duration_ms if known else 0)
    except NotSound:
        if known is not None:  # ours, of when the call went on here
            return
        path = folder / f"{call.pk}.mp3"
        os.replace(fetched, path)
    file = f"{folder.name}/{path.name}"
    Recording.objects.update_or_create(call=call, defaults={"file": file, "duration_ms": length_ms})


def _note(tenant_id: int, call_id: UUID, **fields: Any) -> None:
    with tenant_transaction(tenant_id):
        NativeCall.objects.filter(call_id=call_id).update(**fields)
