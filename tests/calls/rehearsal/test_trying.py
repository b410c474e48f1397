"""An agent is tried in writing from its page: it answers, tools only pretend, and a talk becomes a rehearsal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents import services
from agents.knowledge.services import write_answer
from agents.models import Agent
from calls.models import LeftMessage, Rehearsal, UseBeside
from tests import factories
from tests.conftest import SignIn
from tests.doubles import Doubles

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume"),  # a test client waits for the whole
]


@pytest.fixture
def browser(sign_in: SignIn, owner: User) -> Client:
    return sign_in(owner)


@pytest.fixture
def desk(tenant: Tenant) -> Agent:
    return services.create_agent(tenant, name="Reception", template_name="support")


class Page:
    """What the page does: it holds the script, and sends it along."""

    def __init__(self, browser: Client, agent: Agent) -> None:
        self.browser, self.agent = browser, agent
        self.script: list[dict[str, Any]] = []

    def say(self, text: str = "") -> list[dict[str, Any]]:
        address = reverse("rehearsals:try", args=[self.agent.tenant.slug, self.agent.pk])
        response = self.browser.post(address, {"text": text, "script": json.dumps(self.script)})
        told = [json.loads(line) for line in b"".join(response).splitlines()]
        self.script += next((each["entries"] for each in told if "entries" in each), [])
        return told


def test_the_agent_greets_remembers_and_only_pretends(browser: Client, desk: Agent):
    page = Page(browser, desk)
    page.say()
    assert "What is not working?" in page.script[0]["text"]

    for line in ("i would like to leave a message", "anna smith", "please call me", "yes please"):
        told = page.say(line)

    assert next(each["piece"] for each in told if "piece" in each) == "Thank you, I will pass it on."
    (used,) = [entry for entry in page.script if entry["who"] == "tool"]
    assert (used["title"], used["arguments"]["name"]) == ("Take messages", "Anna Smith")
    assert used["told"] == "message: please call me, name: Anna Smith"
    with tenant_transaction(desk.tenant_id):
        assert not LeftMessage.objects.exists()

    browser.post(
        reverse("rehearsals:index", args=[desk.tenant.slug, desk.pk]),
        {"action": "from_talk", "script": json.dumps(page.script)},
    )
    with tenant_transaction(desk.tenant_id):
        made = Rehearsal.objects.get(name="i would like to leave a message")
    assert (made.lines[1], made.uses) == ("anna smith", ["leave_message"])


def test_what_was_looked_up_is_shown(browser: Client, desk: Agent, owner: User):
    with tenant_transaction(desk.tenant_id):
        write_answer(question="Where can I park?", answer="Behind us.", agent_id=desk.pk, language="en-US", by=owner)
    page = Page(browser, desk)
    page.say()
    page.say("where can i park")

    assert page.script[-1]["passages"] == ["Where can I park?"]
    assert "Behind us." in page.script[-1]["text"]


@pytest.mark.parametrize("script", ["{", '[{"who": "judge", "text": ""}]', '[{"who": "tool"}]', "[" * 90_000])
def test_what_is_no_conversation_is_refused(browser: Client, desk: Agent, script: str):
    address = reverse("rehearsals:try", args=[desk.tenant.slug, desk.pk])

    assert browser.post(address, {"text": "hello", "script": script}).status_code == 409


def test_what_a_try_takes_of_a_model_counts_in_the_month(tenant: Tenant, vendor: Doubles, browser: Client, owner: User):
    desk = factories.make_agent(tenant, "Desk", llm_provider="openai", llm_model="gpt-6-luna")
    vendor.openai.answers_with("We open at eight.")

    Page(browser, desk).say("when do you open")

    with tenant_transaction(tenant):
        used = {each.unit: each.quantity for each in UseBeside.objects.filter(purpose="trying")}
    assert used == {"input_tokens": 176, "cached_tokens": 1024, "output_tokens": 4}
    assert "Trying agents out in writing" in browser.get(reverse("calls:costs", args=[tenant.slug])).content.decode()
