"""Who is left out of a plan before the gate is asked: closed people, those left out before, and who cannot be told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db.models import Q

from agentos.errors import DomainError
from campaigns.audio.clips import UNSAYABLE, business_name, message_for, spec_of
from campaigns.calling.agent_calls import lacking, needed
from campaigns.models import Campaign, Target
from campaigns.outcomes import words_of
from campaigns.people.optout import OPTED_OUT, WRONG_PERSON
from campaigns.rules import Gate
from campaigns.texts.messages import MessageError

MESSAGE, EARLIER = "message", "earlier"  # beside the gates
CHUNK = 2000

# They asked not to be called, or somebody else answers there, since they were chosen and before they were called.
_CLOSED = Q(status=Target.Status.DONE, attempts_made=0, disposition__in=[OPTED_OUT, WRONG_PERSON])


@dataclass(frozen=True, slots=True)
class NotAsked:
    """Somebody about whom the gate need not be asked, and why."""

    target: Target
    gate: str
    code: str
    words: str


def without_asking(campaign: Campaign) -> Iterator[NotAsked]:
    """Inside the tenant. In a draft nobody is left out for the message yet: it is tried on everybody who waits."""
    people = campaign.targets.select_related("contact").order_by("due_at", "pk")
    for target in people.filter(_CLOSED | Q(status=Target.Status.LEFT_OUT)).iterator(CHUNK):
        yield _known(target)
    if campaign.status == Campaign.Status.DRAFT and (problem_of := _trial(campaign)):
        for target in people.filter(status=Target.Status.WAITING).iterator(CHUNK):
            target.campaign = campaign
            if words := problem_of(target):
                yield NotAsked(target, MESSAGE, "", words)


def _known(target: Target) -> NotAsked:
    words = target.reason.removeprefix(UNSAYABLE) or words_of(target.disposition)
    if target.status == Target.Status.DONE:
        return NotAsked(target, Gate.DO_NOT_CALL.value, target.disposition, words)
    return NotAsked(target, EARLIER if target.disposition else MESSAGE, target.disposition, words)


def _trial(campaign: Campaign) -> Callable[[Target], str] | None:
    """What keeps somebody from being told the message, or the agent from speaking of them; None where nothing can."""
    business = business_name()
    if campaign.kind == Campaign.Kind.MESSAGE:
        return (lambda target: _unsayable(target, business)) if campaign.message else None
    try:
        names = needed(spec_of(campaign))
    except DomainError:  # nothing is published yet; the review says so
        return None
    return (lambda target: lacking(target, names, business)) if names else None


def _unsayable(target: Target, business: str) -> str:
    try:
        message_for(target, business)
        if target.campaign.voicemail:
            message_for(target, business, voicemail=True)
    except MessageError as error:
        return error.words
    return ""
