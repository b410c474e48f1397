"""What is done at the carrier for callers who wait for a person, where the carrier does not play along."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now
from pytest_django import Settings

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.models import Call, Ring, Transfer
from telephony import putting_through
from telephony.simulator.faults import Mode, RestFault
from telephony.simulator.people import Person, StaySilent
from telephony.simulator.server import PracticeCarrier
from telephony.simulator.setup import Account
from telephony.simulator.voices import Humming
from tests import factories
from tests.campaigns.line import in_thread
from tests.telephony.signing import ACCOUNT_SID, AUTH_TOKEN, CALL_SID

pytestmark = pytest.mark.django_db(transaction=True)

OURS, RAE, MATS = "+12085550110", "+12085550161", "+12085550162"


@pytest.fixture
async def practice(settings: Settings) -> AsyncIterator[PracticeCarrier]:
    async with PracticeCarrier(Account(ACCOUNT_SID, AUTH_TOKEN), speaker=Humming()) as practice:
        practice.exchange.people[MATS] = Person(steps=(StaySilent(),), rings_ms=3_600_000)
        settings.TWILIO_BASE_URL = practice.url
        yield practice


def waiting(agent: Agent) -> Transfer:
    """A caller who is in the room by our books, and whom the carrier does not know."""
    factories.make_number(agent.tenant, OURS)
    call = factories.make_call(agent, status=Call.Status.IN_PROGRESS, carrier_sid=CALL_SID, answered_at=now())
    people = [{"id": at, "name": name, "address": e164, "way": "introduce"} for at, name, e164 in _PEOPLE]
    with tenant_transaction(agent.tenant_id):
        return Transfer.objects.create(call=call, key="1", people=people, warm=True, state="dialing", began_at=now())


_PEOPLE = ((1, "Rae", RAE), (2, "Mats", MATS))


def look_after(transfer: Transfer, **changed: Any) -> tuple[str, list[tuple[str, str]], list[bool]]:
    """State, what came of the people, and whether a call to each has a name."""
    with tenant_transaction(transfer.tenant_id):
        Transfer.objects.filter(pk=transfer.pk).update(**changed) if changed else None
    putting_through.look_after(transfer.tenant_id, transfer.pk)
    with tenant_transaction(transfer.tenant_id):
        found = Transfer.objects.get(pk=transfer.pk)
        named = [bool(each.carrier_sid) for each in Ring.objects.order_by("place")]
        return str(found.state), [(each["name"], each["outcome"]) for each in found.tried], named


async def test_who_cannot_be_rung_is_passed_over_at_once_and_a_caller_who_is_gone_has_left(
    agent: Agent, practice: PracticeCarrier
) -> None:
    practice.faults.add(RestFault(Mode.ACCEPT, number=RAE, refuse=21217))
    transfer = await in_thread(waiting, agent)

    rung = await in_thread(look_after, transfer)
    assert rung == ("dialing", [("Rae", "failed")], [False, True])
    assert [call.setup.to for call in practice.exchange.calls.values()] == [MATS]

    long_ago = now() - timedelta(minutes=5)
    state, _, _ = await in_thread(look_after, transfer, began_at=long_ago)
    assert state == "left"
    (call,) = practice.exchange.calls.values()
    record = await practice.exchange.record(call.record.call_sid)
    assert record.status == "canceled"


async def test_a_request_whose_answer_is_lost_is_not_repeated(agent: Agent, practice: PracticeCarrier) -> None:
    practice.faults.add(RestFault(Mode.LOSE_REPLY, number=MATS))
    transfer = await in_thread(waiting, agent)

    people = [{"id": 2, "name": "Mats", "address": MATS, "way": "introduce"}]
    for _ in range(3):
        assert await in_thread(look_after, transfer, people=people) == ("dialing", [], [False])

    assert len(practice.exchange.calls) == 1
