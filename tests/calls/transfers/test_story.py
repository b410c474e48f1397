"""The page of a call tells how its caller was put through."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils.timezone import now

from agentos.tenants.models import User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.models import Ring, Transfer
from calls.transfers.story import Story, Try
from tests.agents.pages import text
from tests.calls.talks import ended_call
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db


def tried(name: str, outcome: str, at: str = "") -> dict[str, Any]:
    return {"id": 1, "name": name, "outcome": outcome, "sid": "CA8"} | ({"at": at} if at else {})


def test_the_page_tells_who_was_tried_who_took_the_call_and_what_they_heard(sign_in: SignIn, owner: User, agent: Agent):
    call, began = ended_call(agent), now() - timedelta(minutes=5)
    taken = (began + timedelta(seconds=31)).isoformat()
    with tenant_transaction(agent.tenant_id):
        people = [tried("Rae", "declined", began.isoformat()), tried("Mats", "answered", taken)]
        about = {"department": "Billing", "summary": "A call from Maria.", "warm": True}
        Transfer.objects.create(call=call, key="1", state="reached", tried=people, began_at=began, **about)

    page = text(sign_in(owner).get(reverse("calls:call", args=[agent.tenant.slug, call.pk])))

    assert "Put through Billing Mats took the call" in page
    assert "after 31 seconds of music" in page
    assert "Rae declined" in page
    assert "They heard: “A call from Maria.”" in page


def test_while_somebody_is_rung_the_page_says_so(sign_in: SignIn, owner: User, agent: Agent):
    call = ended_call(agent)
    with tenant_transaction(agent.tenant_id):
        transfer = Transfer.objects.create(call=call, key="1", state="dialing", people=[{"name": "Rae"}], warm=True)
        Ring.objects.create(transfer=transfer, place=0, state="answered")

    page = text(sign_in(owner).get(reverse("calls:call", args=[agent.tenant.slug, call.pk])))

    assert "Being put through" in page
    assert "Rae hears who is waiting" in page


@pytest.mark.parametrize(
    ("state", "tries", "words"),
    [
        ("talking", [Try("Mats", "took the call", None, is_taken=True)], "Talking with Mats"),
        ("unreached", [Try("Rae", "was busy", None)], "Nobody took the call"),
        ("left", [], "The caller hung up while waiting"),
        ("reached", [], "Put through"),
    ],
)
def test_what_came_of_it_in_a_few_words(state: str, tries: list[Try], words: str):
    story = Story(Transfer(state=state), tries)

    assert (story.words, story.waited_s) == (words, None)
