"""What the carrier asks and reports: verify, keep, call one service, answer.

The caller waits while `incoming-call` and `resume` are answered, so they never wait for the database and never fail:
whatever goes wrong, somebody says a sentence.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar
from uuid import UUID

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils.decorators import method_decorator
from django.utils.timezone import now
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from agents.languages import for_the_carrier
from calls.admission import Admission, Refused, admit, caller_left, readmit
from calls.platform_sentences import platform_sentences
from calls.runtime import CallClaims
from calls.snapshots import language_of
from calls.transfers import transferring
from calls.transfers.services import Step
from telephony import addresses, tokens, twiml
from telephony.event_writer import ArrivedEvent, EventWriter
from telephony.relay import relay_for, session_end
from telephony.services import STATUS, carrier_events
from telephony.signature import SignatureRefused, signed_fields

ANSWER_WITHIN_S = 3.0  # the carrier gives up after 15, the caller sooner
STORE_WITHIN_S = 5.0

log = structlog.get_logger(__name__)

_SID = re.compile(r"[A-Za-z0-9_-]{1,40}")
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
        return await self.answer(agent_id, fields)

    async def answer(self, agent_id: UUID, fields: dict[str, str]) -> HttpResponse:
        raise NotImplementedError

    def keep(self, agent_id: UUID, kind: str, key: str, fields: dict[str, str]) -> asyncio.Future[None]:
        """Have the webhook stored behind our back; who wants to know when may await it."""
        event = ArrivedEvent(agent_id, fields.get("CallSid", "")[:40], kind, key, _storable(fields), now())
        stored = asyncio.wrap_future(self.events().keep(event))
        stored.add_done_callback(lambda done: done.cancelled() or done.exception())  # logged where it happened
        return stored


class Instructions(CarrierWebhook):
    """A webhook whose answer tells the carrier what to do with a waiting caller."""

    within_s = ANSWER_WITHIN_S
    kind: ClassVar[str]
    address: Callable[[UUID], str]

    async def answer(self, agent_id: UUID, fields: dict[str, str]) -> HttpResponse:
        text, outcome = await self._decide(agent_id, fields)
        self.keep(agent_id, self.kind, _key(fields, self.kind, outcome), fields)
        return HttpResponse(text, content_type="text/xml")

    async def _decide(self, agent_id: UUID, fields: dict[str, str]) -> tuple[str, str]:
        """The instructions, and in a word why."""
        try:
            async with asyncio.timeout(self.within_s):
                if (instead := await self.instead(agent_id, fields)) is not None:
                    return instead
                admission = await self.admission(agent_id, fields)
            return connect(admission, _sid(fields)), str(admission.segment)
        except Refused as refused:
            log.info("call refused", code=refused.code, agent_id=str(agent_id), call_sid=fields.get("CallSid"))
            return self._decline(refused, agent_id), refused.code
        except Exception:  # a caller is waiting: no error may reach the carrier
            log.exception("call not answered", agent_id=str(agent_id), call_sid=fields.get("CallSid"))
            return sorry(language_of(agent_id)), "failed"

    def _decline(self, refused: Refused, agent_id: UUID) -> str:
        match refused.code:
            case "ended":
                return twiml.hang_up()
            case "draining":  # another process, or this one's successor, takes the call
                return one_moment(refused.language, self.address(agent_id))
        return refuse(refused)

    async def instead(self, agent_id: UUID, fields: dict[str, str]) -> tuple[str, str] | None:
        """What the carrier is to do instead of connecting the caller to the agent, and in a word why."""
        return None

    async def admission(self, agent_id: UUID, fields: dict[str, str]) -> Admission:
        raise NotImplementedError


class IncomingCall(Instructions):
    """The phone rings. `admit` decides whether the agent takes the call."""

    kind = "incoming"
    address = staticmethod(addresses.incoming_call_url)
    admit: Callable[..., Awaitable[Admission]] = staticmethod(admit)

    async def admission(self, agent_id: UUID, fields: dict[str, str]) -> Admission:
        return await self.admit(
            agent_id=agent_id,
            carrier_sid=_sid(fields),
            from_number=fields.get("From", "")[:40],  # "anonymous" is a caller, too
            to_number=fields.get("To", "")[:40],
            direction="outbound" if fields.get("Direction", "").startswith("outbound") else "inbound",
        )


class ResumeCall(Instructions):
    """The socket of a call has closed: go on in the next segment, or let go of a caller who is still there."""

    kind = "resume"
    address = staticmethod(addresses.resume_url)
    readmit: Callable[..., Awaitable[Admission]] = staticmethod(readmit)
    next_step: Callable[..., Awaitable[Step | None]] = staticmethod(transferring.next_step)
    caller_left: Callable[..., Awaitable[None]] = staticmethod(caller_left)

    async def instead(self, agent_id: UUID, fields: dict[str, str]) -> tuple[str, str] | None:
        step = await self.next_step(agent_id, _sid(fields))
        return (put_through(agent_id, step), "transfer") if step is not None else None

    async def admission(self, agent_id: UUID, fields: dict[str, str]) -> Admission:
        sid, end = _sid(fields), session_end(fields)
        if end is None:
            return await self.readmit(agent_id=agent_id, carrier_sid=sid)
        if end.caller_left:
            await self.caller_left(agent_id=agent_id, carrier_sid=sid)
            raise Refused("ended", language_of(agent_id))
        return await self.readmit(agent_id=agent_id, carrier_sid=sid, failed=end.failure())


class Transferred(Instructions):
    """A person was rung for the caller: they have talked, or the next one is tried, or the agent is back."""

    kind = "transferred"
    address = staticmethod(addresses.transferred_url)
    report: Callable[..., Awaitable[tuple[bool, Step | None]]] = staticmethod(transferring.report)
    readmit: Callable[..., Awaitable[Admission]] = staticmethod(readmit)

    async def instead(self, agent_id: UUID, fields: dict[str, str]) -> tuple[str, str] | None:
        status, dial_sid = fields.get("DialCallStatus", ""), fields.get("DialCallSid", "")[:40]
        has_talked, step = await self.report(agent_id, _sid(fields), status=status, dial_sid=dial_sid)
        if step is not None:
            return put_through(agent_id, step), f"{dial_sid}:next"
        return (twiml.hang_up(), f"{dial_sid}:talked") if has_talked else None

    async def admission(self, agent_id: UUID, fields: dict[str, str]) -> Admission:
        return await self.readmit(agent_id=agent_id, carrier_sid=_sid(fields))


class CallStatus(CarrierWebhook):
    """A call has moved on. Answered once that is stored; without the database the carrier is asked to repeat it."""

    within_s = STORE_WITHIN_S

    async def answer(self, agent_id: UUID, fields: dict[str, str]) -> HttpResponse:
        if not _SID.fullmatch(fields.get("CallSid", "")) or not fields.get("CallStatus"):
            return HttpResponse(status=400)
        key = _key(fields, STATUS, fields["CallStatus"], fields.get("SequenceNumber", ""))
        try:
            async with asyncio.timeout(self.within_s):
                await self.keep(agent_id, STATUS, key, fields)
        except (TimeoutError, OSError):  # it may well be on disk; the carrier's repetition does no harm
            return HttpResponse(status=503)
        return HttpResponse(status=204)


class StreamStatus(CarrierWebhook):
    """What the carrier thinks of our media socket. Kept for whoever wonders why a call went wrong."""

    async def answer(self, agent_id: UUID, fields: dict[str, str]) -> HttpResponse:
        if not _SID.fullmatch(fields.get("CallSid", "")):
            return HttpResponse(status=400)
        key = _key(fields, "stream", fields.get("StreamSid", ""), fields.get("StreamEvent", ""))
        self.keep(agent_id, "stream", key, fields)
        return HttpResponse(status=204)


def put_through(agent_id: UUID, step: Step) -> str:
    """Ring the person, and come back to us afterwards."""
    action = addresses.transferred_url(agent_id)
    return twiml.dial(step.address, action, caller_id=step.caller_id, rings_s=step.rings_s)


def refuse(refused: Refused) -> str:
    """Say why nobody takes the call, in the agent's language."""
    return twiml.say_and_hang_up(refused.sentence, for_the_carrier(refused.language))


def sorry(language: str) -> str:
    """Something went wrong, and somebody is waiting."""
    return twiml.say_and_hang_up(platform_sentences(language).sorry, for_the_carrier(language))


def one_moment(language: str, url: str) -> str:
    """Have the carrier ask again in a moment."""
    return twiml.say_and_try_again(platform_sentences(language).one_moment, url, language=for_the_carrier(language))


def connect(admission: Admission, carrier_sid: str) -> str:
    """Connect an admitted call to its socket: to one for sound, or to one for words."""
    agent_id = admission.agent_id
    claims = CallClaims(
        call_id=admission.call_id,
        agent_id=agent_id,
        tenant_id=admission.tenant_id,
        segment=admission.segment,
        carrier_sid=carrier_sid,
    )
    token, again = tokens.mint(claims), addresses.resume_url(agent_id)
    if admission.relay is None:
        callback = addresses.stream_status_url(agent_id)
        return twiml.connect_stream(addresses.media_url(agent_id), token, resume_url=again, status_callback=callback)
    relay = relay_for(admission.relay)
    parameters = {"token": token} | ({"greeted": "yes"} if relay.greeting else {})
    return twiml.connect_relay(addresses.socket_url(agent_id), relay, parameters, action=again)


def _sid(fields: dict[str, str]) -> str:
    sid = fields.get("CallSid", "")
    if not _SID.fullmatch(sid):
        raise ValueError("no CallSid")
    return sid


def _key(fields: dict[str, str], kind: str, *details: str) -> str:
    return ":".join((kind, fields.get("CallSid", ""), *details))[:160]


def _storable(fields: dict[str, str]) -> dict[str, Any]:
    """What the database takes: no NUL, no flood. The CallToken is a key to other calls and is not kept."""
    kept = [(name, value) for name, value in fields.items() if name != "CallToken"][:_MAX_FIELDS]
    return {name[:_MAX_VALUE].replace("\0", ""): value[:_MAX_VALUE] for name, value in kept}
