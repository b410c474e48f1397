"""The newcomer's path: sign in, make an agent, publish it, call it, and read what happened."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, Page, expect

from agentos.tenants.models import Role, Tenant
from tests import factories
from tests.browser.conftest import Complaints


def sign_in(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Email").fill("priya@juniper.example")
    page.get_by_label("Password", exact=True).fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="No calls yet")).to_be_visible()


def make_an_agent(page: Page) -> None:
    page.get_by_role("link", name="Make your first agent").click()
    page.get_by_role("textbox", name="Name").fill("Front desk")
    page.get_by_role("button", name="Create the draft").click()
    expect(page.get_by_role("heading", name="Front desk")).to_be_visible()


def publish(page: Page) -> None:
    page.get_by_role("link", name="Publish…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Rehearse and publish").click()
    page.get_by_role("button", name="Publish without waiting").click()
    expect(page.get_by_text("Live: version 1")).to_be_visible()


def say(page: Page, words: str) -> None:
    page.get_by_label("Type what the caller says").fill(words)
    page.keyboard.press("Enter")


def test_a_newcomer_makes_an_agent_calls_it_and_reads_the_call(context: BrowserContext, tenant: Tenant) -> None:
    factories.make_member(
        tenant, Role.OWNER, email="priya@juniper.example", name="Priya Nair", password=factories.PASSWORD
    )
    complaints = Complaints()
    page, second = complaints.hear(context.new_page()), complaints.hear(context.new_page())
    sign_in(page)
    make_an_agent(page)
    publish(page)
    second.goto("/t/juniper-dental/calls/")

    dock = page.get_by_role("complementary", name="Test call")
    dock.get_by_role("button", name="Type").click()
    dock.get_by_role("button", name="Version 1").click()
    dock.get_by_role("button", name="Call", exact=True).click()
    transcript = dock.get_by_role("listitem")
    expect(transcript.first).to_contain_text("Thank you for calling Juniper Dental.")
    expect(dock.get_by_text(re.compile(r"Version 1, in progress \d:\d\d"))).to_be_visible()

    second.get_by_role("link", name="1 new call").click()
    row = second.get_by_role("row").filter(has_text="Test call")
    expect(row).to_contain_text("In progress")

    say(page, "When are you open on Tuesday?")
    expect(transcript.nth(1)).to_have_text("YouWhen are you open on Tuesday?")
    expect(transcript.nth(2)).to_contain_text("nine AM to five PM", timeout=15_000)
    expect(transcript.nth(2)).to_have_text(re.compile(r"^Front desk[\d,]+\sms"))

    dock.get_by_role("button", name="End").click()
    expect(row).to_contain_text("Caller hung up")
    dock.get_by_role("link", name="See the call").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("A tester talked with Front desk")
    stored = page.get_by_role("list", name="Transcript").get_by_role("listitem")
    expect(stored.nth(1)).to_contain_text("When are you open on Tuesday?")
    expect(stored.nth(2)).to_contain_text("nine AM to five PM")
    expect(page.get_by_text("Caller hung up").first).to_be_visible()
    assert complaints == []
