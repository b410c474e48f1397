"""Working through the reply inbox by keys, and how it looks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now
from pytest_django import Settings

from agentos.tenants.models import User
from agents.models import Agent
from campaigns import inbox
from campaigns.inbox import What
from campaigns.models import Reply
from tests import factories
from tests.browser.conftest import Complaints, Server, SignedIn
from tests.browser.test_looks import WIDTHS, objections
from tests.campaigns.answers import make_reply, seal
from tests.campaigns.people import make_campaign, make_target

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


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
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
