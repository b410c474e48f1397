"""What campaigns keep of what people said and were told: it goes as recordings and transcripts of calls go.

Attempts, receipts, consent and do-not-call entries stay, because they prove why a number was, or was not, called.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.timezone import now

from agentos.tenants.log import record
from calls.after.retention import erase_number, proof_of
from campaigns.models import AudioClip, Contact, Reply, ReplyStep, Target

MOST_AT_A_TIME = 500
ERASED = "erased"
GONE = "What was said was erased."
_OPEN = (Target.Status.WAITING, Target.Status.LIVE)


def forget_old(at: datetime, recording_days: int | None, transcript_days: int | None) -> tuple[int, int]:
    """Erase what is older than the business keeps it, inside the tenant; how many recordings and transcripts."""
    recordings = transcripts = 0
    if recording_days is not None:
        before = at - timedelta(days=recording_days)
        old = Reply.objects.filter(received_at__lt=before).exclude(file="")
        recordings = _erase_sound(old[:MOST_AT_A_TIME], at)
        recordings += _erase_clips(AudioClip.objects.filter(created_at__lt=before)[:MOST_AT_A_TIME])
    if transcript_days is not None:
        old = Reply.objects.filter(received_at__lt=at - timedelta(days=transcript_days))
        transcripts = _erase_words(old.exclude(transcript="", note="")[:MOST_AT_A_TIME])
    return recordings, transcripts


def erase(calls: Collection[UUID], number: str = "") -> None:
    """What was said in these calls, and of whoever has this number what campaigns told and heard. Inside the tenant."""
    theirs = Q(attempt__call__in=calls) | Q(target__e164=number) if number else Q(attempt__call__in=calls)
    replies = Reply.objects.filter(theirs)
    _erase_words(replies)
    _erase_sound(replies, now())
    if number:
        over = Target.objects.filter(e164=number).exclude(status__in=_OPEN)
        clips = [each for each in over.values_list("clip", flat=True) if each]
        over.update(variables={}, clip=None)
        _erase_clips(AudioClip.objects.filter(pk__in=clips, targets=None))


def erase_contact(contact: Contact) -> int:
    """Everything that is known of a person, here and in calls; what waits for them is not done any more.

    Returns how many calls it were. A call in progress stays until it is over.
    """
    number = str(contact.e164)
    waiting = Target.objects.filter(e164=number, status=Target.Status.WAITING)
    waiting.update(status=Target.Status.LEFT_OUT, disposition=ERASED, reason="What is known of them was erased.")
    calls: int = erase_number(number)
    contact.delete()
    record("contact.erased", "A contact was erased", subject="contact", calls=calls, proof=proof_of(number))
    return calls


def _erase_sound(replies: QuerySet[Reply], at: datetime) -> int:
    """The files go once that is certain. A recording that is still to come is not fetched any more."""
    found = list(replies)
    paths = [Path(settings.DATA_DIR) / each.file for each in found if each.file]
    Reply.objects.filter(pk__in=[each.pk for each in found]).update(file="", duration_ms=0, erased_at=at)
    transaction.on_commit(lambda: _unlink(paths))
    return len(paths)


def _unlink(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _erase_words(replies: QuerySet[Reply]) -> int:
    ids = [each.pk for each in replies]
    for step in ReplyStep.objects.filter(reply__in=ids, before__has_key="note").exclude(before__note=""):
        step.before["note"] = ""
        step.save(update_fields=["before"])
    spoken = Reply.objects.filter(pk__in=ids).exclude(proposed_by=Reply.Sorter.KEY)
    spoken.update(because="", problem=GONE)
    return int(Reply.objects.filter(pk__in=ids).update(transcript="", note=""))


def _erase_clips(clips: QuerySet[AudioClip]) -> int:
    """Those that nobody waits for. Their text names people as their sound does."""
    found = list(clips)
    waiting = Target.objects.filter(clip__in=[each.pk for each in found], status__in=_OPEN)
    needed = set(waiting.values_list("clip", flat=True))
    gone = [each for each in found if each.pk not in needed]
    files = [each.file for each in gone if each.file]
    AudioClip.objects.filter(pk__in=[each.pk for each in gone]).delete()
    transaction.on_commit(lambda: _remove(files))
    return len(gone)


def _remove(files: list[str]) -> None:
    for name in files:
        storages["clips"].delete(name)
