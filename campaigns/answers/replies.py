"""Spoken answers: fetched from the carrier, stored so that nobody else can hear them, written down, and sorted.

What is certain is done at once: a confirmation, and "stop". Everything else waits for a person in the inbox.
"""

from __future__ import annotations

import io
import os
import wave
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings

from agentos import vault
from agentos.jobs import enqueue
from agentos.tenants.credentials import vendor_keys
from agentos.tenants.scoping import tenant_transaction
from agentos.webhooks.events import emit
from calls.models import Turn
from campaigns.answers.asking import ask_a_model
from campaigns.answers.sorting import Meaning, Sorted, sort
from campaigns.answers.writing_down import ears_of, write_down
from campaigns.calling.settling import LEAVES_WORK
from campaigns.models import Attempt, DoNotCall, Reply, Target
from campaigns.people.optout import OPTED_OUT, from_conversation, opt_out
from telephony import carrier, mulaw

NOT_WRITTEN_DOWN = "It could not be written down; please listen to it."
IN_A_CONVERSATION = 0.7  # how sure a word can be that was said to the agent about anything
NOT_FETCHED = "The recording could not be fetched from the carrier."

_BY_KEY = LEAVES_WORK | {"confirmed", OPTED_OUT}
_WORK = (Meaning.STOP, Meaning.WRONG_PERSON, Meaning.RESCHEDULE, Meaning.CANCEL)

log = structlog.get_logger(__name__)


class NotYet(Exception):
    """The recording is not there yet, or not whole; asking later may help."""


def fetch(tenant_id: int, reply_id: int, at: datetime) -> None:
    """Bring a reply in, and act on it where it is certain. Repeating it changes nothing. Raises NotYet."""
    with tenant_transaction(tenant_id):
        expected = Reply.objects.filter(pk=reply_id, file="", erased_at=None).exclude(recording_sid="")
        reply: Reply | None = expected.select_related("attempt__campaign__agent__published").first()
        if reply is None:
            return
        recording, ears, keys = reply.recording_sid, ears_of(reply.attempt.campaign), vendor_keys()
    try:
        sound = carrier.fetch_recording(recording)
        speech = read_wav(sound)
    except (carrier.CarrierError, ValueError) as error:
        if isinstance(error, carrier.CarrierError) and not error.retryable:
            give_up(tenant_id, reply_id)
            return
        raise NotYet(str(error)) from error
    file = f"replies/{tenant_id}/{reply_id}.sealed"
    with tenant_transaction(tenant_id):
        sealed = vault.seal_file(sound, _owner(reply_id))
    _write(Path(settings.DATA_DIR) / file, sealed)
    said = write_down(speech, ears, keys)
    with tenant_transaction(tenant_id):
        _store(reply_id, file, len(speech) // mulaw.BYTES_PER_MS, said, at)


def give_up(tenant_id: int, reply_id: int) -> None:
    """Somebody has to know that there was an answer which we do not have."""
    with tenant_transaction(tenant_id):
        missing = Reply.objects.filter(pk=reply_id, file="", status=Reply.Status.FETCHING)
        missing.update(status=Reply.Status.OPEN, problem=NOT_FETCHED)


def recorded(reply: Reply) -> bytes:
    """The WAV file of a reply, inside the tenant. Raises FileNotFoundError and vault.Unreadable."""
    if not reply.file:
        raise FileNotFoundError("no recording")
    return vault.unseal_file((Path(settings.DATA_DIR) / reply.file).read_bytes(), _owner(reply.pk))


def _write(path: Path, sealed: bytes) -> None:
    """All of the file or nothing, for nobody else's eyes."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{token_hex(4)}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(sealed)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def read_wav(sound: bytes) -> bytes:
    """Mu-law of a recording. Raises ValueError for one that is not whole, or not a telephone's."""
    try:
        with wave.open(io.BytesIO(sound)) as file:
            shape = file.getnchannels(), file.getsampwidth(), file.getframerate()
            announced, samples = file.getnframes(), file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError("not a WAV file") from error
    if shape != (1, 2, 8000):
        raise ValueError("not one channel of 16 bits at 8 kHz")
    if len(samples) != announced * 2 or not samples:
        raise ValueError("shorter than it says")
    return mulaw.encode(samples)


def _store(reply_id: int, file: str, duration_ms: int, said: str | None, at: datetime) -> None:
    reply = Reply.objects.select_for_update(of=("self",)).select_related("attempt__campaign").get(pk=reply_id)
    enqueue("campaigns.tasks.delete_recording", reply.recording_sid)
    if reply.file or reply.erased_at:
        return
    reply.file, reply.duration_ms = file, duration_ms
    if said is not None and not reply.transcript:
        reply.transcript = said
    if not reply.transcript:
        reply.problem = NOT_WRITTEN_DOWN
    _sort(reply, sort(reply.transcript), at)
    reply.save()
    emit("campaign.replied", lambda: _told(reply), key=f"campaign.replied:{reply.pk}")
    ask_a_model(reply)


def _told(reply: Reply) -> dict[str, Any]:
    """For the business's own systems: what was said; what it means may still be decided by a person."""
    campaign = reply.attempt.campaign
    about = {"reply_id": reply.pk, "campaign_id": str(campaign.pk), "campaign": campaign.name}
    return about | {"number": str(reply.attempt.e164), "transcript": reply.transcript, "status": reply.status}


def _sort(reply: Reply, found: Sorted, at: datetime) -> None:
    """A stop counts whoever has handled the reply meanwhile; the rest is for replies that nobody has looked at."""
    if found.meaning is Meaning.STOP and found.is_sure:
        evidence = f'Said "{reply.transcript[:200]}" in recording {reply.recording_sid}.'
        opt_out(str(reply.attempt.e164), DoNotCall.Source.VOICE, evidence, at)
        _propose(reply, found.proposal)
        _handle(reply, OPTED_OUT, at)
        return
    pressed = reply.attempt.outcome if reply.attempt.outcome in _BY_KEY else ""
    _propose(reply, _by_key(reply.attempt) if pressed else found.proposal)
    if reply.status == Reply.Status.FETCHING:
        reply.status = Reply.Status.OPEN
        if pressed == OPTED_OUT or (found.meaning is Meaning.CONFIRM and found.is_sure and not pressed):
            _handle(reply, reply.proposed, at)


def _by_key(attempt: Attempt) -> dict[str, Any]:
    """What was pressed is clearer than what was said beside it."""
    by_key = {"proposed_by": Reply.Sorter.KEY, "confidence": 1.0, "because": attempt.key_pressed}
    return {"proposed": attempt.outcome} | by_key


def _propose(reply: Reply, proposal: dict[str, Any]) -> None:
    for name, value in proposal.items():
        setattr(reply, name, value)


def _handle(reply: Reply, disposition: str, at: datetime) -> None:
    reply.status, reply.disposition, reply.handled_at = Reply.Status.HANDLED, disposition, at
    reply.handled_by, reply.version = None, reply.version + 1
    Target.objects.filter(pk=reply.target_id, status=Target.Status.DONE).update(disposition=reply.disposition)


def _owner(reply_id: int) -> str:
    return f"{Reply._meta.db_table}:{reply_id}"


# Conversations with the live agent ------------------------------------------------------------------------


def read_conversation(tenant_id: int, attempt_id: UUID, at: datetime) -> bool:
    """Whether somebody told the live agent to stop calling, which is then done. Repeating it changes nothing.

    It is done in the conversation itself; this is the net for one whose process died, or had no database. What else
    somebody has to know about, such as that another day is wanted, becomes work for a person.
    """
    with tenant_transaction(tenant_id):
        attempt: Attempt | None = Attempt.objects.filter(pk=attempt_id).select_related("call").first()
        if attempt is None or attempt.call is None or attempt.outcome == OPTED_OUT:
            return attempt is not None and attempt.outcome == OPTED_OUT
        turns = attempt.call.turns.filter(speaker=Turn.Speaker.CALLER).exclude(heard="")
        said = {turn.heard: sort(turn.heard) for turn in turns}
        stop = next((words for words, found in said.items() if found.meaning is Meaning.STOP and found.is_sure), None)
        if stop is None:
            _leave_to_a_person(attempt, said, at)
            return False
        return from_conversation(tenant_id, attempt.call.pk, stop, at)


def _leave_to_a_person(attempt: Attempt, said: dict[str, Sorted], at: datetime) -> None:
    """Among many words none is certain; a doubted stop weighs most, and then what was said last."""
    found = [each for each in said.values() if each.meaning in _WORK]
    if not found:
        return
    last = next((each for each in found if each.meaning is Meaning.STOP), found[-1])
    fields = last.proposal | {"transcript": "\n".join(said), "confidence": min(last.confidence, IN_A_CONVERSATION)}
    known = {"target_id": attempt.target_id, "status": Reply.Status.OPEN, "received_at": at}
    reply, is_new = Reply.objects.get_or_create(attempt=attempt, defaults=known | fields)
    if is_new:
        ask_a_model(reply)
    else:  # the last words were stored a moment later
        Reply.objects.filter(attempt=attempt, status=Reply.Status.OPEN, version=0, recording_sid="").update(**fields)
