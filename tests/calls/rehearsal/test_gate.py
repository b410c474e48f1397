"""Rehearsals come before publishing: what did not pass waits for somebody who takes it upon them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from agentos.tenants.keys import create_key
from agentos.tenants.models import LogEntry, Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents import services
from agents.models import Agent
from agents.services import NotRehearsed, choose_rehearsing, draft_of, publish, save_draft
from calls.models import Rehearsal, RehearsalRun
from calls.rehearsal import gate, running
from tests.agents.pages import HTMX, at, text
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db(transaction=True)
HOURS = {"lines": ["what are your opening hours"], "says": ["Monday to Friday"]}


@pytest.fixture
def changed(agent: Agent, tenant: Tenant) -> Agent:
    """Its draft is not what callers hear."""
    save_draft(tenant, agent.pk, changes={"farewell": "So long."})
    return agent


def rehearsal(agent: Agent, name: str = "Dora", **fields: Any) -> None:
    with tenant_transaction(agent.tenant_id):
        Rehearsal.objects.create(agent=agent, name=name, **(HOURS | fields))


def play(agent: Agent) -> None:
    with tenant_transaction(agent.tenant_id):
        gate.begin(draft_of(agent))
        runs = list(RehearsalRun.objects.filter(state="running"))
    for run in runs:
        running.rehearse(agent.tenant_id, run.pk)


def test_a_draft_goes_live_once_its_rehearsals_have_passed(changed: Agent, tenant: Tenant):
    rehearsal(changed)
    with pytest.raises(NotRehearsed, match="not been played yet: Dora"):
        publish(tenant, changed.pk)

    play(changed)

    assert publish(tenant, changed.pk).number == 2


def test_what_passed_with_another_draft_does_not_count(changed: Agent, tenant: Tenant):
    rehearsal(changed)
    play(changed)
    save_draft(tenant, changed.pk, changes={"farewell": "Until next time."})

    with pytest.raises(NotRehearsed):
        publish(tenant, changed.pk)


def test_one_that_is_not_for_publishing_is_not_asked(changed: Agent, tenant: Tenant):
    rehearsal(changed, before_publishing=False)

    assert publish(tenant, changed.pk).number == 2


def test_going_past_a_failed_one_is_recorded(changed: Agent, tenant: Tenant):
    rehearsal(changed, says=["Never on a Sunday"])
    play(changed)
    with pytest.raises(NotRehearsed, match="not passed: Dora"):
        publish(tenant, changed.pk)

    assert publish(tenant, changed.pk, anyway=True).number == 2
    with tenant_transaction(tenant):
        assert LogEntry.objects.get(what="agent.published_anyway").details["failed"] == ["Dora"]


def test_nobody_goes_past_what_is_required(changed: Agent, tenant: Tenant):
    rehearsal(changed, says=["Never on a Sunday"])
    choose_rehearsing(tenant, changed.pk, "required")
    play(changed)

    with pytest.raises(NotRehearsed):
        publish(tenant, changed.pk, anyway=True)
    choose_rehearsing(tenant, changed.pk, "off")
    assert publish(tenant, changed.pk).number == 2


# The page


@pytest.fixture
def browser(sign_in: SignIn, owner: User) -> Client:
    return sign_in(owner)


def test_publishing_waits_for_rehearsals_and_goes_on_by_itself(browser: Client, changed: Agent):
    rehearsal(changed)

    assert "Rehearse and publish" in text(browser.get(at("publish", changed)))
    waiting = browser.post(at("publish", changed), {"note": "Shorter"})
    assert b'hx-trigger="load delay:1500ms"' in waiting.content
    assert "Simulated callers talk with the draft" in text(waiting)
    play(changed)
    done = browser.post(at("publish", changed), {"note": "Shorter"}, **HTMX)

    assert done["HX-Redirect"] == at("edit", changed)
    with tenant_transaction(changed.tenant_id):
        assert changed.versions.get(number=2).note == "Shorter"


def test_whoever_waits_in_vain_is_told_and_need_not_wait_where_it_is_advice(browser: Client, changed: Agent):
    rehearsal(changed)
    browser.post(at("publish", changed), {})
    with tenant_transaction(changed.tenant_id):
        RehearsalRun.objects.update(created_at=now() - timedelta(minutes=1))
        assert gate.standing(draft_of(changed)).late == ("Dora",)

    waiting = text(browser.post(at("publish", changed), {}))
    assert "This takes longer than it should." in waiting
    assert "Publish without waiting" in waiting

    choose_rehearsing(changed.tenant, changed.pk, "required")
    assert "nothing is published before they have passed" in text(browser.post(at("publish", changed), {}))


def test_two_who_publish_at_once_play_each_rehearsal_once(changed: Agent):
    rehearsal(changed)

    def press(_: int) -> None:
        try:
            with tenant_transaction(changed.tenant_id):
                gate.begin(draft_of(changed))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as people:
        list(people.map(press, range(2)))

    with tenant_transaction(changed.tenant_id):
        assert RehearsalRun.objects.count() == 1


def test_a_failed_rehearsal_is_shown_and_must_be_acknowledged(browser: Client, changed: Agent, owner: User):
    rehearsal(changed, says=["Never on a Sunday"])
    play(changed)

    refused = browser.post(at("publish", changed), {})
    assert refused.status_code == 422
    assert "Publish anyway" in text(refused)
    browser.post(at("publish", changed), {"anyway": "yes"})

    with tenant_transaction(changed.tenant_id):
        assert LogEntry.objects.get(what="agent.published_anyway").who == str(owner)


def test_only_those_who_publish_choose_what_stands_before_it(sign_in: SignIn, agent: Agent, member: User, owner: User):
    index, choice = reverse("rehearsals:index", args=["juniper-dental", agent.pk]), {"action": "rehearsing"}

    assert sign_in(member).post(index, choice | {"rehearsing": "off"}).status_code == 403
    sign_in(owner).post(index, choice | {"rehearsing": "required"})

    with tenant_transaction(agent.tenant_id):
        assert Agent.objects.get(pk=agent.pk).rehearsing == "required"


# Programs


def test_a_program_meets_the_same_gate(client: Client, changed: Agent, tenant: Tenant, owner: User):
    rehearsal(changed, says=["Never on a Sunday"])
    _, secret = create_key(tenant, name="Deploy", scopes=["publish_agents"], by=owner)

    def ask(**body: str) -> Any:
        address = f"/api/v1/agents/{changed.pk}/publish"
        return client.post(
            address, body, content_type="application/json", headers={"Authorization": f"Bearer {secret}"}
        )

    begun = ask().json()
    assert (begun["code"], begun["rehearsals"]["running"]) == ("not_played", ["Dora"])
    play(changed)
    failed = ask()
    assert (failed.status_code, failed["Content-Type"]) == (409, "application/problem+json")
    assert (failed.json()["code"], failed.json()["rehearsals"]["failed"]) == ("not_passed", ["Dora"])
    assert ask(anyway="yes").json() == {"agent": str(changed.pk), "version": 2, "note": ""}


def test_a_draft_with_problems_is_refused_before_anything_is_played(client: Client, agent: Agent, tenant: Tenant):
    rehearsal(agent)
    save_draft(tenant, agent.pk, changes={"greeting": ""})

    with pytest.raises(services.NotPublishable):
        publish(tenant, agent.pk)
