"""The campaign of the demo: lawful at any hour, with people whom only the practice carrier knows."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import phonenumbers
import pytest
from django.core.management import call_command

from agentos.samples import FIRST_LINE, TOWNS, UNASKED, ensure_campaign, town_at
from agentos.tenants.models import Role, Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.jurisdictions import tables
from campaigns.models import Attempt, Campaign, ComplianceProfile, Contact, DialReceipt, Target
from campaigns.places import place
from campaigns.windows import is_open
from telephony.models import PhoneNumber
from telephony.simulator.neighborhood import PEOPLE, resident
from tests import factories
from tests.campaigns.rows import claim_due

NIGHT = datetime(2026, 12, 14, 11, 20, tzinfo=UTC)  # a Monday; nobody in the country may be called
NOON = datetime(2026, 12, 14, 18, tzinfo=UTC)
SATURDAY = datetime(2026, 12, 12, 18, tzinfo=UTC)


@pytest.fixture
def owner(tenant: Tenant, agent: Agent) -> User:
    factories.make_number(tenant, "+12085550110", agent=agent)
    return factories.make_member(tenant, Role.OWNER)


def ensured(agent: Agent, owner: User, at: datetime) -> Campaign:
    with tenant_transaction(agent.tenant):
        number = PhoneNumber.objects.get()
    return ensure_campaign(agent.tenant, owner, number, agent, at)


def counted(tenant: Tenant) -> dict[str, int]:
    with tenant_transaction(tenant):
        return {model.__name__: model.objects.count() for model in (Campaign, Contact, Target)}


@pytest.mark.parametrize("day", [datetime(2026, 1, 18, tzinfo=UTC), datetime(2026, 7, 4, tzinfo=UTC)])
def test_at_any_hour_but_one_there_is_a_town_that_may_be_called(day: datetime):
    closed = []
    for minutes in range(0, 24 * 60, 15):
        at = day + timedelta(minutes=minutes)
        town, opens = town_at(at)
        here = place(town.number(FIRST_LINE), gazetteer=tables().gazetteer, zone=town.zone, state=town.state)
        assert is_open(here, opens, tables().law)
        if opens > at:
            closed.append(at)

    assert closed
    assert all(at.hour in (10, 11) for at in closed)
    assert town_at(day + timedelta(hours=18))[0].name == "Boise"


def test_all_numbers_are_kept_for_fiction_and_somebody_answers_each():
    for town in TOWNS:
        for line in range(FIRST_LINE, FIRST_LINE + len(PEOPLE)):
            number = town.number(line)
            assert phonenumbers.is_valid_number(phonenumbers.parse(number))
            assert number[-7:-2] == "55501"
            assert resident(number) is PEOPLE[f"0{line}"]
    assert resident("+12085559121") is None
    assert resident("+12082340121") is None


@pytest.mark.django_db
def test_the_campaign_runs_and_calls_whoever_agreed(agent: Agent, owner: User):
    campaign = ensured(agent, owner, NOON)

    assert (campaign.name, campaign.status) == ("Tomorrow’s appointments, Dec 15", "running")
    with tenant_transaction(agent.tenant_id):
        assert claim_due(campaign.pk, NOON).attempts == ()  # nobody watches yet
        Campaign.objects.filter(pk=campaign.pk).update(calls_per_second=50, at_once=50)
        later = NOON + timedelta(minutes=3)
        for seconds in range(20):
            claim_due(campaign.pk, later + timedelta(seconds=seconds))
            Attempt.objects.update(state="ended", ended_at=later)
        asked = {str(each) for each in Attempt.objects.values_list("e164", flat=True)}
        refused = {str(each) for each in DialReceipt.objects.exclude(answer="allow").values_list("e164", flat=True)}
    assert asked == {TOWNS[0].number(FIRST_LINE + index) for index in range(len(PEOPLE))}
    assert refused == {TOWNS[0].number(UNASKED[1])}


@pytest.mark.django_db
def test_asking_again_on_the_same_day_changes_nothing(agent: Agent, owner: User):
    first = ensured(agent, owner, NOON)
    before = counted(agent.tenant)

    assert ensured(agent, owner, NOON + timedelta(hours=3)).pk == first.pk
    assert counted(agent.tenant) == before


@pytest.mark.django_db
def test_on_another_day_the_same_people_are_reminded_of_another_visit(agent: Agent, owner: User):
    ensured(agent, owner, SATURDAY)
    ensured(agent, owner, NOON)

    with tenant_transaction(agent.tenant_id):
        names = set(Campaign.objects.values_list("name", flat=True))
        visits = {each.fields["visit_date"] for each in Contact.objects.all()}
    assert names == {"Monday’s appointments, Dec 14", "Tomorrow’s appointments, Dec 15"}
    assert visits == {"2026-12-15"}
    assert counted(agent.tenant)["Contact"] == len(PEOPLE) + 1


@pytest.mark.django_db
def test_when_nobody_may_be_called_it_waits_and_says_until_when(agent: Agent, owner: User):
    campaign = ensured(agent, owner, NIGHT)

    assert campaign.status == "paused"
    assert "lawful at 7:00 AM (EST), in San Juan" in campaign.pause_reason
    with tenant_transaction(agent.tenant_id):
        assert claim_due(campaign.pk, NIGHT).attempts == ()


@pytest.mark.django_db
def test_the_demo_starts_without_it_where_people_have_left_no_line_for_campaigns():
    call_command("seed", stdout=io.StringIO())
    juniper = Tenant.objects.get(name="Juniper Dental")
    with tenant_transaction(juniper):
        ComplianceProfile.objects.create(inbound_reserve=10)

    told = io.StringIO()
    call_command("seed", "--practice", "--json", stdout=told)

    assert "campaign" not in json.loads(told.getvalue())
    assert counted(juniper) == {"Campaign": 0, "Contact": 0, "Target": 0}


@pytest.mark.django_db
@pytest.mark.parametrize(("flags", "campaigns"), [([], 0), (["--practice"], 1)])
def test_only_the_practice_carrier_gets_a_campaign(flags: list[str], campaigns: int):
    def seeded() -> dict[str, int]:
        call_command("seed", *flags, stdout=io.StringIO())
        return counted(Tenant.objects.get(name="Juniper Dental"))

    first: dict[str, Any] = seeded()

    assert first["Campaign"] == campaigns
    assert seeded() == first
