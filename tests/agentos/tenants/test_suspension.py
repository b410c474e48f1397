"""An operator suspends a business and lets it go on, by command."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from agentos.tenants.log import entries_about
from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db


def told(verb: str, slug: str) -> str:
    out = StringIO()
    call_command("tenant", verb, slug, stdout=out)
    return out.getvalue().strip()


def test_a_business_is_suspended_and_resumed_and_doing_it_twice_changes_nothing(tenant: Tenant) -> None:
    assert told("suspend", tenant.slug) == "Juniper Dental is suspended now."
    tenant.refresh_from_db()
    since = tenant.suspended_at
    assert since is not None

    assert told("suspend", tenant.slug) == "Juniper Dental is suspended, as before."
    tenant.refresh_from_db()
    assert tenant.suspended_at == since

    assert told("resume", tenant.slug) == "Juniper Dental is not suspended now."
    assert told("resume", tenant.slug) == "Juniper Dental is not suspended, as before."
    tenant.refresh_from_db()
    assert not tenant.is_suspended


def test_the_log_of_the_business_tells_of_it(tenant: Tenant) -> None:
    told("suspend", tenant.slug)
    told("resume", tenant.slug)

    with tenant_transaction(tenant):
        told_of = [(entry.who, entry.what) for entry in entries_about(f"tenant:{tenant.pk}")]
    assert sorted(told_of) == [("AgentOS", "tenant.resumed"), ("AgentOS", "tenant.suspended")]


def test_its_neighbour_goes_on(tenant: Tenant, other_tenant: Tenant) -> None:
    told("suspend", tenant.slug)

    other_tenant.refresh_from_db()
    assert not other_tenant.is_suspended


def test_who_is_signed_in_reads_on_and_is_told_why_nothing_can_be_changed(
    agent: Agent, owner: User, sign_in: SignIn
) -> None:
    told("suspend", agent.tenant.slug)
    browser: Client = sign_in(owner)
    home = f"/t/{agent.tenant.slug}/agents/"

    page = browser.get(home)
    refused = browser.post(f"{home}{agent.pk}/archive/")

    assert page.status_code == 200
    assert "<b>Juniper Dental is suspended.</b>" in page.content.decode()
    assert refused.status_code == 403
    assert "Nothing can be changed until the suspension ends." in refused.content.decode()


def test_an_unknown_business_is_said_to_be_unknown() -> None:
    with pytest.raises(CommandError, match="no business at /t/nowhere/"):
        told("suspend", "nowhere")
