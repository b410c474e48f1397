"""What every webhook of the carrier has in common: it is signed, it is kept, and somebody may be listening."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils.decorators import method_decorator
from django.utils.timezone import now
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from agents.languages import for_the_carrier
from calls.platform_sentences import platform_sentences
from telephony import twiml
from telephony.event_writer import ArrivedEvent, EventWriter
from telephony.services import carrier_events
from telephony.signature import SignatureRefused, signed_fields

log = structlog.get_logger(__name__)

_MAX_FIELDS, _MAX_VALUE = 100, 1000


@method_decorator(csrf_exempt, name="dispatch")
class CarrierWebhook(View):
    """A signed form from the carrier about one call of one agent."""

    http_method_names = ["post"]
    events: Callable[[], EventWriter] = staticmethod(carrier_events)

    async def post(self, request: HttpRequest, agent_id: UUID) -> HttpResponse:
        try:
            fields = {name: value.replace("\0", "") for name, value in signed_fields(request).items()}
        except SignatureRefused as refused:
            log.warning("webhook refused", reason=refused.reason, path=request.path)
            return HttpResponseForbidden()
        return await self.answer(self.called(agent_id, fields), fields)

    def called(self, agent_id: UUID, fields: dict[str, str]) -> UUID:
        """Whom it is about: whoever stands in the address."""
        return agent_id

    async def answer(self, agent_id: UUID, fields: dict[str, str]) -> HttpResponse:
        raise NotImplementedError

    def keep(self, agent_id: UUID, kind: str, key: str, fields: dict[str, str]) -> asyncio.Future[None]:
        """Have the webhook stored behind our back; who wants to know when may await it."""
        event = ArrivedEvent(agent_id, fields.get("CallSid", "")[:40], kind, key, _storable(fields), now())
        stored = asyncio.wrap_future(self.events().keep(event))
        stored.add_done_callback(lambda done: done.cancelled() or done.exception())  # logged where it happened
        return stored


def sorry(language: str) -> str:
    """Something went wrong, and somebody is waiting."""
    return twiml.say_and_hang_up(platform_sentences(language).sorry, for_the_carrier(language))


def event_key(fields: dict[str, str], kind: str, *details: str) -> str:
    """What tells this report from all others about calls, and not from its repetition."""
    return ":".join((kind, fields.get("CallSid", ""), *details))[:160]


def seconds_in(fields: dict[str, str], name: str) -> int:
    """How long something lasted, as the carrier says; none where it says nothing that could be."""
    told = fields.get(name, "")
    return int(told) if told.isdecimal() and len(told) < 7 else 0


def _storable(fields: dict[str, str]) -> dict[str, Any]:
    """What the database takes: no NUL, no flood. The CallToken is a key to other calls and is not kept."""
    kept = [(name, value) for name, value in fields.items() if name != "CallToken"][:_MAX_FIELDS]
    return {name[:_MAX_VALUE].replace("\0", ""): value[:_MAX_VALUE] for name, value in kept}
