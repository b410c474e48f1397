"""Whole conversations of a campaign: real voices over the practice carrier, and what was heard is decoded again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.models import Call, Turn
from campaigns.models import Attempt, Contact, DoNotCall
from telephony.simulator.listening import Spoken, listen_back
from telephony.simulator.people import BargeIn, HangUp, Person, Press, Say, StaySilent, Step, WaitForAgent
from telephony.simulator.record import CallRecord
from telephony.simulator.server import PracticeCarrier
from telephony.simulator.setup import Account, CallOptions
from telephony.simulator.voices import OfflineSpeaker
from tests import factories
from tests.campaigns.line import ROSA, in_thread
from tests.campaigns.rows import call, make_campaign
from tests.telephony.signing import ACCOUNT_SID, AUTH_TOKEN

GREETING = "Hello {{first_name}}. I am calling about your visit on {{visit_date}}. Does that suit you?"
WHO_CALLS = "This is Juniper Dental. You are speaking with an AI assistant. Press 9 or say stop to end calls from us."
PROMPT = "You are the front desk of Juniper Dental. You call {{name}}. Opening hours: Monday to Friday, 8 AM to 5 PM."

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def agent(tenant: Tenant) -> Agent:
    return factories.make_agent(tenant, greeting=GREETING, prompt=PROMPT)


@pytest.fixture
async def practice(our_side: str, settings: Settings) -> AsyncIterator[PracticeCarrier]:
    (settings.SPOOL_DIR / "journal").mkdir(parents=True)  # the spool made its folder for another test
    speaker = OfflineSpeaker()
    account = Account(ACCOUNT_SID, AUTH_TOKEN)
    async with PracticeCarrier(account, speaker=speaker, options=CallOptions()) as practice:
        settings.TWILIO_BASE_URL = practice.url
        yield practice
    await speaker.close()


async def talk(agent: Agent, practice: PracticeCarrier, *steps: Step, **campaign: Any) -> tuple[CallRecord, Attempt]:
    """Call Rosa, whose visit is on November 23, to the last callback."""
    practice.exchange.people[ROSA] = Person(steps=steps, rings_ms=3000)

    def call_her() -> UUID:
        made = make_campaign(agent, ROSA, **campaign)
        with tenant_transaction(agent.tenant_id):
            Contact.objects.update(fields={"visit_date": "2026-11-23"})
        return call(made)

    attempt_id = await in_thread(call_her)
    (sid,) = practice.exchange.calls
    record = await practice.exchange.record(sid)
    assert record.errors == []
    return record, await in_thread(look, agent, attempt_id)


def look(agent: Agent, attempt_id: Any) -> Attempt:
    with tenant_transaction(agent.tenant_id):
        return Attempt.objects.select_related("target", "call").get(pk=attempt_id)


def turns(agent: Agent, call: Call | None) -> list[Turn]:
    assert call is not None
    with tenant_transaction(agent.tenant_id):
        return list(Turn.objects.filter(call=call))


def stops(agent: Agent) -> list[tuple[str, str]]:
    with tenant_transaction(agent.tenant_id):
        return list(DoNotCall.objects.values_list("source", "evidence"))


def decoded(record: CallRecord, *sentences: str) -> str:
    """What the ears make of our side of the line, with these sentences and others to choose from."""
    lines = listen_back(record.said, record.heard, Spoken(fixed=sentences))
    return " ".join(line.text for line in lines if line.side == "agent")


async def test_the_agent_says_who_calls_and_greets_the_person_by_name_and_with_the_day(
    agent: Agent, practice: PracticeCarrier
) -> None:
    record, attempt = await talk(agent, practice, WaitForAgent(timeout_ms=60_000), HangUp(), kind="agent")

    names, days = ("Ana", "Rosa", "Martin"), ("Friday, November thirteenth", "Monday, November twenty-third")
    possible = [f"Hello {name}. I am calling about your visit on {day}." for name in names for day in days]
    heard = decoded(record, WHO_CALLS, *possible, "Does that suit you?")
    assert "dental you are speaking with an ai" in heard or "or say stop to end calls from us" in heard
    assert "hello rosa" in heard
    assert "monday november twenty third" in heard
    (greeting,) = [turn for turn in await in_thread(turns, agent, attempt.call) if turn.kind == "greeting"]
    assert greeting.heard.startswith(WHO_CALLS + " Hello Rosa. I am calling about your visit on Monday, November")


async def test_stop_calling_is_done_in_the_conversation_itself(agent: Agent, practice: PracticeCarrier) -> None:
    wait = WaitForAgent(timeout_ms=60_000)
    record, attempt = await talk(agent, practice, wait, Say("Please stop calling me."), StaySilent(), kind="agent")

    ((source, evidence),) = await in_thread(stops, agent)
    assert source == "voice"
    assert "stop calling" in evidence
    assert (attempt.outcome, attempt.target.disposition) == ("opted_out", "opted_out")
    assert record.ended_by == "agent"
    last = (await in_thread(turns, agent, attempt.call))[-1]
    assert last.heard == "This is Juniper Dental. You will get no more calls from us. Goodbye."


async def test_key_9_ends_the_conversation_while_the_agent_still_says_who_calls(
    agent: Agent, practice: PracticeCarrier
) -> None:
    record, attempt = await talk(agent, practice, BargeIn("", after_ms=800), Press("9"), StaySilent(), kind="agent")

    assert [source for source, _ in await in_thread(stops, agent)] == ["key"]
    assert attempt.outcome == "opted_out"
    assert record.ended_by == "agent"


async def test_after_a_message_the_agent_knows_what_was_heard(agent: Agent, practice: PracticeCarrier) -> None:
    wait = WaitForAgent(timeout_ms=60_000)
    steps = (BargeIn("", after_ms=4000), Press("0"), wait, HangUp())
    _, attempt = await talk(agent, practice, *steps, message="Hello {{name}}, please call us.", keys={"1": "confirmed"})

    said = await in_thread(turns, agent, attempt.call)
    assert [turn.kind for turn in said][:2] == ["message", "greeting"]
    assert "Hello Rosa Delgado, please call us." in said[0].heard
    assert said[0].ended_ms <= said[1].started_ms
    assert attempt.call is not None
    assert attempt.call.carrier_sid == attempt.carrier_sid
    assert "Hello Rosa Delgado, please call us." in attempt.call.briefing["message"]
