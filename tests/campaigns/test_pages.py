"""The pages of campaigns, as the people of a business see them: list, the running campaign, receipts, joining."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from html import unescape
from io import StringIO

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns import services
from campaigns.models import AudioClip, Campaign, Target
from campaigns.planning.readiness import CONFIRMATIONS
from telephony.models import PhoneNumber
from tests.campaigns.pages import at, attempt, fresh, make_contact, text
from tests.campaigns.rows import NIGHT, claim_due, make_campaign, make_target
from tests.conftest import SignIn

ROSA, TOM, AISHA = "+12125550128", "+12125550175", "+12125550136"
HTMX = {"HTTP_HX_REQUEST": "true"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(sign_in: SignIn, owner: User) -> Client:
    return sign_in(owner)


def test_without_campaigns_the_list_says_what_one_is(browser: Client, tenant: Tenant) -> None:
    page = text(browser.get(reverse("campaigns:index", args=[tenant.slug])))

    assert "No campaigns yet" in page
    assert "New campaign" in page


def test_the_list_shows_each_campaign_and_not_the_neighbours(
    browser: Client, tenant: Tenant, agent: Agent, other_agent: Agent
) -> None:
    make_campaign(agent, ROSA, name="Recall")
    make_campaign(other_agent, TOM, name="Hearings")

    page = text(browser.get(reverse("campaigns:index", args=[tenant.slug])))

    assert "Recall" in page
    assert "Running" in page
    assert "Hearings" not in page


def test_the_page_of_a_running_campaign_counts_and_asks_again_by_itself(browser: Client, agent: Agent) -> None:
    campaign = make_campaign(agent, TOM)
    done = make_target(campaign, ROSA)
    attempt(done, "confirmed", answered_at=now(), cost_cents=7)
    with tenant_transaction(agent.tenant_id):
        Target.objects.filter(pk=done.pk).update(status="done", disposition="confirmed", attempts_made=1)

    page = browser.get(at("campaign", campaign))
    part = browser.get(at("progress", campaign), **HTMX)

    assert "Reached 1 of 2" in text(page)
    assert "$0.07" in text(part)
    assert 'hx-trigger="every 2s"' in part.content.decode()
    assert "Confirmed 1 50%" in text(part)
    assert "Lines in use 0 of 10" in text(part)  # beside the page, where it was printed before


def test_the_list_of_attempts_grows_by_itself_and_keeps_what_was_chosen(browser: Client, agent: Agent) -> None:
    campaign = make_campaign(agent, TOM)
    attempt(make_target(campaign, ROSA), "confirmed")

    page = browser.get(at("campaign", campaign), {"outcome": "confirmed"})
    (path,) = re.findall(r'<section id="attempts" hx-get="([^"]+)"', page.content.decode())
    part = browser.get(unescape(path), **HTMX)

    assert "outcome=confirmed" in path
    assert "<html" not in part.content.decode()
    assert "(212) 555-0128" in text(part)
    assert 'id="chip-confirmed" href="?outcome=confirmed#attempts" aria-current="true"' in part.content.decode()


def test_the_counters_say_why_nobody_is_called_while_messages_are_being_made(browser: Client, agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA, TOM)
    with tenant_transaction(agent.tenant_id):
        clip = AudioClip.objects.create(content="a", text="Hello Rosa.")
        Target.objects.filter(e164=ROSA).update(clip=clip)
    part = browser.get(at("progress", campaign), **HTMX)
    with tenant_transaction(agent.tenant_id):
        AudioClip.objects.update(status=AudioClip.Status.READY)

    assert "1 message is still being made" in text(part)
    assert "still being made" not in text(browser.get(at("progress", campaign), **HTMX))


def test_counters_rest_when_the_campaign_does_and_the_page_is_fetched_anew(browser: Client, agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA)
    services.pause(campaign.tenant, campaign.pk)

    part = browser.get(at("progress", campaign), {"status": "running"}, **HTMX)

    assert part["HX-Refresh"] == "true"
    assert "hx-trigger" not in part.content.decode()


def test_windows_stand_in_a_row_for_each_clock(browser: Client, agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA, TOM)
    make_target(campaign, "+18085550119")

    page = text(browser.get(at("campaign", campaign)))

    assert "When people may be called" in page
    assert "Eastern" in page
    assert "Hawaii" in page


def test_attempts_show_outcome_and_what_follows_and_can_be_narrowed(browser: Client, agent: Agent) -> None:
    campaign = make_campaign(agent)
    rosa, tom = make_target(campaign, ROSA, name="Rosa Delgado"), make_target(campaign, TOM, name="Tom Brandvold")
    attempt(rosa, "no_answer")
    attempt(tom, "busy")
    with tenant_transaction(agent.tenant_id):
        Target.objects.update(due_at=now() + timedelta(hours=2), attempts_made=1)

    everything = text(browser.get(at("campaign", campaign)))
    busy = text(browser.get(at("campaign", campaign), {"outcome": "busy"}))

    assert "Again " in everything
    assert "Rosa Delgado" in everything
    assert "Tom Brandvold" in busy
    assert "Rosa Delgado" not in busy


def test_a_receipt_says_why_somebody_was_not_called(browser: Client, agent: Agent) -> None:
    campaign = make_campaign(agent)
    make_target(campaign, ROSA, name="Nathan Cole")
    with tenant_transaction(agent.tenant_id):
        claim_due(campaign.pk, NIGHT)

    answer = browser.get(at("why", campaign), {"who": "nathan"}, **HTMX)

    assert "Nathan Cole was not called" in text(answer)
    assert "it is 4:00 AM there" in text(answer)
    assert answer.content.decode().count('aria-label="Passed"') == 6
    assert answer.content.decode().count('aria-label="Refused"') == 1
    assert "Unchanged" in text(answer)
    assert text(browser.get(at("why", campaign), {"who": "212 555 0128"}, **HTMX)) == text(answer)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [("", "at least four digits"), ("Zelda", "Nobody in this campaign"), ("Rosa", "has not been judged yet")],
)
def test_who_has_no_receipt_gets_a_sentence(browser: Client, agent: Agent, asked: str, sentence: str) -> None:
    campaign = make_campaign(agent, ROSA)

    assert sentence in text(browser.get(at("why", campaign), {"who": asked}, **HTMX))


def test_buttons_pause_resume_stop_and_call_again(browser: Client, agent: Agent, number: PhoneNumber) -> None:
    campaign = make_campaign(agent, ROSA, number=number, message="Hello.", purpose="telemarketing")
    with tenant_transaction(agent.tenant_id):
        confirmed = {name: {"by": "Priya"} for name in CONFIRMATIONS}
        Campaign.objects.filter(pk=campaign.pk).update(confirmed=confirmed)
        Target.objects.update(status="done", disposition="no_answer")

    states = []
    for name in ("pause", "resume", "stop"):
        if name == "stop":
            browser.post(at("redial", campaign), {"outcome": "no_answer"})
        assert browser.post(at(name, campaign)).status_code == 302
        states.append(fresh(campaign).status)

    assert states == ["paused", "running", "stopped"]
    with tenant_transaction(agent.tenant_id):
        assert Target.objects.get().status == "waiting"


@pytest.mark.parametrize("name", ["pause", "resume", "stop", "redial", "start", "discard", "remove_people"])
def test_members_and_viewers_look_and_change_nothing(
    sign_in: SignIn, member: User, viewer: User, agent: Agent, name: str
) -> None:
    campaign = make_campaign(agent, ROSA)

    for person in (member, viewer):
        page = sign_in(person).get(at("campaign", campaign))
        assert page.status_code == 200
        assert "Pause" not in text(page)
        assert sign_in(person).post(at(name, campaign)).status_code == 403
    assert fresh(campaign).status == "running"


def test_viewers_see_neither_names_nor_whole_numbers(sign_in: SignIn, viewer: User, agent: Agent) -> None:
    campaign = make_campaign(agent)
    attempt(make_target(campaign, ROSA, name="Rosa Delgado"), "busy")

    page = text(sign_in(viewer).get(at("campaign", campaign)))

    assert "Rosa Delgado" not in page
    assert "0128" not in page
    assert sign_in(viewer).get(at("why", campaign), {"who": "Rosa"}).status_code == 403
    assert sign_in(viewer).get(at("export", campaign)).status_code == 403


def test_everybody_in_the_campaign_can_be_exported(browser: Client, agent: Agent) -> None:
    campaign = make_campaign(agent)
    make_target(campaign, ROSA, name="+1-evil")

    rows = list(csv.DictReader(StringIO(browser.get(at("export", campaign)).content.decode("utf-8-sig"))))

    assert [(row["Name"], row["Number"], row["State"]) for row in rows] == [("'+1-evil", ROSA, "Waiting")]


def test_the_neighbours_campaign_does_not_exist(browser: Client, tenant: Tenant, other_agent: Agent) -> None:
    theirs = make_campaign(other_agent, ROSA)

    assert browser.get(reverse("campaigns:campaign", args=[tenant.slug, theirs.pk])).status_code == 404
    assert browser.post(reverse("campaigns:pause", args=[tenant.slug, theirs.pk])).status_code == 404


def test_people_join_a_running_campaign_from_its_page(browser: Client, tenant: Tenant, agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA)
    make_contact(tenant, TOM, "Tom Reilly", tags=["recall"])
    assert "Add people…" in text(browser.get(at("campaign", campaign)))

    joined = browser.post(at("step", campaign, "people"), {"tag": "recall", "search": "tom"}, follow=True)

    assert "1 person added" in text(joined)
    with tenant_transaction(tenant):
        assert campaign.targets.filter(e164=TOM, status="waiting").exists()


def test_without_a_choice_nobody_joins(browser: Client, tenant: Tenant, agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA)
    make_contact(tenant, TOM, tags=["recall"])

    assert "Choose whom to add." in text(browser.post(at("step", campaign, "people"), {}, follow=True))
    with tenant_transaction(tenant):
        assert campaign.targets.count() == 1
