"""What is heard in the call of one attempt, part by part, in the language of the person. Inside the tenant."""

from __future__ import annotations

from agentos.errors import DomainError
from agents.languages import for_the_carrier
from campaigns.audio.clip_links import is_kept
from campaigns.audio.clips import business_name, clip_url, language_of, message_for, ready_clip
from campaigns.models import Attempt, AudioClip, ComplianceProfile
from campaigns.texts import phrases
from campaigns.texts.messages import MessageError
from campaigns.texts.phrases import Caller
from telephony.twiml import Heard


def caller_of(attempt: Attempt, *, voicemail: bool = False) -> Caller:
    """Who calls, in the language in which the message, or what is left on a machine, is told."""
    profile = ComplianceProfile.objects.first() or ComplianceProfile()
    number = profile.callback_number or attempt.shown_number
    return Caller(business_name(), number, language_of(attempt.target, voicemail=voicemail))


def language(attempt: Attempt, *, voicemail: bool = False) -> str:
    """The person's, as the carrier takes it."""
    return for_the_carrier(language_of(attempt.target, voicemail=voicemail))


def introduction(attempt: Attempt) -> Heard:
    return Heard(phrases.identification(caller_of(attempt)))


def message(attempt: Attempt) -> list[Heard]:
    """Who calls, what for, and how to answer."""
    said = sentence(attempt)
    parts = [introduction(attempt), _sound(attempt, said)]
    if offers := phrases.offers(caller_of(attempt), attempt.campaign.keys, said):
        parts.append(Heard(offers))
    return parts


def sentence(attempt: Attempt) -> str:
    """The message in words."""
    try:
        return message_for(attempt.target, business_name()).text
    except MessageError:  # a value has gone since the message was made
        clip = attempt.target.clip
        return clip.text if clip else phrases.unsaid(caller_of(attempt))


def voicemail(attempt: Attempt) -> list[Heard]:
    """What is left on a machine; empty where nothing is."""
    said = _left_behind(attempt)
    if said is None:
        return []
    caller = caller_of(attempt, voicemail=True)
    return [Heard(phrases.identification(caller)), said, Heard(phrases.left_on_machine(caller))]


def for_screening(attempt: Attempt) -> Heard:
    """An assistant asks who is calling: the business and the person, and nothing of the message."""
    contact = attempt.target.contact
    return Heard(phrases.for_screening(caller_of(attempt), contact.name if contact else ""))


def _sound(attempt: Attempt, said: str) -> Heard:
    """The clip that was made for this person; the carrier's own voice where it is not ready, or says something else."""
    clip = attempt.target.clip
    if clip is not None and clip.status == AudioClip.Status.READY and clip.text == said and is_kept(clip):
        return Heard(url=clip_url(clip))
    return Heard(said)


def _left_behind(attempt: Attempt) -> Heard | None:
    if not attempt.campaign.voicemail:
        return None
    try:
        said = message_for(attempt.target, business_name(), voicemail=True).text
    except MessageError:
        return Heard(phrases.unsaid(caller_of(attempt, voicemail=True)))
    try:
        clip = ready_clip(attempt.target, voicemail=True)
    except DomainError:  # the agent was taken back, and its voice with it
        clip = None
    return Heard(url=clip_url(clip)) if clip and is_kept(clip) else Heard(said)
