"""Text messages: who writes STOP, in whatever way, is not called again, and hears about it once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import OperationalError

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.models import ComplianceProfile, Consent, DoNotCall, Target
from campaigns.people.text_messages import Wish, read, take
from campaigns.webhooks import IncomingMessage
from telephony import addresses
from telephony.event_writer import ArrivedEvent, EventWriter
from telephony.models import CarrierEvent
from tests.campaigns.line import in_thread
from tests.campaigns.rows import LONG_AGO, NOON, claim_due, make_campaign
from tests.telephony.signing import ACCOUNT_SID, webhook

ROSA, OURS = "+12125550128", "+12085550110"
LATELY = datetime(2026, 11, 20, 18, tzinfo=UTC)

database = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "body",
    [
        *("STOP", "stop", " Stop. ", "S T O P", "stop!!!", "ＳＴＯＰ", "“Stop”", "STOPALL", "Stop all", "UNSUBSCRIBE"),
        *("cancel", "End", "quit", "REVOKE", "opt out", "OPT-OUT", "optout", "please stop calling me", "Stop please"),
        *("Don’t call me again", "take me off your list", "do not call me before nine", "Remove my number. Thanks"),
        *(
            "🛑 STOP 🛑",
            "STOP 😡!!",
            "🛑",
            "✋🏽",
            "S.T.O.P",
            "STOP\nSent from my phone",
            "Arrêt",
            "ЅТОР",
            "STO\u200bP",
        ),
    ],
)
def test_these_words_end_all_calls(body: str) -> None:
    assert read(body) is Wish.STOP


@pytest.mark.parametrize(
    ("body", "wish"),
    [
        *(("START", Wish.START), ("unstop", Wish.START), ("Help", Wish.HELP), ("INFO", Wish.HELP)),
        *(("cancel my appointment", Wish.OTHER), ("Yes, see you then", Wish.OTHER), ("", Wish.OTHER)),
        *(
            ("I will stop by tomorrow", Wish.OTHER),
            ("👍 see you", Wish.OTHER),
            ("This is the end of the month", Wish.OTHER),
        ),
    ],
)
def test_other_words_do_not(body: str, wish: Wish) -> None:
    assert read(body) is wish


def test_what_the_carrier_took_it_for_counts() -> None:
    assert read("Nope", carrier_read="STOP") is Wish.STOP


async def sent(
    agent: Agent, body: str, *, sid: str = "SM1", from_: str = ROSA, carrier_read: str = "", **view: Any
) -> list[str]:
    """What is answered to a message, as texts."""
    url = addresses.incoming_message_url(agent.pk)
    fields = {"AccountSid": ACCOUNT_SID, "MessageSid": sid, "From": from_, "To": OURS, "Body": body}
    fields |= {"OptOutType": carrier_read} if carrier_read else {}
    take_in = IncomingMessage.as_view(**({"clock": lambda: LATELY} | view))
    response = await take_in(webhook(url.partition("#")[0], fields), agent_id=agent.pk)
    assert response.status_code == 200
    return [each.text or "" for each in ElementTree.fromstring(response.content).iter("Message")]  # noqa: S314


def inside(tenant: Tenant, work: Callable[[], object]) -> object:
    with tenant_transaction(tenant):
        return work()


@database
async def test_a_stop_counts_before_the_next_dial_in_every_campaign(agent: Agent, tenant: Tenant) -> None:
    def campaigns() -> list[object]:
        return [make_campaign(agent, ROSA, name=name).pk for name in ("first", "second")]

    made = await in_thread(campaigns)

    [answer] = await sent(agent, "Stop.")

    def looked() -> tuple[object, ...]:
        claimed = [claim_due(pk, NOON).attempts for pk in made]
        dispositions = set(Target.objects.values_list("status", "disposition"))
        return claimed, dispositions, Consent.objects.get().revoked_at, DoNotCall.objects.get()

    claimed, dispositions, revoked_at, entry = await in_thread(inside, tenant, looked)
    assert answer == "Juniper Dental will not call you again. This is our only message about it."
    assert claimed == [(), ()]
    assert dispositions == {("done", "opted_out")}
    assert revoked_at == entry.since == LATELY
    assert (entry.source, entry.evidence) == ("sms", f"Text message “Stop.” to {OURS}, SM1")


@database
async def test_a_message_told_twice_and_a_second_stop_are_not_answered_again(agent: Agent, tenant: Tenant) -> None:
    answers = [await sent(agent, "STOP"), await sent(agent, "STOP"), await sent(agent, "STOP", sid="SM2")]

    assert [len(each) for each in answers] == [1, 0, 0]
    counts = await in_thread(inside, tenant, lambda: (DoNotCall.objects.count(), CarrierEvent.objects.count()))
    assert counts == (1, 2)


@database
async def test_the_carrier_that_answers_by_itself_is_not_talked_over(agent: Agent, tenant: Tenant) -> None:
    assert await sent(agent, "STOP", carrier_read="STOP") == []
    assert await in_thread(inside, tenant, DoNotCall.objects.count) == 1


@database
async def test_start_is_new_consent_of_who_had_stopped_and_of_nobody_else(agent: Agent, tenant: Tenant) -> None:
    assert await sent(agent, "START", sid="SM0") == []
    await in_thread(inside, tenant, lambda: _listed_long_ago(tenant))

    [answer] = await sent(agent, "Unstop", sid="SM2")

    assert "may call you again. Reply STOP" in answer
    [entry, consent] = await in_thread(inside, tenant, lambda: [DoNotCall.objects.get(), Consent.objects.get()])
    assert (entry.lifted_why, consent.tier) == ("Newer consent: Text message", "express")
    assert consent.evidence.endswith("SM2")


def _listed_long_ago(tenant: Tenant) -> None:
    DoNotCall.objects.create(e164=ROSA, source="voice", since=LONG_AGO)


@database
async def test_help_says_who_calls_and_how_to_stop_it(agent: Agent, tenant: Tenant) -> None:
    profile = {"legal_name": "Juniper Dental, PLLC", "callback_number": OURS}
    await in_thread(inside, tenant, lambda: ComplianceProfile.objects.create(**profile))

    [answer] = await sent(agent, "help?")

    assert answer == (
        f"Juniper Dental, PLLC calls this number automatically. To speak with us, call {OURS}. "
        "Reply STOP to end these calls."
    )
    assert await in_thread(inside, tenant, DoNotCall.objects.count) == 0


@database
async def test_a_sender_who_cannot_be_called_is_kept_and_nothing_else(agent: Agent, tenant: Tenant) -> None:
    assert await sent(agent, "STOP", from_="40404") == []
    counts = await in_thread(inside, tenant, lambda: (DoNotCall.objects.count(), CarrierEvent.objects.count()))
    assert counts == (0, 1)


@database
async def test_a_neighbour_keeps_calling_whom_it_may(agent: Agent, other_agent: Agent, other_tenant: Tenant) -> None:
    await sent(agent, "STOP")

    assert await in_thread(inside, other_tenant, DoNotCall.objects.count) == 0


@database
async def test_an_unsigned_message_stops_nobody(agent: Agent, tenant: Tenant) -> None:
    url = addresses.incoming_message_url(agent.pk).partition("#")[0]
    fields = {"AccountSid": ACCOUNT_SID, "MessageSid": "SM1", "From": ROSA, "To": OURS, "Body": "STOP"}

    response = await IncomingMessage.as_view()(webhook(url, fields, signed="forged"), agent_id=agent.pk)

    assert response.status_code == 403
    assert await in_thread(inside, tenant, DoNotCall.objects.count) == 0


@database
async def test_a_stop_that_comes_while_the_database_is_away_counts_when_it_is_back(
    agent: Agent, tenant: Tenant, tmp_path: Path
) -> None:
    stored = threading.Event()

    def store(event: ArrivedEvent) -> None:
        take(event)
        stored.set()

    def away(*_: object) -> str:
        raise OperationalError("the database is away")

    writer = EventWriter(tmp_path / "messages", store)

    assert await sent(agent, "STOP", events=lambda: writer, receive=away) == []

    assert await asyncio.to_thread(stored.wait, 10)
    assert await in_thread(inside, tenant, DoNotCall.objects.count) == 1
