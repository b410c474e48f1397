"""What the carrier asks and reports: verify, keep, call one service, answer.

The caller waits while `incoming-call` and `resume` are answered, so they never wait for the database and never fail:
whatever goes wrong, somebody says a sentence.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import ClassVar
from uuid import UUID

import structlog
from django.http import HttpResponse

from agents.languages import for_the_carrier
from calls.admission import Admission, Refused, admit, caller_left, readmit
from calls.platform_sentences import platform_sentences
from calls.runtime import CallClaims
from calls.snapshots import language_of
from calls.transfers import transferring
from calls.transfers.rooms import FINAL
from calls.transfers.sentences import transfer_sentences
from calls.transfers.steps import After, Next, Room, Step, Told
from telephony import addresses, tokens, twiml, voice_tokens
from telephony.carrier_webhook import CarrierWebhook, event_key, seconds_in, sorry
from telephony.putting_through import soon_for_caller
from telephony.relay import relay_for, session_end
from telephony.services import STATUS

ANSWER_WITHIN_S = 3.0  # the carrier gives up after 15, the caller sooner
STORE_WITHIN_S = 5.0

log = structlog.get_logger(__name__)

_SID = re.compile(r"[A-Za-z0-9_-]{1,40}")
MOST_WORDS = 2000


class Instructions(CarrierWebhook):
    """A webhook whose answer tells the carrier what to do with a waiting caller."""

    within_s = ANSWER_WITHIN_S
    kind: ClassVar[str]
    address: Callable[[UUID], str]

    async def answer(self, agent_id: UUID, fields: dict[str, str]) -> HttpResponse:
        text, outcome = await self._decide(agent_id, fields)
        self.keep(agent_id, self.kind, event_key(fields, self.kind, outcome), fields)
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
            direction="outbound" if fields.get("Direction", "").startswith("outbound") else "inbound",
            **_ends(fields),
        )


class WebsiteCall(IncomingCall):
    """A page that uses the carrier's own kit calls the agent for whom it has a token of ours."""

    def called(self, agent_id: UUID, fields: dict[str, str]) -> UUID:
        return voice_tokens.agent_of(fields) or agent_id


class ResumeCall(Instructions):
    """The socket of a call has closed: go on in the next segment, or let go of a caller who is still there."""

    kind = "resume"
    address = staticmethod(addresses.resume_url)
    readmit: Callable[..., Awaitable[Admission]] = staticmethod(readmit)
    next_step: Callable[..., Awaitable[Next | None]] = staticmethod(transferring.next_step)
    look_after: Callable[[UUID, str], None] = staticmethod(soon_for_caller)
    caller_left: Callable[..., Awaitable[None]] = staticmethod(caller_left)

    async def instead(self, agent_id: UUID, fields: dict[str, str]) -> tuple[str, str] | None:
        step = await self.next_step(agent_id, _sid(fields))
        if isinstance(step, Room):
            self.look_after(agent_id, _sid(fields))
        text = put_through(agent_id, step) if step is not None else None
        return (text, "transfer") if text is not None else None

    async def admission(self, agent_id: UUID, fields: dict[str, str]) -> Admission:
        sid, end = _sid(fields), session_end(fields)
        if end is None:
            return await self.readmit(agent_id=agent_id, carrier_sid=sid)
        if end.caller_left:
            await self.caller_left(agent_id=agent_id, carrier_sid=sid)
            raise Refused("ended", language_of(agent_id))
        return await self.readmit(agent_id=agent_id, carrier_sid=sid, failed=end.failure(), wants_sound=end.wants_sound)


class Transferred(Instructions):
    """A caller comes back: from a talk with a person, from waiting for one in vain, or from leaving a message."""

    kind = "transferred"
    address = staticmethod(addresses.transferred_url)
    report: Callable[..., Awaitable[Next]] = staticmethod(transferring.report)
    readmit: Callable[..., Awaitable[Admission]] = staticmethod(readmit)
    look_after: Callable[[UUID, str], None] = staticmethod(soon_for_caller)

    def keep(self, agent_id: UUID, kind: str, key: str, fields: dict[str, str]) -> asyncio.Future[None]:
        """Without the words of a message, which are kept with the call, as its version says, and erased with it."""
        return super().keep(
            agent_id, kind, key, {**fields, "SpeechResult": "…"} if "SpeechResult" in fields else fields
        )

    async def instead(self, agent_id: UUID, fields: dict[str, str]) -> tuple[str, str] | None:
        sid, dial_sid = _sid(fields), fields.get("DialCallSid", "")[:40]
        listened = bool({"SpeechResult", "Digits"} & fields.keys())
        words = fields.get("SpeechResult", "")[:MOST_WORDS] if listened else None
        seconds = seconds_in(fields, "DialCallDuration")
        told = Told(fields.get("DialCallStatus", ""), dial_sid, fields.get("CallStatus") in FINAL, words, seconds)
        step = await self.report(agent_id, sid, told)
        self.look_after(agent_id, sid)
        text = put_through(agent_id, step)
        outcome = step.value if isinstance(step, After) else "next"
        return (text, f"{dial_sid}:{outcome}") if text is not None else None

    async def admission(self, agent_id: UUID, fields: dict[str, str]) -> Admission:
        return await self.readmit(agent_id=agent_id, carrier_sid=_sid(fields))


class CallStatus(CarrierWebhook):
    """A call has moved on. Answered once that is stored; without the database the carrier is asked to repeat it."""

    within_s = STORE_WITHIN_S
    look_after: Callable[[UUID, str], None] = staticmethod(soon_for_caller)

    async def answer(self, agent_id: UUID, fields: dict[str, str]) -> HttpResponse:
        if not _SID.fullmatch(fields.get("CallSid", "")) or not fields.get("CallStatus"):
            return HttpResponse(status=400)
        key = event_key(fields, STATUS, fields["CallStatus"], fields.get("SequenceNumber", ""))
        try:
            async with asyncio.timeout(self.within_s):
                await self.keep(agent_id, STATUS, key, fields)
        except (TimeoutError, OSError):  # it may well be on disk; the carrier's repetition does no harm
            return HttpResponse(status=503)
        if fields["CallStatus"] in FINAL:
            self.look_after(agent_id, fields["CallSid"])
        return HttpResponse(status=204)


class StreamStatus(CarrierWebhook):
    """What the carrier thinks of our media socket. Kept for whoever wonders why a call went wrong."""

    async def answer(self, agent_id: UUID, fields: dict[str, str]) -> HttpResponse:
        if not _SID.fullmatch(fields.get("CallSid", "")):
            return HttpResponse(status=400)
        key = event_key(fields, "stream", fields.get("StreamSid", ""), fields.get("StreamEvent", ""))
        self.keep(agent_id, "stream", key, fields)
        return HttpResponse(status=204)


def put_through(agent_id: UUID, step: Next) -> str | None:
    """What a caller hears on the way to a person, or at its end; None where the agent is back."""
    action, language = addresses.transferred_url(agent_id), language_of(agent_id)
    spoken, sentences = for_the_carrier(language), transfer_sentences(language)
    match step:
        case Step():
            return twiml.dial(step.address, action, caller_id=step.caller_id, rings_s=step.rings_s)
        case Room():
            return twiml.wait_in_room(str(step.name), action, wait_url=addresses.hold_url(agent_id))
        case After.AGENT:
            return None
        case After.ENDED:
            return twiml.hang_up()
        case After.MESSAGE:
            return twiml.ask_for_message(sentences.message, action, language=spoken)
    return twiml.say_and_hang_up(getattr(sentences, step.value), spoken)


def refuse(refused: Refused) -> str:
    """Say why nobody takes the call, in the agent's language."""
    return twiml.say_and_hang_up(refused.sentence, for_the_carrier(refused.language))


def one_moment(language: str, url: str) -> str:
    """Have the carrier ask again in a moment."""
    return twiml.say_and_try_again(platform_sentences(language).one_moment, url, language=for_the_carrier(language))


def connect(admission: Admission, carrier_sid: str) -> str:
    """Connect an admitted call to its socket: to one for sound, to one for words, or to the vendor's own."""
    if admission.instructions:
        return twiml.and_then(admission.instructions, addresses.resume_url(admission.agent_id))
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


def _ends(fields: dict[str, str]) -> dict[str, str]:
    """Between whom the call is. A browser has no number."""
    if fields.get("From", "").startswith(voice_tokens.CLIENT):
        return {"from_number": "", "to_number": "", "channel": "web"}
    return {"from_number": fields.get("From", "")[:40], "to_number": fields.get("To", "")[:40]}  # also "anonymous"


def _sid(fields: dict[str, str]) -> str:
    sid = fields.get("CallSid", "")
    if not _SID.fullmatch(sid):
        raise ValueError("no CallSid")
    return sid
