"""Whom a campaign calls next, and whom not."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Event

import pytest
from django.db import connection, transaction
from django.utils.timezone import now
from pytest_django import Settings

from agentos.errors import DomainError
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agentos.webhooks import models as webhooks
from agentos.webhooks import services as endpoints
from agents.models import Agent
from calls.admission import call_id_for
from calls.context import Lines
from calls.models import Call
from calls.services import NewCall, end_call, lines_in_use, open_call
from campaigns.calling.claiming import VOICE_WITHIN, Claimed, ask_for_room
from campaigns.calling.settling import settle
from campaigns.models import (
    Attempt,
    AudioClip,
    Campaign,
    CarrierLine,
    ComplianceProfile,
    Consent,
    DialReceipt,
    DoNotCall,
    Target,
)
from campaigns.services import redial, stop
from tests import factories
from tests.campaigns.rows import LONG_AGO, NIGHT, NOON, claim_due, make_campaign, make_target

ROSA, TOM, AISHA = "+12125550128", "+12125550175", "+12125550136"

pytestmark = pytest.mark.django_db


def claim(campaign: Campaign, at: datetime = NOON) -> Claimed:
    with tenant_transaction(campaign.tenant_id):
        return claim_due(campaign.pk, at)


def opened(agent: Agent, sid: str, *, direction: str = "inbound") -> Call:
    return open_call(
        agent.tenant_id,
        NewCall(
            call_id=call_id_for(agent.pk, sid),
            agent_id=agent.pk,
            version_id=agent.published_id or 0,
            channel="phone",
            direction=direction,
            from_number="+12085550147",
            to_number="+12085550110",
            carrier_sid=sid,
            created_at=now(),
        ),
    )


def target_of(campaign: Campaign, number: str) -> Target:
    with tenant_transaction(campaign.tenant_id):
        return Target.objects.get(campaign=campaign, e164=number)


def statuses(campaign: Campaign) -> tuple[str, dict[str, int]]:
    with tenant_transaction(campaign.tenant_id):
        counted = Counter(Target.objects.filter(campaign=campaign).values_list("status", flat=True))
        return Campaign.objects.get(pk=campaign.pk).status, dict(counted)


def receipts(campaign: Campaign) -> list[tuple[str, str]]:
    with tenant_transaction(campaign.tenant_id):
        return [(str(each.e164), each.answer) for each in DialReceipt.objects.all()]


def test_people_who_are_due_are_claimed_once(agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA, TOM)

    assert len(claim(campaign).attempts) == 2
    assert claim(campaign) == Claimed()
    assert receipts(campaign) == [(ROSA, "allow"), (TOM, "allow")]


def test_whose_clip_is_being_made_waits_for_it_but_not_for_long(agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA, TOM)
    with tenant_transaction(agent.tenant_id):
        clips = [AudioClip.objects.create(content=status, status=status) for status in ("wanted", "doubted")]
        Target.objects.filter(e164=ROSA).update(clip=clips[0], due_at=NOON)
        Target.objects.filter(e164=TOM).update(clip=clips[1], due_at=NOON)

    assert len(claim(campaign).attempts) == 1
    assert target_of(campaign, TOM).status == "live"
    assert claim(campaign, NOON + timedelta(seconds=119)) == Claimed()
    assert len(claim(campaign, NOON + VOICE_WITHIN).attempts) == 1


def test_nobody_is_claimed_outside_the_window_and_everybody_waits_for_it(agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA)

    assert claim(campaign, NIGHT) == Claimed(refused=1, again=True)
    assert target_of(campaign, ROSA).due_at == datetime(2026, 12, 14, 13, tzinfo=UTC)
    assert receipts(campaign) == [(ROSA, "deny")]


def test_who_did_not_agree_is_left_out_for_good(agent: Agent) -> None:
    campaign = make_campaign(agent)
    make_target(campaign, ROSA, consents=False)

    claim(campaign)

    left_out = target_of(campaign, ROSA)
    assert (left_out.status, left_out.disposition) == ("left_out", "no_consent")
    assert "agreed" in left_out.reason


def test_an_opt_out_counts_until_newer_consent_and_importing_again_is_none(agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA)
    with tenant_transaction(agent.tenant_id):
        DoNotCall.objects.create(e164=ROSA, source="key", since=LONG_AGO + timedelta(days=1))

    assert claim(campaign).attempts == ()

    with tenant_transaction(agent.tenant_id):
        Consent.objects.create(e164=ROSA, source="at the desk", given_at=LONG_AGO + timedelta(days=2))
    again = make_campaign(agent, ROSA)
    assert len(claim(again).attempts) == 1


def test_the_neighbours_list_is_not_ours(agent: Agent, other_tenant: Tenant) -> None:
    with tenant_transaction(other_tenant):
        DoNotCall.objects.create(e164=ROSA, source="key", since=LONG_AGO)

    assert len(claim(make_campaign(agent, ROSA)).attempts) == 1


@pytest.mark.parametrize("status", ["draft", "paused", "stopped", "done"])
def test_a_campaign_that_does_not_run_claims_nobody(agent: Agent, status: str) -> None:
    assert claim(make_campaign(agent, ROSA, status=status)) == Claimed()


def test_a_campaign_keeps_to_its_dates(agent: Agent) -> None:
    assert claim(make_campaign(agent, ROSA, starts_at=NOON + timedelta(seconds=1))) == Claimed()
    assert claim(make_campaign(agent, TOM, ends_at=NOON)) == Claimed()


def test_after_its_last_day_a_campaign_ends_and_says_so_of_those_whose_turn_never_came(agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA, TOM, ends_at=NOON + timedelta(minutes=5), at_once=1)
    (attempt_id,) = claim(campaign).attempts
    over = NOON + timedelta(minutes=5)

    assert claim(campaign, over) == Claimed()
    assert statuses(campaign) == ("running", {"live": 1, "left_out": 1})  # somebody is still on the line

    with tenant_transaction(agent.tenant_id):
        settle(Attempt.objects.select_related("target", "campaign").get(pk=attempt_id), "no_answer", over)
    claim(campaign, over + timedelta(seconds=1))
    assert statuses(campaign) == ("done", {"done": 1, "left_out": 1})
    with tenant_transaction(agent.tenant_id):
        assert set(Target.objects.values_list("disposition", flat=True)) == {"no_answer", "too_late"}
    with pytest.raises(DomainError, match="last day"):
        redial(agent.tenant, campaign.pk, outcome="too_late", at=over)


@pytest.mark.parametrize("how", ["last_attempt", "last_cent", "stop"])
def test_the_end_of_a_campaign_is_told_once_however_it_ends(agent: Agent, how: str) -> None:
    campaign = make_campaign(agent, ROSA, budget_cents=4 if how == "last_cent" else None)
    with tenant_transaction(agent.tenant_id):
        endpoints.create(url="https://crm.example/hook", note="", events=["campaign.ended"])
    claim(campaign)
    if how == "stop":
        stop(agent.tenant, campaign.pk)
    with tenant_transaction(agent.tenant_id):
        attempt = Attempt.objects.select_related("target", "campaign").get()
        settle(attempt, "confirmed", NOON)
        Attempt.objects.update(cost_cents=4)

    for second in range(3):
        claim(campaign, NOON + timedelta(seconds=second))
        if how == "stop":
            stop(agent.tenant, campaign.pk)

    with tenant_transaction(agent.tenant_id):
        told = webhooks.Event.objects.get(kind="campaign.ended").data
    assert (told["campaign_id"], told["people"]["all"]) == (str(campaign.pk), 1)
    assert told["status"] == ("stopped" if how == "stop" else "done")


def test_lines_are_left_for_people_who_call_in(agent: Agent, tenant: Tenant) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(max_concurrent_calls=4)
    with tenant_transaction(tenant):
        ComplianceProfile.objects.create(inbound_reserve=2)
    factories.make_call(agent, status="in_progress")
    campaign = make_campaign(agent, ROSA, TOM, AISHA)

    assert len(claim(campaign).attempts) == 1  # four lines, one in use, two kept free


def test_a_line_is_counted_once_whether_it_plays_a_message_or_talks(agent: Agent, tenant: Tenant) -> None:
    campaign = make_campaign(agent, ROSA, TOM, at_once=100)
    claim(campaign)
    call = factories.make_call(agent, status="in_progress")
    with tenant_transaction(tenant):
        Attempt.objects.filter(e164=TOM).update(call=call)

        shown, free = Lines(tenant), tenant.max_concurrent_calls - ComplianceProfile().inbound_reserve
        assert (lines_in_use(), shown.in_use, shown.calls) == (2, 2, 1)
        assert ask_for_room(campaign)() == free - 2

        Attempt.objects.filter(e164=ROSA).update(state="ended", ended_at=NOON)
        assert lines_in_use() == 1
        assert ask_for_room(campaign)() == free - 1


def test_a_line_that_rings_is_no_line_for_callers_and_the_one_it_becomes_has_its_line_already(
    agent: Agent, tenant: Tenant
) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(max_concurrent_calls=3)
    with tenant_transaction(tenant):
        ComplianceProfile.objects.create(inbound_reserve=1)
    campaign = make_campaign(agent, ROSA, TOM, AISHA)
    claim(campaign)
    with tenant_transaction(tenant):
        rosa, _ = Attempt.objects.order_by("target_id")
        Attempt.objects.filter(pk=rosa.pk).update(carrier_sid="CArosa")

    assert opened(agent, "CA1").status == "ringing"
    with pytest.raises(DomainError, match="All lines are busy"):
        opened(agent, "CA2")
    call = opened(agent, "CArosa", direction="outbound")

    with tenant_transaction(tenant):
        assert (call.status, lines_in_use()) == ("ringing", 3)


@pytest.mark.django_db(transaction=True)
def test_nobody_is_claimed_while_somebody_who_calls_in_is_being_answered(agent: Agent) -> None:
    campaign, held, done = make_campaign(agent, ROSA), Event(), Event()

    def answering() -> None:
        with transaction.atomic():
            Tenant.objects.select_for_update(no_key=True).get(pk=agent.tenant_id)
            held.set()
            done.wait(10)
        connection.close()

    with ThreadPoolExecutor(1) as other:
        answered = other.submit(answering)
        held.wait(10)
        assert claim(campaign) == Claimed(again=True)
        done.set()
        answered.result()

    assert len(claim(campaign).attempts) == 1


def test_a_campaign_calls_no_more_people_at_once_than_it_may(agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA, TOM, AISHA, at_once=2)

    assert len(claim(campaign).attempts) == 2


def test_whoever_calls_in_holds_a_line_of_the_account_until_they_hang_up(agent: Agent, settings: Settings) -> None:
    settings.CARRIER_CALLS_AT_ONCE, settings.CARRIER_LINES_KEPT_FREE = 3, 1
    campaign = make_campaign(agent, ROSA, TOM)
    call = opened(agent, "CA1")
    CarrierLine.objects.update(taken_at=NOON)

    assert len(claim(campaign).attempts) == 1  # three lines, one in use, one kept free

    end_call(agent.tenant_id, call.pk, ending="caller", at=now())
    assert len(claim(campaign, NOON + timedelta(seconds=1)).attempts) == 1


def test_the_budget_is_reserved_before_anybody_is_called(agent: Agent) -> None:
    assert len(claim(make_campaign(agent, ROSA, TOM, AISHA, budget_cents=9)).attempts) == 2


def test_two_campaigns_do_not_call_one_number_at_once(agent: Agent) -> None:
    first, second = make_campaign(agent, ROSA), make_campaign(agent, ROSA)

    assert len(claim(first).attempts) == 1
    assert claim(second).attempts == ()
    assert target_of(second, ROSA).due_at > NOON


def test_a_number_that_was_tried_three_times_today_waits(agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA)
    with tenant_transaction(agent.tenant_id):
        target = Target.objects.get(e164=ROSA)
        for hours in (5, 3, 1):
            at = NOON - timedelta(hours=hours)
            fields = {"state": "ended", "asked_at": at, "ended_at": now()}
            Attempt.objects.create(target=target, campaign=campaign, e164=ROSA, **fields)

    claim(campaign)

    assert target_of(campaign, ROSA).due_at == NOON + timedelta(hours=19)


def test_calls_begin_at_the_pace_of_the_campaign(agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA, TOM, AISHA, calls_per_second=1)

    assert [len(claim(campaign, NOON + timedelta(seconds=s)).attempts) for s in (0, 0.5, 1, 2)] == [1, 0, 1, 1]


def test_a_pace_below_one_a_second_is_an_interval(agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA, TOM, calls_per_second=0.2)

    assert [len(claim(campaign, NOON + timedelta(seconds=s)).attempts) for s in (0, 1, 4, 5)] == [1, 0, 0, 1]


def test_who_may_be_called_does_not_wait_behind_those_who_may_not(agent: Agent) -> None:
    campaign = make_campaign(agent, calls_per_second=1)
    for last in range(60):
        make_target(campaign, f"+120855501{last:02}", consents=False)
    make_target(campaign, ROSA)

    claimed = claim(campaign)

    assert (len(claimed.attempts), claimed.refused) == (1, 60)


def test_a_campaign_whose_budget_is_used_up_pauses_and_says_so(agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA, TOM, budget_cents=4)
    (attempt_id,) = claim(campaign).attempts
    claim(campaign, NOON + timedelta(seconds=2))
    assert status_of(campaign) == "running"  # its last call may turn out cheaper

    with tenant_transaction(agent.tenant_id):
        attempt = Attempt.objects.select_related("target", "campaign").get(pk=attempt_id)
        attempt.cost_cents = Decimal("2.15")
        attempt.save()
        settle(attempt, "confirmed", NOON)
    claim(campaign, NOON + timedelta(seconds=4))

    assert status_of(campaign) == "paused"


def test_a_campaign_is_done_when_nobody_waits_and_nobody_is_being_called(agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA)
    (attempt_id,) = claim(campaign).attempts
    claim(campaign, NOON + timedelta(seconds=2))
    assert status_of(campaign) == "running"

    with tenant_transaction(agent.tenant_id):
        settle(Attempt.objects.get(pk=attempt_id), "confirmed", NOON)
    claim(campaign, NOON + timedelta(seconds=4))
    assert status_of(campaign) == "done"


def status_of(campaign: Campaign) -> str:
    with tenant_transaction(campaign.tenant_id):
        return str(Campaign.objects.get(pk=campaign.pk).status)
