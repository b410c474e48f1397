"""What the carrier asks and reports about the calls of a campaign: verify, keep, call one service, answer.

Unlike an incoming call, an outgoing one never goes on without the database: what may be said is decided there.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import ClassVar, TypeVar
from uuid import UUID

import structlog
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now

from agentos.errors import DomainError
from calls.admission import Admission, Refused, admit, tenant_of
from calls.briefing import Briefing
from calls.snapshots import language_of
from campaigns.calling import addresses, agent_calls, reporting
from campaigns.calling.answering import HANG_UP, Answer, Told, handed_over, pick_up, press, take_recording
from campaigns.people.text_messages import MESSAGE, receive, waiting_messages
from telephony import twiml
from telephony.carrier_webhook import CarrierWebhook, sorry
from telephony.event_writer import ArrivedEvent
from telephony.webhooks import connect, one_moment, refuse

T = TypeVar("T")

ANSWER_WITHIN_S = 5.0
DETECT_WITHIN_S = 20.0  # nobody waits, and the carrier is asked in between

log = structlog.get_logger(__name__)
_threads = ThreadPoolExecutor(8, thread_name_prefix="campaigns")

_SID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_RECORDING = re.compile(r"RE[0-9a-fA-F]{32}")
_AWAY = (DatabaseError, OSError, TimeoutError)


class AttemptWebhook(CarrierWebhook):
    """A signed form from the carrier about one attempt, which its address names."""

    kind: ClassVar[str]
    clock: Callable[[], datetime] = staticmethod(now)
    within_s = ANSWER_WITHIN_S
    admit: Callable[..., Awaitable[Admission]] = staticmethod(admit)
    token: str
    agent_id: UUID
    attempt_id: UUID
    sid: str

    async def post(self, request: HttpRequest, agent_id: UUID, token: str = "") -> HttpResponse:
        self.token = token
        return await super().post(request, agent_id)

    async def answer(self, agent_id: UUID, fields: dict[str, str]) -> HttpResponse:
        attempt_id, self.sid = addresses.read_attempt(self.token, agent_id), fields.get("CallSid", "")
        if attempt_id is None or not _SID.fullmatch(self.sid):
            return HttpResponse(status=404)
        self.agent_id, self.attempt_id = agent_id, attempt_id
        return await self.respond(fields)

    async def respond(self, fields: dict[str, str]) -> HttpResponse:
        raise NotImplementedError

    async def in_tenant(self, work: Callable[..., T], *rest: object) -> T:
        """Do the work with the tenant and the attempt, off the loop. Raises TimeoutError when it takes too long."""
        return await off_the_loop(self.agent_id, self.within_s, work, self.attempt_id, *rest)

    async def admitted(self, fields: dict[str, str], briefing: Briefing) -> Admission:
        """The call, opened for the agent. Raises Refused."""
        return await self.admit(
            agent_id=self.agent_id,
            carrier_sid=self.sid,
            from_number=fields.get("From", "")[:40],
            to_number=fields.get("To", "")[:40],
            direction="outbound",
            briefing=briefing,
        )

    def event_key(self, *details: str) -> str:
        return ":".join((self.kind, self.sid, *details))[:160]


class Instructions(AttemptWebhook):
    """A webhook whose answer tells the carrier what to do with a waiting person. It never fails."""

    async def respond(self, fields: dict[str, str]) -> HttpResponse:
        self.keep(self.agent_id, self.kind, self.event_key(self.detail(fields)), fields)
        return HttpResponse(await self._text(fields), content_type="text/xml")

    async def _text(self, fields: dict[str, str]) -> str:
        try:
            told = await self.decide(fields)
            return await self._to_agent(fields) if told.to_agent else told.text
        except Refused as refused:
            log.info("the agent cannot take a call", code=refused.code, attempt_id=str(self.attempt_id))
            return refuse(refused) if refused.sentence else sorry(refused.language)
        except Exception:  # somebody is waiting: no error may reach the carrier
            log.exception("call not answered", attempt_id=str(self.attempt_id))
            return sorry(language_of(self.agent_id))

    async def _to_agent(self, fields: dict[str, str]) -> str:
        briefing = await self.in_tenant(agent_calls.briefing, self.clock())
        try:
            admission = await self.admitted(fields, briefing)
        except Refused as refused:
            if refused.code == "draining":  # another process, or this one's successor, takes the call
                again = addresses.keys_url(self.agent_id, self.attempt_id)
                return one_moment(refused.language, again)
            await self.in_tenant(handed_over, None, self.clock())
            raise
        await self.in_tenant(handed_over, admission.call_id, self.clock())
        return connect(admission, self.sid)

    def detail(self, fields: dict[str, str]) -> str:
        """What tells this webhook from the others of its kind in the same call."""
        return ""

    async def decide(self, fields: dict[str, str]) -> Told:
        raise NotImplementedError


class OutboundCall(Instructions):
    """Somebody picked up."""

    kind = "outbound"

    async def decide(self, fields: dict[str, str]) -> Told:
        return await self.in_tenant(pick_up, self.sid, self.clock())


class KeyPressed(Instructions):
    """A key was pressed, something was said, or the message is over."""

    kind = "key"

    def detail(self, fields: dict[str, str]) -> str:
        return fields.get("Digits", "") or fields.get("SpeechResult", "")[:60]

    async def decide(self, fields: dict[str, str]) -> Told:
        answer = Answer(
            key=fields.get("Digits", "")[:4],
            said=fields.get("SpeechResult", "")[:2000],
            heard=_share(fields.get("Confidence", "")),
            stage=addresses.read_stage(self.token),
        )
        return await self.in_tenant(press, self.sid, answer, self.clock())


class RecordingComplete(Instructions):
    """A spoken answer was recorded, or is ready to be fetched."""

    kind = "recording"

    def detail(self, fields: dict[str, str]) -> str:
        return f"{fields.get('RecordingSid', '')}:{fields.get('RecordingStatus', '')}"

    async def decide(self, fields: dict[str, str]) -> Told:
        recording = fields.get("RecordingSid", "")
        if not _RECORDING.fullmatch(recording) or fields.get("RecordingStatus") == "absent":
            return HANG_UP
        key = fields.get("Digits", "")[:4]
        return await self.in_tenant(take_recording, self.sid, recording, key, self.clock())


class AttemptStatus(AttemptWebhook):
    """A call has moved on. Answered once that is stored; without the database the carrier is asked to repeat it."""

    kind = "status"

    async def respond(self, fields: dict[str, str]) -> HttpResponse:
        if not fields.get("CallStatus"):
            return HttpResponse(status=400)
        key = self.event_key(fields["CallStatus"], fields.get("SequenceNumber", ""))
        kept = {name[:1000]: value[:1000] for name, value in list(fields.items())[:100]}
        try:
            await self.in_tenant(reporting.report, self.agent_id, kept, key, self.clock())
        except _AWAY:
            log.warning("a status could not be stored", attempt_id=str(self.attempt_id))
            return HttpResponse(status=503)
        if fields["CallStatus"] == "ringing":
            await self._warm_up(fields)
        return HttpResponse(status=204)

    async def _warm_up(self, fields: dict[str, str]) -> None:
        """An agent that begins the call opens it now, and has its first words ready when somebody answers."""
        try:
            briefing = await self.in_tenant(agent_calls.briefing_while_it_rings, self.clock())
            if briefing is not None:
                admission = await self.admitted(fields, briefing)
                await self.in_tenant(handed_over, admission.call_id, self.clock())
        except (Refused, DomainError, *_AWAY) as error:  # asked once more when somebody answers
            log.info("the agent is not ready yet", kind=type(error).__name__, attempt_id=str(self.attempt_id))


class AnsweredBy(AttemptWebhook):
    """The carrier has made up its mind whether a person or a machine picked up."""

    kind = "answered_by"
    within_s = DETECT_WITHIN_S

    async def respond(self, fields: dict[str, str]) -> HttpResponse:
        said = fields.get("AnsweredBy", "")[:40]
        if not said:
            return HttpResponse(status=400)
        self.keep(self.agent_id, self.kind, self.event_key(said), fields)
        try:
            await self.in_tenant(reporting.detect, self.agent_id, self.sid, said)
        except _AWAY:
            log.warning("who answered could not be stored", attempt_id=str(self.attempt_id))
            return HttpResponse(status=503)
        return HttpResponse(status=204)


class IncomingMessage(CarrierWebhook):
    """Somebody has sent a text message to one of the numbers. Without the database it is kept here until it counts."""

    clock: Callable[[], datetime] = staticmethod(now)
    events = staticmethod(waiting_messages)
    receive: Callable[..., str] = staticmethod(receive)
    within_s = ANSWER_WITHIN_S

    async def answer(self, agent_id: UUID, fields: dict[str, str]) -> HttpResponse:
        sid = fields.get("MessageSid", "")
        if not _SID.fullmatch(sid):
            return HttpResponse(status=400)
        kept = {name[:1000]: value[:2000] for name, value in list(fields.items())[:100]}
        try:
            text = await off_the_loop(agent_id, self.within_s, self.receive, agent_id, kept, self.clock())
        except Refused:
            return HttpResponse(status=404)
        except _AWAY:
            log.warning("a text message waits for the database", agent_id=str(agent_id), message_sid=sid)
            self.events().keep(ArrivedEvent(agent_id, sid, MESSAGE, f"{MESSAGE}:{sid}", kept, self.clock()))
            text = twiml.reply_by_text("")
        return HttpResponse(text, content_type="text/xml")


async def off_the_loop(agent_id: UUID, within_s: float, work: Callable[..., T], *rest: object) -> T:
    """Do blocking work with the tenant of the agent. Raises TimeoutError when it takes too long, and Refused."""

    def run() -> T:
        try:
            return work(tenant_of(agent_id).tenant_id, *rest)
        finally:
            connection.close()

    async with asyncio.timeout(within_s):
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(_threads, run))


def _share(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 1.0
