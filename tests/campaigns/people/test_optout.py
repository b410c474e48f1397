"""However somebody opts out, it holds from the next dial on, and calls that are on their way are ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from celery.exceptions import Retry
from celery.signals import before_task_publish

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.calling.reconciling import reconcile
from campaigns.calling.settling import advance
from campaigns.facts import FactBook
from campaigns.models import Attempt, Campaign, Consent, DoNotCall
from campaigns.people import contacts
from campaigns.people.lifting import lift_overtaken
from campaigns.people.optout import from_conversation, opt_out
from campaigns.tasks import cancel_call
from telephony.simulator.server import PracticeCarrier
from tests import factories
from tests.campaigns.line import Line, MakeLine, in_thread
from tests.campaigns.rows import LONG_AGO, NOON, ROSA, called, claim_due, claimed, make_campaign

pytestmark = pytest.mark.django_db(transaction=True)
Ways = dict[str, Callable[[Agent], Any]]


def by_admin(agent: Agent) -> None:
    with tenant_transaction(agent.tenant_id):
        contacts.opt_out(ROSA, DoNotCall.Source.ADMIN, "By telephone.")


def by_text_message(agent: Agent) -> None:
    with tenant_transaction(agent.tenant_id):
        opt_out(ROSA, DoNotCall.Source.SMS, "STOP", NOON)


def in_a_conversation(agent: Agent, said: str) -> None:
    """Of another campaign that calls the same number; its call is already answered."""
    call = factories.make_call(agent)
    with tenant_transaction(agent.tenant_id):
        earlier = Attempt.objects.get()
        other = Attempt.objects.create(
            target=earlier.target,
            campaign=earlier.campaign,
            e164=ROSA,
            state="ended",
            ended_at=NOON,
            call=call,
            number=9,
        )
    assert from_conversation(agent.tenant_id, call.pk, said, NOON)
    with tenant_transaction(agent.tenant_id):
        other.delete()


WAYS: Ways = {
    "admin": by_admin,
    "sms": by_text_message,
    "voice": lambda agent: in_a_conversation(agent, "stop calling me"),
    "key": lambda agent: in_a_conversation(agent, ""),
}


def claim_again(campaign: Campaign) -> None:
    with tenant_transaction(campaign.tenant_id):
        assert claim_due(campaign.pk, NOON + timedelta(minutes=4)).attempts == ()


def states(agent: Agent) -> list[tuple[str, str]]:
    with tenant_transaction(agent.tenant_id):
        return [(each.state, each.target.status) for each in Attempt.objects.select_related("target")]


@pytest.mark.parametrize("way", WAYS)
async def test_whose_call_a_dead_worker_did_not_place_is_not_called_any_more(
    way: str, agent: Agent, practice: PracticeCarrier
) -> None:
    campaign, attempt_id = await in_thread(claimed, agent)

    await in_thread(WAYS[way], agent)
    await in_thread(reconcile, agent.tenant_id, attempt_id, lambda: NOON + timedelta(minutes=3))
    await in_thread(claim_again, campaign)

    assert not practice.exchange.calls
    assert await in_thread(states, agent) == [("ended", "left_out")]


@pytest.mark.parametrize("way", WAYS)
async def test_a_call_that_the_carrier_already_has_is_ended_before_anybody_answers(
    way: str, agent: Agent, practice: PracticeCarrier
) -> None:
    _, attempt_id = await in_thread(called, agent)
    (sid,) = practice.exchange.calls

    queued = await in_thread(queued_tasks, agent, WAYS[way])
    assert queued == [("campaigns.tasks.cancel_call", attempt_id)]
    await in_thread(cancel_call, agent.tenant_id, str(attempt_id))

    record = await practice.exchange.record(sid)
    assert (record.answered, record.ended_by) == (None, "api")


async def test_a_call_that_the_carrier_has_not_named_yet_is_ended_once_it_has(
    agent: Agent, practice: PracticeCarrier
) -> None:
    _, attempt_id = await in_thread(called, agent)
    (sid,) = practice.exchange.calls
    await in_thread(rename, agent, attempt_id, None)  # the request is under way

    await in_thread(by_admin, agent)
    with pytest.raises(Retry):
        await in_thread(cancel_call, agent.tenant_id, str(attempt_id))
    await in_thread(rename, agent, attempt_id, sid)
    await in_thread(cancel_call, agent.tenant_id, str(attempt_id))

    record = await practice.exchange.record(sid)
    assert (record.answered, record.ended_by) == (None, "api")


def rename(agent: Agent, attempt_id: UUID, sid: str | None) -> None:
    with tenant_transaction(agent.tenant_id):
        Attempt.objects.filter(pk=attempt_id).update(carrier_sid=sid, state="placed" if sid else "asked")


def queued_tasks(agent: Agent, way: Callable[[Agent], Any]) -> list[tuple[str, UUID]]:
    """What the opt-out has queued for the workers."""
    sent: list[tuple[str, UUID]] = []

    def note(sender: str, body: Any, **rest: Any) -> None:
        sent.append((sender, UUID(body[0][1])))

    before_task_publish.connect(note)
    try:
        way(agent)
    finally:
        before_task_publish.disconnect(note)
    return sent


def test_whose_call_was_canceled_for_it_has_opted_out(agent: Agent) -> None:
    _, attempt_id = claimed(agent)

    by_admin(agent)

    with tenant_transaction(agent.tenant_id):
        attempt = Attempt.objects.select_related("campaign", "target").get(pk=attempt_id)
        advance(attempt, "canceled", NOON)
        assert (attempt.outcome, attempt.target.disposition) == ("stopped", "opted_out")


@pytest.mark.parametrize("way", WAYS)
async def test_whoever_answers_in_that_moment_hears_that_it_is_done(
    way: str, make_line: MakeLine, agent: Agent
) -> None:
    line: Line = await make_line()

    await in_thread(WAYS[way], agent)

    say, hangup = await line.answered()
    assert (say.text or "").endswith("You will get no more calls from us. Goodbye.")
    assert hangup.tag == "Hangup"
    assert await line.receipts() == [("dial", "allow"), ("answer", "deny")]


# What lifts it: one rule


def listed(tenant: Tenant, *consents: tuple[timedelta, bool]) -> bool:
    """Whether the number stays listed beside consents given so long after the opt-out; True: and withdrawn again."""
    with tenant_transaction(tenant):
        opted_out = DoNotCall.objects.create(e164=ROSA, source="key", since=LONG_AGO)
        for number, (later, withdrawn) in enumerate(consents):
            given = LONG_AGO + later
            revoked = given if withdrawn else None
            Consent.objects.create(e164=ROSA, source=str(number), given_at=given, revoked_at=revoked)
        lift_overtaken([ROSA], NOON)
        opted_out.refresh_from_db()
        return opted_out.lifted_at is None


@pytest.mark.parametrize(
    ("consents", "stays"),
    [
        ([], True),
        ([(timedelta(days=-1), False)], True),
        ([(timedelta(0), False)], True),
        ([(timedelta(days=1), False)], False),
        ([(timedelta(days=1), True)], True),
        ([(timedelta(days=-1), False), (timedelta(days=1), True), (timedelta(days=2), False)], False),
        ([(timedelta(days=3650), False)], True),
    ],
)
def test_only_a_later_consent_that_stands_lifts_an_opt_out(
    tenant: Tenant, consents: list[tuple[timedelta, bool]], stays: bool
) -> None:
    assert listed(tenant, *consents) is stays


def test_consent_from_between_two_opt_outs_does_not_lift_the_second(agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA)
    with tenant_transaction(agent.tenant_id):
        opt_out(ROSA, "key", "", LONG_AGO)
        opt_out(ROSA, "voice", "", LONG_AGO + timedelta(days=9))
        Consent.objects.create(e164=ROSA, source="form", given_at=LONG_AGO + timedelta(days=4))

        lift_overtaken([ROSA], NOON)

        assert DoNotCall.objects.get().lifted_at is None
        assert FactBook(campaign, [ROSA], NOON).of(ROSA).listings
