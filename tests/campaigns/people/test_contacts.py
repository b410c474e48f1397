"""Opt-outs and consent."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.facts import FactBook
from campaigns.jurisdictions import tables
from campaigns.models import Consent, DoNotCall, Target
from campaigns.people import contacts
from campaigns.rules import may_call
from tests.campaigns.rows import LONG_AGO, NOON, make_campaign

pytestmark = pytest.mark.django_db
ROSA, ANA = "+12125550142", "+12125550143"


def reasons(agent: Agent, number: str = ROSA, purpose: str = "informational", at: datetime = NOON) -> list[str]:
    """Why the gate would not call the number now."""
    campaign = make_campaign(agent, purpose=purpose)
    with tenant_transaction(agent.tenant_id):
        facts = FactBook(campaign, [number], at).of(number)
    return [reason.code for reason in may_call(facts, at, tables()).reasons]


def agree(tenant: Tenant, number: str = ROSA, given_at: datetime = LONG_AGO, source: str = "patient form") -> Consent:
    with tenant_transaction(tenant):
        return contacts.give_consent(number, tier="express", source=source, given_at=given_at)


# Opt-outs


def test_an_opt_out_counts_at_once_in_every_campaign(tenant: Tenant, agent: Agent) -> None:
    recall, billing = make_campaign(agent, ROSA, ANA), make_campaign(agent, ROSA)

    with tenant_transaction(tenant):
        contacts.opt_out(ROSA, DoNotCall.Source.VOICE, "“please stop calling”")

    with tenant_transaction(tenant):
        waiting = Target.objects.filter(status=Target.Status.WAITING)
        stopped = Target.objects.filter(disposition="opted_out")
        assert [str(each.e164) for each in waiting] == [ANA]
        assert {each.campaign_id for each in stopped} == {recall.pk, billing.pk}
    assert "do_not_call" in reasons(agent)


def test_an_opt_out_is_of_one_business(tenant: Tenant, agent: Agent, other_agent: Agent) -> None:
    make_campaign(other_agent, ROSA)

    with tenant_transaction(tenant):
        contacts.opt_out(ROSA, "key", "9")

    assert reasons(other_agent) == []


def test_telling_it_twice_keeps_the_first(tenant: Tenant, owner: User) -> None:
    with tenant_transaction(tenant):
        first = contacts.opt_out(ROSA, "sms", "STOP")
        second = contacts.opt_out(ROSA, "admin", "called the desk", by=owner)

        assert first == second
        assert DoNotCall.objects.get().evidence == "STOP"


def test_it_withdraws_consent_and_only_newer_consent_lifts_it(tenant: Tenant, agent: Agent) -> None:
    agree(tenant)
    with tenant_transaction(tenant):
        entry = contacts.opt_out(ROSA, "key", "9")
        DoNotCall.objects.update(since=now() - timedelta(days=2))
    old = agree(tenant, given_at=now() - timedelta(days=3), source="found in a drawer")

    assert "do_not_call" in reasons(agent)

    agree(tenant, given_at=now() - timedelta(days=1), source="asked at the desk")
    with tenant_transaction(tenant):
        entry.refresh_from_db()
        assert entry.lifted_why == "Newer consent: asked at the desk"
        assert Consent.objects.get(source="patient form").revoked_at is not None
        assert Consent.objects.get(pk=old.pk).revoked_at is None
    assert "do_not_call" not in reasons(agent)


def test_an_opt_out_after_that_is_a_new_one(tenant: Tenant, agent: Agent) -> None:
    with tenant_transaction(tenant):
        contacts.opt_out(ROSA, "key", "9")
        DoNotCall.objects.update(since=now() - timedelta(days=2))
    agree(tenant, given_at=now() - timedelta(days=1))
    with tenant_transaction(tenant):
        contacts.opt_out(ROSA, "voice", "stop")

        assert [each.lifted_at is None for each in DoNotCall.objects.order_by("since")] == [False, True]
    assert "do_not_call" in reasons(agent)


def test_taking_a_number_off_wants_a_reason_and_leaves_consent_withdrawn(tenant: Tenant, agent: Agent) -> None:
    agree(tenant)
    with tenant_transaction(tenant):
        entry = contacts.opt_out(ROSA, "admin", "typo")
        with pytest.raises(DomainError):
            contacts.lift(entry.pk, why=" ")
        contacts.lift(entry.pk, why="Wrong number entered.")
        contacts.lift(entry.pk, why="Again.")

        assert DoNotCall.objects.get().lifted_why == "Wrong number entered."
    assert reasons(agent, at=now())[0] == "consent_revoked"


# Consent


def test_the_same_consent_is_recorded_once(tenant: Tenant) -> None:
    assert agree(tenant) == agree(tenant)


def test_consent_of_tomorrow_is_refused(tenant: Tenant) -> None:
    with pytest.raises(DomainError, match="still to come"):
        agree(tenant, given_at=now() + timedelta(days=1))


def test_withdrawing_counts_at_once_and_the_first_time_stays(tenant: Tenant, agent: Agent) -> None:
    consent = agree(tenant)
    with tenant_transaction(tenant):
        contacts.revoke_consent(consent.pk, how="by mail")
        contacts.revoke_consent(consent.pk, how="by phone")

        assert Consent.objects.get().revoked_how == "by mail"
    assert "consent_revoked" in reasons(agent, at=now() + timedelta(seconds=1))
