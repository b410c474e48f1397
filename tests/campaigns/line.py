"""The carrier's side of one call of a campaign: each method posts one signed form, and reads the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

from django.db import connections
from django.http import HttpResponse

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns import webhooks
from campaigns.calling import addresses
from campaigns.models import Attempt, Campaign, DialReceipt, DoNotCall, Reply
from telephony.event_writer import EventWriter
from tests.campaigns.rows import NOON, claim_due, make_campaign
from tests.telephony.signing import CALL_SID, call_fields, webhook

ROSA = "+12125550128"
Element = ElementTree.Element
MakeLine = Callable[..., Awaitable["Line"]]
SECOND_SID = "CA00000000000000000000000000000002"


async def in_thread(work: Callable[..., Any], *args: Any, **more: Any) -> Any:
    def run() -> Any:
        try:
            return work(*args, **more)
        finally:
            connections.close_all()

    return await asyncio.to_thread(run)


def asked(agent: Agent, **campaign: Any) -> tuple[Campaign, UUID]:
    """A campaign for Rosa whose call the carrier has been asked for."""
    campaign.setdefault("keys", {"1": "confirmed", "2": "rescheduled"})
    made = make_campaign(agent, ROSA, **campaign)
    with tenant_transaction(agent.tenant_id):
        (attempt_id,) = claim_due(made.pk, NOON).attempts
        Attempt.objects.filter(pk=attempt_id).update(state="asked", asked_at=NOON)
    return made, attempt_id


@dataclass
class Line:
    """One call, as the carrier reports it."""

    agent: Agent
    attempt_id: UUID
    events: Callable[[], EventWriter]
    at: datetime = NOON
    admit: Any = None
    asked_at: str = ""

    async def answered(self, sid: str = CALL_SID) -> list[Element]:
        url = addresses.of_call(self.agent.pk, self.attempt_id).answer
        return verbs(await self.post(webhooks.OutboundCall, url, CallSid=sid, CallStatus="in-progress"))

    async def pressed(self, key: str = "", *, sid: str = CALL_SID, **fields: str) -> list[Element]:
        url = self.asked_at or addresses.keys_url(self.agent.pk, self.attempt_id)
        answer = verbs(await self.post(webhooks.KeyPressed, url, CallSid=sid, Digits=key, **fields))
        return self._remember(answer)

    async def said(self, words: str, confidence: float = 0.95) -> list[Element]:
        return await self.pressed(SpeechResult=words, Confidence=str(confidence))

    async def follow(self, answer: list[Element], words: str = "", **fields: str) -> list[Element]:
        """What comes after these instructions, when these words, these fields, or nothing came back."""
        url = str(answer[0].attrib["action"])
        heard = {"SpeechResult": words, "Confidence": "0.9"} if words else {}
        return verbs(await self.post(webhooks.KeyPressed, url, **({"Digits": ""} | heard | fields)))

    def _remember(self, answer: list[Element]) -> list[Element]:
        """Where the next key is told."""
        self.asked_at = str(answer[0].attrib.get("action", "")) if answer[0].tag == "Gather" else ""
        return answer

    async def recorded(self, recording: str, **fields: str) -> list[Element]:
        url = addresses.recording_url(self.agent.pk, self.attempt_id)
        return verbs(await self.post(webhooks.RecordingComplete, url, RecordingSid=recording, **fields))

    async def status(self, status: str, sid: str = CALL_SID, **fields: str) -> HttpResponse:
        url = addresses.of_call(self.agent.pk, self.attempt_id).progress.partition("#")[0]
        return await self.post(webhooks.AttemptStatus, url, CallSid=sid, CallStatus=status, **fields)

    async def detected(self, answered_by: str) -> HttpResponse:
        url = addresses.of_call(self.agent.pk, self.attempt_id).machine
        return await self.post(webhooks.AnsweredBy, url, AnsweredBy=answered_by)

    async def post(self, view: type[webhooks.AttemptWebhook], url: str, **fields: str) -> HttpResponse:
        settings: dict[str, Any] = {"clock": lambda: self.at, "events": self.events}
        if self.admit is not None:
            settings["admit"] = self.admit
        request = webhook(url, call_fields(**{"Direction": "outbound-api", **fields}))
        return await view.as_view(**settings)(request, agent_id=self.agent.pk, token=url.rpartition("/")[2])

    async def attempt(self) -> Attempt:
        return await in_thread(self._attempt)

    def _attempt(self) -> Attempt:
        with tenant_transaction(self.agent.tenant_id):
            return Attempt.objects.select_related("target", "campaign", "call").get(pk=self.attempt_id)

    async def outcome(self) -> tuple[str, str, str]:
        """State and outcome of the attempt, and what became of the person."""
        attempt = await self.attempt()
        return attempt.state, attempt.outcome, attempt.target.status

    async def receipts(self) -> list[tuple[str, str]]:
        def read() -> list[tuple[str, str]]:
            with tenant_transaction(self.agent.tenant_id):
                return [(each.body["occasion"], each.answer) for each in DialReceipt.objects.all()]

        return await in_thread(read)

    async def do_not_call(self) -> list[tuple[str, str]]:
        def read() -> list[tuple[str, str]]:
            with tenant_transaction(self.agent.tenant_id):
                return [(each.source, each.evidence) for each in DoNotCall.objects.filter(e164=ROSA, lifted_at=None)]

        return await in_thread(read)

    async def reply(self) -> Reply | None:
        def read() -> Reply | None:
            with tenant_transaction(self.agent.tenant_id):
                return Reply.objects.filter(attempt_id=self.attempt_id).first()

        return await in_thread(read)


def verbs(response: HttpResponse) -> list[Element]:
    assert response.status_code == 200
    assert response["Content-Type"] == "text/xml"
    return list(ElementTree.fromstring(response.content))  # noqa: S314 - our own


def names(answer: list[Element]) -> list[str]:
    return [verb.tag for verb in answer]


def text(answer: list[Element]) -> str:
    """Everything that is said, in order."""
    return " ".join(each.text or "" for verb in answer for each in verb.iter() if each.tag == "Say")


def change(agent: Agent, work: Callable[[], Any]) -> Any:
    with tenant_transaction(agent.tenant_id):
        return work()
