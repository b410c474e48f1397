"""Makes the clips that are wanted: spoken, listened to, kept as a file that the carrier plays.

A clip is claimed for as long as a task may run, so that two workers do not pay for the same words. What a vendor
refuses for the moment is tried again later; audio that exists is never made a second time only to be heard.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from struct import pack
from typing import Any

import structlog
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db.models import F, Q
from django.utils.timezone import now

from agentos.tenants.credentials import VendorKeys, vendor_keys
from agentos.tenants.scoping import tenant_transaction
from agents import providers
from agents.endpoints import endpoint, whose_voice
from agents.providers.offline_voice.client import stop_worker
from agents.providers.ports import ProviderError, Voice
from agents.providers.speech_cache import CachedVoice, SpeechCache
from campaigns.audio.checking import examine
from campaigns.audio.listening import Ears
from campaigns.models import AudioClip
from campaigns.texts.messages import Fact, Kind
from telephony.mulaw import BYTES_PER_MS, SILENCE

BATCH, AT_ONCE = 12, 4
LEASE = timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT)
MOST_TRIES = 8
PAUSE = SILENCE * 15  # between two lines
END = SILENCE * 10  # so that the carrier does not cut into the last sound
HEADER = pack("<4sIHHIIHHH", b"fmt ", 18, 7, 1, 8000, 8000, 1, 8, 0)  # format 7: mu-law

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """What is left to do: more clips are waiting; a vendor wants to be left alone for a while."""

    more: bool
    setback: bool


@dataclass(slots=True)
class Work:
    """One clip on its way."""

    clip: AudioClip
    sound: bytes = b""
    spent: int = 0
    checks: dict[str, Any] = field(default_factory=dict)
    error: ProviderError | None = None


def make_batch(tenant_id: int) -> Batch:
    """Make some of the clips that this tenant wants."""
    with tenant_transaction(tenant_id):
        works = [Work(clip) for clip in _claim(now())]
        keys = vendor_keys()
    for work in works:
        work.sound = _kept(work.clip)
    with asyncio.Runner() as loop:
        making = _made(works, keys)
        while (made := loop.run(_next(making))) is not None:
            _keep(tenant_id, made)  # at once: a process that dies loses what it was making, and no more
    with tenant_transaction(tenant_id):
        more = AudioClip.objects.filter(_due(now())).exists()
    return Batch(more, any(work.error is not None and work.error.retryable for work in works))


def _due(at: datetime) -> Q:
    return Q(status=AudioClip.Status.WANTED) & (Q(claimed_until=None) | Q(claimed_until__lt=at))


def _claim(at: datetime) -> list[AudioClip]:
    rows = AudioClip.objects.filter(_due(at)).order_by("tries", "created_at")
    clips = list(rows.select_for_update(skip_locked=True)[:BATCH])
    AudioClip.objects.filter(pk__in=[clip.pk for clip in clips]).update(claimed_until=at + LEASE, tries=F("tries") + 1)
    return clips


# Speaking and listening --------------------------------------------------------------------------------


async def _next(making: AsyncGenerator[Work]) -> Work | None:
    return await anext(making, None)


async def _made(works: list[Work], keys: VendorKeys) -> AsyncGenerator[Work]:
    """Each clip as soon as it is made, or cannot be."""
    voices: dict[str, list[Work]] = defaultdict(list)
    for work in works:
        voices[repr(sorted(work.clip.voice.items()))].append(work)
    try:
        for same in voices.values():
            async with aclosing(_made_in_one_voice(same, keys)) as making:
                async for work in making:
                    yield work
    finally:
        await stop_worker()


async def _made_in_one_voice(works: list[Work], keys: VendorKeys) -> AsyncGenerator[Work]:
    made_with = dict(works[0].clip.voice)
    provider = made_with.pop("provider")
    voice = Voice(**made_with)
    cache = SpeechCache(Path(settings.SPEECH_CACHE_DIR))
    try:
        place = endpoint(provider, keys)
        whose = whose_voice(provider, place)
        speaker = CachedVoice(providers.tts_ahead(provider, voice, place), cache, whose, voice)
        await _say_fixed(speaker, works)
    except ProviderError as error:
        for work in works:
            work.error = error
            yield work
        return
    turns = asyncio.Semaphore(AT_ONCE)
    tasks = [asyncio.create_task(_make_one(speaker, work, turns, keys)) for work in works]
    try:
        for made in asyncio.as_completed(tasks):
            yield await made
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(ProviderError):
            await speaker.close()


async def _say_fixed(speaker: CachedVoice, works: list[Work]) -> None:
    """What everybody hears is made once and kept. Raises ProviderError."""
    for work in works:
        if not work.sound:
            for line in speaker.prepare(work.clip.checks["fixed"]):
                await speaker.fill(line)
                work.spent += len(line)


async def _make_one(speaker: CachedVoice, work: Work, turns: asyncio.Semaphore, keys: VendorKeys) -> Work:
    async with turns:
        try:
            if not work.sound:
                work.sound = await _spoken(speaker, work)
            work.checks = await _listen(work, keys)
        except ProviderError as error:
            work.error = error
    return work


async def _spoken(speaker: CachedVoice, work: Work) -> bytes:
    """The lines one after the other. Raises ProviderError."""
    fixed, lines = set(work.clip.checks["fixed"]), []
    for line in work.clip.text.split("\n"):
        if line not in fixed:
            work.spent += len(line)
        async with aclosing(speaker.speak(line)) as sounds:
            lines.append(b"".join([part.audio async for part in sounds]))
    return PAUSE.join(lines)


async def _listen(work: Work, keys: VendorKeys) -> dict[str, Any]:
    """What the ears say. Where nobody can listen, a person has to. Raises ProviderError to be tried again."""
    plan = work.clip.checks
    facts = [Fact(Kind(kind), said) for kind, said in plan["facts"]]
    try:
        heard, problems = await examine(Ears(**plan["ears"]), work.clip.text, facts, work.sound, keys)
    except ProviderError as error:
        if error.retryable:
            raise
        return {"heard": "", "problems": [f"Nobody could listen to it: {error.message}."]}
    return {"heard": "\n".join(heard), "problems": problems}


# Keeping -----------------------------------------------------------------------------------------------


def wav(sound: bytes) -> bytes:
    """Mu-law as a WAV file of format 7, as the carrier plays it without converting."""
    fact = pack("<4sII", b"fact", 4, len(sound))
    data = pack("<4sI", b"data", len(sound)) + sound + b"\0" * (len(sound) % 2)
    body = b"WAVE" + HEADER + fact + data
    return pack("<4sI", b"RIFF", len(body)) + body


WAV_HEADER_BYTES = len(wav(b""))


def _kept(clip: AudioClip) -> bytes:
    """The sound of a clip that was made earlier and could not be listened to."""
    if not clip.file:
        return b""
    try:
        with storages["clips"].open(clip.file) as file:
            return bytes(file.read())[WAV_HEADER_BYTES:].removesuffix(END)
    except OSError:
        return b""


def _keep(tenant_id: int, work: Work) -> None:
    """Write down how it came out; the file first."""
    clip = work.clip
    changes: dict[str, Any] = {"claimed_until": None, "characters": F("characters") + work.spent}
    try:
        if work.sound:
            changes |= {"file": _store(tenant_id, clip, wav(work.sound + END))}
            changes |= {"duration_ms": len(work.sound + END) // BYTES_PER_MS}
    except OSError:
        work.error = ProviderError("storage", "it could not be kept", retryable=True, code="storage")
    if work.error is None:
        status = AudioClip.Status.DOUBTED if work.checks["problems"] else AudioClip.Status.READY
        changes |= {"status": status, "checks": clip.checks | work.checks, "problem": ""}
    else:
        log.warning("a clip is not made", clip_id=str(clip.pk), provider=work.error.provider, code=work.error.code)
        changes["problem"] = work.error.message[:200]
        if not work.error.retryable or clip.tries + 1 >= MOST_TRIES:
            changes["status"] = AudioClip.Status.FAILED
    with tenant_transaction(tenant_id):
        AudioClip.objects.filter(pk=clip.pk, status=AudioClip.Status.WANTED).update(**changes)


def _store(tenant_id: int, clip: AudioClip, data: bytes) -> str:
    name = f"{tenant_id}/{clip.content[:2]}/{clip.content}.wav"
    storage = storages["clips"]
    if storage.exists(name):
        storage.delete(name)
    return storage.save(name, ContentFile(data))
