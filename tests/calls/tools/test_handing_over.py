"""A caller is passed on from one agent to another: the same call, other instructions, and never round in circles."""

from __future__ import annotations

import pytest

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent, AgentVersion
from agents.own_tools import on_offer, own_tools
from agents.versions import VersionSpec
from calls.conversation.history import Exchange
from calls.models import Call, CallEvent, Turn
from calls.resumption import load_earlier
from calls.taking_over import within_limits_of
from calls.tools.handing_over import ENOUGH, IN_BROWSER, MOST, NOT_THERE
from tests import factories
from tests.calls.tools.asking import use

pytestmark = pytest.mark.django_db


@pytest.fixture
def billing(tenant: Tenant) -> Agent:
    return factories.make_agent(tenant, "Billing", prompt="You explain bills.", redaction=["card"], max_duration_s=7200)


@pytest.fixture
def call(agent: Agent) -> Call:
    return factories.make_call(agent)


def settings(agent: Agent) -> dict[str, str]:
    return {"to_1": str(agent.pk), "for_1": "questions about bills"}


def test_the_call_goes_on_with_the_agent_that_was_chosen(call: Call, billing: Agent) -> None:
    outcome = use(call, "hand_over_to", settings=settings(billing), to="Billing", reason="A bill")

    assert (outcome.ok, outcome.then) == (True, "hand_over")
    assert outcome.target == {"to": "Billing", "version_id": billing.published_id}


def test_the_model_is_told_whom_there_is_and_for_what(tenant: Tenant, billing: Agent) -> None:
    with tenant_transaction(tenant):
        tool = own_tools([{"name": "hand_over_to", "settings": settings(billing)}])["hand_over_to"]
        offered = on_offer()["hand_over_to"]

    assert tool.description.endswith("There are: Billing: questions about bills.")
    assert tool.parameters["properties"]["to"]["enum"] == ["Billing"]
    assert (str(billing.pk), "Billing") in offered.settings[0].choices


@pytest.mark.parametrize("way", ["archived", "unpublished", "not chosen", "itself"])
def test_whoever_is_not_there_is_refused_in_words(call: Call, agent: Agent, billing: Agent, way: str) -> None:
    with tenant_transaction(billing.tenant_id):
        if way == "archived":
            Agent.objects.filter(pk=billing.pk).update(archived_at=call.created_at)
        if way == "unpublished":
            Agent.objects.filter(pk=billing.pk).update(published=None)
    chosen = {"not chosen": {}, "itself": settings(agent)}.get(way, settings(billing))

    outcome = use(
        call, "hand_over_to", settings=chosen, to=agent.name if way == "itself" else "Billing", reason="A bill"
    )

    assert (outcome.ok, outcome.content) == (False, NOT_THERE)


def test_after_three_times_whoever_has_the_caller_keeps_them(call: Call, billing: Agent) -> None:
    with tenant_transaction(call.tenant_id):
        for n in range(MOST):
            call.tool_runs.create(key=f"hand_over_to:{n}", turn=n, name="hand_over_to", state="done")

    outcome = use(call, "hand_over_to", settings=settings(billing), to="Billing", reason="A bill")

    assert (outcome.ok, outcome.content) == (False, ENOUGH)


def test_nobody_is_passed_on_without_a_reason_or_in_the_browser(agent: Agent, call: Call, billing: Agent) -> None:
    in_browsers = [factories.make_call(agent, channel=channel) for channel in ("browser", "web")]

    assert not use(call, "hand_over_to", settings=settings(billing), to="Billing", reason=" ").ok
    for in_browser in in_browsers:
        told = use(in_browser, "hand_over_to", settings=settings(billing), to="Billing", reason="A bill")
        assert told.content == IN_BROWSER


def test_who_takes_over_knows_what_was_said_and_begins_within_the_limits_of_the_call(
    agent: Agent, call: Call, billing: Agent
) -> None:
    factories.make_turn(call, "Robin here.", speaker=Turn.Speaker.AGENT)
    factories.make_turn(call, "I have a question about my bill.")
    passed_on(call, billing, at_ms=9000)

    _, answerer, earlier = load_earlier(agent.tenant_id, agent.pk, call.pk, use_database=True)

    assert (answerer.spec.agent_name, answerer.spec.prompt) == ("Billing", "You explain bills.")
    assert (answerer.spec.max_duration_s, answerer.spec.redaction) == (900, ["card"])
    assert (earlier.passed_to, earlier.agent_id, earlier.takes_over) == ("Billing", billing.pk, True)
    *said, note = earlier.said
    assert said == [("assistant", "Robin here."), ("user", "I have a question about my bill.")]
    assert isinstance(note, Exchange)
    assert "passed on to you, Billing" in (note.result or "")


def test_a_line_that_is_lost_later_goes_on_with_who_took_over(agent: Agent, call: Call, billing: Agent) -> None:
    passed_on(call, billing, at_ms=9000)
    factories.make_turn(call, "This is Billing.", speaker=Turn.Speaker.AGENT, started_ms=9500, ended_ms=11_000)

    _, answerer, earlier = load_earlier(agent.tenant_id, agent.pk, call.pk, use_database=True)

    assert answerer.spec.agent_name == earlier.passed_to == "Billing"
    assert not earlier.takes_over
    assert earlier.said == (("assistant", "This is Billing."),)


def test_what_one_of_them_leaves_out_is_left_out(agent: Agent, billing: Agent) -> None:
    first, second = (spec_of(each) for each in (agent, billing))

    assert within_limits_of(second, first).redaction == within_limits_of(first, second).redaction == ["card"]


def spec_of(agent: Agent) -> VersionSpec:
    with tenant_transaction(agent.tenant_id):
        return VersionSpec.of(AgentVersion.objects.select_related("agent").get(pk=agent.published_id))


def passed_on(call: Call, to: Agent, at_ms: int) -> None:
    data = {"to": to.name, "version_id": to.published_id}
    with tenant_transaction(call.tenant_id):
        CallEvent.objects.create(call=call, segment=1, sequence=1, kind="handed_over", at_ms=at_ms, data=data)
