"""What a campaign says, wanted as clips: the same text in the same voice is one clip, whoever hears it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, Sum

from agentos.errors import DomainError
from agentos.jobs import enqueue
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import current_tenant_id
from agents.catalog import Kind, provider, speaks
from agents.providers.ports import Voice
from agents.providers.speech_cache import content_key
from agents.versions import VersionSpec
from campaigns.audio.clip_links import clip_url
from campaigns.audio.listening import Ears
from campaigns.models import AudioClip, Campaign, ComplianceProfile, Target
from campaigns.texts.messages import Message, MessageError, render
from campaigns.texts.wording import Wording, wording

__all__ = ["clip_url", "progress", "ready_clip", "variables_of", "want_clips", "want_sample"]

CHUNK = 500
UNSAYABLE = "Message: "  # how the reason begins where a message cannot be said to somebody


@dataclass(frozen=True, slots=True)
class Wanted:
    """What came of wanting: people with a clip, people whose message cannot be said, clips nobody has made yet."""

    people: int
    unsayable: int
    new_clips: int
    new_characters: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the clips of a campaign are. Characters are what the voice has been given so far: the cost."""

    wanted: int
    ready: int
    doubted: int
    failed: int
    characters: int

    @property
    def total(self) -> int:
        return self.wanted + self.ready + self.doubted + self.failed


@dataclass(frozen=True, slots=True)
class Order:
    """A clip as it has to be made."""

    message: Message
    voice: dict[str, Any]
    content: str


def business_name() -> str:
    """How the business calls itself on the telephone. Inside the tenant."""
    profile = ComplianceProfile.objects.first()
    return (profile.legal_name if profile else "") or Tenant.objects.get(pk=current_tenant_id()).name


def variables_of(target: Target, business: str) -> dict[str, object]:
    """Everything a template may name for this person, also by the plain form of its name: "Visit Date", visit_date."""
    contact = target.contact
    name = contact.name if contact else ""
    first, _, last = name.partition(" ")
    given = (contact.fields if contact else {}) | target.variables
    return {
        "name": name,
        "first_name": first,
        "last_name": last,
        "business": business,
        **{plain_name(key): value for key, value in given.items()},
        **given,
    }


def plain_name(column: str) -> str:
    """How a template may name a column, whatever marks it has: "Visit Date" is visit_date."""
    return re.sub(r"\W+", "_", str(column).lower()).strip("_")


def message_for(target: Target, business: str, *, voicemail: bool = False) -> Message:
    """What this person hears, in words. Raises MessageError."""
    said = _wording(target, voicemail)
    return render(said.template, variables_of(target, business), said.language, target.campaign.language)


def language_of(target: Target, *, voicemail: bool = False) -> str:
    """The language in which this person is told the message: theirs, where the campaign has it."""
    return _wording(target, voicemail).language


def _wording(target: Target, voicemail: bool) -> Wording:
    return wording(target.campaign, target.contact.language if target.contact else "", voicemail=voicemail)


def spec_of(campaign: Campaign) -> VersionSpec:
    """The version whose voice speaks. Raises DomainError for an agent that is not published."""
    if campaign.agent.published is None:
        raise DomainError("not_published", "The agent of this campaign has no published version, and so no voice.")
    return VersionSpec.of(campaign.agent.published)


def order_for(target: Target, spec: VersionSpec, business: str, *, voicemail: bool = False) -> Order:
    """The clip of this person. Raises MessageError."""
    message, language = message_for(target, business, voicemail=voicemail), language_of(target, voicemail=voicemail)
    voice = Voice(_model_for(spec, language), spec.tts_voice, language, spec.tts_options)
    return Order(
        message, {"provider": spec.tts_provider, **asdict(voice)}, content_key(spec.tts_provider, voice, message.text)
    )


def _model_for(spec: VersionSpec, language: str) -> str:
    """The agent's own model where it speaks this language, else the vendor's first that does."""
    offer = provider(Kind.TTS, spec.tts_provider)
    own = offer.model(spec.tts_model) if offer else None
    if offer is None or own is None or speaks(own, language):
        return spec.tts_model
    return next((each.name for each in offer.models if speaks(each, language)), spec.tts_model)


def ready_clip(target: Target, *, voicemail: bool = False) -> AudioClip | None:
    """The clip that says what has to be said now, if it may be played. Raises MessageError."""
    order = order_for(target, spec_of(target.campaign), business_name(), voicemail=voicemail)
    found: AudioClip | None = AudioClip.objects.filter(content=order.content, status=AudioClip.Status.READY).first()
    return found


def want_sample(target: Target) -> AudioClip:
    """The message as its campaign says it here, still being written, as this person would hear it. Safe to repeat.

    Raises MessageError, and DomainError for an agent without a voice.
    """
    spec = spec_of(target.campaign)
    order = order_for(target, spec, business_name())
    AudioClip.objects.bulk_create([_clip(order, spec)], ignore_conflicts=True)
    clip: AudioClip = AudioClip.objects.get(content=order.content)
    if clip.status == AudioClip.Status.WANTED and clip.claimed_until is None:
        enqueue("campaigns.tasks.make_clips", current_tenant_id())
    return clip


def want_clips(campaign_id: UUID) -> Wanted:
    """Want a clip for everybody who waits, and have the missing ones made. Inside the tenant; safe to repeat.

    Who cannot be told the message, because a value is missing or makes no sense, is left out with the reason, and
    comes back when this is asked again and the message can be said.
    """
    campaign = Campaign.objects.select_related("agent__published__agent").get(pk=campaign_id)
    spec = spec_of(campaign)
    people = unsayable = 0
    fresh: dict[str, int] = {}
    for chunk in _waiting(campaign):
        orders = _orders(chunk, campaign, spec)
        people += sum(target.status == Target.Status.WAITING for target in chunk)
        unsayable += sum(target.status == Target.Status.LEFT_OUT for target in chunk)
        fresh |= _link(chunk, orders, spec)
    enqueue("campaigns.tasks.make_clips", current_tenant_id())
    return Wanted(people, unsayable, len(fresh), sum(fresh.values()))


def _waiting(campaign: Campaign) -> Iterator[tuple[Target, ...]]:
    """People in chunks, locked; who is being called at this moment is passed over."""
    who = Q(status=Target.Status.WAITING) | Q(status=Target.Status.LEFT_OUT, reason__startswith=UNSAYABLE)
    targets = Target.objects.filter(who, campaign=campaign)
    ids = list(targets.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), CHUNK):
        rows = targets.filter(pk__in=ids[start : start + CHUNK]).select_related("contact")
        yield tuple(rows.select_for_update(of=("self",), skip_locked=True))


def _orders(chunk: tuple[Target, ...], campaign: Campaign, spec: VersionSpec) -> list[tuple[Target | None, Order]]:
    """Each person's clip; that of the voicemail belongs to nobody."""
    orders: list[tuple[Target | None, Order]] = []
    business = business_name()
    for target in chunk:
        target.campaign = campaign
        try:
            orders.append((target, order_for(target, spec, business)))
            if campaign.voicemail:
                orders.append((None, order_for(target, spec, business, voicemail=True)))
        except MessageError as error:
            target.status, target.reason, target.clip = Target.Status.LEFT_OUT, f"{UNSAYABLE}{error.words}"[:200], None
        else:
            if target.status == Target.Status.LEFT_OUT:
                target.status, target.reason = Target.Status.WAITING, ""
    return orders


def _link(chunk: tuple[Target, ...], orders: list[tuple[Target | None, Order]], spec: VersionSpec) -> dict[str, int]:
    """Write the clips that are new and point the people to theirs. Returns the characters of each new one."""
    contents = {order.content: order for _, order in orders}
    known = set(AudioClip.objects.filter(content__in=contents).values_list("content", flat=True))
    fresh = {content: order for content, order in contents.items() if content not in known}
    AudioClip.objects.bulk_create([_clip(order, spec) for order in fresh.values()], ignore_conflicts=True)
    AudioClip.objects.filter(content__in=contents, status=AudioClip.Status.FAILED).update(
        status=AudioClip.Status.WANTED, tries=0, problem=""
    )
    ids = dict(AudioClip.objects.filter(content__in=contents).values_list("content", "pk"))
    for target, order in orders:
        if target is not None and target.status == Target.Status.WAITING:
            target.clip_id = ids[order.content]
    Target.objects.bulk_update(chunk, ["clip", "status", "reason"])
    return {content: len(order.message.text) for content, order in fresh.items()}


def _clip(order: Order, spec: VersionSpec) -> AudioClip:
    message = order.message
    ears = Ears(spec.stt_provider, spec.stt_model, order.voice["language"], spec.stt_options)
    plan = {
        "facts": [[fact.kind, fact.said] for fact in message.facts],
        "fixed": sorted(message.fixed),
        "ears": asdict(ears),
    }
    return AudioClip(content=order.content, text=message.text, voice=order.voice, checks=plan)


def progress(campaign_id: UUID) -> Progress:
    """How far the clips of this campaign's people are. Inside the tenant."""
    linked = Target.objects.filter(campaign_id=campaign_id).exclude(clip=None).values("clip_id")
    status = AudioClip.Status
    counted = AudioClip.objects.filter(pk__in=linked).aggregate(
        **{each.value: Count("pk", filter=Q(status=each)) for each in status}, characters=Sum("characters", default=0)
    )
    return Progress(**counted)
