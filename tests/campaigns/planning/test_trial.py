"""A test call: one call to whoever asks for it, through the gate and the dial path like any other."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now
from pytest_django import Settings

from agentos.errors import DomainError
from agentos.tenants.models import Role, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns import log, receipts
from campaigns.audio.clip_links import clip_url
from campaigns.calling.claiming import VOICE_WITHIN
from campaigns.calling.settling import settle
from campaigns.models import Attempt, AudioClip, Campaign, Consent, DialReceipt, DoNotCall, Target
from campaigns.planning import trial
from tests import factories
from tests.campaigns.rows import NIGHT, NOON, claim_due, make_campaign

ROSA, MINE = "+12125550128", "+12125550177"

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(agent: Agent) -> User:
    return factories.make_member(agent.tenant, Role.OWNER, name="Priya Nair")


@pytest.fixture
def draft(agent: Agent) -> Campaign:
    return make_campaign(agent, ROSA, status=Campaign.Status.DRAFT, message="Hello {{first_name}}.")


def asked(draft: Campaign, owner: User, at: datetime = NOON, number: str = MINE) -> Campaign:
    tenant = draft.tenant
    with tenant_transaction(tenant):
        person = draft.targets.get().pk
    return trial.ask_for_test_call(tenant, draft.pk, number=number, target_id=person, by=owner, at=at)


def test_it_calls_the_number_once_and_says_what_the_person_would_hear(draft: Campaign, owner: User):
    test = asked(draft, owner)

    with tenant_transaction(draft.tenant_id):
        assert claim_due(test.pk, NOON).attempts == ()  # its voice is being made
        (attempt_id,) = claim_due(test.pk, NOON + VOICE_WITHIN).attempts
        attempt = Attempt.objects.select_related("target__clip").get(pk=attempt_id)
        assert str(attempt.e164) == MINE
        assert attempt.target.clip.text == "Hello Rosa."
        settle(attempt, "no_answer", NOON)
        later = NOON + timedelta(days=1)
        assert claim_due(test.pk, later).attempts == ()
        test.refresh_from_db()
        assert test.status == Campaign.Status.DONE


def test_it_does_not_wait_for_a_voice_that_is_there(draft: Campaign, owner: User):
    asked(draft, owner)
    with tenant_transaction(draft.tenant_id):
        AudioClip.objects.update(status=AudioClip.Status.READY)
        Campaign.objects.filter(is_test=True).update(status=Campaign.Status.DONE)

    test = asked(draft, owner)

    with tenant_transaction(draft.tenant_id):
        assert len(claim_due(test.pk, NOON).attempts) == 1


def test_the_request_is_the_consent_to_this_call_and_to_no_other(draft: Campaign, agent: Agent, owner: User):
    test = asked(draft, owner)

    with tenant_transaction(draft.tenant_id):
        claim_due(test.pk, NOON + VOICE_WITHIN)
        receipt = DialReceipt.objects.get(campaign=test)
        assert receipt.answer == "allow"
        assert f"test call asked for by user {owner.pk}" in str(receipt.body)
        assert not Consent.objects.filter(e164=MINE).exists()
        assert list(receipts.verify()) == []
        Attempt.objects.update(state="ended", ended_at=NOON)
        other = Campaign.objects.create(name="Another", agent=agent, number=draft.number, status="running")
        Target.objects.create(campaign=other, e164=MINE, due_at=NOON)
        assert claim_due(other.pk, NOON + timedelta(hours=1)).attempts == ()
        assert Target.objects.get(campaign=other).disposition == "no_consent"


@pytest.mark.parametrize(
    ("at", "reason"), [(NOON, "On your own do-not-call list"), (NIGHT, "NY allows calls from 8:00 AM to 9:00 PM")]
)
def test_where_the_gate_says_no_nobody_is_called_then_or_later(draft: Campaign, owner: User, at: datetime, reason: str):
    if at == NOON:
        with tenant_transaction(draft.tenant_id):
            DoNotCall.objects.create(e164=MINE, source="key", since=at - timedelta(days=9))
    test = asked(draft, owner, at=at)

    with tenant_transaction(draft.tenant_id):
        assert claim_due(test.pk, at + VOICE_WITHIN).attempts == ()
        claim_due(test.pk, at + timedelta(hours=9))
        (told,) = trial.tests_of(draft)
        assert not Attempt.objects.exists()
        assert DialReceipt.objects.get(campaign=test).answer == "deny"
    assert told["words"].startswith(f"Not called: {reason}")


@pytest.mark.parametrize(
    ("changes", "number", "code"),
    [
        ({}, "555 0147", "invalid_number"),
        ({"message": ""}, MINE, "message"),
        ({"message": "Hello {{pet}}."}, MINE, "message"),
        ({"number": None}, MINE, "number"),
    ],
)
def test_what_cannot_be_called_is_refused_in_a_sentence(
    draft: Campaign, owner: User, changes: dict[str, object], number: str, code: str
):
    with tenant_transaction(draft.tenant_id):
        Campaign.objects.filter(pk=draft.pk).update(**changes)

    with pytest.raises(DomainError) as refused:
        asked(draft, owner, number=number)

    assert refused.value.code == code
    with tenant_transaction(draft.tenant_id):
        assert not Campaign.objects.filter(is_test=True).exists()


def test_one_at_a_time_and_not_for_ever(draft: Campaign, owner: User):
    asked(draft, owner)
    with pytest.raises(DomainError, match="under way"):
        asked(draft, owner)

    for _ in range(trial.MOST_AN_HOUR - 1):
        with tenant_transaction(draft.tenant_id):
            Campaign.objects.filter(is_test=True).update(status=Campaign.Status.DONE)
        asked(draft, owner)
    with tenant_transaction(draft.tenant_id):
        Campaign.objects.filter(is_test=True).update(status=Campaign.Status.DONE)
    with pytest.raises(DomainError, match="in an hour"):
        asked(draft, owner)


def test_it_leaves_the_campaign_as_it_was_and_outlives_it(draft: Campaign, owner: User, client: Client):
    test = asked(draft, owner)
    client.force_login(owner)
    slug = draft.tenant.slug

    index = client.get(reverse("campaigns:index", args=[slug])).content.decode()
    page = client.get(reverse("campaigns:campaign", args=[slug, test.pk]))

    assert draft.name in index
    assert "Test: " not in index
    assert "Test call" in page.content.decode()
    client.post(reverse("campaigns:discard", args=[slug, draft.pk]))
    with tenant_transaction(draft.tenant_id):
        assert [each.is_test for each in Campaign.objects.all()] == [True]


def test_the_page_keeps_ones_number_and_tells_how_it_goes(draft: Campaign, owner: User, client: Client):
    client.force_login(owner)
    at = reverse("campaigns:test_call", args=[draft.tenant.slug, draft.pk])
    with tenant_transaction(draft.tenant_id):
        person = draft.targets.get().pk

    refused = client.post(at, {"number": "12", "person": person}, headers={"hx-request": "true"})
    accepted = client.post(at, {"number": "+1 212 555 0177", "person": person}, headers={"hx-request": "true"})
    again = client.get(at)

    assert refused.status_code == 422
    assert "Write the number with its country code" in refused.content.decode()
    assert "Its voice is being made" in accepted.content.decode()
    assert 'value="+1 212 555 0177"' in again.content.decode()
    with tenant_transaction(draft.tenant_id):
        kept = Campaign.objects.get(is_test=True).confirmed["test"]
        told = log.entries(draft).get()
    assert (kept["number"], kept["by"]) == (MINE, str(owner))
    assert (told.words, told.who) == ("Asked for a test call to their own telephone", str(owner))
    assert kept["at"][:10] == f"{now():%Y-%m-%d}"


def listen(draft: Campaign, client: Client, message: str) -> str:
    at = reverse("campaigns:preview", args=[draft.tenant.slug, draft.pk])
    answer = client.post(at, {"message": message, "listen": "1"}, headers={"hx-request": "true"})
    return answer.content.decode()


def test_a_message_is_heard_before_anybody_else_hears_it(
    draft: Campaign, owner: User, client: Client, tmp_path: Path, settings: Settings
):
    settings.STORAGES = settings.STORAGES | {
        "clips": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}}
    }
    client.force_login(owner)

    first, again = listen(draft, client, "Dear {{first_name}}."), listen(draft, client, "Dear {{first_name}}.")
    with tenant_transaction(draft.tenant_id):
        clip = AudioClip.objects.get()
        assert (clip.text, clip.status) == ("Dear Rosa.", "wanted")
        file = storages["clips"].save("sample.wav", ContentFile(b"RIFF"))
        doubt = {"problems": ["The name was not heard: Rosa."]}
        AudioClip.objects.update(status=AudioClip.Status.DOUBTED, file=file, checks=clip.checks | doubt)
    page = listen(draft, client, "Dear {{first_name}}.")

    assert "Its voice is being made" in first
    assert "Its voice is being made" in again
    assert "The name was not heard: Rosa." in page
    (path,) = re.findall(r'<audio[^>]* src="([^"]+)"', page)
    assert client.get(path).content == b"RIFF"
    with tenant_transaction(draft.tenant_id):
        for_the_carrier = urlsplit(clip_url(AudioClip.objects.get())).path
    assert client.get(for_the_carrier).status_code == 404
    with tenant_transaction(draft.tenant_id):
        assert draft.targets.get().clip is None


def test_what_cannot_be_said_or_has_no_voice_is_not_made(draft: Campaign, owner: User, client: Client):
    client.force_login(owner)

    assert "<audio" not in listen(draft, client, "Dear {{pet}}.")
    with tenant_transaction(draft.tenant_id):
        Agent.objects.update(published=None)
    assert "no published version" in listen(draft, client, "Dear {{first_name}}.")
    with tenant_transaction(draft.tenant_id):
        assert not AudioClip.objects.exists()
