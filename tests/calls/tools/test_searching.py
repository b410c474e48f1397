"""An agent asks for what the business has written, in its own words."""

from __future__ import annotations

import pytest

from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.knowledge import services
from agents.models import Agent
from calls.tools.searching import NOTHING, looks_up_each_turn
from tests import factories
from tests.calls.tools.asking import use

pytestmark = pytest.mark.django_db


def test_what_is_found_is_told_and_named(tenant: Tenant, agent: Agent, owner: User) -> None:
    with tenant_transaction(tenant):
        services.write_answer(
            question="Where can I park?", answer="Behind the house.", agent_id=None, language="en-US", by=owner
        )
    call = factories.make_call(agent)

    found = use(call, "search_knowledge", question="where can one park a car")
    nothing = use(call, "search_knowledge", question="do you sell bicycles")

    assert found.content.endswith("[Where can I park?]\nBehind the house.")
    assert [each["title"] for each in found.recalled or ()] == ["Where can I park?"]
    assert (nothing.content, nothing.recalled) == (NOTHING, ())


def test_an_agent_that_may_ask_is_given_nothing_unasked_unless_it_is_wanted() -> None:
    tool = {"name": "search_knowledge", "settings": {}}

    assert looks_up_each_turn([])
    assert not looks_up_each_turn([tool])
    assert looks_up_each_turn([tool | {"settings": {"when": "each_turn"}}])
