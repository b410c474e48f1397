"""Calls whose end was never told are asked after, once they must be over. Nobody is called for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.calling.asking import LONGEST_S, RING_S
from campaigns.calling.reconciling import FORGOTTEN, reconcile, unfinished
from campaigns.models import Attempt, Target
from telephony.simulator.server import PracticeCarrier
from tests.campaigns.line import in_thread
from tests.campaigns.rows import NOON, called, look

pytestmark = pytest.mark.django_db(transaction=True)

MUST_BE_OVER = NOON + timedelta(seconds=RING_S + LONGEST_S + 61)


async def placed(agent: Agent, practice: PracticeCarrier) -> tuple[UUID, str]:
    """A call that rings at the carrier, whose callbacks never arrive."""
    _, attempt_id = await in_thread(called, agent)
    (sid,) = practice.exchange.calls
    return attempt_id, sid


def left(agent: Agent, at: datetime) -> list[UUID]:
    with tenant_transaction(agent.tenant_id):
        return unfinished(at)


async def test_a_call_is_asked_after_only_when_it_must_be_over(agent: Agent, practice: PracticeCarrier) -> None:
    attempt_id, _ = await placed(agent, practice)

    assert await in_thread(left, agent, MUST_BE_OVER - timedelta(seconds=2)) == []
    assert await in_thread(left, agent, MUST_BE_OVER) == [attempt_id]


@pytest.mark.parametrize(
    ("status", "was_answered", "outcome"),
    [
        ("completed", False, "no_answer"),
        ("completed", True, "hung_up"),
        ("busy", False, "busy"),
        ("no-answer", False, "no_answer"),
        ("failed", False, "failed"),
    ],
)
async def test_an_attempt_whose_last_callback_is_lost_ends_as_the_carrier_says(
    agent: Agent, practice: PracticeCarrier, status: str, was_answered: bool, outcome: str
) -> None:
    attempt_id, sid = await placed(agent, practice)
    if was_answered:
        await in_thread(answer, agent, attempt_id)
    practice.exchange.calls[sid].end(status=status)
    await practice.exchange.over(sid)

    await in_thread(reconcile, agent.tenant_id, attempt_id, lambda: MUST_BE_OVER)

    attempt = await in_thread(look, agent, attempt_id)
    assert (attempt.state, attempt.outcome, len(practice.exchange.calls)) == ("ended", outcome, 1)


def answer(agent: Agent, attempt_id: UUID) -> None:
    with tenant_transaction(agent.tenant_id):
        Attempt.objects.filter(pk=attempt_id).update(state="answered", answered_at=NOON)


async def test_a_call_that_still_goes_on_is_left_alone(agent: Agent, practice: PracticeCarrier) -> None:
    attempt_id, _ = await placed(agent, practice)

    await in_thread(reconcile, agent.tenant_id, attempt_id, lambda: MUST_BE_OVER)

    assert (await in_thread(look, agent, attempt_id)).state == "placed"


async def test_a_call_that_the_carrier_does_not_know_any_more_has_failed(
    agent: Agent, practice: PracticeCarrier
) -> None:
    attempt_id, sid = await placed(agent, practice)
    call = practice.exchange.calls[sid]
    call.end()
    await practice.exchange.over(sid)
    practice.exchange.forget(sid)

    await in_thread(reconcile, agent.tenant_id, attempt_id, lambda: MUST_BE_OVER)

    attempt = await in_thread(look, agent, attempt_id)
    assert (attempt.state, attempt.outcome, attempt.target.reason) == ("ended", "failed", FORGOTTEN)
    assert attempt.target.status == Target.Status.DONE
    assert practice.exchange.calls == {}
