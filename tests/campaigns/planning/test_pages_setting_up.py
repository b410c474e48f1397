"""Setting up a campaign on its pages: step by step, the preview, the dry run, and what keeps it from starting."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns import services
from telephony.models import PhoneNumber
from tests.campaigns.pages import at, fresh, make_contact, new_draft, text
from tests.campaigns.rows import make_campaign, make_target
from tests.conftest import SignIn

ROSA, TOM, AISHA = "+12125550128", "+12125550175", "+12125550136"
HTMX = {"HTTP_HX_REQUEST": "true"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(sign_in: SignIn, owner: User) -> Client:
    return sign_in(owner)


def test_a_campaign_is_set_up_step_by_step_and_started(
    browser: Client, tenant: Tenant, agent: Agent, number: PhoneNumber
) -> None:
    make_contact(tenant, ROSA, tags=["recall"])
    make_contact(tenant, TOM)
    draft = new_draft(browser, tenant)
    steps: list[tuple[str, dict[str, Any]]] = [
        ("number", {"agent": agent.pk, "number": number.pk}),
        ("people", {"tag": "recall"}),
        ("people", {}),
        ("message", {"language": "en-US", "message": "Hello {{first_name}}.", "keys": ["1", "9"]}),
        ("schedule", {"days": range(7), "opens": "09:00", "closes": "20:00"}),
        (
            "pace",
            {
                "at_once": 2,
                "calls_per_second": 1,
                "most_attempts": 2,
                "no_answer": 240,
                "busy": 15,
                "machine": 0,
                "voicemail": 0,
                "failed": 60,
                "budget": "25.50",
            },
        ),
        ("rules", {"confirmed": ["agreed", "sells_nothing", "identifies"]}),
    ]
    for step, sent in steps:
        answer = browser.post(at("step", draft, step), sent)
        assert answer.status_code == 302, (step, text(answer))

    review = text(browser.get(at("step", draft, "review")))
    assert "Everything is ready" in review
    assert browser.post(at("start", draft)).status_code == 302

    running = fresh(draft)
    assert (running.status, running.at_once, running.budget_cents) == ("running", 2, 2550)
    assert running.keys == {"1": "confirmed", "9": "opted_out"}
    assert running.retries == {"no_answer": 240, "busy": 15, "machine": 0, "voicemail": 0, "failed": 60}
    assert running.hours == [["09:00", "20:00"]] * 7
    with tenant_transaction(tenant):
        assert [str(each.e164) for each in running.targets.all()] == [ROSA]


def test_going_on_takes_the_people_along_whom_one_has_chosen(browser: Client, tenant: Tenant, agent: Agent) -> None:
    for number in (ROSA, TOM):
        make_contact(tenant, number, tags=["recall"])
    draft = new_draft(browser, tenant)
    address = at("step", draft, "people")

    stays = browser.post(address, {"tag": "recall", "search": "0128", "stay": "1"})
    goes_on = browser.post(address, {"tag": "recall"})

    assert (stays.headers["Location"], goes_on.headers["Location"]) == (address, at("step", draft, "message"))
    with tenant_transaction(tenant):
        assert draft.targets.count() == 2


def test_the_message_step_names_the_values_that_people_have(browser: Client, tenant: Tenant, agent: Agent) -> None:
    make_contact(tenant, ROSA, fields={"Visit Date": "2026-11-24"})
    draft = new_draft(browser, tenant)

    page = text(browser.post(at("step", draft, "people"), {"tag": "*"}, follow=True))

    assert "Known here: {{first_name}} , {{visit_date}} ." in page


def test_a_variable_that_nobody_knows_is_refused_beside_the_text_it_stands_in(
    browser: Client, tenant: Tenant, agent: Agent
) -> None:
    make_contact(tenant, ROSA)
    draft = new_draft(browser, tenant)
    browser.post(at("step", draft, "people"), {"tag": "*"})

    sent = {"language": "en-US", "message": "Hello {{first_name}}.", "voicemail": "Hello {{frist_name}}."}
    answer = browser.post(at("step", draft, "message"), sent)

    assert answer.status_code == 422
    assert answer.context["form"].errors == {
        "voicemail": ["There is no variable {{frist_name}}. Did you mean {{first_name}}?"]
    }
    assert not fresh(draft).message


def test_one_may_leave_and_come_back_to_a_draft(browser: Client, tenant: Tenant, agent: Agent) -> None:
    draft = new_draft(browser, tenant)

    sent = {"language": "en-US", "message": "Half a thought", "leave": "1"}
    answer = browser.post(at("step", draft, "message"), sent)

    assert answer["Location"] == reverse("campaigns:index", args=[tenant.slug])
    assert "Half a thought" in browser.get(at("step", draft, "message")).content.decode()


@pytest.mark.parametrize("step", ["goal", "number", "people", "message", "schedule", "pace", "rules", "review"])
def test_every_step_of_a_bare_draft_can_be_looked_at(browser: Client, tenant: Tenant, agent: Agent, step: str) -> None:
    answer = browser.get(at("step", new_draft(browser, tenant), step))

    assert answer.status_code == 200
    assert "November recall" in text(answer)


@pytest.mark.parametrize(
    ("step", "sent", "sentence"),
    [
        ("schedule", {"opens": "09:00", "closes": "20:00"}, "Choose at least one day"),
        ("schedule", {"days": [0], "opens": "20:00", "closes": "09:00"}, "This window never opens"),
        ("goal", {"name": "  ", "purpose": "debt", "kind": "message"}, "This field is required."),
        ("people", {"tag": "nobody"}, "Select a valid choice"),
    ],
)
def test_a_step_says_what_is_wrong_with_it(
    browser: Client, tenant: Tenant, agent: Agent, step: str, sent: dict[str, Any], sentence: str
) -> None:
    make_contact(tenant, ROSA)

    answer = browser.post(at("step", new_draft(browser, tenant), step), sent)

    assert answer.status_code == 422
    assert sentence in text(answer)


def test_what_is_missing_stands_in_the_review_and_the_campaign_does_not_start(
    browser: Client, tenant: Tenant, agent: Agent
) -> None:
    draft = new_draft(browser, tenant)

    browser.post(at("start", draft))
    page = text(browser.get(at("step", draft, "review")))

    assert fresh(draft).status == "draft"
    for sentence in ("Choose who is to be called.", "Write the message: it is what people hear.", "Confirm: These"):
        assert sentence in page


def test_the_message_is_shown_as_one_person_hears_it(browser: Client, tenant: Tenant, agent: Agent) -> None:
    draft = new_draft(browser, tenant)
    make_contact(tenant, ROSA, fields={"visit_date": "2026-11-23"})
    services.add_people(tenant, draft.pk)

    said = browser.post(at("preview", draft), {"message": "Hello {{first_name}}, see you on {{visit_date}}."}, **HTMX)
    wrong = browser.post(at("preview", draft), {"message": "Hello {{frist_name}}."}, **HTMX)

    assert "Hello Rosa, see you on Monday, November twenty-third" in text(said)
    assert "{{first_name}}?" in text(wrong)


def test_the_dry_run_shows_times_reasons_and_cost(browser: Client, agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA, status="draft")
    make_target(campaign, TOM, consents=False)

    part = browser.get(at("dry_run", campaign), **HTMX)

    assert "1 of 2 people will be called" in text(part)
    assert "No record that this person agreed" in text(part)
    assert "<html" not in part.content.decode()
    assert "<html" in browser.get(at("dry_run", campaign)).content.decode()


def test_the_plan_can_be_downloaded_and_no_cell_is_a_formula(browser: Client, agent: Agent) -> None:
    campaign = make_campaign(agent, ROSA, status="draft")
    make_target(campaign, TOM, consents=False, name='=HYPERLINK("http://x.example")')

    file = browser.get(at("export_dry_run", campaign), {"left_out": 1})

    rows = list(csv.DictReader(StringIO(file.content.decode("utf-8-sig"))))
    assert [(row["Name"], row["Number"], row["Code"]) for row in rows] == [
        ('\'=HYPERLINK("http://x.example")', TOM, "no_consent")
    ]
