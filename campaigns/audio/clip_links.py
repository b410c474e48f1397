"""Addresses at which the carrier fetches a clip: signed, and good for a day or two.

The address of a clip stays the same for a day, so that a carrier which plays it ten thousand times fetches it once.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.files.storage import storages
from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils.timezone import now

from agentos.tenants.scoping import tenant_transaction
from campaigns.models import AudioClip

DAY_S = 86_400
_signer = Signer(salt="agentos.campaigns.clips")
_people = Signer(salt="agentos.campaigns.clips.people")
PLAYABLE = [AudioClip.Status.READY]
AUDIBLE = [AudioClip.Status.READY, AudioClip.Status.DOUBTED]


@dataclass(frozen=True, slots=True)
class Playable:
    """A file for the carrier, and for how long it may keep it."""

    data: bytes
    seconds: int


def is_kept(clip: AudioClip) -> bool:
    """Whether the file is where it should be, and can be had now."""
    try:
        return bool(clip.file) and storages["clips"].exists(clip.file)
    except OSError:
        return False


def clip_url(clip: AudioClip) -> str:
    """Where the carrier gets this clip from. It is good for one day at least and two at most."""
    until = (int(now().timestamp()) // DAY_S + 2) * DAY_S
    token = _signer.sign_object([clip.tenant_id, clip.pk.hex, until])
    return f"{settings.PUBLIC_URL}{reverse('clip', args=[token])}"


def listen_path(clip: AudioClip) -> str:
    """Where somebody who is signed in hears it, also when it waits for a person to decide."""
    until = (int(now().timestamp()) // DAY_S + 2) * DAY_S
    return reverse("clip", args=[_people.sign_object([clip.tenant_id, clip.pk.hex, until])])


def open_clip(token: str) -> Playable:
    """What the address leads to. Raises LookupError, and does not say why."""
    (tenant_id, clip_id, until), statuses = _read(token)
    seconds = until - int(now().timestamp())
    if seconds <= 0:
        raise LookupError
    with tenant_transaction(tenant_id):
        clip = AudioClip.objects.filter(pk=UUID(clip_id), status__in=statuses).first()
    if clip is None:
        raise LookupError
    try:
        with storages["clips"].open(clip.file) as file:
            return Playable(file.read(), seconds)
    except OSError:
        raise LookupError from None


def _read(token: str) -> tuple[tuple[int, str, int], list[AudioClip.Status]]:
    """What an address names, and which clips it may lead to: a doubted one is for ears that decide about it."""
    for signer, statuses in ((_signer, PLAYABLE), (_people, AUDIBLE)):
        try:
            tenant_id, clip_id, until = signer.unsign_object(token)
        except (BadSignature, ValueError):
            continue
        return (tenant_id, clip_id, until), statuses
    raise LookupError
