"""What campaigns keep of people: it goes when it is old enough, and when somebody asks for it; proof stays."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.urls import reverse
from django.utils.timezone import now
from pytest_django import DjangoCaptureOnCommitCallbacks

from agentos.tenants.models import LogEntry, Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.after.retention import forget_old, keep_for, proof_of
from campaigns.answers.replies import fetch
from campaigns.forgetting import GONE
from campaigns.models import Attempt, AudioClip, Consent, Contact, Reply, ReplyStep, Target
from tests.campaigns.recorded import make_reply, seal
from tests.campaigns.rows import make_campaign, make_target
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db
ROSA, BEN = "+12085550142", "+12085550143"
RECORDING = "RE00000000000000000000000000000001"


def answered(agent: Agent, number: str, folder: Path, *, days_ago: int) -> Reply:
    """Somebody was told a message that names them, and answered aloud."""
    then = now() - timedelta(days=days_ago)
    target = make_target(make_campaign(agent), number, name="Rosa Diaz")
    said = {"transcript": "This is Rosa, call my office.", "because": "call my office", "proposed_by": "rules"}
    reply = make_reply(target, received_at=then, note="Her office: 555-0100", recording_sid=RECORDING, **said)
    seal(reply, folder)
    with tenant_transaction(agent.tenant_id):
        file = storages["clips"].save(f"{agent.tenant_id}/{number}.wav", ContentFile(b"RIFF Hello Rosa"))
        clip = AudioClip.objects.create(content=number, text="Hello Rosa Diaz", file=file, created_at=then)
        Target.objects.filter(pk=target.pk).update(clip=clip, variables={"name": "Rosa Diaz"})
        ReplyStep.objects.create(reply=reply, version=1, what="note", before={"note": "Rosa's office"})
    return reply


def files(folder: Path) -> int:
    return sum(1 for each in folder.rglob("*") if each.suffix in (".sealed", ".wav"))


def test_answers_and_messages_go_when_recordings_and_transcripts_are_old_enough(
    agent: Agent, tmp_path: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    old, fresh = answered(agent, ROSA, tmp_path, days_ago=40), answered(agent, BEN, tmp_path, days_ago=1)
    with tenant_transaction(agent.tenant_id):
        keep_for(30, 30)

    with django_capture_on_commit_callbacks(execute=True):
        assert forget_old(agent.tenant_id, now()) == (2, 1)
        assert forget_old(agent.tenant_id, now()) == (0, 0)

    with tenant_transaction(agent.tenant_id):
        old.refresh_from_db()
        fresh.refresh_from_db()
        assert (old.file, old.transcript, old.note, old.because, old.problem) == ("", "", "", "", GONE)
        assert fresh.file
        assert fresh.transcript
        assert AudioClip.objects.get().targets.get() == fresh.target
        assert [step.before["note"] for step in ReplyStep.objects.order_by("reply_id")] == ["", "Rosa's office"]
    assert files(tmp_path) == 2


def test_a_message_that_somebody_still_waits_for_is_kept(
    agent: Agent, tmp_path: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    reply = answered(agent, ROSA, tmp_path, days_ago=40)
    with tenant_transaction(agent.tenant_id):
        Target.objects.filter(pk=reply.target_id).update(status=Target.Status.WAITING)
        keep_for(30, None)

    with django_capture_on_commit_callbacks(execute=True):
        assert forget_old(agent.tenant_id, now()) == (1, 0)

    with tenant_transaction(agent.tenant_id):
        assert AudioClip.objects.get().targets.get() == reply.target


def test_a_recording_that_was_erased_is_not_fetched_again(agent: Agent, tmp_path: Path) -> None:
    reply = answered(agent, ROSA, tmp_path, days_ago=40)
    with tenant_transaction(agent.tenant_id):
        keep_for(30, 30)
    forget_old(agent.tenant_id, now())

    fetch(agent.tenant_id, reply.pk, now())  # would raise: no carrier is there to ask

    with tenant_transaction(agent.tenant_id):
        assert Reply.objects.get().file == ""


def test_a_contact_is_erased_with_all_that_was_said_and_the_proof_stays(
    agent: Agent,
    tenant: Tenant,
    owner: User,
    tmp_path: Path,
    sign_in: SignIn,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    mine, other = answered(agent, ROSA, tmp_path, days_ago=1), answered(agent, BEN, tmp_path, days_ago=1)
    planned = make_target(make_campaign(agent), ROSA)
    with tenant_transaction(tenant):
        contact = Contact.objects.get(e164=ROSA)

    with django_capture_on_commit_callbacks(execute=True):
        answer = sign_in(owner).post(reverse("contacts:erase", args=[tenant.slug, contact.pk]))
    assert answer.status_code == 302

    with tenant_transaction(tenant):
        mine.refresh_from_db()
        other.refresh_from_db()
        planned.refresh_from_db()
        assert (mine.file, mine.transcript, mine.note, mine.target.variables) == ("", "", "", {})
        assert other.file
        assert other.transcript
        assert other.target.variables
        assert (planned.status, planned.disposition) == (Target.Status.LEFT_OUT, "erased")
        assert not Contact.objects.filter(e164=ROSA).exists()
        assert Consent.objects.filter(e164=ROSA).exists()
        assert Attempt.objects.filter(e164=ROSA).exists()
        entry = LogEntry.objects.get(what="contact.erased")
    assert entry.details == {"calls": 0, "proof": proof_of(ROSA)}
    assert ROSA not in f"{entry.words}{entry.subject}"
    assert files(tmp_path) == 2
