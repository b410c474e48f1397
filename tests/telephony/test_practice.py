"""Opening a call from an agent's page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from agentos.draining import drain
from agentos.tenants.models import User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.models import Call
from telephony.tokens import read
from tests import factories
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(sign_in: SignIn, member: User) -> Client:
    return sign_in(member)


def open_call(browser: Client, agent: Agent, **asked: str) -> HttpResponse:
    return browser.post(reverse("practice:call", args=["juniper-dental", agent.pk]), asked)


def refusal(response: HttpResponse) -> dict[str, Any]:
    assert response.status_code == 409
    refused: dict[str, Any] = response.json()
    return refused


def calls_of(agent: Agent) -> list[Call]:
    with tenant_transaction(agent.tenant_id):
        return list(Call.objects.select_related("version"))


def test_a_call_to_the_draft_is_opened_with_a_token_for_its_socket(browser: Client, agent: Agent) -> None:
    opened = open_call(browser, agent, version="draft").json()

    [call] = calls_of(agent)
    claims = read(opened["token"])
    assert opened["call_id"] == str(call.pk)
    assert opened["socket_url"] == f"/t/juniper-dental/agents/{agent.pk}/phone"
    assert opened["call_url"] == f"/t/juniper-dental/calls/{call.pk}/"
    assert (claims.call_id, claims.agent_id, claims.tenant_id) == (call.pk, agent.pk, agent.tenant_id)
    assert (claims.segment, claims.carrier_sid) == (1, str(call.pk))
    assert call.version.is_draft
    assert (call.channel, call.direction, call.status) == ("browser", "inbound", "ringing")


def test_what_is_live_can_be_called_as_well(browser: Client, agent: Agent) -> None:
    open_call(browser, agent, version="live")

    [call] = calls_of(agent)
    assert call.version_id == agent.published_id


def test_two_calls_are_two_calls(browser: Client, agent: Agent) -> None:
    ids = {UUID(open_call(browser, agent).json()["call_id"]) for _ in range(2)}

    assert ids == {call.pk for call in calls_of(agent)}


def test_nothing_live_cannot_be_called(browser: Client, agent: Agent) -> None:
    unpublished = factories.make_agent(agent.tenant, "Reminders", published=False)

    assert refusal(open_call(browser, unpublished, version="live"))["code"] == "unpublished"


def test_a_draft_that_is_not_finished_says_what_is_missing(browser: Client, agent: Agent) -> None:
    with tenant_transaction(agent.tenant_id):
        agent.versions.filter(number=None).update(llm_provider="openai", llm_model="gpt-4.1-mini", prompt="")

    refused = refusal(open_call(browser, agent))

    assert refused["code"] == "not_ready"
    assert refused["message"].startswith("The draft cannot be called yet. ")
    assert len(refused["message"]) > len("The draft cannot be called yet. ")
    assert calls_of(agent) == []


def test_a_full_house_says_so(browser: Client, agent: Agent) -> None:
    agent.tenant.max_concurrent_calls = 1
    agent.tenant.save()
    open_call(browser, agent)

    assert refusal(open_call(browser, agent)) == {"code": "busy", "message": "All lines are busy at the moment."}


def test_a_process_that_is_about_to_end_takes_no_call(
    browser: Client, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "begun", True)

    assert refusal(open_call(browser, agent))["code"] == "draining"


def test_an_unknown_version_is_not_there(browser: Client, agent: Agent) -> None:
    assert open_call(browser, agent, version="3").status_code == 404


def test_an_agent_that_was_put_away_cannot_be_called(browser: Client, agent: Agent) -> None:
    with tenant_transaction(agent.tenant_id):
        Agent.objects.filter(pk=agent.pk).update(archived_at=agent.created_at)

    assert open_call(browser, agent).status_code == 404


def test_a_viewer_may_not_call(sign_in: SignIn, viewer: User, agent: Agent) -> None:
    assert open_call(sign_in(viewer), agent).status_code == 403
    assert calls_of(agent) == []


def test_in_a_suspended_business_nobody_may_call(browser: Client, agent: Agent) -> None:
    factories.suspend(agent.tenant)

    assert open_call(browser, agent).status_code == 403


def test_the_agent_of_another_business_is_not_there(browser: Client, agent: Agent, other_agent: Agent) -> None:
    assert open_call(browser, other_agent).status_code == 404


def test_asking_alone_opens_nothing(browser: Client, agent: Agent) -> None:
    response = browser.get(reverse("practice:call", args=["juniper-dental", agent.pk]))

    assert response.status_code == 405
    assert calls_of(agent) == []


# The dock


def dock(browser: Client, agent: Agent) -> str:
    page = browser.get(reverse("agents:edit", args=["juniper-dental", agent.pk])).content.decode()
    return page[page.index('id="test-call"') :]


def test_the_dock_offers_to_call_the_draft_or_what_is_live(browser: Client, agent: Agent) -> None:
    shown = dock(browser, agent)

    assert f'data-open="/t/juniper-dental/agents/{agent.pk}/practice-call"' in shown
    assert 'data-version="live" aria-pressed="false">Version 1</button>' in shown


def test_an_agent_without_a_version_offers_its_draft(browser: Client, agent: Agent) -> None:
    shown = dock(browser, factories.make_agent(agent.tenant, "Reminders", published=False))

    assert "The draft answers." in shown
    assert "data-version" not in shown


def test_a_viewer_is_told_why_there_is_no_telephone(sign_in: SignIn, viewer: User, agent: Agent) -> None:
    shown = dock(sign_in(viewer), agent)

    assert "Your role may not make test calls." in shown
    assert "data-call" not in shown
