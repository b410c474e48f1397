"""What an agent did during a call, as people read it."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from agentos.tenants.models import User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.followups.models import LeftMessage
from calls.models import Call, ToolRun
from tests.calls.talks import asks, ended_call, says, wait
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(agent: Agent) -> Call:
    call = ended_call(agent, 15)
    says(call, "Juniper Dental, how can I help?", 0, 3000, kind="greeting")
    asks(call, "Tuesday at ten, please", 3500, 5000)
    timing = wait(model=600)
    timing["stages"]["tool"] = 400
    says(call, "You are booked.", 6500, 9000, timing=timing | {"waited_ms": timing["waited_ms"] + 400})
    return call


def done(call: Call, key: str, **fields: object) -> None:
    with tenant_transaction(call.tenant_id):
        ToolRun.objects.create(call=call, key=key, turn=1, **{"name": "book", "title": "Book visits"} | fields)


def shown(sign_in: SignIn, owner: User, call: Call, tab: str = "") -> str:
    browser: Client = sign_in(owner)
    response = browser.get(reverse("calls:call", args=[call.tenant.slug, call.pk]), {"tab": tab} if tab else {})
    assert response.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).replace("\u00a0", " ").split())


def test_what_was_done_stands_between_the_words_that_asked_for_it_and_the_answer(
    sign_in: SignIn, owner: User, call: Call
) -> None:
    arguments = {"starts_at": "2026-11-24T10:00", "name": "Maya Ortiz", "note": None}
    done(call, "a", arguments=arguments, result="Booked.", state="done", started_ms=5200, took_ms=980)

    text = shown(sign_in, owner, call)

    asked, told = text.index("Tuesday at ten, please"), text.index("You are booked.")
    assert asked < text.index("Book visits: Maya Ortiz, Tue, Nov 24") < text.index("10:00 AM · 980 ms") < told
    assert re.search(r"Name Maya Ortiz Starts at Tue, Nov 24(, 2026)?, 10:00 AM Answer Booked\.", text)


@pytest.mark.parametrize(
    ("state", "words"),
    [("failed", "Book visits: failed"), ("refused", "Book visits: not allowed"), ("running", "nobody knows whether")],
)
def test_what_went_wrong_is_said(sign_in: SignIn, owner: User, call: Call, state: str, words: str) -> None:
    done(call, "a", result="There is no such day.", state=state, started_ms=5200, took_ms=0)

    text = shown(sign_in, owner, call)

    assert words in text
    assert "There is no such day." in text


def test_a_tool_that_does_not_exist_is_called_so(sign_in: SignIn, owner: User, call: Call) -> None:
    done(call, "a", name="wire_money", title="", state="refused", started_ms=5200)

    assert "“wire_money”, which is no tool: not allowed" in shown(sign_in, owner, call)


def test_the_wait_for_a_tool_has_its_own_column(sign_in: SignIn, owner: User, call: Call) -> None:
    text = shown(sign_in, owner, call, "timing")

    assert "Doing something" in text
    assert "260 600 400 40 140 60" in text


def test_a_message_that_was_left_stands_beside_the_transcript(sign_in: SignIn, owner: User, call: Call) -> None:
    with tenant_transaction(call.tenant_id):
        LeftMessage.objects.create(call=call, text="My son chipped a tooth.", for_whom="Priya", name="Maya Ortiz")

    assert "Left a message My son chipped a tooth. Maya Ortiz, for Priya" in shown(sign_in, owner, call)
