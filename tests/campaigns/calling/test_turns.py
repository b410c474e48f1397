"""One account at the carrier for all: who calls next, and that the pace holds however many workers there are."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from django.db import connection
from pytest_django import Settings

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.calling import claiming
from campaigns.calling.claiming import Claimed
from campaigns.calling.lines import account_pace, slow_down
from campaigns.calling.settling import settle
from campaigns.calling.turns import running, serve, share_out
from campaigns.models import Attempt, Campaign, CarrierLine, ComplianceProfile, Consent, Contact, Target
from tests.campaigns.rows import LONG_AGO, NOON, claim_due, make_campaign

pytestmark = pytest.mark.django_db


def many(agent: Agent, people: int, code: str, **fields: object) -> Campaign:
    """A campaign of so many people in New York."""
    campaign = make_campaign(agent, at_once=5000, **fields)
    numbers = [f"+1{code}555{n:04}" for n in range(people)]
    Tenant.objects.filter(pk=agent.tenant_id).update(max_concurrent_calls=10_000)
    with tenant_transaction(agent.tenant_id):
        ComplianceProfile.objects.get_or_create(defaults={"inbound_reserve": 0})
        contacts = Contact.objects.bulk_create([Contact(e164=number) for number in numbers])
        Consent.objects.bulk_create([Consent(e164=n, source="form", given_at=LONG_AGO) for n in numbers])
        Target.objects.bulk_create(
            [Target(campaign=campaign, contact=c, e164=c.e164, due_at=LONG_AGO) for c in contacts]
        )
    return campaign


def called(campaign: Campaign) -> int:
    with tenant_transaction(campaign.tenant_id):
        return Attempt.objects.filter(campaign=campaign).count()


def rounds(seconds: float, *, each_s: float = 0.1) -> None:
    for number in range(round(seconds / each_s)):
        at = NOON + timedelta(seconds=number * each_s)
        serve(running(), at, claim_only, account_pace(at).room(at))


def claim_only(tenant_id: int, campaign_id: UUID, at: datetime, most: int) -> Claimed:
    return claiming.claim_due(tenant_id, campaign_id, at, most, new_id=uuid4)


def test_two_campaigns_of_a_thousand_share_the_pace_of_the_account_evenly(agent: Agent, settings: Settings) -> None:
    settings.CARRIER_CALLS_PER_SECOND = 20
    first, second = many(agent, 1000, "212"), many(agent, 1000, "917")

    rounds(5)

    assert abs(called(first) - called(second)) <= 2
    assert 98 <= called(first) + called(second) <= 106


def test_one_call_a_second_goes_round(agent: Agent, settings: Settings) -> None:
    settings.CARRIER_CALLS_PER_SECOND = 1
    campaigns = [many(agent, 10, "212"), many(agent, 10, "917"), many(agent, 10, "646")]

    rounds(9, each_s=0.5)

    assert [called(each) for each in campaigns] == [3, 3, 3]


def test_a_huge_business_does_not_starve_a_small_one(agent: Agent, other_agent: Agent, settings: Settings) -> None:
    settings.CARRIER_CALLS_PER_SECOND = 10
    huge = [many(agent, 300, code) for code in ("212", "917", "646", "718")]
    small = many(other_agent, 30, "347")

    rounds(4)

    assert called(small) >= 19
    assert sum(called(each) for each in huge) >= 19
    rounds(0.1)  # what the small one does not need any more is for the others
    assert sum(called(each) for each in huge) + called(small) <= 43


@pytest.mark.django_db(transaction=True)
def test_the_pace_of_the_account_holds_for_workers_that_claim_at_once(agent: Agent, settings: Settings) -> None:
    settings.CARRIER_CALLS_PER_SECOND = 4
    campaigns = [many(agent, 20, code) for code in ("212", "917", "646", "718")]
    together = Barrier(4)

    def worker(campaign_id: UUID) -> int:
        begun = 0
        try:
            for tenth in range(20):
                together.wait(10)
                with tenant_transaction(agent.tenant_id):
                    begun += len(claim_due(campaign_id, NOON + timedelta(seconds=tenth / 10)).attempts)
        finally:
            connection.close()
        return begun

    with ThreadPoolExecutor(4) as workers:
        begun = sum(workers.map(worker, [each.pk for each in campaigns]))

    assert begun == sum(called(each) for each in campaigns)
    assert 1 <= begun <= 4 * 2.25 + 1


@pytest.mark.django_db(transaction=True)
def test_a_tick_that_is_late_does_not_queue_up_behind_another(agent: Agent) -> None:
    campaign = many(agent, 5, "212")

    def another() -> int:
        try:
            with tenant_transaction(agent.tenant_id):
                return len(claim_due(campaign.pk, NOON).attempts)
        finally:
            connection.close()

    with tenant_transaction(agent.tenant_id), ThreadPoolExecutor(1) as worker:
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        assert worker.submit(another).result(4) == 0  # at once; the database would let it wait for five seconds

    assert another() == 5


def test_a_business_may_have_a_pace_of_its_own(agent: Agent, other_agent: Agent, settings: Settings) -> None:
    settings.TENANT_CALLS_PER_SECOND = 2
    ours, theirs = many(agent, 50, "212"), many(other_agent, 50, "917")

    rounds(5)

    assert called(ours) == called(theirs)
    assert 10 <= called(ours) <= 11


def test_the_account_has_so_many_lines_for_all_businesses(agent: Agent, other_agent: Agent, settings: Settings) -> None:
    settings.CARRIER_CALLS_AT_ONCE = 3
    ours, theirs = many(agent, 10, "212"), many(other_agent, 10, "917")
    rounds(1)
    assert called(ours) + called(theirs) == 3

    with tenant_transaction(ours.tenant_id):
        settle(Attempt.objects.filter(campaign=ours).first(), "confirmed", NOON)
    rounds(1)

    assert called(ours) + called(theirs) == 4
    assert CarrierLine.objects.count() == 3


def test_too_many_requests_halve_the_pace_and_calm_brings_it_back(agent: Agent, settings: Settings) -> None:
    settings.CARRIER_CALLS_PER_SECOND = 40
    many(agent, 300, "212")
    rounds(1)
    refused = NOON + timedelta(seconds=1)
    before = room_a_second_after(refused)
    for _ in range(4):
        slow_down(refused)  # refused together: once

    assert room_a_second_after(refused) == (before + 1) // 2
    assert room_a_second_after(refused + timedelta(seconds=3)) == before


def test_a_refusal_now_and_then_changes_nothing(agent: Agent) -> None:
    many(agent, 300, "212")
    rounds(1)
    before = room_a_second_after(NOON + timedelta(seconds=20))
    for second in range(1, 20):
        slow_down(NOON + timedelta(seconds=second))

    assert room_a_second_after(NOON + timedelta(seconds=20)) == before


def test_refusals_that_go_on_slow_down_further_and_not_to_a_halt(agent: Agent, settings: Settings) -> None:
    settings.CARRIER_CALLS_PER_SECOND = 320
    many(agent, 300, "212")
    rounds(1)
    for tenth in range(100):
        slow_down(NOON + timedelta(seconds=1 + tenth / 10))

    at = NOON + timedelta(seconds=11)
    assert account_pace(at).room(at) == 1 + 320 // 32 // 4


def test_a_clock_that_is_set_back_does_not_stop_an_account_that_was_slowed_down(
    agent: Agent, settings: Settings
) -> None:
    settings.CARRIER_CALLS_PER_SECOND = 20
    campaign = many(agent, 10, "212")
    rounds(0.1)
    for tenth in range(3):
        slow_down(NOON + timedelta(hours=1, seconds=tenth / 10))

    assert account_pace(NOON).room(NOON + timedelta(seconds=1)) == 6
    rounds(1)
    assert called(campaign) == 10


def room_a_second_after(at: datetime) -> int:
    at += timedelta(seconds=1)
    return account_pace(at).room(at)


@pytest.mark.parametrize(
    ("room", "wants", "gets"),
    [
        (10, [100, 100], [5, 5]),
        (10, [1, 100], [1, 9]),
        (10, [0, 0, 100], [0, 0, 10]),
        (1, [5, 5], [1, 0]),
        (10, [2, 2], [2, 2]),
        (0, [3], [0]),
    ],
)
def test_what_somebody_does_not_need_is_for_the_others(room: int, wants: list[int], gets: list[int]) -> None:
    got = [0] * len(wants)

    def taker(index: int) -> Callable[[int], int]:
        def take(most: int) -> int:
            taken = min(most, wants[index] - got[index])
            got[index] += taken
            return taken

        return take

    assert share_out(room, [taker(index) for index in range(len(wants))]) == sum(gets)
    assert got == gets
