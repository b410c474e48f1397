"""Setting up a campaign from a file to the start, watching it run, and how its pages look."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils.timezone import now
from playwright.sync_api import Page, expect
from pytest_django import Settings

from agentos.tenants.models import User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.audio.clip_making import wav
from campaigns.calling.settling import advance, settle
from campaigns.importing.run import run_import
from campaigns.models import Attempt, AudioClip, Campaign, ContactImport
from campaigns.planning import trial
from telephony.simulator.voices import tone
from tests import factories
from tests.browser.conftest import Complaints, Server, SignedIn, until
from tests.browser.test_looks import WIDTHS, objections
from tests.campaigns.rows import claim_due, make_campaign

ROSA, IDA, OMAR = "+12125550142", "+12125550143", "+12125550144"
PEOPLE = """\
Phone number,Name,State,Time zone,Visit date,Visit time
(212) 555-0142,Rosa Delgado,NY,America/New_York,2026-11-24,08:15
212 555 0143,Ida Holm,NY,America/New_York,2026-11-24,14:30
"""
START = "/t/juniper-dental/"


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
def page(signed_in: SignedIn, owner: User, complaints: Complaints) -> Page:
    return complaints.hear(signed_in(owner))


@pytest.fixture
def same_folder(serving: Server, settings: Settings) -> None:
    """What the worker does is done here, where the process that serves keeps its files."""
    settings.DATA_DIR = serving.folder
    clips = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(serving.folder / "clips")},
    }
    settings.STORAGES = settings.STORAGES | {"clips": clips}


def imported(agent: Agent) -> None:
    """The worker reads the file."""
    with tenant_transaction(agent.tenant_id):
        run_import(ContactImport.objects.get().pk)


def spoken(agent: Agent) -> None:
    """The worker makes what is wanted."""
    with tenant_transaction(agent.tenant_id):
        for clip in AudioClip.objects.filter(status=AudioClip.Status.WANTED):
            clip.file = storages["clips"].save(f"{clip.content}.wav", ContentFile(wav(tone(1200))))
            clip.status, clip.duration_ms = AudioClip.Status.READY, 1200
            clip.save(update_fields=["file", "status", "duration_ms"])


def upload(page: Page, agent: Agent, tmp_path: Path) -> None:
    file = tmp_path / "Tomorrow.csv"
    file.write_text(PEOPLE)
    page.goto(f"{START}contacts/import/")
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Look at the columns").click()
    page.get_by_label("These people agreed to automated calls").check()
    page.get_by_label("Source").fill("Patient form")
    page.get_by_label("Agreed on", exact=True).fill("2026-01-08")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", name="Importing")).to_be_visible()
    imported(agent)
    expect(page.get_by_text("New people")).to_be_visible()


def go_on(page: Page, title: str) -> None:
    """To the next step, which has this title, after a look at this one."""
    assert objections(page) == []
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".steps [aria-current=step]")).to_have_text(title)


def test_a_campaign_is_set_up_from_a_file_heard_tried_out_and_started(
    page: Page, agent: Agent, tmp_path: Path, same_folder: None, complaints: Complaints
) -> None:
    factories.make_number(agent.tenant, agent=agent, label="Main line")
    upload(page, agent, tmp_path)

    page.goto(f"{START}campaigns/new/")
    page.get_by_label("Name").fill("Tomorrow’s visits")
    page.get_by_label("What the calls are for").select_option("healthcare")
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_label("Number")).to_contain_text("Main line")
    go_on(page, "Contacts")
    page.get_by_label("All contacts (2)").check()
    page.get_by_role("button", name="Add them").click()
    expect(page.get_by_text("2 people in this campaign")).to_be_visible()
    go_on(page, "Message")

    page.locator("#id_message").fill("Hello {{first_name}}. We expect you on {{visit_date}} at {{visit_time}}.")
    expect(page.locator("#preview-said")).to_contain_text("at two thirty in the afternoon")
    page.get_by_role("button", name="Listen").click()
    expect(page.get_by_text("Its voice is being made")).to_be_visible()
    spoken(agent)
    until(page, "document.querySelector('audio')?.currentTime > 0.2")
    go_on(page, "Schedule")
    go_on(page, "Pace and retries")
    go_on(page, "Rules")
    for box in page.get_by_role("checkbox").all():
        box.check()
    go_on(page, "Review")

    expect(page.get_by_text("2 of 2 people will be called")).to_be_visible()
    expect(page.get_by_text("Everything is ready")).to_be_visible()
    page.get_by_label("Your own number").fill("(212) 555 01")
    page.get_by_role("button", name="Call me now").click()
    expect(page.get_by_role("alert")).to_contain_text("with its country code")
    page.get_by_label("Your own number").fill("+1 212 555 0177")
    page.get_by_role("button", name="Call me now").click()
    expect(page.locator("#test-calls")).to_contain_text("as Ida Holm")
    assert objections(page) == []

    page.get_by_role("button", name="Start now").click()
    expect(page.locator(".head")).to_contain_text("Running")
    expect(page.locator("#progress")).to_contain_text("of 2")
    assert [each for each in complaints if "422" not in each] == []


def test_a_running_campaign_counts_by_itself_and_says_when_it_is_done(page: Page, agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA, IDA, keys={"1": "confirmed"})
    page.goto(f"{START}campaigns/{campaign.pk}/")
    reached, talking = page.locator(".figure").nth(0), page.locator(".figure").nth(3)
    expect(reached).to_contain_text("0 of 2")

    at = _lawful()
    with tenant_transaction(agent.tenant_id):
        for seconds in range(2):  # the pace lets one begin at a time
            claim_due(campaign.pk, at + timedelta(seconds=seconds))
        first, second = Attempt.objects.select_related("target", "campaign").order_by("e164")
        advance(first, "in-progress", at)
    expect(talking).to_contain_text("1")
    with tenant_transaction(agent.tenant_id):
        settle(first, "confirmed", at)
    expect(reached).to_contain_text("1 of 2")
    with tenant_transaction(agent.tenant_id):
        settle(second, "opted_out", at)
        claim_due(campaign.pk, at + timedelta(seconds=9))

    expect(page.locator(".head")).to_contain_text("Done")
    expect(page.locator("#attempts")).to_contain_text("Asked us to stop")


def _lawful() -> Any:
    """Noon in New York, on the next day that is not over yet: the gate is asked, whatever the hour of the test."""
    today = now().replace(hour=17, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1)


@pytest.fixture
def addresses(agent: Agent, owner: User, same_folder: None) -> list[str]:
    """A campaign in the middle of its work, a draft on its steps, a test call."""
    running = make_campaign(agent, ROSA, IDA, OMAR)
    draft = make_campaign(agent, ROSA, name="Next recall", status=Campaign.Status.DRAFT, number=running.number)
    with tenant_transaction(agent.tenant_id):
        for target, outcome in zip(running.targets.order_by("e164"), ("confirmed", "wrong_person", ""), strict=True):
            attempt = Attempt.objects.create(target=target, campaign=running, e164=target.e164, asked_at=now())
            if outcome:
                settle(attempt, outcome, now())
        person = draft.targets.get().pk
    trial.ask_for_test_call(agent.tenant, draft.pk, number=IDA, target_id=person, by=owner)
    return [
        f"{START}campaigns/",
        f"{START}campaigns/{running.pk}/",
        *(f"{START}campaigns/{draft.pk}/set-up/{step}/" for step in ("message", "review")),
    ]


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_a_page_of_campaigns_is_well_made_in_light_and_dark(page: Page, addresses: list[str], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})

    found = {}
    for address in addresses:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
            found[address, theme] = objections(page)

    assert {address: said for address, said in found.items() if said} == {}
