"""Calls that wait at the carrier while the window closes: no telephone rings late."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.calling.queueing import call_off_late, waiting_there
from campaigns.models import DialReceipt
from campaigns.receipts import verify
from telephony.services import record_carrier_event
from telephony.simulator.server import PracticeCarrier
from tests.campaigns.line import in_thread
from tests.campaigns.rows import NOON, called, look

pytestmark = pytest.mark.django_db(transaction=True)
NINE = NOON + timedelta(hours=8)  # in the evening, in New York


async def test_a_call_that_waits_until_the_window_closes_is_called_off_and_made_the_next_day(
    agent: Agent, practice: PracticeCarrier
) -> None:
    _, attempt_id = await in_thread(called, agent)
    (sid,) = practice.exchange.calls

    assert not await in_thread(call_off_late, agent.tenant_id, attempt_id, NINE - timedelta(seconds=16))
    assert await in_thread(call_off_late, agent.tenant_id, attempt_id, NINE - timedelta(seconds=14))

    record = await practice.exchange.record(sid)
    assert (record.answered, record.ended_by) == (None, "api")
    attempt = await in_thread(look, agent, attempt_id)
    assert (attempt.state, attempt.outcome, attempt.target.status) == ("ended", "refused", "waiting")
    assert (attempt.asked_at, attempt.target.attempts_made) == (None, 0)
    assert attempt.target.due_at == NINE + timedelta(hours=11)
    assert await in_thread(receipts, agent) == [("dial", "allow"), ("queue", "deny")]


async def test_only_calls_of_which_no_telephone_rings_wait_there(agent: Agent, practice: PracticeCarrier) -> None:
    _, attempt_id = await in_thread(called, agent)
    (sid,) = practice.exchange.calls

    def waiting(status: str) -> list[object]:
        with tenant_transaction(agent.tenant_id):
            told = {"kind": "status", "key": status, "payload": {"CallStatus": status}, "received_at": now()}
            record_carrier_event(agent.tenant_id, agent_id=agent.pk, call_sid=sid, **told)
            return list(waiting_there())

    assert await in_thread(waiting, "queued") == [attempt_id]
    assert await in_thread(waiting, "initiated") == []


def receipts(agent: Agent) -> list[tuple[str, str]]:
    with tenant_transaction(agent.tenant_id):
        assert list(verify()) == []
        return [(each.body["occasion"], each.answer) for each in DialReceipt.objects.order_by("sequence")]
