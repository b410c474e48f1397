"""What people do with campaigns, and what they are told when it cannot be done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agentos.errors import DomainError
from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns import services
from campaigns.calling.settling import ANSWERS
from campaigns.models import Campaign, Contact, Target
from campaigns.planning.readiness import CONFIRMATIONS, NotStartable
from telephony.models import PhoneNumber
from tests import factories
from tests.campaigns.rows import LONG_AGO, NOON, claim_due, make_target

ROSA, TOM = "+12125550128", "+12125550175"

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(tenant: Tenant, agent: Agent, number: PhoneNumber, owner: User) -> Campaign:
    """A draft that lacks nothing."""
    draft = services.create_campaign(tenant, name="November recall", message="Hello {{first_name}}.")
    make_contacts(tenant, ROSA, TOM)
    services.add_people(tenant, draft.pk)
    return services.confirm(tenant, draft.pk, confirmed=CONFIRMATIONS, by=owner)


def make_contacts(tenant: Tenant, *numbers: str, **fields: Any) -> None:
    with tenant_transaction(tenant):
        for number in numbers:
            Contact.objects.create(e164=number, **({"name": "Rosa Delgado"} | fields))


def fresh(campaign: Campaign) -> Campaign:
    with tenant_transaction(campaign.tenant_id):
        return Campaign.objects.get(pk=campaign.pk)


def settle(campaign: Campaign, number: str, disposition: str) -> None:
    with tenant_transaction(campaign.tenant_id):
        Target.objects.filter(campaign=campaign, e164=number).update(status="done", disposition=disposition)


def test_a_new_campaign_is_a_draft_with_an_agent_and_its_number(tenant: Tenant, number: PhoneNumber) -> None:
    campaign = services.create_campaign(tenant, name="  November   recall ")

    assert (campaign.name, campaign.status, campaign.number) == ("November recall", "draft", number)
    assert [bool(day) for day in campaign.hours] == [True] * 5 + [False] * 2


def test_without_an_agent_there_is_no_campaign(other_tenant: Tenant) -> None:
    with pytest.raises(DomainError, match="Make an agent first"):
        services.create_campaign(other_tenant, name="November recall")


def test_people_are_added_once_however_often_it_is_asked(tenant: Tenant, campaign: Campaign) -> None:
    assert services.add_people(tenant, campaign.pk) == 0

    with tenant_transaction(tenant):
        assert [str(each.e164) for each in campaign.targets.order_by("e164")] == [ROSA, TOM]


def test_people_are_added_by_tag(tenant: Tenant, agent: Agent) -> None:
    campaign = services.create_campaign(tenant, name="Recall")
    make_contacts(tenant, ROSA, tags=["recall", "mornings"])
    make_contacts(tenant, TOM, tags=["mornings"])

    assert services.add_people(tenant, campaign.pk, tag="recall") == 1
    assert services.add_people(tenant, campaign.pk, tag="mornings") == 1


def test_people_are_added_by_what_a_search_finds(tenant: Tenant, agent: Agent) -> None:
    campaign = services.create_campaign(tenant, name="Recall")
    make_contacts(tenant, ROSA, tags=["recall"])
    make_contacts(tenant, TOM, name="Tom Reilly", tags=["recall"])

    assert services.add_people(tenant, campaign.pk, search="reilly", tag="mornings") == 0
    assert services.add_people(tenant, campaign.pk, search="reilly", tag="recall") == 1
    assert services.add_people(tenant, campaign.pk, search="0128") == 1


def test_who_joins_a_running_campaign_is_due_at_once_and_gets_a_clip(tenant: Tenant, campaign: Campaign) -> None:
    services.start(tenant, campaign.pk, at=NOON)
    make_contacts(tenant, "+12125550136", name="Aisha Khan")

    assert services.add_people(tenant, campaign.pk, at=NOON + timedelta(minutes=1)) == 1

    with tenant_transaction(tenant):
        joined = campaign.targets.select_related("clip").get(e164="+12125550136")
        claimed = claim_due(campaign.pk, NOON + timedelta(minutes=4))  # nobody waits longer for a voice
    assert (joined.status, joined.clip.text) == ("waiting", "Hello Aisha.")
    assert claimed.refused == 3  # nobody here has agreed; all of them were asked about


def test_the_neighbours_contacts_are_not_added(tenant: Tenant, campaign: Campaign, other_tenant: Tenant) -> None:
    make_contacts(other_tenant, "+12125550199")
    with tenant_transaction(other_tenant):
        theirs = Contact.objects.get().pk

    assert services.add_people(tenant, campaign.pk, contact_ids=[theirs]) == 0


def test_a_complete_draft_starts_and_starting_it_twice_changes_nothing(tenant: Tenant, campaign: Campaign) -> None:
    services.start(tenant, campaign.pk, at=NOON)
    services.start(tenant, campaign.pk, at=NOON + timedelta(hours=1))

    started = fresh(campaign)
    assert (started.status, started.started_at) == ("running", NOON)
    with tenant_transaction(tenant):
        assert set(started.targets.values_list("due_at", flat=True)) == {NOON}


def test_who_lacks_a_value_of_the_message_is_left_out_with_the_reason(tenant: Tenant, campaign: Campaign) -> None:
    with tenant_transaction(tenant):
        Contact.objects.filter(e164=ROSA).update(fields={"visit_date": "2026-12-21"})
        Contact.objects.filter(e164=TOM).update(fields={"visit_date": ""})
        Campaign.objects.filter(pk=campaign.pk).update(message="See you on {{visit_date}}.")

    services.start(tenant, campaign.pk, at=NOON)

    with tenant_transaction(tenant):
        tom = campaign.targets.get(e164=TOM)
    assert tom.status == "left_out"
    assert "{{visit_date}} has no value" in tom.reason


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"number": None}, "Choose the number that people see when they are called."),
        ({"message": ""}, "Write the message: it is what people hear."),
        ({"message": "Hello {{nmae}}."}, "There is no variable {{nmae}}. Did you mean {{name}}?"),
        ({"confirmed": {}}, "Confirm: These people agreed to automated calls about this"),
        ({"hours": [None] * 7}, "The calling window never opens"),
        ({"hours": [["03:00", "04:00"]] * 7}, "The calling window never opens"),
        ({"ends_at": NOON - timedelta(days=1)}, "The last day is over: choose a later one."),
    ],
)
def test_a_draft_that_lacks_something_does_not_start_and_says_what(
    tenant: Tenant, campaign: Campaign, fields: Any, sentence: str
) -> None:
    with tenant_transaction(tenant):
        Campaign.objects.filter(pk=campaign.pk).update(**fields)

    with pytest.raises(NotStartable) as refused:
        services.start(tenant, campaign.pk, at=NOON)

    assert sentence in refused.value.message
    assert len(refused.value.problems) == 1
    assert fresh(campaign).status == "draft"


def test_a_campaign_needs_a_published_agent(tenant: Tenant, number: PhoneNumber, owner: User) -> None:
    agent = factories.make_agent(tenant, "Night line", published=False)
    campaign = services.create_campaign(tenant, name="Recall", agent_id=agent.pk, message="Hi.", number=number)
    make_target(campaign, ROSA)
    services.confirm(tenant, campaign.pk, confirmed=CONFIRMATIONS, by=owner)

    with pytest.raises(NotStartable, match="Publish Night line first"):
        services.start(tenant, campaign.pk, at=NOON)


def test_a_campaign_needs_people_and_a_line(tenant: Tenant, agent: Agent, number: PhoneNumber, owner: User) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(max_concurrent_calls=2)
    campaign = services.create_campaign(tenant, name="Recall", message="Hi.")
    services.confirm(tenant, campaign.pk, confirmed=CONFIRMATIONS, by=owner)

    with pytest.raises(NotStartable) as refused:
        services.start(tenant, campaign.pk, at=NOON)

    assert [each.code for each in refused.value.problems] == ["people", "lines"]


def test_what_was_confirmed_is_void_when_it_is_about_something_else(tenant: Tenant, campaign: Campaign) -> None:
    changed = services.change_campaign(tenant, campaign.pk, changes={"message": "Buy two.", "name": "Recall"})
    assert set(changed.confirmed) == {"agreed"}

    make_contacts(tenant, "+12125550136")
    services.add_people(tenant, campaign.pk)
    assert fresh(campaign).confirmed == {}


def test_a_confirmation_says_who_and_keeps_its_date(tenant: Tenant, campaign: Campaign, owner: User) -> None:
    before = campaign.confirmed["agreed"]

    again = services.confirm(tenant, campaign.pk, confirmed=["agreed"], by=owner)

    assert again.confirmed == {"agreed": before}
    assert before["by"] == str(owner)


def test_a_campaign_is_paused_with_a_reason_and_goes_on_without_one(tenant: Tenant, campaign: Campaign) -> None:
    services.start(tenant, campaign.pk, at=NOON)
    services.pause(tenant, campaign.pk, reason="Lunch.")
    services.pause(tenant, campaign.pk)

    paused = fresh(campaign)
    assert (paused.status, paused.pause_reason) == ("paused", "Lunch.")

    services.resume(tenant, campaign.pk, at=NOON)
    services.resume(tenant, campaign.pk, at=NOON)
    running = fresh(campaign)
    assert (running.status, running.pause_reason) == ("running", "")


def test_a_running_campaign_is_not_changed_under_those_who_call(tenant: Tenant, campaign: Campaign) -> None:
    services.start(tenant, campaign.pk, at=NOON)

    with pytest.raises(DomainError, match="Pause the campaign first"):
        services.change_campaign(tenant, campaign.pk, changes={"message": "Hi."})
    with pytest.raises(DomainError, match="only before it starts"):
        services.remove_people(tenant, campaign.pk)


def test_a_stopped_campaign_stays_stopped(tenant: Tenant, campaign: Campaign) -> None:
    services.start(tenant, campaign.pk, at=NOON)
    services.stop(tenant, campaign.pk, at=NOON)
    services.stop(tenant, campaign.pk, at=NOON + timedelta(hours=1))

    assert (fresh(campaign).status, fresh(campaign).ended_at) == ("stopped", NOON)
    for verb in (services.start, services.resume, services.pause):
        with pytest.raises(DomainError):
            verb(tenant, campaign.pk)
    with pytest.raises(DomainError, match="over"):
        services.add_people(tenant, campaign.pk)


def test_people_who_were_not_reached_are_called_again(tenant: Tenant, campaign: Campaign) -> None:
    services.start(tenant, campaign.pk, at=LONG_AGO)
    settle(campaign, ROSA, "no_answer")
    settle(campaign, TOM, "confirmed")
    with tenant_transaction(tenant):
        Campaign.objects.filter(pk=campaign.pk).update(status="done", ended_at=NOON)

    assert services.redial(tenant, campaign.pk, outcome="no_answer", at=NOON) == 1
    assert services.redial(tenant, campaign.pk, outcome="no_answer", at=NOON) == 0

    with tenant_transaction(tenant):
        again = campaign.targets.get(e164=ROSA)
    assert (again.status, again.due_at, fresh(campaign).status) == ("waiting", NOON, "running")


@pytest.mark.parametrize("outcome", sorted(ANSWERS))
def test_who_has_answered_is_not_called_again(tenant: Tenant, campaign: Campaign, outcome: str) -> None:
    services.start(tenant, campaign.pk, at=NOON)

    with pytest.raises(DomainError, match="given their answer"):
        services.redial(tenant, campaign.pk, outcome=outcome)


def test_a_draft_can_be_thrown_away_and_nothing_else(tenant: Tenant, campaign: Campaign) -> None:
    other = services.create_campaign(tenant, name="Other")
    services.discard(tenant, other.pk)
    services.start(tenant, campaign.pk, at=NOON)

    with pytest.raises(DomainError, match="is running"):
        services.discard(tenant, campaign.pk)
    with tenant_transaction(tenant):
        assert list(Campaign.objects.values_list("pk", flat=True)) == [campaign.pk]


def test_the_neighbour_cannot_touch_it(other_tenant: Tenant, campaign: Campaign) -> None:
    for verb in (services.start, services.pause, services.resume, services.stop, services.discard):
        with pytest.raises(DomainError, match="does not exist"):
            verb(other_tenant, campaign.pk)
