"""What somebody sees who is called: one number of ours, or the nearest, and the same one each time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.calling.caller_ids import caller_id, nearest
from campaigns.calling.reconciling import reconcile
from campaigns.calling.settling import settle
from campaigns.models import Attempt, Campaign, Contact, DialReceipt, Target
from telephony.models import PhoneNumber
from telephony.simulator.faults import Mode, RestFault
from telephony.simulator.people import Person, StaySilent
from telephony.simulator.server import PracticeCarrier
from tests import factories
from tests.campaigns.line import in_thread
from tests.campaigns.rows import NOON, ROSA, call, claim_due, look, make_campaign, make_target, was_just_now

MANHATTAN, BUFFALO, BOISE, TEXAS = "+12125550100", "+17165550100", "+12085550114", "+15125550100"
TRUNK = "BY" + "0" * 31 + "7"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("ours", "seen"),
    [
        ([MANHATTAN, BUFFALO, TEXAS], MANHATTAN),  # the same area code
        ([BUFFALO, TEXAS], BUFFALO),  # the same state
        ([BOISE, TEXAS], ""),
        ([], ""),
        (["+442071838750"], ""),
    ],
)
def test_the_nearest_is_of_the_same_area_code_or_else_of_the_same_state(ours: list[str], seen: str) -> None:
    assert nearest(ROSA, ours) == seen


def test_people_of_one_area_see_different_numbers_and_each_always_the_same() -> None:
    ours = ["+12125550100", "+12125550101", "+12125550102"]
    seen = {called: nearest(called, ours) for called in (f"+1212555{n:04}" for n in range(200, 260))}

    assert set(seen.values()) == set(ours)
    assert all(nearest(called, reversed(ours)) == number for called, number in seen.items())


def local_campaign(agent: Agent, *numbers: str) -> Campaign:
    default = factories.make_number(agent.tenant, BOISE, agent=agent)
    for number in numbers:
        factories.make_number(agent.tenant, number, agent=agent)
    return make_campaign(agent, ROSA, number=default, local_presence=True)


def seen_by(campaign: Campaign, called: str) -> str:
    with tenant_transaction(campaign.tenant_id):
        return str(caller_id(campaign, called).e164)  # type: ignore[union-attr]


def test_without_a_number_nearby_people_see_that_of_the_campaign(agent: Agent) -> None:
    campaign = local_campaign(agent, MANHATTAN)

    assert [seen_by(campaign, called) for called in (ROSA, "+17165550128", "+15125550128")] == [
        MANHATTAN,
        MANHATTAN,
        BOISE,
    ]


def test_a_campaign_with_one_number_shows_it_to_everybody(agent: Agent) -> None:
    campaign = local_campaign(agent, MANHATTAN)
    campaign.local_presence = False

    assert seen_by(campaign, ROSA) == BOISE


def test_neither_the_neighbours_numbers_nor_one_that_nobody_answers_is_shown(agent: Agent, other_agent: Agent) -> None:
    campaign = local_campaign(agent)
    factories.make_number(other_agent.tenant, MANHATTAN, agent=other_agent)
    factories.make_number(agent.tenant, BUFFALO, agent=None)

    assert seen_by(campaign, ROSA) == BOISE


def test_whoever_is_called_again_sees_the_same_number_until_it_is_given_up(agent: Agent) -> None:
    campaign = local_campaign(agent, BUFFALO)
    with tenant_transaction(agent.tenant_id):
        fields = {"state": "ended", "ended_at": NOON, "from_number": BUFFALO}
        Attempt.objects.create(target=Target.objects.get(), campaign=campaign, e164=ROSA, **fields)
    factories.make_number(agent.tenant, MANHATTAN, agent=agent)  # nearer, and bought later

    assert seen_by(campaign, ROSA) == BUFFALO
    with tenant_transaction(agent.tenant_id):
        PhoneNumber.objects.filter(e164=BUFFALO).delete()
    assert seen_by(campaign, ROSA) == MANHATTAN


async def test_attempt_receipt_and_carrier_agree_on_what_was_shown(agent: Agent, practice: PracticeCarrier) -> None:
    campaign = await in_thread(local_campaign, agent, MANHATTAN)
    attempt_id = await in_thread(call, campaign)

    (placed,) = practice.exchange.calls.values()
    assert (placed.setup.from_, (await in_thread(look, agent, attempt_id)).from_number) == (MANHATTAN, MANHATTAN)
    assert await in_thread(shown_by_receipt, agent) == MANHATTAN


def shown_by_receipt(agent: Agent) -> str:
    with tenant_transaction(agent.tenant_id):
        return str(DialReceipt.objects.order_by("sequence").last().body["from"])  # type: ignore[union-attr]


async def test_a_lost_call_is_looked_for_by_the_number_that_was_shown(agent: Agent, practice: PracticeCarrier) -> None:
    practice.faults.add(RestFault(Mode.LOSE_REPLY))
    campaign = await in_thread(local_campaign, agent, MANHATTAN)
    attempt_id = await in_thread(call, campaign)

    await in_thread(was_just_now, agent, attempt_id)
    await in_thread(reconcile, agent.tenant_id, attempt_id)

    assert (await in_thread(look, agent, attempt_id)).state == "placed"


# Trunks and SIP addresses


async def test_calls_leave_by_the_trunk_of_the_number(agent: Agent, practice: PracticeCarrier) -> None:
    def with_trunk() -> Campaign:
        number = factories.make_number(agent.tenant, BOISE, agent=agent)
        with tenant_transaction(agent.tenant_id):
            PhoneNumber.objects.filter(pk=number.pk).update(byoc_trunk=TRUNK)
            return make_campaign(agent, ROSA, number=PhoneNumber.objects.get(pk=number.pk))

    await in_thread(call, await in_thread(with_trunk))

    (placed,) = practice.exchange.calls.values()
    assert placed.setup.byoc == TRUNK


SIP = "sip:204@pbx.example.com"


def campaign_by_sip(agent: Agent, **contact: str) -> Campaign:
    number = factories.make_number(agent.tenant, BOISE, agent=agent)
    with tenant_transaction(agent.tenant_id):
        PhoneNumber.objects.filter(pk=number.pk).update(byoc_trunk=TRUNK)
        campaign = make_campaign(agent, number=PhoneNumber.objects.get(pk=number.pk))
    make_target(campaign, ROSA, sip_address=SIP, **contact)
    return campaign


async def test_who_has_a_sip_address_is_rung_there_and_found_again(agent: Agent, practice: PracticeCarrier) -> None:
    practice.exchange.people[SIP] = Person(steps=(StaySilent(),), rings_ms=3_600_000)
    practice.faults.add(RestFault(Mode.LOSE_REPLY))
    campaign = await in_thread(lambda: campaign_by_sip(agent, zone="America/New_York"))
    attempt_id = await in_thread(call, campaign)

    await in_thread(was_just_now, agent, attempt_id)
    await in_thread(reconcile, agent.tenant_id, attempt_id)

    (placed,) = practice.exchange.calls.values()
    assert (placed.setup.to, placed.setup.byoc) == (SIP, "")  # a trunk of our own carries calls to numbers only
    attempt = await in_thread(look, agent, attempt_id)
    assert (attempt.state, attempt.to_address) == ("placed", SIP)


def test_where_a_sip_address_rings_is_not_known_without_a_zone(agent: Agent) -> None:
    campaign = campaign_by_sip(agent)

    with tenant_transaction(agent.tenant_id):
        claimed = claim_due(campaign.pk, NOON)
        held = Target.objects.get()

    assert claimed.attempts == ()
    assert (held.status, held.disposition) == ("left_out", "held")
    assert "SIP address" in held.reason


def test_a_zone_that_is_entered_later_lets_them_be_called(agent: Agent) -> None:
    campaign = campaign_by_sip(agent)
    with tenant_transaction(agent.tenant_id):
        claim_due(campaign.pk, NOON)
        Contact.objects.update(zone="America/New_York")
        Target.objects.update(status="waiting", due_at=NOON)
        (attempt_id,) = claim_due(campaign.pk, NOON + timedelta(seconds=1)).attempts
        settle(Attempt.objects.get(pk=attempt_id), "confirmed", NOON)
