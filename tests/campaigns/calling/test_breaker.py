"""Campaigns pause by themselves when calls fail one after another, and when the carrier refuses the whole account."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns import services
from campaigns.calling.attempts import take_back
from campaigns.calling.breaker import ACCOUNT_TROUBLE, TOO_MANY, WATCHED
from campaigns.calling.settling import settle
from campaigns.models import Attempt, Campaign, Target
from campaigns.planning.readiness import CONFIRMATIONS
from telephony.simulator.faults import Mode, RestFault
from telephony.simulator.server import PracticeCarrier
from tests.campaigns.line import in_thread
from tests.campaigns.rows import NOON, ROSA, call, make_campaign, make_target

pytestmark = pytest.mark.django_db


def ended(campaign: Campaign, *outcomes: str, since: datetime = NOON) -> None:
    """So many calls, one after another, that came out like this."""
    with tenant_transaction(campaign.tenant_id):
        already = Attempt.objects.count()
    for index, outcome in enumerate(outcomes):
        at = since + timedelta(seconds=index)
        target = make_target(campaign, f"+1212555{already + index:04}")
        with tenant_transaction(campaign.tenant_id):
            attempt = Attempt.objects.create(
                target=target, campaign=campaign, e164=target.e164, state="asked", asked_at=at
            )
            if outcome == "not_placed":
                take_back(attempt, outcome, at)
            else:
                settle(attempt, outcome, at)


def fresh(campaign: Campaign) -> Campaign:
    with tenant_transaction(campaign.tenant_id):
        return Campaign.objects.get(pk=campaign.pk)


@pytest.mark.parametrize("failure", ["failed", "not_placed"])
def test_a_campaign_pauses_when_half_of_its_last_calls_failed(agent: Agent, failure: str) -> None:
    campaign = make_campaign(agent)

    ended(campaign, *[failure, "no_answer"] * (TOO_MANY - 1), "confirmed")
    assert fresh(campaign).status == "running"
    ended(campaign, failure, since=NOON + timedelta(minutes=1))

    paused = fresh(campaign)
    assert paused.status == "paused"
    assert paused.pause_reason.startswith(f"{TOO_MANY} of the last {WATCHED} calls could not be connected.")


def test_failures_that_lie_further_back_do_not_count(agent: Agent) -> None:
    campaign = make_campaign(agent)

    ended(campaign, *["failed"] * (TOO_MANY - 1), *["confirmed"] * WATCHED, *["failed"] * (TOO_MANY - 1))

    assert fresh(campaign).status == "running"


def test_nobody_answering_is_no_failure(agent: Agent) -> None:
    campaign = make_campaign(agent)

    ended(campaign, *["no_answer", "busy", "machine", "hung_up"] * 10)

    assert fresh(campaign).status == "running"


def test_going_on_forgives_what_has_failed_before(agent: Agent, tenant: Tenant) -> None:
    campaign = make_campaign(agent)
    ended(campaign, *["failed"] * TOO_MANY)
    assert fresh(campaign).status == "paused"
    with tenant_transaction(tenant):
        Campaign.objects.filter(pk=campaign.pk).update(confirmed={name: {} for name in CONFIRMATIONS})
        Target.objects.filter(campaign=campaign).update(due_at=NOON)

    resumed_at = NOON + timedelta(minutes=5)
    services.resume(tenant, campaign.pk, at=resumed_at)
    ended(campaign, *["failed"] * (TOO_MANY - 1), since=resumed_at + timedelta(seconds=1))
    assert fresh(campaign).status == "running"

    ended(campaign, "failed", since=resumed_at + timedelta(minutes=1))
    assert fresh(campaign).status == "paused"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("mode", "code"), [(Mode.SUSPENDED, "10001"), (Mode.CONCURRENCY, "10004"), (Mode.UNAUTHORIZED, "20003")]
)
async def test_what_concerns_the_account_pauses_the_campaigns_of_all_businesses(
    agent: Agent, other_agent: Agent, practice: PracticeCarrier, mode: Mode, code: str
) -> None:
    campaign = await in_thread(make_campaign, agent, ROSA)
    neighbour = await in_thread(make_campaign, other_agent)
    draft = await in_thread(make_campaign, agent, name="Next month", status="draft", number=None)
    practice.faults.add(RestFault(mode))

    await in_thread(call, campaign)

    for each in (campaign, neighbour):
        paused = await in_thread(fresh, each)
        assert (paused.status, paused.pause_reason) == ("paused", f"{ACCOUNT_TROUBLE[code]} ({code})")
    assert (await in_thread(fresh, draft)).status == "draft"


@pytest.mark.parametrize("words", ACCOUNT_TROUBLE.values())
def test_the_banner_says_what_to_do(words: str) -> None:
    assert words.count(".") >= 2
    assert len(words) < 190
