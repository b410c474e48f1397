"""Every page, wide and narrow, light and dark: nothing axe objects to, nothing wider than the window."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils.timezone import now
from playwright.sync_api import BrowserContext, Frame, Page

from agentos.tenants.models import User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent, Proposal
from agents.writing.by_rules import compose
from calls.models import Call, Transfer
from tests import factories
from tests.browser.conftest import SignedIn
from tests.calls.talks import ended_call, says, short_talk

WIDTHS = {"wide": 1440, "narrow": 390}
THEMES = ("light", "dark")
LOOKS = [(WIDTHS["wide"], "light"), (WIDTHS["narrow"], "dark")]  # each width and each theme once
WITHOUT_STYLE = {"preload": False}  # it would put styles into the page, which its policy forbids


@pytest.fixture
def call(agent: Agent) -> Call:
    call = ended_call(agent, 15)
    short_talk(call)
    says(call, "Rae here, I can help.", 13_000, 14_000, kind="person", extras={"by": "Rae Ostrander"})
    factories.make_event(call, "failure", at_ms=4000, part="tts", provider="elevenlabs", code="connection")
    with tenant_transaction(agent.tenant_id):
        tried = [{"id": 1, "name": "Rae Ostrander", "outcome": "declined", "sid": "CA8", "at": now().isoformat()}]
        about = {"tried": tried, "began_at": now(), "ended_at": now(), "summary": "A call from somebody."}
        Transfer.objects.create(call=call, key="looks", state="unreached", warm=True, **about)
    factories.make_usage(call)
    factories.make_usage(call, 40, kind="llm", unit="output_tokens", speculative=True)
    return call


@pytest.fixture
def live_call(agent: Agent) -> Call:
    call = factories.make_call(agent, status=Call.Status.IN_PROGRESS, answered_at=now())
    says(call, "We are open", 0, 900, unheard="from eight to five.")
    return call


@pytest.fixture
def proposal(agent: Agent) -> Proposal:
    with tenant_transaction(agent.tenant_id):
        description = "A dog groomer in Boise, open Tue-Sat 9-5. Callers ask for prices. A bath is $40."
        return Proposal.objects.create(
            agent=agent,
            description=description,
            state="ready",
            content=compose(description).to_json(),
            trouble="No key.",
        )


@pytest.fixture
def addresses(agent: Agent, call: Call, live_call: Call, proposal: Proposal) -> list[str]:
    calls, agents = "/t/juniper-dental/calls/", "/t/juniper-dental/agents/"
    factories.make_number(agent.tenant, agent=agent, label="Main line")
    return [
        calls,
        f"{calls}?state=unanswered",
        f"{calls}{call.pk}/",
        f"{calls}{call.pk}/?tab=timing",
        f"{calls}{call.pk}/?tab=events",
        f"{calls}{live_call.pk}/",
        agents,
        f"{agents}new/",
        f"{agents}{agent.pk}/",
        f"{agents}{agent.pk}/publish/",
        f"{agents}{agent.pk}/compare/",
        f"{agents}write/{proposal.pk}/",
        f"{agents}{agent.pk}/rehearsals/",
        "/t/juniper-dental/knowledge/?question=where+can+i+park",
        "/t/juniper-dental/numbers/",
        "/t/juniper-dental/settings/",
        "/t/juniper-dental/settings/people/",
        "/t/juniper-dental/settings/api/",
        "/t/juniper-dental/settings/website/",
    ]


def objections(page: Page | Frame) -> list[str]:
    """What axe finds, and what sticks out."""
    found = Axe().run(page, options=WITHOUT_STYLE).response["violations"]
    said = [
        f"{each['id']}: {node['html'][:120]} {node['failureSummary'][:160]}" for each in found for node in each["nodes"]
    ]
    wide, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    return [*said, *([f"scrolls sideways: {wide} in {window}"] if wide > window else [])]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_is_well_made(signed_in: SignedIn, owner: User, addresses: list[str], width: str) -> None:
    """Each page in both widths and both themes: one page wide in light and narrow in dark, the next the other way."""
    page = signed_in(owner)
    page.set_viewport_size({"width": WIDTHS[width], "height": 844})

    found = {}
    for place, address in enumerate(addresses):
        theme: Any = THEMES[(place + (width == "narrow")) % 2]
        page.emulate_media(color_scheme=theme)
        page.goto(address)
        found[address] = objections(page)

    assert {address: said for address, said in found.items() if said} == {}


def test_the_way_in_is_well_made(context: BrowserContext) -> None:
    page = context.new_page()
    for width in WIDTHS.values():
        page.set_viewport_size({"width": width, "height": 844})
        page.goto("/account/login/")

        assert objections(page) == []
