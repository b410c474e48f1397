"""Replies, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.utils.timezone import now

from agentos import vault
from agentos.tenants.scoping import tenant_transaction
from campaigns.models import Attempt, Reply, Target
from telephony.mulaw import BYTES_PER_MS, SILENCE
from telephony.simulator.sounds import wav_of
from telephony.simulator.voices import tone


def make_reply(target: Target, *, outcome: str = "spoken", **fields: Any) -> Reply:
    """An answer that waits for a person, at the end of an attempt that came to `outcome`."""
    fields = {"status": Reply.Status.OPEN} | fields
    with tenant_transaction(target.tenant_id):
        at = fields.setdefault("received_at", now())
        attempt = Attempt.objects.create(
            target=target,
            campaign=target.campaign,
            e164=target.e164,
            state=Attempt.State.ENDED,
            outcome=outcome,
            claimed_at=at,
            asked_at=at,
            ended_at=at,
        )
        Target.objects.filter(pk=target.pk).update(status=Target.Status.DONE, disposition=outcome)
        return Reply.objects.select_related("tenant").get(
            pk=Reply.objects.create(attempt=attempt, target=target, **fields).pk
        )


TWO_HUMS = tone(800) + SILENCE * 50 + tone(1200)  # with a second between them


def seal(reply: Reply, folder: Path, audio: bytes = TWO_HUMS) -> bytes:
    """Give the reply a recording. Returns the WAV file that is sealed."""
    sound = wav_of(audio)
    file = f"replies/{reply.tenant_id}/{reply.pk}.sealed"
    with tenant_transaction(reply.tenant_id):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(vault.seal_file(sound, f"campaigns_reply:{reply.pk}"))
        Reply.objects.filter(pk=reply.pk).update(file=file, duration_ms=len(audio) // BYTES_PER_MS)
    return sound
