"""The pages of knowledge, as they look and as a receptionist walks them."""

from __future__ import annotations

from uuid import UUID

import pytest
from playwright.sync_api import expect

from agentos.tenants.models import User
from agentos.tenants.scoping import tenant_transaction
from agents.knowledge import services
from agents.models import Agent
from tests.browser.conftest import Complaints, SignedIn

ANSWERS = {
    "Where can I park?": "There are eight places behind the house. The entrance is on Fort Street.",
    "Which insurances do you take?": "Delta Dental, Cigna and Blue Cross. Please bring your card.",
    "What does a cleaning cost?": "A cleaning is 90 dollars without insurance.",
}


@pytest.fixture
def written(agent: Agent, owner: User) -> None:
    with tenant_transaction(agent.tenant_id):
        for question, answer in ANSWERS.items():
            services.write_answer(question=question, answer=answer, agent_id=None, language="en-US", by=owner)
        for number in (1, 2):
            services.note_gap("Do you have a lift?", agent_id=agent.pk, call_id=UUID(int=number))


def test_a_question_asked_in_vain_is_answered_and_tried(written: None, signed_in: SignedIn, owner: User):
    complaints = Complaints()
    page = complaints.hear(signed_in(owner))
    page.goto("/t/juniper-dental/knowledge/")
    page.get_by_role("link", name="Answer “Do you have a lift?”").click()
    form = page.locator("#answer")
    expect(form.get_by_label("Question")).to_have_value("Do you have a lift?")
    form.get_by_label("Answer", exact=True).fill("Yes, at the back entrance.")
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Asked, and not known")).to_have_count(0)

    page.get_by_label("A caller asks").fill("is there a lift in the house")
    page.get_by_role("button", name="Look it up").click()

    expect(page.get_by_role("region", name="Try a question")).to_contain_text("Yes, at the back entrance.")
    assert complaints == []
