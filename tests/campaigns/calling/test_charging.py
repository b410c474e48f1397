"""What calls cost: by the table when they end, and by the carrier's own word later."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.calling.charging import charge, take_prices
from campaigns.calling.reporting import take
from campaigns.models import Attempt
from campaigns.progress import Progress
from telephony import prices
from telephony.models import PhoneNumber
from telephony.simulator.server import PracticeCarrier
from tests.campaigns.line import in_thread
from tests.campaigns.rows import NOON, OURS, called, claimed, look

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = date(2026, 12, 14)


@pytest.mark.parametrize(
    ("seconds", "cents"), [(0, "0"), (1, "2.15"), (60, "2.15"), (61, "3.55"), (179.5, "4.95"), (181, "6.35")]
)
def test_each_begun_minute_counts_and_the_look_for_a_machine_once(seconds: float, cents: str) -> None:
    assert prices.call_cents(seconds, TODAY) == Decimal(cents)


def test_an_agent_costs_more_than_a_message() -> None:
    assert prices.call_cents(60, TODAY, talks=True) - prices.call_cents(60, TODAY) == Decimal("7.60")


def test_the_first_word_on_the_length_of_a_call_counts(agent: Agent) -> None:
    _, attempt_id = claimed(agent)
    with tenant_transaction(agent.tenant_id):
        attempt = Attempt.objects.get(pk=attempt_id)
        charge(attempt, 61, NOON)
        charge(attempt, 600, NOON)

    assert look(agent, attempt_id).cost_cents == Decimal("3.55")


@pytest.mark.parametrize("fields", [{"to_address": "sip:204@pbx.example.com"}, {"from_number": OURS}])
def test_a_sip_address_and_a_trunk_of_our_own_cost_less(agent: Agent, fields: dict[str, str]) -> None:
    _, attempt_id = claimed(agent)
    with tenant_transaction(agent.tenant_id):
        PhoneNumber.objects.create(e164=OURS, byoc_trunk="BY" + "0" * 32)
        Attempt.objects.filter(pk=attempt_id).update(**{"from_number": "+12085550119"} | fields)
        charge(Attempt.objects.get(pk=attempt_id), 61, NOON)

    assert look(agent, attempt_id).cost_cents == Decimal("1.55")


async def test_what_the_carrier_asked_in_the_end_takes_the_place_of_the_table(
    agent: Agent, practice: PracticeCarrier
) -> None:
    campaign, attempt_id = await in_thread(called, agent)
    (call,) = practice.exchange.calls.values()
    call.end(status="completed")
    await practice.exchange.over(call.record.call_sid)

    def over() -> None:
        with tenant_transaction(agent.tenant_id):
            attempt = Attempt.objects.select_related("campaign", "target").get(pk=attempt_id)
            take(attempt, "completed", call.record.ended, seconds=50)

    await in_thread(over)
    at = call.record.ended + timedelta(hours=1)
    assert await in_thread(take_prices, at) == 0  # it does not say yet
    call.price = "-0.02100"

    assert await in_thread(take_prices, at) == 1
    assert await in_thread(take_prices, at) == 0

    assert (await in_thread(look, agent, attempt_id)).cost_cents == Decimal("2.85")
    assert await in_thread(spent, campaign) == "$0.03"


def spent(campaign: object) -> str:
    with tenant_transaction(campaign.tenant_id):  # type: ignore[attr-defined]
        return Progress(campaign).spent  # type: ignore[arg-type]
