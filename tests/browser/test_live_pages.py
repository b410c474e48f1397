"""Pages that change by themselves, lose their connection and find it again; and pages without scripts."""

from __future__ import annotations

import re

from django.utils.timezone import now
from playwright.sync_api import Page, expect

from agentos.tenants.models import Membership, User
from agents.models import Agent
from calls.announce import announce
from calls.models import Call
from calls.services import end_call
from tests import factories
from tests.browser.conftest import Contexts, Server, SignedIn, until
from tests.calls.talks import asks, ended_call, says, short_talk

LIST = "/t/juniper-dental/calls/"


def tell(call: Call) -> None:
    """What the journal does when it has written something about the call."""
    announce(call.tenant_id, {call.pk})


def begin_call(agent: Agent) -> Call:
    call = factories.make_call(agent, status=Call.Status.IN_PROGRESS, answered_at=now(), from_number="+12085550147")
    says(call, "How can I help?", 0, 800, index=0)
    return call


def connected(page: Page) -> None:
    until(page, "document.getElementById('calls')['htmx-internal-data'].webSocket?.socket.readyState === 1")


def test_a_call_in_progress_gets_longer_by_the_second_and_ends_before_ones_eyes(
    signed_in: SignedIn, owner: User, agent: Agent
) -> None:
    call = begin_call(agent)
    page = signed_in(owner)
    page.goto(LIST)
    row = page.get_by_role("row").filter(has_text="(208) 555-0147")
    expect(row).to_contain_text("In progress")
    expect(row.locator("time").last).to_have_text("0:02")
    row.get_by_role("link").focus()

    end_call(agent.tenant_id, call.pk, ending=Call.Ending.AGENT, at=now())
    tell(call)

    expect(row).to_contain_text("Agent said goodbye")
    expect(row.get_by_role("link")).to_be_focused()


def test_the_page_of_a_call_grows_while_people_talk(signed_in: SignedIn, owner: User, agent: Agent) -> None:
    call = begin_call(agent)
    page = signed_in(owner)
    page.goto(f"{LIST}{call.pk}/")
    turns = page.get_by_role("list", name="Transcript").get_by_role("listitem")
    expect(turns).to_have_count(1)

    asks(call, "When are you open?", 1000, 2000, index=1)
    tell(call)
    expect(turns.nth(1)).to_contain_text("When are you open?")
    says(call, "From eight", 2500, 3000, index=2, unheard="to five.")
    tell(call)
    expect(turns.nth(2).locator(".coming")).to_have_text("to five.")
    end_call(agent.tenant_id, call.pk, ending=Call.Ending.CALLER, at=now())
    tell(call)

    expect(page.get_by_role("heading", level=1)).to_have_text("(208) 555-0147 talked with Front desk")
    expect(turns.nth(2).locator("s.unheard")).to_have_text("to five.")


def test_a_lost_connection_is_said_and_found_again(
    signed_in: SignedIn, owner: User, agent: Agent, server: Server
) -> None:
    call = begin_call(agent)
    page = signed_in(owner)
    page.goto(LIST)
    expect(page.get_by_role("row").filter(has_text="(208) 555-0147")).to_contain_text("In progress")
    connected(page)

    server.stop()
    try:
        expect(page.get_by_text("Live updates paused.")).to_be_visible(timeout=10_000)
        end_call(agent.tenant_id, call.pk, ending=Call.Ending.AGENT, at=now())
    finally:
        server.start()
    page.get_by_role("button", name="Try now").click()

    expect(page.get_by_text("Live updates paused.")).to_be_hidden()
    expect(page.get_by_role("row").filter(has_text="(208) 555-0147")).to_contain_text("Agent said goodbye")


def test_somebody_who_is_removed_while_watching_is_shown_the_door(
    signed_in: SignedIn, owner: User, agent: Agent
) -> None:
    page = signed_in(owner)
    page.goto(LIST)
    expect(page.get_by_role("heading", name="No calls yet")).to_be_visible()
    connected(page)

    Membership.objects.filter(user=owner).delete()

    expect(page.get_by_role("heading", name="Nothing is here")).to_be_visible(timeout=10_000)


def test_filters_and_search_change_the_list_and_its_address(signed_in: SignedIn, owner: User, agent: Agent) -> None:
    ended_call(agent, from_number="+12085550147", ending=Call.Ending.AGENT)
    ended_call(agent, from_number="+12085550163", ending=Call.Ending.FAILURE)
    page = signed_in(owner)
    page.goto(LIST)
    rows = page.locator("tbody tr")

    page.get_by_role("link", name="Went wrong 1").click()
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?state=trouble$"))
    page.get_by_label("Search calls by number").fill("0147")
    expect(page.get_by_role("heading", name="No calls match")).to_be_visible()
    expect(page.get_by_label("Search calls by number")).to_be_focused()
    page.get_by_role("link", name=re.compile("^All")).click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("(208) 555-0147")
    page.get_by_role("button", name="Any direction").click()
    page.get_by_role("link", name="Incoming").click()
    expect(page).to_have_url(re.compile(r"direction=incoming&number=0147$"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"\?number=0147$"))
    expect(rows).to_have_count(1)


def test_the_pages_can_be_read_without_scripts(
    contexts: Contexts, signed_in: SignedIn, owner: User, agent: Agent
) -> None:
    call = ended_call(agent, 15, from_number="+12085550147", ending=Call.Ending.CALLER)
    short_talk(call)
    ended_call(agent, from_number="+12085550163", ending=Call.Ending.FAILURE)
    page = signed_in(owner, within=contexts(java_script_enabled=False))

    page.goto(LIST)
    page.get_by_role("link", name="Caller hung up 1").click()
    page.get_by_role("button", name="Any day").click()
    page.get_by_role("link", name="Last 7 days").click()
    expect(page).to_have_url(re.compile(r"\?state=caller&day=week$"))
    page.get_by_label("Search calls by number").fill("0147")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="(208) 555-0147").click()
    expect(page.get_by_text("From eight to five,")).to_be_visible()
    page.get_by_role("link", name="Timing").click()
    expect(page.get_by_text("One reply was slow, at 0:12.")).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_be_hidden()
