"""Numbers at which somebody else answers: closed for every campaign, until there is newer consent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.tenants.models import User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.answers import inbox
from campaigns.answers.inbox import What
from campaigns.calling.answering import Answer, press
from campaigns.facts import FactBook
from campaigns.jurisdictions import tables
from campaigns.models import Attempt, Campaign, Consent, Reply
from campaigns.people import optout
from campaigns.rules import may_call
from tests.campaigns.answers.test_inbox import EARLIER, ROSA, SID, fresh, listed
from tests.campaigns.line import asked
from tests.campaigns.rows import NOON, make_campaign, make_target

pytestmark = pytest.mark.django_db


def gate(campaign: Campaign) -> list[str]:
    """Why the gate lets nobody call Rosa for this campaign; empty where it does."""
    with tenant_transaction(campaign.tenant):
        facts = FactBook(campaign, [ROSA], NOON).of(ROSA)
        return [reason.code for reason in may_call(facts, NOON, tables()).reasons]


def test_a_number_of_somebody_else_is_called_by_no_campaign_any_more(reply: Reply, agent: Agent, ben: User) -> None:
    spring = make_campaign(agent, name="Spring recall")
    other = make_target(spring, ROSA)
    assert gate(spring) == []

    step = inbox.handle(reply.tenant, reply.pk, what=What.WRONG_PERSON, seen=0, by=ben, at=EARLIER)
    with tenant_transaction(reply.tenant):
        other.refresh_from_db()
        (consent,) = Consent.objects.filter(e164=ROSA)
    assert (other.status, other.disposition) == ("done", "wrong_person")
    assert consent.revoked_how.startswith("Somebody else answers there")
    assert gate(spring) == ["wrong_person", "consent_revoked"]

    inbox.undo(reply.tenant, reply.pk, step_id=step.pk, by=ben, at=EARLIER)
    with tenant_transaction(reply.tenant):
        other.refresh_from_db()
    assert (other.status, listed(reply.tenant), gate(spring)) == ("waiting", [], [])


def test_an_old_consent_that_is_imported_again_does_not_open_the_number_and_a_newer_one_does(
    campaign: Campaign, reply: Reply, ben: User
) -> None:
    inbox.handle(reply.tenant, reply.pk, what=What.WRONG_PERSON, seen=0, by=ben, at=EARLIER)
    with tenant_transaction(reply.tenant):
        Consent.objects.create(e164=ROSA, source="list of last year", given_at=EARLIER - timedelta(days=90))
        assert gate(campaign) == ["wrong_person"]
        Consent.objects.create(e164=ROSA, source="a new patient", given_at=EARLIER + timedelta(minutes=1))
    assert gate(campaign) == []


def test_whom_a_key_called_the_wrong_person_is_taken_for_the_right_one_again(agent: Agent, ben: User) -> None:
    campaign, attempt_id = asked(agent, keys={"7": "wrong_person"})
    with tenant_transaction(agent.tenant_id):
        Attempt.objects.filter(pk=attempt_id).update(carrier_sid=SID, asked_at=EARLIER)
    press(agent.tenant_id, attempt_id, SID, Answer(key="7"), EARLIER)
    with tenant_transaction(agent.tenant_id):
        reply = Reply.objects.get()
    assert [each.source for each in listed(agent.tenant)] == ["wrong"]

    step = inbox.handle(agent.tenant, reply.pk, what=What.RESCHEDULE, seen=0, by=ben, at=NOON)
    assert (listed(agent.tenant), gate(campaign)) == ([], [])

    inbox.undo(agent.tenant, reply.pk, step_id=step.pk, by=ben, at=NOON)
    assert gate(campaign) == ["wrong_person", "consent_revoked"]


def test_whoever_answers_there_and_wants_no_calls_is_listed_for_that(reply: Reply, ben: User) -> None:
    step = inbox.handle(reply.tenant, reply.pk, what=What.WRONG_PERSON, seen=0, by=ben)
    with tenant_transaction(reply.tenant):
        optout.opt_out(ROSA, "key", "Pressed 9.", now())

    assert [(each.source, each.evidence) for each in listed(reply.tenant)] == [("key", "Pressed 9.")]
    with pytest.raises(DomainError, match="asked again"):
        inbox.undo(reply.tenant, reply.pk, step_id=step.pk, by=ben)


def test_a_test_call_closes_no_number(reply: Reply, ben: User) -> None:
    with tenant_transaction(reply.tenant):
        Campaign.objects.update(is_test=True)

    inbox.handle(reply.tenant, reply.pk, what=What.WRONG_PERSON, seen=0, by=ben)

    assert (fresh(reply).disposition, listed(reply.tenant)) == ("wrong_person", [])
