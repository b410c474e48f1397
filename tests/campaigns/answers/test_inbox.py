"""Working through replies: what a step does, who was faster, and what undo brings back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connections
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.tenants.models import Role, Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.answers import inbox
from campaigns.answers.inbox import What
from campaigns.models import Campaign, Consent, DoNotCall, Reply, Target
from campaigns.people import optout
from tests import factories
from tests.campaigns.rows import NIGHT, NOON, claim_due, make_campaign, make_target

ROSA, SID = "+12125550128", "CA00000000000000000000000000000001"
EARLIER = NOON - timedelta(hours=1)

pytestmark = pytest.mark.django_db


def fresh(reply: Reply) -> Reply:
    with tenant_transaction(reply.tenant):
        return Reply.objects.select_related("target", "tenant", "assigned_to", "handled_by").get(pk=reply.pk)


def everything(tenant: Tenant) -> list[object]:
    """Each reply, person and consent as it stands, without the version that only grows."""
    with tenant_transaction(tenant):
        replies = Reply.objects.order_by("pk").values()
        rows = [{name: value for name, value in each.items() if name != "version"} for each in replies]
        return [*rows, *Target.objects.order_by("pk").values(), *Consent.objects.order_by("pk").values()]


def listed(tenant: Tenant, number: str = ROSA) -> list[DoNotCall]:
    with tenant_transaction(tenant):
        return list(DoNotCall.objects.filter(e164=number, lifted_at=None))


# Steps


@pytest.mark.parametrize("what", [What.CONFIRM, What.RESCHEDULE, What.CANCEL, What.WRONG_PERSON])
def test_what_somebody_understands_settles_the_reply_and_the_person(reply: Reply, ben: User, what: What) -> None:
    inbox.handle(reply.tenant, reply.pk, what=what, seen=0, by=ben)

    after = fresh(reply)
    assert (after.status, after.disposition, after.handled_by) == ("handled", what, ben)
    assert (after.target.status, after.target.disposition) == ("done", what)


def test_handled_in_another_way_leaves_the_person_as_they_were(reply: Reply, ben: User) -> None:
    inbox.handle(reply.tenant, reply.pk, what=What.OTHER, seen=0, by=ben)

    assert (fresh(reply).disposition, fresh(reply).target.disposition) == ("other", "spoken")


def test_a_person_who_waits_for_another_attempt_is_not_called_once_the_answer_is_clear(reply: Reply, ben: User) -> None:
    with tenant_transaction(reply.tenant):
        Target.objects.filter(pk=reply.target_id).update(status="waiting", due_at=NOON)

    inbox.handle(reply.tenant, reply.pk, what=What.CONFIRM, seen=0, by=ben)

    with tenant_transaction(reply.tenant):
        assert claim_due(reply.target.campaign_id, NOON).attempts == ()


def test_who_asked_to_stop_is_never_settled_as_anything_else(reply: Reply, ben: User) -> None:
    with tenant_transaction(reply.tenant):
        Target.objects.filter(pk=reply.target_id).update(disposition="opted_out")

    inbox.handle(reply.tenant, reply.pk, what=What.CONFIRM, seen=0, by=ben)

    assert fresh(reply).target.disposition == "opted_out"


def test_the_second_of_two_people_is_told_who_was_faster(reply: Reply, ben: User, owner: User) -> None:
    inbox.handle(reply.tenant, reply.pk, what=What.CONFIRM, seen=0, by=owner)

    with pytest.raises(inbox.Stale, match="Priya Nair was faster: Confirmed"):
        inbox.handle(reply.tenant, reply.pk, what=What.CANCEL, seen=0, by=ben)

    assert (fresh(reply).disposition, fresh(reply).handled_by) == ("confirmed", owner)


def test_what_is_handled_is_handled_once(reply: Reply, ben: User) -> None:
    inbox.handle(reply.tenant, reply.pk, what=What.CONFIRM, seen=0, by=ben)

    with pytest.raises(inbox.Stale):
        inbox.handle(reply.tenant, reply.pk, what=What.CANCEL, seen=1, by=ben)

    assert fresh(reply).disposition == "confirmed"


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_act_in_the_same_moment_one_is_told(reply: Reply, ben: User, owner: User) -> None:
    together = Barrier(2)

    def act(by: User, what: What) -> str:
        try:
            together.wait(5)
            inbox.handle(reply.tenant, reply.pk, what=what, seen=0, by=by)
        except inbox.Stale as stale:
            return stale.code
        finally:
            connections.close_all()
        return what

    with ThreadPoolExecutor(2) as people:
        ended = [people.submit(act, ben, What.CONFIRM), people.submit(act, owner, What.CALL_AGAIN)]
        results = {each.result(10) for each in ended}

    assert len(results - {"stale"}) == 1
    assert results == {"stale", fresh(reply).disposition}


def test_a_reply_is_given_to_a_colleague_and_only_to_one(reply: Reply, ben: User, owner: User) -> None:
    viewer = factories.make_member(reply.tenant, Role.VIEWER)
    stranger = factories.make_user()

    inbox.assign(reply.tenant, reply.pk, to=ben, seen=0, by=owner)

    assert fresh(reply).assigned_to == ben
    for nobody in (viewer, stranger):
        with pytest.raises(DomainError, match="cannot handle"):
            inbox.assign(reply.tenant, reply.pk, to=nobody, seen=1, by=owner)


def test_what_is_open_again_can_be_decided_anew(reply: Reply, ben: User) -> None:
    inbox.handle(reply.tenant, reply.pk, what=What.CONFIRM, seen=0, by=ben)
    inbox.reopen(reply.tenant, reply.pk, seen=1, by=ben)

    inbox.handle(reply.tenant, reply.pk, what=What.CANCEL, seen=2, by=ben)

    assert fresh(reply).target.disposition == "canceled"


# Stop


def test_stop_counts_everywhere_and_names_who_understood_it(reply: Reply, agent: Agent, ben: User) -> None:
    other = make_target(make_campaign(agent, name="Spring recall"), ROSA)

    inbox.handle(reply.tenant, reply.pk, what=What.STOP, seen=0, by=ben)

    (entry,) = listed(reply.tenant)
    assert (entry.source, entry.created_by) == ("admin", ben)
    assert "Okay. Um, okay then." in entry.evidence
    with tenant_transaction(reply.tenant):
        assert Target.objects.get(pk=other.pk).disposition == "opted_out"
        assert not Consent.objects.filter(e164=ROSA, revoked_at=None).exists()
    assert fresh(reply).target.disposition == "opted_out"


# Undo


@pytest.mark.parametrize("what", [each for each in What if each not in (What.ASSIGN, What.NOTE, What.REOPEN)])
def test_undo_brings_back_exactly_what_was_before(reply: Reply, agent: Agent, ben: User, what: What) -> None:
    make_target(make_campaign(agent, name="Spring recall"), ROSA)
    before = everything(reply.tenant)
    step = inbox.handle(reply.tenant, reply.pk, what=what, seen=0, by=ben)
    assert everything(reply.tenant) != before

    inbox.undo(reply.tenant, reply.pk, step_id=step.pk, by=ben)

    assert everything(reply.tenant) == before
    assert listed(reply.tenant) == []


def test_undoing_a_stop_leaves_a_trace_of_both(reply: Reply, ben: User, owner: User) -> None:
    step = inbox.handle(reply.tenant, reply.pk, what=What.STOP, seen=0, by=ben)

    inbox.undo(reply.tenant, reply.pk, step_id=step.pk, by=owner)

    with tenant_transaction(reply.tenant):
        entry = DoNotCall.objects.get(e164=ROSA)
        kept = reply.steps.get()
    assert entry.lifted_at is not None
    assert "Priya Nair" in entry.lifted_why
    assert (kept.what, kept.by, kept.undone_by) == ("opted_out", ben, owner)


def test_undo_leaves_an_entry_that_was_there_before(reply: Reply, ben: User) -> None:
    with tenant_transaction(reply.tenant):
        optout.opt_out(ROSA, "key", "Pressed 9.", now())
    step = inbox.handle(reply.tenant, reply.pk, what=What.STOP, seen=0, by=ben)

    inbox.undo(reply.tenant, reply.pk, step_id=step.pk, by=ben)

    assert [entry.source for entry in listed(reply.tenant)] == ["key"]


def test_who_asks_again_stays_on_the_list_whatever_is_undone(reply: Reply, ben: User) -> None:
    step = inbox.handle(reply.tenant, reply.pk, what=What.STOP, seen=0, by=ben)
    with tenant_transaction(reply.tenant):
        optout.opt_out(ROSA, "sms", "STOP", now())

    with pytest.raises(DomainError, match="asked again"):
        inbox.undo(reply.tenant, reply.pk, step_id=step.pk, by=ben)

    assert len(listed(reply.tenant)) == 1
    assert fresh(reply).disposition == "opted_out"


def test_only_the_last_step_is_undone_once_and_within_a_day(reply: Reply, ben: User) -> None:
    first = inbox.note(reply.tenant, reply.pk, text="Prefers mornings.", seen=0, by=ben)
    second = inbox.handle(reply.tenant, reply.pk, what=What.CONFIRM, seen=1, by=ben)

    with pytest.raises(inbox.Stale):
        inbox.undo(reply.tenant, reply.pk, step_id=first.pk, by=ben)
    with pytest.raises(DomainError, match="within a day"):
        inbox.undo(reply.tenant, reply.pk, step_id=second.pk, by=ben, at=now() + timedelta(hours=25))
    inbox.undo(reply.tenant, reply.pk, step_id=second.pk, by=ben)
    with pytest.raises(inbox.Stale, match="took it back"):
        inbox.undo(reply.tenant, reply.pk, step_id=second.pk, by=ben)

    assert (fresh(reply).status, fresh(reply).note) == ("open", "Prefers mornings.")


def test_a_recording_that_arrives_before_an_undo_is_not_waited_for(reply: Reply, ben: User) -> None:
    with tenant_transaction(reply.tenant):
        Reply.objects.update(status="fetching")
    step = inbox.handle(reply.tenant, reply.pk, what=What.CONFIRM, seen=0, by=ben)
    with tenant_transaction(reply.tenant):
        Reply.objects.update(file="replies/1.sealed")

    inbox.undo(reply.tenant, reply.pk, step_id=step.pk, by=ben)

    assert fresh(reply).status == "open"


# Call again


def test_whoever_is_to_be_called_again_waits_for_a_lawful_time(reply: Reply, ben: User) -> None:
    inbox.handle(reply.tenant, reply.pk, what=What.CALL_AGAIN, seen=0, by=ben, at=NIGHT + timedelta(days=1))

    with tenant_transaction(reply.tenant):
        at_night = claim_due(reply.target.campaign_id, NIGHT + timedelta(days=1))
        at_noon = claim_due(reply.target.campaign_id, NOON + timedelta(days=1))
    assert (at_night.attempts, at_night.refused, len(at_noon.attempts)) == ((), 1, 1)


def test_a_campaign_that_is_done_runs_again_for_one_person(reply: Reply, ben: User) -> None:
    with tenant_transaction(reply.tenant):
        Campaign.objects.update(status="done", ended_at=NOON)

    inbox.handle(reply.tenant, reply.pk, what=What.CALL_AGAIN, seen=0, by=ben)

    with tenant_transaction(reply.tenant):
        assert Campaign.objects.get().status == "running"


@pytest.mark.parametrize(
    ("campaign_is", "person_is", "words"),
    [
        ({"status": "stopped"}, {}, "stopped"),
        ({"ends_at": NOON}, {}, "last day"),
        ({}, {"disposition": "opted_out"}, "asked not to be called"),
        ({}, {"status": "waiting"}, "about to be called"),
    ],
)
def test_some_cannot_be_called_again(
    reply: Reply, ben: User, campaign_is: dict[str, object], person_is: dict[str, object], words: str
) -> None:
    with tenant_transaction(reply.tenant):
        Campaign.objects.update(**campaign_is)  # type: ignore[arg-type]
        Target.objects.update(**{"due_at": NOON} | person_is)  # type: ignore[arg-type]

    with pytest.raises(DomainError, match=words):
        inbox.handle(reply.tenant, reply.pk, what=What.CALL_AGAIN, seen=0, by=ben, at=NOON + timedelta(days=1))

    assert fresh(reply).status == "open"


def test_a_call_that_was_made_cannot_be_undone(reply: Reply, ben: User) -> None:
    later = NOON + timedelta(days=1)
    step = inbox.handle(reply.tenant, reply.pk, what=What.CALL_AGAIN, seen=0, by=ben, at=later)
    with tenant_transaction(reply.tenant):
        claim_due(reply.target.campaign_id, later + timedelta(seconds=1))

    with pytest.raises(DomainError, match="called since"):
        inbox.undo(reply.tenant, reply.pk, step_id=step.pk, by=ben, at=later + timedelta(minutes=1))
