"""What the carrier asks while a caller waits for a person: what they hear, and what the person hears and presses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from agents.languages import for_the_carrier
from calls.admission import Refused
from calls.snapshots import language_of
from calls.transfers import transferring
from calls.transfers.sentences import transfer_sentences
from calls.transfers.steps import Hears, PersonStep
from telephony import addresses, twiml
from telephony.carrier_webhook import CarrierWebhook, event_key, seconds_in, sorry
from telephony.hold_music import hold_music
from telephony.putting_through import soon_for_caller, soon_for_person

A_YEAR = 365 * 24 * 3600

log = structlog.get_logger(__name__)


@require_safe
def music(request: HttpRequest) -> HttpResponse:
    """The same file for everybody; the carrier keeps it."""
    answer = HttpResponse(hold_music(), content_type="audio/wav")
    answer["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    return answer


class Hold(CarrierWebhook):
    """A caller waits. That they ask for more music is a reason to look after them."""

    look_after: Callable[[UUID, str], None] = staticmethod(soon_for_caller)

    async def answer(self, agent_id: UUID, fields: dict[str, str]) -> HttpResponse:
        self.look_after(agent_id, fields.get("CallSid", "")[:40])
        language, again = language_of(agent_id), addresses.hold_url(agent_id)
        sentence = transfer_sentences(language).waiting
        text = twiml.hold(addresses.hold_music_url(), sentence, again, language=for_the_carrier(language))
        return HttpResponse(text, content_type="text/xml")


class PersonWebhook(CarrierWebhook):
    """A signed form about the phone of a person who is rung for a caller."""

    look_after: Callable[[UUID, UUID], None] = staticmethod(soon_for_person)

    async def post(self, request: HttpRequest, agent_id: UUID, ring_id: UUID) -> HttpResponse:  # type: ignore[override]
        self.ring_id = ring_id
        return await super().post(request, agent_id)


class Person(PersonWebhook):
    """They have picked up, or pressed a key, or pressed none."""

    step: Callable[..., Awaitable[PersonStep | None]] = staticmethod(transferring.person_step)

    async def answer(self, agent_id: UUID, fields: dict[str, str]) -> HttpResponse:
        key = fields["Digits"][:1] if "Digits" in fields else None
        self.keep(agent_id, "person", event_key(fields, "person", "answer" if key is None else f"key {key}"), fields)
        try:
            step = await self.step(agent_id, self.ring_id, fields.get("CallSid", "")[:40], key)
            text = self._text(agent_id, step) if step is not None else sorry(language_of(agent_id))
        except Refused:
            text = twiml.hang_up()
        except Exception:  # somebody is listening: no error may reach the carrier
            log.exception("a person was not asked", ring_id=str(self.ring_id))
            text = sorry(language_of(agent_id))
        self.look_after(agent_id, self.ring_id)
        return HttpResponse(text, content_type="text/xml")

    def _text(self, agent_id: UUID, step: PersonStep) -> str:
        language = language_of(agent_id)
        spoken, sentences = for_the_carrier(language), transfer_sentences(language)
        match step.hears:
            case Hears.INTRODUCTION:
                again = addresses.person_url(agent_id, self.ring_id)
                return twiml.introduce(step.text, sentences.keys, again, language=spoken)
            case Hears.CALLER:
                return twiml.join_room(str(step.room))
            case Hears.THANKS:
                return twiml.say_and_hang_up(sentences.declined, spoken)
        return twiml.say_and_hang_up(sentences.gone, spoken)


class PersonStatus(PersonWebhook):
    """The phone of a person rings, is busy, was put down. Asked for again where it cannot be stored."""

    moved: Callable[..., Awaitable[bool]] = staticmethod(transferring.person_moved)

    async def answer(self, agent_id: UUID, fields: dict[str, str]) -> HttpResponse:
        sid, status = fields.get("CallSid", "")[:40], fields.get("CallStatus", "")[:20]
        if not sid or not status:
            return HttpResponse(status=400)
        self.keep(agent_id, "person status", event_key(fields, "person", status), fields)
        try:
            is_stored = await self.moved(agent_id, self.ring_id, sid, status, seconds_in(fields, "CallDuration"))
        except Refused:
            return HttpResponse(status=404)
        if not is_stored:
            return HttpResponse(status=503)
        self.look_after(agent_id, self.ring_id)
        return HttpResponse(status=204)
