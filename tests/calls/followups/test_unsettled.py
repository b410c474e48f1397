"""What nobody knows the end of is told to people, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.followups.unsettled import tell_people
from calls.models import Call, LeftMessage, ToolRun
from tests import factories

pytestmark = pytest.mark.django_db


def call_with_a_lost_run(agent: Agent, **facts: object) -> Call:
    over = {"status": Call.Status.ENDED, "ending": Call.Ending.CALLER, "ended_at": now() - timedelta(minutes=3)}
    call = factories.make_call(agent, from_number="+12085550147", answered_at=now(), **over | facts)
    with tenant_transaction(agent.tenant):
        wish = {"call": call, "turn": 1, "name": "order", "title": "Shelf: order", "arguments": {"item": "tea"}}
        ToolRun.objects.create(key="order:1:0", state=ToolRun.State.RUNNING, **wish)
        ToolRun.objects.create(key="look:1:0", state=ToolRun.State.RUNNING, effect=False, **wish)
        ToolRun.objects.create(key="order:2:0", state=ToolRun.State.DONE, **wish)
    return call


def test_somebody_reads_what_the_caller_was_told_that_they_look_into(agent: Agent) -> None:
    call = call_with_a_lost_run(agent)

    assert [tell_people(agent.tenant_id, now()) for _ in range(2)] == [1, 0]
    with tenant_transaction(agent.tenant):
        message = LeftMessage.objects.get()
    assert (message.call_id, message.e164) == (call.pk, "+12085550147")
    assert "went through: Shelf: order (item tea)." in message.text


def test_what_may_still_come_to_an_end_or_was_only_rehearsed_is_told_to_nobody(agent: Agent) -> None:
    call_with_a_lost_run(agent, ended_at=now())
    call_with_a_lost_run(agent, channel=Call.Channel.REHEARSAL)

    assert tell_people(agent.tenant_id, now()) == 0
