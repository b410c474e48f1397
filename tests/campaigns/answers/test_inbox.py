"""Working through replies: what a step does, who was faster, what undo brings back, and how answers get here."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from django.db import connections
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.tenants.models import Role, Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.answers import inbox
from campaigns.answers.inbox import What
from campaigns.answers.replies import read_conversation
from campaigns.calling.answering import NOBODY_SPOKE_WITH_THEM, Answer, handed_over, press
from campaigns.facts import FactBook
from campaigns.jurisdictions import tables
from campaigns.models import Attempt, Campaign, Consent, DoNotCall, Reply, Target
from campaigns.people import optout
from campaigns.rules import may_call
from tests import factories
from tests.campaigns.line import asked
from tests.campaigns.recorded import make_reply
from tests.campaigns.rows import NIGHT, NOON, claim_due, make_campaign, make_target

ROSA, SID = "+12125550128", "CA00000000000000000000000000000001"
EARLIER = NOON - timedelta(hours=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(agent: Agent) -> Campaign:
    return make_campaign(agent)


@pytest.fixture
def reply(campaign: Campaign) -> Reply:
    return make_reply(make_target(campaign, ROSA), transcript="Okay. Um, okay then.")


@pytest.fixture
def ben(tenant: Tenant) -> User:
    return factories.make_member(tenant, Role.MEMBER, name="Ben Ito")


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


# Somebody else answers


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


# How answers become work


def answered(agent: Agent, **campaign: object) -> UUID:
    """Somebody has picked up, and heard the message."""
    _, attempt_id = asked(agent, **campaign)
    with tenant_transaction(agent.tenant_id):
        Attempt.objects.filter(pk=attempt_id).update(carrier_sid=SID, state="answered", answered_at=NOON)
    return attempt_id


def work(agent: Agent) -> list[tuple[str, str, str, str]]:
    with tenant_transaction(agent.tenant_id):
        return [(each.status, each.proposed, each.proposed_by, each.because) for each in Reply.objects.all()]


@pytest.mark.parametrize(
    ("key", "left"), [("1", []), ("2", [("open", "rescheduled", "key", "2")]), ("9", []), ("", [])]
)
def test_a_key_that_somebody_has_to_act_upon_becomes_work(agent: Agent, key: str, left: list[tuple[str, ...]]) -> None:
    attempt_id = answered(agent)

    press(agent.tenant_id, attempt_id, SID, Answer(key), NOON)
    press(agent.tenant_id, attempt_id, SID, Answer(key), NOON)

    assert work(agent) == left


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Yes, that works for me.", []),
        ("Could we find another day?", [("open", "rescheduled", "rules", "another day")]),
        ("Maybe. My daughter has the book.", [("open", "", "", "")]),
    ],
)
def test_words_that_somebody_has_to_act_upon_become_work(agent: Agent, said: str, left: list[tuple[str, ...]]) -> None:
    press(agent.tenant_id, answered(agent), SID, Answer(said=said, heard=0.95), NOON)

    assert work(agent) == left


def test_a_conversation_in_which_another_day_is_wanted_becomes_work_and_its_last_words_count(agent: Agent) -> None:
    attempt_id = answered(agent, kind="agent")
    call = factories.make_call(agent, status="ended")
    factories.make_turn(call, "Hello, who is this?")
    factories.make_turn(call, "Can we find another day?")
    with tenant_transaction(agent.tenant_id):
        Attempt.objects.filter(pk=attempt_id).update(call=call)
    read_conversation(agent.tenant_id, attempt_id, NOON)
    factories.make_turn(call, "Actually, just cancel it.")

    read_conversation(agent.tenant_id, attempt_id, NOON)

    assert work(agent) == [("open", "canceled", "rules", "cancel")]


def test_a_conversation_about_nothing_is_no_work(agent: Agent) -> None:
    attempt_id = answered(agent, kind="agent")
    call = factories.make_call(agent, status="ended")
    factories.make_turn(call, "Yes, see you then.")
    with tenant_transaction(agent.tenant_id):
        Attempt.objects.filter(pk=attempt_id).update(call=call)

    read_conversation(agent.tenant_id, attempt_id, NOON)

    assert work(agent) == []


def test_who_wanted_to_speak_with_somebody_and_could_not_becomes_work(agent: Agent) -> None:
    attempt_id = answered(agent)
    press(agent.tenant_id, attempt_id, SID, Answer("0"), NOON)

    handed_over(agent.tenant_id, attempt_id, None, NOON)

    with tenant_transaction(agent.tenant_id):
        assert Reply.objects.get().problem == NOBODY_SPOKE_WITH_THEM
