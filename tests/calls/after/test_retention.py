"""What is kept of calls ends when it should, and leaves with proof when a person asks for it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils.timezone import now
from pytest_django import DjangoCaptureOnCommitCallbacks

from agentos.tenants.models import LogEntry, User
from agentos.tenants.scoping import tenant_transaction
from agentos.webhooks.models import Event
from agents.models import Agent
from calls.after.analysis import analyze, queue_ended
from calls.after.models import Analysis
from calls.after.retention import forget_old, keep_for, proof_of
from calls.models import (
    Appointment,
    Calendar,
    Call,
    CallBack,
    Lead,
    LeftMessage,
    Recording,
    Rehearsal,
    Turn,
)
from tests import factories
from tests.calls.talks import ended_call, short_talk
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db

MARIA, JAMES = "+12085550147", "+12085550199"


def talked(agent: Agent, days_ago: int, number: str = MARIA) -> Call:
    """A call with words and a recording."""
    call = ended_call(agent, 20, from_number=number, ended_at=now() - timedelta(days=days_ago, hours=-1))
    short_talk(call)
    file = Path(settings.RECORDINGS_DIR) / factories.make_recording(call).file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"sound")
    return call


def left(agent: Agent) -> tuple[set[Call], set[Call], int]:
    """The calls with words, those with a recording, and how many files there are."""
    with tenant_transaction(agent.tenant_id):
        words = {turn.call for turn in Turn.objects.select_related("call")}
        recorded = {each.call for each in Recording.objects.select_related("call")}
    return words, recorded, len(list(Path(settings.RECORDINGS_DIR).glob("*")))


def test_each_is_kept_for_its_days_and_the_call_itself_stays(
    agent: Agent, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    old, middle, fresh = talked(agent, 100), talked(agent, 40), talked(agent, 1)
    with tenant_transaction(agent.tenant_id):
        keep_for(30, 90)

    with django_capture_on_commit_callbacks(execute=True):
        assert forget_old(agent.tenant_id, now()) == (2, 1)
        assert forget_old(agent.tenant_id, now()) == (0, 0)

    assert left(agent) == ({middle, fresh}, {fresh}, 1)
    with tenant_transaction(agent.tenant_id):
        assert Call.objects.get(pk=old.pk).from_number == MARIA


def test_nothing_is_forgotten_by_a_business_that_has_not_said_so(agent: Agent) -> None:
    talked(agent, 3000)

    assert forget_old(agent.tenant_id, now()) == (0, 0)


def test_all_calls_with_one_person_are_erased_at_once_with_proof_and_nobody_elses(
    agent: Agent, owner: User, sign_in: SignIn, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    first, second, other = talked(agent, 1), talked(agent, 1), talked(agent, 1, JAMES)
    queue_ended(agent.tenant_id, now())
    analyze(agent.tenant_id, first.pk)

    with django_capture_on_commit_callbacks(execute=True):
        address = reverse("calls:call", args=[agent.tenant.slug, second.pk])
        assert sign_in(owner).post(address, {"do": "erase_person"}).status_code == 302

    assert left(agent) == ({other}, {other}, 1)
    with tenant_transaction(agent.tenant_id):
        assert not Analysis.objects.filter(call=first).exists()
        numbers = Call.objects.values_list("from_number", "to_number")
        assert sorted(numbers) == [("", "+12085550110"), ("", "+12085550110"), (JAMES, "+12085550110")]
        entry = LogEntry.objects.get(what="person.erased")
    assert (entry.who, entry.details) == (str(owner), {"calls": 2, "proof": proof_of(MARIA)})
    assert MARIA not in f"{entry.words} {entry.subject}"


def test_one_call_is_erased_by_those_who_manage_calls_once_it_is_over(
    agent: Agent, owner: User, member: User, sign_in: SignIn
) -> None:
    call, other = talked(agent, 2), talked(agent, 1)
    live = factories.make_call(agent, status=Call.Status.IN_PROGRESS, answered_at=now())
    erase = {"do": "erase"}

    def at(each: Call) -> str:
        return reverse("calls:call", args=[agent.tenant.slug, each.pk])

    assert sign_in(member).post(at(call), erase).status_code == 403
    assert sign_in(owner).post(at(live), erase).status_code == 409
    assert sign_in(owner).post(at(call), erase).status_code == 302
    assert left(agent)[:2] == ({other}, {other})


def test_the_page_of_what_is_kept_takes_days_and_shows_what_was_erased(
    agent: Agent, owner: User, sign_in: SignIn
) -> None:
    browser, address = sign_in(owner), reverse("calls:retention", args=[agent.tenant.slug])

    assert browser.post(address, {"recording_days": "0", "transcript_days": ""}).status_code == 422
    assert browser.post(address, {"recording_days": "30", "transcript_days": ""}).status_code == 302
    assert "Recordings are kept for 30 days" in browser.get(address).content.decode()


def test_what_a_person_left_elsewhere_is_erased_with_their_calls(agent: Agent, owner: User, sign_in: SignIn) -> None:
    mine, other = talked(agent, 1), talked(agent, 1, JAMES)
    with tenant_transaction(agent.tenant_id):
        calendar = Calendar.objects.create(zone="America/Boise")
        for call, number in ((mine, MARIA), (other, JAMES), (None, MARIA)):
            _leave(agent, calendar, call, number)

    address = reverse("calls:call", args=[agent.tenant.slug, mine.pk])
    assert sign_in(owner).post(address, {"do": "erase_person"}).status_code == 302

    with tenant_transaction(agent.tenant_id):
        for model in (LeftMessage, Lead, CallBack):
            assert {each.e164 for each in model.objects.all()} == {JAMES}
        assert {each.from_call for each in Rehearsal.objects.all()} == {other.pk, None}
        kept = Appointment.objects.values_list("name", "e164", "reason")
        assert sorted(kept) == [("Erased", "", ""), ("Erased", "", ""), ("Somebody", JAMES, "Teeth")]
        told = [each.data for each in Event.objects.all()]
        assert told.count({"erased": True}) == 2
        assert [each["e164"] for each in told if "e164" in each] == [JAMES]


def _leave(agent: Agent, calendar: Calendar, call: Call | None, number: str) -> None:
    """A trace of every kind, of a call or of a number alone."""
    LeftMessage.objects.create(call=call, e164=number, text="Please ring me")
    Lead.objects.create(call=call, e164=number, name="Somebody")
    CallBack.objects.create(call=call, e164=number, due_at=now())
    Rehearsal.objects.create(agent=agent, name="From a call", lines=["Hello"], from_call=call.pk if call else None)
    begins = now() + timedelta(days=Appointment.objects.count())
    times = {"starts_at": begins, "ends_at": begins + timedelta(hours=1), "free_at": begins + timedelta(hours=1)}
    Appointment.objects.create(calendar=calendar, call=call, e164=number, name="Somebody", reason="Teeth", **times)
    data = {"call_id": str(call.pk) if call else None, "e164": number, "text": "Please ring me"}
    Event.objects.create(kind="message.left", key=f"{number}:{call}", data=data)
