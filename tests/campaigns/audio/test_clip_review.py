"""The page of a campaign's clips: what is ready, what each cost, and what somebody decides about."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client
from django.urls import reverse

from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.audio.clip_making import wav
from campaigns.models import AudioClip, Campaign, Target
from tests.campaigns.people.test_contact_pages import text
from tests.campaigns.rows import make_campaign, make_target
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db
ROSA, ANA, NOOR = "+12085550142", "+12085550143", "+12085550144"
DOUBTED = AudioClip.Status.DOUBTED


@pytest.fixture
def browser(sign_in: SignIn, owner: User) -> Client:
    return sign_in(owner)


@pytest.fixture
def campaign(agent: Agent) -> Campaign:
    """Rosa and Ana share a clip that is doubted; Noor's is ready."""
    made = make_campaign(agent)
    targets = [make_target(made, number, name=name) for number, name in ((ROSA, "Rosa"), (ANA, "Ana"), (NOOR, "Noor"))]
    with tenant_transaction(agent.tenant_id):
        file = storages["clips"].save("a.wav", ContentFile(wav(b"\x10" * 800)))
        problems = {"problems": ["The time was not heard: noon."]}
        doubted = AudioClip.objects.create(
            content="a", text="See you at noon.", status=DOUBTED, file=file, checks=problems, characters=16
        )
        ready = AudioClip.objects.create(content="b", text="Hello Noor.", status="ready", file=file, characters=11)
        for target, clip in zip(targets, (doubted, doubted, ready), strict=True):
            Target.objects.filter(pk=target.pk).update(clip=clip)
    return made


def here(campaign: Campaign) -> str:
    return reverse("campaigns:clips", args=[campaign.tenant.slug, campaign.pk])


def clip(campaign: Campaign, content: str = "a") -> AudioClip:
    with tenant_transaction(campaign.tenant_id):
        found: AudioClip = AudioClip.objects.get(content=content)
        return found


def test_what_waits_for_a_person_comes_first_with_what_is_held_against_it(browser: Client, campaign: Campaign) -> None:
    page = text(browser.get(here(campaign)))

    assert "2 different messages 27 characters given to the voice so far" in page
    assert "Rosa and 1 other See you at noon. Waits for a person The time was not heard: noon." in page
    assert page.index("See you at noon") < page.index("Hello Noor.")
    assert "16 characters" in page


def test_the_campaign_says_how_far_its_messages_are(browser: Client, campaign: Campaign) -> None:
    page = browser.get(reverse("campaigns:campaign", args=[campaign.tenant.slug, campaign.pk]))

    assert "1 of 2 messages ready, 1 waits for a person" in text(page)
    assert here(campaign) in page.content.decode()


def test_whoever_listened_lets_it_through(browser: Client, campaign: Campaign, owner: User) -> None:
    sound = browser.get(here(campaign)).content.decode().split('src="/clips/')[1].split('"')[0]
    assert browser.get(f"/clips/{sound}").status_code == 200

    browser.post(here(campaign), {"clip": str(clip(campaign).pk)})

    assert (clip(campaign).status, clip(campaign).approved_by_id) == ("ready", owner.pk)
    assert "Let through by" in text(browser.get(here(campaign)))


def test_what_is_wrong_is_made_anew(browser: Client, campaign: Campaign) -> None:
    browser.post(here(campaign), {"clip": str(clip(campaign).pk), "again": "1"})

    anew = clip(campaign)
    assert (anew.status, anew.file, anew.tries) == ("wanted", "", 0)


def test_what_is_ready_is_not_made_anew(browser: Client, campaign: Campaign) -> None:
    response = browser.post(here(campaign), {"clip": str(clip(campaign, "b").pk), "again": "1"})

    assert response.status_code == 409
    assert clip(campaign, "b").status == "ready"


@pytest.mark.parametrize(("wanted", "status"), [("", 409), ("x", 409), ("00000000-0000-0000-0000-000000000009", 404)])
def test_a_clip_that_is_not_there_is_missing(browser: Client, campaign: Campaign, wanted: str, status: int) -> None:
    assert browser.post(here(campaign), {"clip": wanted}).status_code == status


def test_a_clip_of_another_campaign_is_missing(browser: Client, campaign: Campaign, agent: Agent) -> None:
    another = make_campaign(agent)

    assert browser.post(here(another), {"clip": str(clip(campaign).pk)}).status_code == 404


def test_who_may_not_run_campaigns_listens_and_decides_nothing(
    sign_in: SignIn, member: User, campaign: Campaign, tenant: Tenant
) -> None:
    theirs = sign_in(member)

    assert "It is right" not in text(theirs.get(here(campaign)))
    assert theirs.post(here(campaign), {"clip": str(clip(campaign).pk)}).status_code == 403
