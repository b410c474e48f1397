"""Working through the reply inbox by keys, and how it looks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now
from playwright.sync_api import Page, expect
from pytest_django import Settings

from agentos.tenants.models import User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.answers import inbox
from campaigns.answers.inbox import What
from campaigns.models import Campaign, Reply
from tests import factories
from tests.browser.conftest import Complaints, Server, SignedIn, until
from tests.browser.test_looks import LOOKS, objections
from tests.campaigns.recorded import make_reply, seal
from tests.campaigns.rows import make_campaign, make_target

TOM, GRACE, IRENE, AISHA = "+12085550175", "+12085550166", "+12085550121", "+12085550136"


@pytest.fixture
def replies(agent: Agent, serving: Server, settings: Settings) -> list[Reply]:
    """Four answers, the oldest first: spoken and recorded, doubted, unclear, by key."""
    settings.DATA_DIR = serving.folder
    campaign = make_campaign(agent)
    visit = {"visit_date": "Tuesday, November 24", "provider": "Dr. Okafor"}
    people = {TOM: "Tom Brandvold", GRACE: "Grace Okafor", IRENE: "Irene Falk", AISHA: "Aisha Khan"}
    targets = [make_target(campaign, number, name=name, state="ID", fields=visit) for number, name in people.items()]
    first = now() - timedelta(minutes=30)
    made = [
        make_reply(
            targets[0],
            received_at=first,
            recording_sid="RE00000000000000000000000000000001",
            transcript="Yeah, hi, Tuesday’s no good, I’m up in Lewiston till Thursday. Could we find another day?",
            proposed="rescheduled",
            proposed_by="rules",
            confidence=0.72,
            because="another day",
        ),
        make_reply(
            targets[1],
            received_at=first + timedelta(minutes=4),
            transcript="Don't call me before nine.",
            proposed="opted_out",
            proposed_by="rules",
            confidence=0.6,
            because="don't call me",
        ),
        make_reply(targets[2], received_at=first + timedelta(minutes=7), transcript="Okay. Um, okay then."),
        make_reply(
            targets[3],
            received_at=first + timedelta(minutes=9),
            proposed="rescheduled",
            proposed_by="key",
            confidence=1.0,
            because="2",
        ),
    ]
    seal(made[0], serving.folder)
    return made


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_the_inbox_is_well_made(signed_in: SignedIn, owner: User, replies: list[Reply], width: int, theme: Any) -> None:
    tenant, start = replies[0].tenant, "/t/juniper-dental/replies/"
    factories.make_member(tenant, "member", name="Ben Ito")
    inbox.note(tenant, replies[0].pk, text="Prefers mornings.", seen=0, by=owner)
    inbox.handle(tenant, replies[2].pk, what=What.CONFIRM, seen=0, by=owner)
    page = signed_in(owner)
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 844})

    found = {}
    for address in (start, f"{start}{replies[0].pk}/", f"{start}{replies[2].pk}/?show=handled", f"{start}?show=mine"):
        page.goto(address)
        found[address] = objections(page)

    assert {address: said for address, said in found.items() if said} == {}


@pytest.fixture
def page(signed_in: SignedIn, owner: User, replies: list[Reply], complaints: Complaints) -> Page:
    page = complaints.hear(signed_in(owner))
    page.goto("/t/juniper-dental/replies/")
    return page


def who(page: Page, name: str) -> None:
    """Whose reply is opened."""
    expect(page.locator("#who")).to_have_text(name)


def dispositions(replies: list[Reply]) -> list[str]:
    with tenant_transaction(replies[0].tenant):
        return list(Reply.objects.order_by("received_at").values_list("disposition", flat=True))


def test_three_replies_are_worked_through_by_keys_and_one_is_undone(
    page: Page, replies: list[Reply], complaints: Complaints
) -> None:
    who(page, "Tom Brandvold")
    page.keyboard.press("r")
    who(page, "Grace Okafor")
    expect(page.get_by_role("status").filter(has_text="Tom Brandvold: another day.")).to_be_visible()
    page.keyboard.press("s")
    who(page, "Irene Falk")
    page.keyboard.press("u")
    who(page, "Grace Okafor")
    expect(page.get_by_text("Taken back: Grace Okafor, stop calling.")).to_be_visible()
    page.keyboard.press("o")
    who(page, "Irene Falk")
    page.keyboard.press("c")
    who(page, "Aisha Khan")

    assert dispositions(replies) == ["rescheduled", "other", "confirmed", ""]
    expect(page.locator("#replies-count")).to_have_text("1 open")
    assert objections(page) == []
    assert complaints == []


def test_keys_move_take_and_note_but_not_while_one_types(page: Page, replies: list[Reply]) -> None:
    page.keyboard.press("j")
    who(page, "Grace Okafor")
    page.keyboard.press("k")
    who(page, "Tom Brandvold")
    page.keyboard.press("t")
    expect(page.locator("#reply .facts")).to_contain_text("Assigned to Priya Nair")
    page.keyboard.press("n")
    expect(page.locator("#note")).to_be_focused()
    page.keyboard.type("Call after six")  # c, a, s, x and r would each settle it
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#reply .rows").last).to_contain_text("Note")
    page.keyboard.press("/")
    page.keyboard.type("cows")

    assert dispositions(replies) == ["", "", "", ""]
    with tenant_transaction(replies[0].tenant):
        assert Reply.objects.get(pk=replies[0].pk).note == "Call after six"


def test_the_recording_plays_by_key_by_button_and_from_a_place_on_the_ribbon(
    page: Page, complaints: Complaints
) -> None:
    page.keyboard.press("Space")
    until(page, "document.querySelector('audio').currentTime > 0.1")
    page.get_by_role("button", name="Pause").click()
    until(page, "document.querySelector('audio').paused")
    page.locator(".ribbon").click()
    until(page, "Math.abs(document.querySelector('audio').currentTime - 1.5) < 0.05")
    page.get_by_role("button", name="Play").click()

    expect(page.locator("[data-time]")).to_have_text("0:02")
    assert complaints == []


def test_a_recording_that_cannot_be_had_is_said(page: Page, server: Server, replies: list[Reply]) -> None:
    for file in (server.folder / "replies").rglob(f"{replies[0].pk}.sealed"):
        file.unlink()

    page.keyboard.press("Space")

    expect(page.get_by_role("alert").filter(has_text="cannot be played")).to_be_visible()


def test_the_list_fills_while_one_watches_and_what_is_opened_stays(page: Page, replies: list[Reply]) -> None:
    page.keyboard.press("n")
    page.keyboard.type("half a sen")
    target = make_target(campaign_of(replies), "+12085550102", name="Nathan Cole")

    make_reply(target, transcript="Who is this?")

    expect(page.get_by_role("link", name="Nathan Cole")).to_be_visible(timeout=10_000)
    expect(page.locator("#replies-count")).to_have_text("5 open")
    page.keyboard.type("tence")
    expect(page.get_by_label("For whoever works on it next")).to_have_value("half a sentence")


def campaign_of(replies: list[Reply]) -> Campaign:
    with tenant_transaction(replies[0].tenant):
        return Campaign.objects.get(attempts__reply=replies[0])
