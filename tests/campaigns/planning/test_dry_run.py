"""A campaign before it begins: who would be called when, who would not, and at what cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.models import Attempt, Campaign, Consent, Contact, DialReceipt, DoNotCall, Target
from campaigns.people.optout import reached_somebody_else
from campaigns.planning.dry_run import Assumptions, Plan, plan, usual_pick_up
from tests.campaigns.rows import LONG_AGO, NIGHT, NOON, make_campaign, make_target

ROSA, TOM, AISHA = "+12125550128", "+12125550175", "+12125550136"
HAWAII = "+18085550119"
EVERYBODY = Assumptions(pick_up=1.0)

pytestmark = pytest.mark.django_db


def dry(campaign: Campaign, at: datetime = NOON, assumed: Assumptions = EVERYBODY) -> Plan:
    with tenant_transaction(campaign.tenant_id):
        return plan(Campaign.objects.get(pk=campaign.pk), at, assumed)


def make_crowd(campaign: Campaign, people: int, code: str = "212") -> None:
    numbers = [f"+1{code}{5_550_000 + 1000 + each}" for each in range(people)]
    with tenant_transaction(campaign.tenant_id):
        contacts = Contact.objects.bulk_create([Contact(e164=number) for number in numbers])
        Consent.objects.bulk_create([Consent(e164=number, source="form", given_at=LONG_AGO) for number in numbers])
        Target.objects.bulk_create(
            [Target(campaign=campaign, contact=each, e164=each.e164, due_at=LONG_AGO) for each in contacts]
        )


def test_everybody_gets_a_time_on_their_own_clock(agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA)
    make_target(campaign, HAWAII)

    people = {each.number: each for each in dry(campaign).people}

    assert f"{people[ROSA].first_at:%H:%M}" == "13:00"
    assert people[HAWAII].first_at is not None
    assert people[HAWAII].first_at.tzinfo is not None
    assert 8 <= people[HAWAII].first_at.hour < 9


def test_nobody_is_planned_outside_of_their_window(agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA, TOM)

    planned = dry(campaign, NIGHT)

    assert planned.begins == datetime(2026, 12, 14, 13, tzinfo=UTC)
    assert planned.called == 2


def test_the_plan_says_who_is_left_out_and_why(agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA)
    make_target(campaign, TOM, consents=False)
    make_target(campaign, AISHA)
    with tenant_transaction(agent.tenant_id):
        DoNotCall.objects.create(e164=AISHA, source="key", since=LONG_AGO + timedelta(days=1))

    planned = dry(campaign)

    assert (planned.called, planned.left_out) == (1, 2)
    assert {(each.gate, each.code, each.people) for each in planned.exclusions} == {
        ("consent", "no_consent", 1),
        ("do_not_call", "do_not_call", 1),
    }
    assert "agreed" in next(each.words for each in planned.exclusions if each.gate == "consent")


def test_who_closed_their_number_or_cannot_be_told_the_message_is_left_out_of_a_draft_by_name(agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA, TOM, status="draft", message="Hello {{first_name}}, see you {{visit_date}}.")
    make_target(campaign, AISHA)
    with tenant_transaction(agent.tenant_id):
        Target.objects.filter(e164=ROSA).update(variables={"visit_date": "2026-12-15"})
        reached_somebody_else(TOM, "Said so in call CA1.", NOON - timedelta(days=1))

    planned = dry(campaign)

    assert [each.number for each in planned.people if not each.is_left_out] == [ROSA]
    said = {each.number: (each.gate, each.code, each.words) for each in planned.people if each.is_left_out}
    assert said[TOM][:2] == ("do_not_call", "wrong_person")
    assert "not theirs" in said[TOM][2]
    assert said[AISHA][0] == "message"
    assert "{{visit_date}}" in said[AISHA][2]
    with tenant_transaction(agent.tenant_id):
        assert Target.objects.get(e164=AISHA).status == "waiting"  # nothing was written


def test_who_was_left_out_before_stays_so_in_the_plan_for_the_rest(agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA, TOM)
    with tenant_transaction(agent.tenant_id):
        Target.objects.filter(e164=TOM).update(status="left_out", disposition="no_consent", reason="No record.")

    (found,) = dry(campaign).exclusions

    assert (found.gate, found.code, found.words, found.people) == ("earlier", "no_consent", "No record.", 1)


def test_a_campaign_that_never_opens_calls_nobody(agent: Agent) -> None:
    planned = dry(make_campaign(agent, ROSA, TOM, hours=[None] * 7))

    assert (planned.called, planned.begins, planned.finish) == (0, None, None)
    assert [(each.gate, each.people) for each in planned.exclusions] == [("window", 2)]


def test_the_same_seed_gives_the_same_plan_and_another_one_a_different_plan(agent: Agent) -> None:
    campaign = make_campaign(agent)
    make_crowd(campaign, 60)

    first, again, other = (dry(campaign, assumed=Assumptions(0.4, seed)) for seed in (7, 7, 8))

    assert first == again
    assert first.people != other.people


def test_a_plan_leaves_nothing_behind(agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA)

    dry(campaign)

    with tenant_transaction(agent.tenant_id):
        target = Target.objects.get()
        assert (target.status, target.attempts_made) == ("waiting", 0)
        assert not Attempt.objects.exists()
        assert not DialReceipt.objects.exists()


@pytest.mark.parametrize(("fields", "lines"), [({"at_once": 3}, 3), ({"at_once": 50, "calls_per_second": 0.5}, 50)])
def test_no_more_calls_are_planned_at_once_than_there_are_lines(agent: Agent, fields: Any, lines: int) -> None:
    Tenant.objects.filter(pk=agent.tenant_id).update(max_concurrent_calls=100)
    campaign = make_campaign(agent, **fields)
    make_crowd(campaign, 200)

    planned = dry(campaign)

    assert planned.lines == lines
    assert 0 < max(hour.lines for hour in planned.hours) <= lines
    assert sum(hour.calls for hour in planned.hours) == planned.calls == 200


def test_the_pace_of_the_campaign_stretches_the_plan(agent: Agent) -> None:
    Tenant.objects.filter(pk=agent.tenant_id).update(max_concurrent_calls=100)
    campaign = make_campaign(agent, at_once=50, calls_per_second=0.1)
    make_crowd(campaign, 61)

    planned = dry(campaign)

    assert planned.begins is not None
    assert planned.finish is not None
    assert planned.finish - planned.begins >= timedelta(seconds=600)


def test_who_is_not_reached_is_tried_again_and_costs_a_little(agent: Agent) -> None:
    campaign = make_campaign(agent, most_attempts=3)
    make_crowd(campaign, 40)

    nobody, all_ = dry(campaign, assumed=Assumptions(0.0)), dry(campaign)

    assert nobody.calls > 40
    assert all_.calls == 40
    assert nobody.reached == 0
    assert all_.reached == 40
    assert all_.cents > 0


def test_whom_a_voicemail_is_left_for_is_planned_again_only_where_the_campaign_wants_it(agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA, voicemail="Please call us.", most_attempts=3)
    machines = Assumptions(0.0, seed=2)  # whatever answers, it is one

    assert dry(campaign, assumed=machines).calls == 1

    with tenant_transaction(agent.tenant_id):
        Campaign.objects.filter(pk=campaign.pk).update(retries={"voicemail": 60})
    assert dry(campaign, assumed=machines).calls == 3


def test_fewer_people_picking_up_takes_longer(agent: Agent) -> None:
    campaign = make_campaign(agent)
    make_crowd(campaign, 100)

    planned = dry(campaign, assumed=Assumptions(0.5))

    assert planned.early is not None
    assert planned.late is not None
    assert planned.finish is not None
    assert planned.early <= planned.finish <= planned.late
    assert planned.least_cents <= planned.cents <= planned.most_cents


def test_the_budget_and_the_last_day_end_the_plan(agent: Agent) -> None:
    poor, short = make_campaign(agent, budget_cents=20), make_campaign(agent, ends_at=NOON + timedelta(seconds=1))
    make_crowd(poor, 50)
    make_crowd(short, 50, code="213")

    assert [each.code for each in dry(poor).exclusions] == ["budget"]
    assert [each.code for each in dry(short).exclusions] == ["too_late"]


def test_without_a_line_for_campaigns_nobody_is_planned(agent: Agent) -> None:
    Tenant.objects.filter(pk=agent.tenant_id).update(max_concurrent_calls=0)

    assert [each.code for each in dry(make_campaign(agent, ROSA)).exclusions] == ["no_lines"]


def test_the_pick_up_rate_is_that_of_the_business_once_it_has_called_enough_people(agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA)
    with tenant_transaction(agent.tenant_id):
        usual, target = usual_pick_up(NOON), Target.objects.get()
        for number in range(50):
            at = NOON - timedelta(hours=number + 1)
            answered = {"answered_by": "human", "answered_at": at} if number % 5 == 0 else {}
            fields = {"state": "ended", "asked_at": at, "ended_at": at, **answered}
            Attempt.objects.create(target=target, campaign=campaign, e164=ROSA, **fields)

        assert usual == 0.38
        assert usual_pick_up(NOON) == 0.2
