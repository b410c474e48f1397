"""What stands between a draft and its callers."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from agentos.tenants.scoping import tenant_transaction
from agents.checklist import Check, State, advice, checklist, seconds_spoken
from agents.models import Agent, AgentVersion
from tests import factories

pytestmark = pytest.mark.django_db


def advised(agent: Agent, **fields: Any) -> list[str]:
    version = factories.make_version(agent, number=50, **fields)
    with tenant_transaction(agent.tenant_id):
        return [check.text for check in advice(version)]


def listed(version: AgentVersion, *, numbers: int = 1, tried: bool = True) -> list[Check]:
    with tenant_transaction(version.tenant_id):
        return checklist(version, numbers=numbers, tried=tried)


def test_a_plain_agent_needs_no_advice(agent: Agent):
    assert advised(agent) == []


def test_a_name_without_a_value_is_pointed_out_where_it_stands(agent: Agent):
    assert advised(agent, farewell="Goodbye, {{caller_name}}.", greeting="Hello from {{business_name}}.") == [
        "{{caller_name}} has no value"
    ]
    assert advised(factories.make_agent(agent.tenant, "A"), silence_prompts=["Hi.", "Still there, {{who}}?"]) == [
        "{{who}} has no value"
    ]
    assert advised(factories.make_agent(agent.tenant, "B"), variables={"x": "1"}, prompt="{{x}}") == []


def test_a_provider_without_a_key_is_offered_but_says_so(agent: Agent, settings: Settings):
    chosen = {"stt_provider": "deepgram", "stt_model": "nova-3"}
    settings.VENDORS = {"deepgram": {"api_key": "", "base_url": ""}}
    assert advised(agent, **chosen) == ["This server has no key for Deepgram"]

    settings.VENDORS = {"deepgram": {"api_key": "k", "base_url": ""}}
    assert advised(factories.make_agent(agent.tenant, "Other"), **chosen) == []


def test_a_second_choice_that_is_the_first_again_is_pointed_out(agent: Agent):
    again = {"second_llm_provider": "offline", "second_llm_model": "offline"}

    assert advised(agent, **again) == ["The second choice is the first one again"]


def test_a_greeting_that_callers_would_talk_over_is_pointed_out(agent: Agent):
    assert seconds_spoken("word " * 52) == 20
    assert advised(agent, greeting="word " * 52) == ["The first words take 20 seconds"]


def test_the_list_says_what_is_done_what_to_look_at_and_what_is_open(agent: Agent):
    version = factories.make_version(
        agent, number=51, greeting="This is an automated assistant for {{clinic}}.", recording=True
    )

    lines = [(check.state, check.text) for check in listed(version, numbers=0, tried=False)]

    assert lines == [
        (State.DONE, "Everything that is needed is there"),
        (State.DONE, "The first words say that the agent is automated"),
        (State.DONE, "Callers are told that they are recorded"),
        (State.LOOK, "{{clinic}} has no value"),
        (State.OPEN, "Offline providers take part"),
        (State.OPEN, "No number leads to this agent yet"),
        (State.OPEN, "Try one test call with this draft"),
    ]


def test_what_must_be_fixed_leads_to_its_section(agent: Agent):
    version = factories.make_version(agent, number=52, greeting="", timezone="Mars/Olympus")

    wrong = [check for check in listed(version) if check.state is State.FIX]

    assert {(check.field, check.section) for check in wrong} == {("greeting", "prompt"), ("timezone", "behavior")}
    assert State.DONE not in [check.state for check in listed(version)]
