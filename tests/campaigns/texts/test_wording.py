"""Each person hears the message in their language where the campaign has it, and in the campaign's where not."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns import services
from campaigns.audio.clips import language_of, message_for, want_clips
from campaigns.models import AudioClip, Campaign, Target
from campaigns.texts.wording import wording
from tests.campaigns.rows import make_campaign, make_target
from tests.conftest import SignIn

SPANISH = {"message": "Hola {{first_name}}, le esperamos el {{visit_date}}.", "voicemail": ""}
ENGLISH = "Hello {{first_name}}, we expect you on {{visit_date}}."
ROSA, NOOR = "+12125550142", "+12125550143"


@pytest.mark.parametrize(
    ("theirs", "template", "language"),
    [
        ("", "one", "en-US"),
        ("en-GB", "one", "en-GB"),
        ("es", "uno", "es"),
        ("es-US", "uno", "es-US"),
        ("pt-BR", "um", "pt-BR"),
        ("fr", "one", "en-US"),
    ],
)
def test_the_nearest_language_is_heard_and_else_the_campaigns(theirs: str, template: str, language: str) -> None:
    campaign = Campaign(message="one", translations={"es": {"message": "uno"}, "pt-BR": {"message": "um"}})

    found = wording(campaign, theirs)

    assert (found.template, found.language) == (template, language)


def test_a_voicemail_that_is_not_there_in_their_language_is_left_in_the_campaigns() -> None:
    campaign = Campaign(message="one", voicemail="call us", translations={"es": {"message": "uno", "voicemail": ""}})

    assert wording(campaign, "es", voicemail=True).language == "en-US"
    assert wording(campaign, "es", voicemail=True).template == "call us"


@pytest.fixture
def campaign(agent: Agent) -> Campaign:
    made = make_campaign(agent, message=ENGLISH, translations={"es": SPANISH}, status=Campaign.Status.DRAFT)
    visit = {"visit_date": "11/23/2026"}
    make_target(made, ROSA, name="Rosa Delgado", language="es-US", fields=visit)
    make_target(made, NOOR, name="Noor Aziz", fields=visit)
    return made


def heard_by(campaign: Campaign, number: str) -> tuple[str, str]:
    with tenant_transaction(campaign.tenant_id):
        target = Target.objects.select_related("campaign", "contact").get(e164=number)
        return language_of(target), message_for(target, "Juniper").text


@pytest.mark.django_db
def test_each_hears_their_own_with_facts_as_they_are_said_there(campaign: Campaign) -> None:
    assert heard_by(campaign, ROSA) == ("es-US", "Hola Rosa, le esperamos el lunes veintitrés de noviembre.")
    assert heard_by(campaign, NOOR) == ("en-US", "Hello Noor, we expect you on Monday, November twenty-third.")


@pytest.mark.django_db
def test_a_clip_is_spoken_and_listened_to_in_its_language(campaign: Campaign) -> None:
    with tenant_transaction(campaign.tenant_id):
        want_clips(campaign.pk)
        clips = {clip.text.split()[0]: clip for clip in AudioClip.objects.all()}

    assert clips["Hola"].voice["language"] == clips["Hola"].checks["ears"]["language"] == "es-US"
    assert clips["Hello"].voice["language"] == "en-US"


@pytest.mark.django_db
def test_a_variable_that_nobody_knows_is_found_in_every_language(tenant: Tenant, campaign: Campaign) -> None:
    with tenant_transaction(tenant):
        Campaign.objects.update(translations={"es": {"message": "Hola {{nombre}}.", "voicemail": ""}})

    with pytest.raises(services.NotStartable, match=r"There is no variable \{\{nombre\}\}"):
        services.start(tenant, campaign.pk)


# The page


@pytest.fixture
def browser(sign_in: SignIn, owner: User) -> Client:
    return sign_in(owner)


def step(campaign: Campaign, name: str = "step") -> str:
    arguments = ["message"] if name == "step" else []
    return reverse(f"campaigns:{name}", args=[campaign.tenant.slug, campaign.pk, *arguments])


TYPED = {"language": "en-US", "message": ENGLISH, "keys": ["1"], "language_0": "es", "message_0": "Hola.", "leave": "1"}


def stored(campaign: Campaign) -> dict[str, dict[str, str]]:
    with tenant_transaction(campaign.tenant_id):
        found: dict[str, dict[str, str]] = Campaign.objects.get(pk=campaign.pk).translations
        return found


@pytest.mark.django_db
def test_languages_are_written_changed_and_taken_away(browser: Client, campaign: Campaign) -> None:
    more = {"language_1": "fr", "message_1": "Bonjour.", "voicemail_1": "Rappelez."}
    browser.post(step(campaign), TYPED | more)
    assert stored(campaign) == {
        "es": {"message": "Hola.", "voicemail": ""},
        "fr": {"message": "Bonjour.", "voicemail": "Rappelez."},
    }
    page = browser.get(step(campaign)).content.decode()
    assert "In Spanish" in page
    assert "In French" in page
    assert "Another language" in page

    browser.post(step(campaign), TYPED | {"language_0": "", "message_0": ""})

    assert stored(campaign) == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"language_0": "es", "message_0": ""}, "Write the message in this language, or choose none."),
        ({"language_0": "", "message_0": "Hola."}, "Say which language this is."),
        ({"language_0": "en-US", "message_0": "Hello."}, "This language is there already."),
        ({"language_0": "es", "language_1": "es", "message_1": "Hola."}, "This language is there already."),
    ],
)
def test_half_a_language_is_refused_beside_its_field(
    browser: Client, campaign: Campaign, typed: dict[str, str], words: str
) -> None:
    response = browser.post(step(campaign), TYPED | typed)

    assert response.status_code == 422
    assert words in response.content.decode()
    assert stored(campaign) == {"es": SPANISH}


@pytest.mark.django_db
def test_the_preview_is_in_the_language_of_the_person(browser: Client, campaign: Campaign) -> None:
    with tenant_transaction(campaign.tenant_id):
        rosa = Target.objects.get(e164=ROSA)
    typed = {"message": ENGLISH, "language_0": "es", "message_0": "Hola {{first_name}}.", "person": str(rosa.pk)}

    page = browser.post(step(campaign, "preview"), typed, HTTP_HX_REQUEST="true").content.decode()

    assert "“Hola Rosa.”" in page
    assert re.search(r"As Rosa Delgado hears it, in \S", page)
