"""Simulated callers talk with a draft; tools only pretend, and what comes of it is written down."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent, HttpTool
from calls.after.reading import VERDICTS
from calls.models import Call, LeftMessage, Rehearsal, RehearsalRun, ToolRun
from calls.rehearsal import running
from calls.rehearsal.making import from_call
from calls.rehearsal.spending import Till
from tests import factories
from tests.agents.pages import text
from tests.conftest import SignIn
from tests.doubles import Doubles

pytestmark = pytest.mark.django_db(transaction=True)


def play(agent: Agent, **fields: Any) -> RehearsalRun:
    """One rehearsal of the agent's draft, played to its end."""
    with tenant_transaction(agent.tenant_id):
        rehearsal = Rehearsal.objects.create(agent=agent, **({"name": "Dora"} | fields))
        (run,) = running.begin([rehearsal], agent.versions.get(number=None))
    running.rehearse(agent.tenant_id, run.pk)
    running.rehearse(agent.tenant_id, run.pk)
    with tenant_transaction(agent.tenant_id):
        return RehearsalRun.objects.get()


def said(run: RehearsalRun, who: str) -> list[str]:
    return [entry["text"] for entry in run.script if entry["who"] == who]


def test_a_script_is_read_to_the_offline_model_and_checked(agent: Agent):
    run = play(agent, lines=["what are your opening hours"], says=["Monday to Friday"], never_says=["Juniper Dental"])

    assert said(run, "caller") == ["what are your opening hours", "Thank you, goodbye."]
    assert "How can I help?" in said(run, "agent")[0]
    assert (run.state, [finding["holds"] for finding in run.findings]) == ("failed", [True, False, True])


def test_what_must_be_true_is_judged_afterwards(agent: Agent):
    run = play(agent, lines=["what are your opening hours"], criteria=["The agent named the opening hours."])

    assert run.findings[-1]["check"] == "The agent named the opening hours."
    assert (run.findings[-1]["holds"], run.state) == (None, "unjudged")


# With a model


@pytest.fixture
def thinking(tenant: Tenant) -> Agent:
    tools = [{"name": "leave_message", "settings": {}}, {"name": "end_call", "settings": {}}]
    return factories.make_agent(tenant, "Desk", llm_provider="openai", llm_model="gpt-6-luna", tools=tools)


LEAVE_MESSAGE = {
    "name": "leave_message",
    "arguments": json.dumps({"message": "please call me", "for_whom": None, "name": "Dora", "number": None}),
}


def verdict(told: str) -> str:
    found = {"summary": "Hello.", "result": "nothing", "sentiment": "neutral", "fields": []}
    return json.dumps(found | {"criteria": [{"verdict": told, "reason": "Because."}]})


WISH = {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": LEAVE_MESSAGE}]}


def test_a_model_plays_a_caller_until_it_hangs_up(thinking: Agent, vendor: Doubles):
    vendor.openai.answers_with("I want to see a dentist.", "Gladly. When?", "Never mind, goodbye. <hang_up/>", "Bye.")

    run = play(thinking, persona="A carpenter", goal="To see a dentist", says=["gladly"])

    assert said(run, "caller") == ["I want to see a dentist.", "Never mind, goodbye."]
    assert said(run, "agent")[1:] == ["Gladly. When?", "Bye."]
    assert run.state == "passed"
    assert {line["who"]: (line["input"], line["output"]) for line in run.used} == {
        "agent": (2400, 3),
        "caller": (2400, 10),
    }
    assert float(run.cents) == pytest.approx((4 * 176 * 10 + 4 * 1024 * 1 + 13 * 50) / 1e6, abs=1e-4)
    played = vendor.openai.chats[0].body["messages"]
    assert "A carpenter" in played[0]["content"]
    assert played[-1]["role"] == "user"


def test_a_tool_only_pretends(thinking: Agent, vendor: Doubles):
    vendor.openai.says({"choices": [{"index": 0, "delta": WISH, "finish_reason": "tool_calls"}]}, "[DONE]")
    vendor.openai.answers_with("It is noted.")

    run = play(
        thinking,
        lines=["please tell the doctor to call me, my name is Dora"],
        uses=["leave_message"],
        answers={"leave_message": "Noted for the doctor."},
    )

    (used,) = [entry for entry in run.script if entry["who"] == "tool"]
    assert (used["name"], used["state"], used["result"]) == ("leave_message", "done", "Noted for the doctor.")
    assert run.state == "passed"
    with tenant_transaction(thinking.tenant_id):
        assert not ToolRun.objects.exists()
        assert not LeftMessage.objects.exists()


def test_an_agent_that_puts_the_caller_through_has_left(agent: Agent):
    with tenant_transaction(agent.tenant_id):
        agent.versions.filter(number=None).update(tools=[{"name": "transfer_call", "settings": {}}])

    run = play(agent, lines=["I would like to speak to a person please", "hello?"], uses=["transfer_call"])

    assert (run.state, len(said(run, "caller"))) == ("passed", 1)


def test_a_vendor_that_is_away_is_said_and_what_was_spoken_is_kept(thinking: Agent, settings: Settings):
    settings.VENDORS = settings.VENDORS | {"openai": {"api_key": "key", "base_url": "http://127.0.0.1:9"}}

    run = play(thinking, lines=["hello"])

    assert (run.state, said(run, "caller")) == ("broken", ["hello"])
    assert run.trouble


@pytest.mark.parametrize(
    ("judgement", "state", "why"),
    [
        (["no idea", "still none"], "unjudged", "The model wrote what cannot be read."),
        (["{}", '{"criteria": [{"verdict": "met"}]}'], "unjudged", "The model wrote what cannot be read."),
        (["unclear"], "unjudged", ""),
        (["not_met"], "failed", ""),
        (["met"], "passed", ""),
    ],
)
def test_what_nobody_could_judge_has_not_passed(
    thinking: Agent, vendor: Doubles, judgement: list[str], state: str, why: str
):
    judged = [verdict(each) if each in VERDICTS else each for each in judgement]
    vendor.openai.answers_with("Gladly.", "Goodbye.", *judged)

    run = play(thinking, lines=["hello"], criteria=["The caller was content."])

    assert (run.state, run.trouble) == (state, "")
    assert run.findings[-1]["check"] == "The caller was content."
    assert why in run.findings[-1]["why"]


def test_a_judge_who_is_away_leaves_the_other_checks_as_they_are(thinking: Agent, settings: Settings):
    settings.VENDORS = settings.VENDORS | {"openai": {"api_key": "key", "base_url": "http://127.0.0.1:9"}}
    rehearsal = Rehearsal(agent=thinking, says=["gladly"], criteria=["The caller was content."])
    with tenant_transaction(thinking.tenant_id):
        scenery = running.scenery_of(thinking.tenant_id, rehearsal)
    greeted = {"who": "agent", "text": "Juniper Dental, gladly."}

    findings = running.checked(scenery, rehearsal, [greeted, {"who": "caller", "text": "Thanks."}], Till())

    assert [finding.holds for finding in findings] == [True, True, None]


# Pages


@pytest.fixture
def browser(sign_in: SignIn, owner: User) -> Client:
    return sign_in(owner)


OWN = "https://shop.example/orders"


def index(agent: Agent) -> str:
    return reverse("rehearsals:index", args=["juniper-dental", agent.pk])


def test_a_rehearsal_is_written_played_and_read(browser: Client, agent: Agent):
    browser.post(
        index(agent),
        {"name": "Asks for hours", "lines": "when are you open", "difficulty": "normal", "says": "Monday to Friday"},
    )
    assert "Asks for hours 1 line Being played" in text(browser.get(index(agent)))
    with tenant_transaction(agent.tenant_id):
        run = RehearsalRun.objects.get()
    running.rehearse(agent.tenant_id, run.pk)

    assert "1 of 1 passed with this draft" in text(browser.get(index(agent)))
    page = text(browser.get(reverse("rehearsals:rehearsal", args=["juniper-dental", agent.pk, run.rehearsal_id])))
    assert "Says “Monday to Friday”" in page
    assert "Caller when are you open" in page


def test_what_tools_answer_is_written_by_their_titles(browser: Client, agent: Agent):
    with tenant_transaction(agent.tenant_id):
        agent.versions.filter(number=None).update(tools=[{"name": "leave_message", "settings": {}}])
    told = {"name": "Mock", "lines": "hello", "difficulty": "normal", "answers": "take messages = Noted."}
    browser.post(index(agent), told)
    with tenant_transaction(agent.tenant_id):
        made = Rehearsal.objects.get()

    assert made.answers == {"leave_message": "Noted."}
    page = browser.get(reverse("rehearsals:rehearsal", args=["juniper-dental", agent.pk, made.pk]))
    assert "Take messages = Noted." in page.content.decode()
    refused = browser.post(index(agent), told | {"answers": "send a fax = Sent."})
    assert "no tool called “send a fax”. Its tools: Take messages." in text(refused)


def test_a_tool_of_the_business_itself_can_be_required(browser: Client, agent: Agent):
    with tenant_transaction(agent.tenant_id):
        HttpTool.objects.create(name="order_state", title="Look up an order", description="Where it is.", url=OWN)
        agent.versions.filter(number=None).update(tools=[{"name": "order_state", "settings": {}}])

    told = {"name": "Asks", "lines": "where is it", "difficulty": "normal", "uses": "order_state"}
    browser.post(index(agent), told | {"answers": "look up an order = Sent on Monday."})

    with tenant_transaction(agent.tenant_id):
        made = Rehearsal.objects.get()
    assert (made.uses, made.answers) == (["order_state"], {"order_state": "Sent on Monday."})


def test_a_caller_without_lines_needs_something_that_they_want(browser: Client, agent: Agent):
    response = browser.post(index(agent), {"name": "Dora", "difficulty": "normal"})

    assert response.status_code == 422
    assert "Say what the caller wants" in text(response)


def test_without_a_model_a_goal_is_played_by_rules(agent: Agent):
    run = play(agent, goal="To find out when you are open", says=["Monday to Friday"])

    assert said(run, "caller") == ["when are you open", "thank you goodbye"]
    assert run.state == "passed"


def test_a_call_becomes_a_rehearsal(browser: Client, agent: Agent):
    call = factories.make_call(agent, status=Call.Status.ENDED)
    factories.make_turn(call, "Hello", speaker="agent")
    factories.make_turn(call, "when are you open")
    with tenant_transaction(agent.tenant_id):
        ToolRun.objects.create(call=call, key="k", turn=1, name="leave_message", result="Noted.", state="done")

    browser.post(index(agent), {"action": "from_call", "call": str(call.pk)})

    with tenant_transaction(agent.tenant_id):
        made = Rehearsal.objects.get()
    assert (made.lines, made.uses, made.answers) == (
        ["when are you open"],
        ["leave_message"],
        {"leave_message": "Noted."},
    )


def test_a_call_of_last_week_is_rehearsed_on_the_day_on_which_it_was(agent: Agent):
    call = factories.make_call(agent, status=Call.Status.ENDED, created_at=datetime(2026, 3, 4, 17, tzinfo=UTC))
    factories.make_turn(call, "what day is it today, this is [name]")
    with tenant_transaction(agent.tenant_id):
        for at, answer in enumerate(("Free on Thursday.", "Nothing is free.")):
            looked = {"name": "check_availability", "state": "done", "effect": False}
            ToolRun.objects.create(call=call, key=str(at), turn=1, result=answer, **looked)
        found = {"name": "look_up_contact", "result": "[name], a patient", "state": "done", "effect": False}
        ToolRun.objects.create(call=call, key="k", turn=1, **found)
        made = from_call(call)
        made.says = ["March 4|fourth of March|March the fourth|March fourth"]
        made.save()
        (run,) = running.begin([made], agent.versions.get(number=None))
    running.rehearse(agent.tenant_id, run.pk)

    with tenant_transaction(agent.tenant_id):
        run.refresh_from_db()
    assert made.answers == {"look_up_contact": "Anna Smith, a patient"}
    assert said(run, "caller")[0] == "what day is it today, this is Anna Smith"
    assert run.state == "passed", run.script


def test_a_call_in_which_nobody_spoke_is_no_rehearsal(browser: Client, agent: Agent):
    call = factories.make_call(agent, status=Call.Status.ENDED)

    browser.post(index(agent), {"action": "from_call", "call": str(call.pk)})

    with tenant_transaction(agent.tenant_id):
        assert not Rehearsal.objects.exists()


def test_whoever_only_looks_cannot_play(sign_in: SignIn, viewer: User, agent: Agent):
    assert sign_in(viewer).post(index(agent), {"action": "run"}).status_code == 403


def test_of_an_answer_that_is_cut_off_only_the_heard_half_counts(agent: Agent):
    hours = {"lines": ["hello", "what are your opening hours"], "says": ["Monday"], "never_says": ["5 PM"]}

    run = play(agent, difficulty="interrupts", **hours)

    cut = next(entry for entry in run.script if entry.get("unheard"))
    assert cut["text"]
    assert cut["unheard"]
    assert run.state == "passed"


def test_what_a_rehearsal_cost_stands_on_its_page_and_counts_in_the_month_also_when_it_is_removed(
    thinking: Agent, vendor: Doubles, owner: User, sign_in: SignIn
):
    vendor.openai.answers_with("We open at eight.", "Bye.", verdict("met"))
    run = play(thinking, lines=["when do you open"], criteria=["The hours were named."])

    browser, slug = sign_in(owner), thinking.tenant.slug
    page = text(browser.get(reverse("rehearsals:rehearsal", args=[slug, thinking.pk, run.rehearsal_id])))
    browser.post(reverse("rehearsals:rehearsal", args=[slug, thinking.pk, run.rehearsal_id]), {"action": "remove"})
    costs = text(browser.get(reverse("calls:costs", args=[slug])))

    assert [line["who"] for line in run.used] == ["agent", "judge"]
    assert "What it cost" in page
    assert "Judging" in page
    assert "Rehearsals in writing" in costs
    assert "Nothing was spent" not in costs


def test_a_model_without_a_known_price_is_named_and_not_guessed(
    tenant: Tenant, vendor: Doubles, owner: User, sign_in: SignIn
):
    agent = factories.make_agent(tenant, "Desk", llm_provider="openai", llm_model="gpt-99")
    vendor.openai.answers_with("We open at eight.", "Bye.")
    run = play(agent, lines=["when do you open"])

    browser = sign_in(owner)
    page = text(browser.get(reverse("rehearsals:rehearsal", args=[tenant.slug, agent.pk, run.rehearsal_id])))
    costs = text(browser.get(reverse("calls:costs", args=[tenant.slug])))

    assert [line["cents"] for line in run.used] == [None]
    assert "No price is known of openai gpt-99" in page
    assert "No price is known for openai gpt-99" in costs


def test_a_caller_who_never_hangs_up_is_told_of(thinking: Agent, vendor: Doubles, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(running, "MOST_ANSWERS", 2)
    vendor.openai.answers_with("And then?", "This.", "(sighs) Caller: **And** then?", "That.")

    run = play(thinking, goal="To hear everything")

    assert said(run, "caller") == ["And then?", "And then?"]
    assert ("Comes to an end", False) in [(each["check"], each["holds"]) for each in run.findings]
    assert run.state == "failed"
