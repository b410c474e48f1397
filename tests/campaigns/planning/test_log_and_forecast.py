"""What was done with a campaign is written down, and its plan is held against what happened."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from agentos.tenants.log import acting_as
from agentos.tenants.models import LogEntry, Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns import services
from campaigns.calling import breaker
from campaigns.calling.claiming import end_if_over
from campaigns.log import entries
from campaigns.models import Attempt, Campaign, Contact, Target
from campaigns.planning.comparison import Comparison
from campaigns.planning.dry_run import plan
from campaigns.planning.forecast import Forecast, keep
from campaigns.planning.readiness import CONFIRMATIONS
from campaigns.progress import Progress
from tests.campaigns.rows import LONG_AGO, NOON, claim_due, make_campaign, make_target

ROSA, IDA, OMAR = "+12125550128", "+12125550143", "+12125550177"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_cache")]


@pytest.fixture
def draft(agent: Agent, owner: User) -> Campaign:
    """Rosa and Ida may be called; Omar has not agreed."""
    made = make_campaign(agent, ROSA, IDA, status="draft", message="Hello.", hours=services.WEEKDAYS, most_attempts=1)
    make_target(made, OMAR, consents=False)
    services.confirm(agent.tenant, made.pk, confirmed=CONFIRMATIONS, by=owner)
    return made


def told(tenant: Tenant, campaign: Campaign) -> list[tuple[str, str]]:
    with tenant_transaction(tenant):
        return [(entry.who, entry.words) for entry in reversed(entries(campaign))]


def text(response: HttpResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.getvalue().decode()).split())


# The log


def test_the_log_says_who_did_what(tenant: Tenant, agent: Agent, owner: User, draft: Campaign) -> None:
    with acting_as(owner):
        services.start(tenant, draft.pk, at=NOON)
        services.pause(tenant, draft.pk)
        services.change_campaign(tenant, draft.pk, changes={"at_once": 2, "message": draft.message})
        services.resume(tenant, draft.pk, at=NOON)
    with tenant_transaction(tenant):
        breaker.pause(draft, "10 of the last 20 calls could not be connected.")
    with acting_as(owner):
        services.stop(tenant, draft.pk)

    assert told(tenant, draft) == [
        ("Priya Nair", "Started it for 3 people, with all confirmations"),
        ("Priya Nair", "Paused it"),
        ("Priya Nair", "Changed calls at once"),
        ("Priya Nair", "Let it go on"),
        ("AgentOS", "Paused it: 10 of the last 20 calls could not be connected."),
        ("Priya Nair", "Stopped it for good"),
    ]
    with tenant_transaction(tenant):
        started = LogEntry.objects.get(what="campaign.started")
    assert {each["by"] for each in started.details["confirmed"].values()} == {"Priya Nair"}


def test_people_who_come_and_go_stand_in_the_log(tenant: Tenant, owner: User, draft: Campaign) -> None:
    with tenant_transaction(tenant):
        Contact.objects.create(e164="+12125550199", tags=["late"])
    with acting_as(owner):
        services.add_people(tenant, draft.pk, tag="late")
        services.add_people(tenant, draft.pk, tag="late")
        services.remove_people(tenant, draft.pk)

    assert told(tenant, draft) == [("Priya Nair", "Added 1 person"), ("Priya Nair", "Took 4 people out")]


def test_a_request_acts_as_the_person_who_sent_it(tenant: Tenant, owner: User, draft: Campaign, client: Client) -> None:
    client.force_login(owner)
    services.start(tenant, draft.pk)

    client.post(reverse("campaigns:pause", args=[tenant.slug, draft.pk]))

    assert told(tenant, draft)[-1] == ("Priya Nair", "Paused it")


def test_the_database_refuses_to_change_the_log(tenant: Tenant, draft: Campaign) -> None:
    services.start(tenant, draft.pk, at=NOON)

    with pytest.raises(IntegrityError), tenant_transaction(tenant), transaction.atomic():
        LogEntry.objects.update(words="Nothing happened")
    with pytest.raises(IntegrityError), tenant_transaction(tenant), transaction.atomic():
        LogEntry.objects.all().delete()


def test_the_log_stands_on_the_page_and_is_exported_with_its_details(
    tenant: Tenant, owner: User, draft: Campaign, client: Client
) -> None:
    client.force_login(owner)
    services.start(tenant, draft.pk, at=NOON)

    page = text(client.get(reverse("campaigns:campaign", args=[tenant.slug, draft.pk])))
    exported = client.get(reverse("campaigns:export", args=[tenant.slug, draft.pk]), {"log": "1"}).content.decode()

    assert "Started it for 3 people, with all confirmations AgentOS" in page
    assert exported.splitlines()[0].endswith("When,Who,What,Details")
    assert '""identifies""' in exported


# Plan and reality


def test_a_forecast_comes_back_as_it_was_kept(tenant: Tenant, draft: Campaign) -> None:
    with tenant_transaction(tenant):
        forecast = Forecast.of(plan(draft, NOON), NOON)
        Campaign.objects.filter(pk=draft.pk).update(planned=forecast.stored())
        kept = Campaign.objects.get(pk=draft.pk).planned

    assert Forecast.read(kept) == forecast
    assert (forecast.called, forecast.left_out, forecast.exclusions[0].gate) == (2, 1, "consent")


def test_the_plan_of_the_start_is_kept_once_though_people_are_called(tenant: Tenant, draft: Campaign) -> None:
    with tenant_transaction(tenant):
        keep(draft.pk)
        assert Campaign.objects.get(pk=draft.pk).planned is None
        expected = Forecast.of(plan(draft, NOON), NOON)
    services.start(tenant, draft.pk, at=NOON)
    with tenant_transaction(tenant):
        draft.targets.update(due_at=LONG_AGO)  # their clips are long overdue, so that nobody waits for them
        assert claim_due(draft.pk, NOON).attempts
        keep(draft.pk)
        kept = Campaign.objects.get(pk=draft.pk).planned
        draft.targets.all().delete()
        keep(draft.pk)

        assert kept
        assert Forecast.read(kept) == expected
        assert Campaign.objects.get(pk=draft.pk).planned == kept


def test_who_cannot_be_told_the_message_was_known_from_the_start(tenant: Tenant, draft: Campaign) -> None:
    with tenant_transaction(tenant):
        Campaign.objects.filter(pk=draft.pk).update(message="Hello {{name}}, about {{visit}}.")
        Contact.objects.filter(e164__in=[ROSA, OMAR]).update(fields={"visit": "Tuesday"})
    services.start(tenant, draft.pk, at=NOON)

    exclusions = compared(tenant, draft).exclusions

    assert {(row.name.partition(":")[0], row.planned, row.actual) for row in exclusions} == {
        ("Message", "1", "1"),
        ("Consent", "1", "0"),
    }


def compared(tenant: Tenant, draft: Campaign) -> Comparison:
    with tenant_transaction(tenant):
        keep(draft.pk)
        campaign = Campaign.objects.get(pk=draft.pk)
        assert campaign.planned
        comparison = Comparison(campaign, campaign.planned, Progress(campaign))
        assert comparison.rows
        assert comparison.exclusions
        assert comparison.chart
        return comparison


def test_plan_and_reality_stand_side_by_side(tenant: Tenant, draft: Campaign) -> None:
    services.start(tenant, draft.pk, at=NOON)
    with tenant_transaction(tenant):
        campaign = Campaign.objects.get(pk=draft.pk)
        for number, outcome in ((ROSA, "confirmed"), (IDA, "no_answer")):
            target = campaign.targets.get(e164=number)
            target.status, target.disposition = Target.Status.DONE, outcome
            target.save()
            times = {"asked_at": NOON + timedelta(hours=2), "ended_at": NOON + timedelta(hours=3), "cost_cents": 3}
            Attempt.objects.create(
                target=target, campaign=campaign, e164=number, state="ended", outcome=outcome, **times
            )
        campaign.targets.filter(e164=OMAR).update(status="left_out", disposition="no_consent", reason="No consent.")
        end_if_over(campaign, NOON + timedelta(hours=3))

    comparison = compared(tenant, draft)

    rows = {row.name: (row.planned, row.actual) for row in comparison.rows}
    assert rows["People called"] == ("2", "2")
    assert rows["People reached"][1] == "1 (50%)"
    assert rows["Not called"] == ("1", "1")
    assert rows["Cost"][1] == "$0.06"
    [day] = comparison.chart.days
    assert [[column.words.replace("\u00a0", " ") for column in series] for series in day.series][1] == [
        "8:00 PM: 2 calls made"
    ]
    assert day.series[0][0].words.replace("\u00a0", " ").startswith("6:00 PM: ")
    assert comparison.is_over
    [excluded] = comparison.exclusions
    assert (excluded.planned, excluded.actual) == ("1", "1")
    assert told(tenant, draft)[-1] == ("AgentOS", "Everybody was called, or could not be")


def test_the_page_shows_the_plan_once_the_campaign_was_started(
    tenant: Tenant, owner: User, draft: Campaign, client: Client
) -> None:
    client.force_login(owner)
    address = reverse("campaigns:campaign", args=[tenant.slug, draft.pk])

    assert "Plan and reality" not in text(client.get(address))
    services.start(tenant, draft.pk)
    with tenant_transaction(tenant):
        keep(draft.pk)
    page = text(client.get(address))
    assert "Planned when it was started" in page
    assert "Not yet" in page


def test_a_neighbour_reads_nothing_of_the_log(other_tenant: Tenant, tenant: Tenant, draft: Campaign) -> None:
    services.start(tenant, draft.pk, at=NOON)

    assert told(other_tenant, draft) == []
