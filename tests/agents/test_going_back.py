"""Older versions come back, drafts are given up, agents are archived."""

from __future__ import annotations

import pytest

from agentos.errors import DomainError
from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents import services
from agents.comparison import values
from agents.models import Agent
from tests import factories
from tests.agents.drafts import draft, live, save

pytestmark = pytest.mark.django_db


def test_making_an_older_version_live_again_gives_it_a_new_number_and_leaves_the_draft(
    agent: Agent, tenant: Tenant, owner: User
):
    first = live(agent)
    assert first is not None
    save(agent, greeting="Second.")
    services.publish(tenant, agent.pk)
    save(agent, greeting="Third, unfinished.")

    again = services.make_live(tenant, first.pk, by=owner)

    assert (again.number, again.note) == (3, "Version 1 again")
    assert values(again) == values(first)
    assert draft(agent).greeting == "Third, unfinished."
    assert services.make_live(tenant, again.pk) == again


def test_restoring_loads_an_older_version_into_the_draft_and_callers_notice_nothing(agent: Agent, tenant: Tenant):
    first = live(agent)
    assert first is not None
    save(agent, greeting="Second.")
    second = services.publish(tenant, agent.pk)

    services.restore(tenant, first.pk)

    assert values(draft(agent)) == values(first)
    assert live(agent) == second


def test_discarding_makes_the_draft_what_callers_hear(agent: Agent, tenant: Tenant):
    save(agent, greeting="Second.", endpointing_ms=900)

    services.discard_draft(tenant, agent.pk)

    published = live(agent)
    assert published is not None
    assert values(draft(agent)) == values(published)


def test_a_draft_of_an_agent_that_was_never_published_cannot_be_discarded(tenant: Tenant):
    agent = services.create_agent(tenant, name="June")

    with pytest.raises(DomainError, match="no published version"):
        services.discard_draft(tenant, agent.pk)


def test_an_archived_agent_answers_no_more_and_frees_its_numbers(agent: Agent, tenant: Tenant):
    number = factories.make_number(tenant, agent=agent)

    services.archive(tenant, agent.pk)
    services.archive(tenant, agent.pk)

    assert live(agent) is None
    with tenant_transaction(tenant):
        number.refresh_from_db()
    assert number.agent_id is None
    with pytest.raises(DomainError, match="does not exist any more"):
        services.publish(tenant, agent.pk)
