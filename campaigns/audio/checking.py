"""Is a clip loud, long and complete enough, and does it say the facts? What is doubted waits for a person.

Nothing here stops a call: a clip that is not ready is said by the carrier's voice instead.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterator, Sequence
from uuid import UUID

from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.jobs import enqueue
from agentos.tenants.credentials import NO_KEYS, VendorKeys
from agentos.tenants.models import User
from agentos.tenants.scoping import current_tenant_id
from campaigns.audio.likeness import lacks_its_end, missed, says_something_else
from campaigns.audio.listening import Ears, hear_facts, transcribe
from campaigns.models import AudioClip
from campaigns.texts.messages import Fact, Kind
from telephony.mulaw import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, decode, frames, is_voiced

FASTEST_MS, SLOWEST_MS, PAUSES_MS = 140, 1200, 2000  # for each word; for the whole
SOFTEST_DB, LOUDEST_DB = -36.0, -3.0  # of what is voiced, below full scale
LONGEST_GAP_MS = 2500
FADES_BY_DB = 2
TIMES_HEARD = 2  # of a fact that was missed at first: one listening may have guessed it


async def examine(
    ears: Ears, text: str, facts: Sequence[Fact], sound: bytes, keys: VendorKeys = NO_KEYS
) -> tuple[list[str], list[str]]:
    """What was heard in a clip, and what speaks against it. Raises ProviderError.

    Ears that listen once more before they doubt judge the facts alone: the wording and the end, they expect by then.
    """
    heard = [await transcribe(ears, text, facts, sound, keys)]
    found = doubts(text, facts, sound, heard, language=ears.language)
    if not found or len(found) > len(list(missed(text, facts, heard[0], ears.language))):
        return heard, found  # there is nothing to clear up, or more than facts
    async for transcript in hear_facts(ears, text, facts, sound):
        heard.append(transcript)
        found = doubts(text, facts, sound, heard[:1], heard[1:], language=ears.language)
        if not found:
            break
    return heard, found


def doubts(
    text: str,
    facts: Sequence[Fact],
    sound: bytes,
    heard: Sequence[str],
    held: Sequence[str] = (),
    *,
    language: str = "en-US",
) -> list[str]:
    """Everything that speaks against a clip, in words for whoever listens to it next. Nothing: it may be played.

    `held` is what was heard by ears that expect the wording: it tells about the facts alone.
    """
    found = list(about_sound(text, sound))
    transcripts = [transcript for transcript in heard if transcript.strip()]
    if not transcripts:
        return [*found, "No words were heard."]
    missing = [list(missed(text, facts, transcript, language)) for transcript in (*transcripts, *held)]
    found += [f"The {fact.kind} was not heard: {fact.said}." for fact in facts if not _is_heard(fact, missing)]
    if all(says_something_else(text, transcript, language) for transcript in transcripts):
        found.append("Too few of the words were heard.")
    if all(lacks_its_end(text, transcript, language) for transcript in transcripts):
        found.append("The end was not heard.")
    return found


def _is_heard(fact: Fact, missing: Sequence[Sequence[Fact]]) -> bool:
    """In two listenings, if there was more than one; a name, which is compared by its sound, in any."""
    times = sum(fact not in each for each in missing)
    return times >= (1 if fact.kind is Kind.NAME else min(TIMES_HEARD, len(missing)))


def about_sound(text: str, sound: bytes) -> Iterator[str]:
    """What can be told without understanding a word."""
    pieces = list(frames(sound))
    voiced = [is_voiced(piece) for piece in pieces]
    if not any(voiced):
        yield "It is silent."
        return
    words, length_ms = len(re.findall(r"\w+", text)), len(sound) / BYTES_PER_MS
    if length_ms < FASTEST_MS * words:
        yield "It is too short for its words."
    if length_ms > SLOWEST_MS * words + PAUSES_MS:
        yield "It is too long for its words."
    level = _level_db(b"".join(piece for piece, is_loud in zip(pieces, voiced, strict=True) if is_loud))
    if level < SOFTEST_DB:
        yield "It is too quiet."
    if level > LOUDEST_DB:
        yield "It is too loud."
    quiet_runs = "".join("x" if is_loud else " " for is_loud in voiced).strip().split("x")
    if max(map(len, quiet_runs)) * FRAME_MS > LONGEST_GAP_MS:
        yield "There is a long silence inside."
    if all(voiced[-2:]) and _level_db(sound[-2 * FRAME_BYTES :]) > level - FADES_BY_DB:
        yield "It breaks off."


def _level_db(sound: bytes) -> float:
    samples = array("h", decode(sound))
    power = sum(sample * sample for sample in samples) / max(1, len(samples))
    return 10 * math.log10(power / 32768**2) if power else -120.0


def approve(clip_id: UUID, user: User) -> AudioClip:
    """A person has listened to a doubted clip and lets it be played. Inside the tenant; safe to repeat."""
    clip: AudioClip = AudioClip.objects.select_for_update().get(pk=clip_id)
    if clip.status == AudioClip.Status.READY:
        return clip
    if clip.status != AudioClip.Status.DOUBTED:
        raise DomainError("not_to_hear", "Only a clip that waits for a person can be approved.")
    clip.status, clip.approved_by = AudioClip.Status.READY, user
    clip.checks = clip.checks | {"approved_at": now().isoformat()}
    clip.save(update_fields=["status", "approved_by", "checks"])
    return clip


def make_again(clip_id: UUID) -> AudioClip:
    """Have a clip that was doubted, or could not be made, spoken anew. Inside the tenant; safe to repeat."""
    clip: AudioClip = AudioClip.objects.select_for_update().get(pk=clip_id)
    if clip.status == AudioClip.Status.READY:
        raise DomainError("ready", "This clip is ready: it is played as it is.")
    if clip.status != AudioClip.Status.WANTED:
        clip.status, clip.file, clip.problem, clip.tries = AudioClip.Status.WANTED, "", "", 0
        clip.save(update_fields=["status", "file", "problem", "tries"])
        enqueue("campaigns.tasks.make_clips", current_tenant_id())
    return clip
