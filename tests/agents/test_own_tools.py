"""A business's own tool, from its page to the request of a call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now
from pytest_django import Settings

from agentos.tenants.models import Credential, Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent, HttpTool
from agents.own_tools import own_tools
from agents.tools import Tool, ToolContext, ToolOutcome
from agents.versions import VersionSpec
from calls.scripts import CallTexts
from tests.agents.pages import at, autosave, draft
from tests.conftest import SignIn
from tests.doubles.receiver import Receiver

SECRET = "Bearer shop-secret-9f31"


@pytest.fixture
def shop(settings: Settings) -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.status, receiver.body = 200, b'{"order": {"state": "sent"}}'
    settings.OUTGOING_TRUSTED = {receiver.place}
    yield receiver
    receiver.stop()


@pytest.fixture
def browser(owner: User, sign_in: SignIn) -> Client:
    return sign_in(owner)


def page(row: HttpTool) -> str:
    return reverse("integrations:tool", args=[row.tenant.slug, row.pk])


def fields(shop: Receiver, **changes: Any) -> dict[str, Any]:
    """What the page sends."""
    return {
        "title": "Look up an order",
        "description": "Tells the state of an order.",
        "method": "GET",
        "url": f"http://{shop.place}/orders/{{order}}",
        "headers": ["Authorization", SECRET, "", ""],
        "parameters": ["order", "text", "Its number", "", "phone", "caller_number", "", "", "", "text", "", ""],
        "readings": ["State", "order.state", "", ""],
        "timeout_s": "3",
        "say_moment": "I am looking it up in our books.",
        "say_slow": "Our books are slow today.",
        "say_failed": "I cannot see our orders right now.",
        "waits": "on",
        **changes,
    }


@pytest.fixture
def order_tool(tenant: Tenant, browser: Client, shop: Receiver) -> HttpTool:
    browser.post(reverse("integrations:tools", args=[tenant.slug]), {"title": "Look up an order"})
    with tenant_transaction(tenant):
        row = HttpTool.objects.get()
    assert browser.post(page(row), fields(shop)).status_code == 302
    with tenant_transaction(tenant):
        row.refresh_from_db()
    return row


def equipped(tenant: Tenant) -> Tool:
    with tenant_transaction(tenant):
        return own_tools([{"name": "look_up_an_order"}, {"name": "end_call"}])["look_up_an_order"]


def run(tool: Tool, agent: Agent, **arguments: Any) -> ToolOutcome:
    spec = VersionSpec.of(draft(agent))
    context = ToolContext(
        tenant_id=agent.tenant_id,
        call_id=UUID(int=1),
        turn=1,
        version=spec,
        business="Juniper Dental",
        caller_number="+12085550147",
        now=datetime(2026, 11, 24, tzinfo=UTC),
        key="1:look_up",
        entries={"[entry 1]": "4711"},
    )
    assert tool.run is not None
    return tool.run(context, arguments)


def test_a_call_asks_with_the_secret_of_the_business_and_reads_what_was_chosen(
    order_tool: HttpTool, agent: Agent, shop: Receiver
):
    outcome = run(equipped(agent.tenant), agent, order="A 7")

    assert outcome == ToolOutcome("State: sent")
    assert shop.paths == ["/orders/A%207?phone=%2B12085550147"]
    assert shop.received[0][0]["authorization"] == SECRET


def test_what_the_caller_hears_while_it_takes_its_time_is_made_ready_for_calls_in_its_language(
    order_tool: HttpTool, agent: Agent
):
    spec = replace(VersionSpec.of(draft(agent)), tools=[{"name": "look_up_an_order"}])
    tools = {"look_up_an_order": equipped(agent.tenant)}
    texts = CallTexts(spec, business="Juniper Dental", caller_number="", at=now(), tools=tools)
    script = texts.script(resumed=False, speculation=True)

    assert {"I am looking it up in our books.", "Our books are slow today."} <= set(texts.fixed())
    assert script.moment(0, ["end_call", "look_up_an_order"]) == "I am looking it up in our books."
    assert script.moment(1, ["look_up_an_order"]) == "Our books are slow today."
    script.go_on_in("es-ES")
    assert script.moment(0, ["look_up_an_order"]) == "Un momento, por favor."
    script.go_on_in(spec.language)
    assert script.moment(0, ["look_up_an_order"]) == "I am looking it up in our books."


def test_the_model_is_shown_what_it_has_to_ask_for_and_no_secret(order_tool: HttpTool, agent: Agent):
    tool = equipped(agent.tenant)

    assert list(tool.parameters["properties"]) == ["order"]
    assert tool.description == "Tells the state of an order."
    assert "secret" not in repr(tool.spec())
    assert (tool.effect, tool.outside, tool.detached) == (False, True, True)


def test_keys_that_the_caller_entered_unseen_are_put_in_where_no_model_reads_them(
    order_tool: HttpTool, agent: Agent, shop: Receiver
):
    run(equipped(agent.tenant), agent, order="[entry 1]")

    assert shop.paths[0].startswith("/orders/4711?")


def test_keys_entered_unseen_that_another_system_repeats_stay_unseen(
    order_tool: HttpTool, agent: Agent, shop: Receiver
):
    shop.status, shop.body = 404, b"no order 4711, nor 47-11, but 14711"

    content = run(equipped(agent.tenant), agent, order="[entry 1]").content

    assert "no order [entry 1], nor [entry 1], but 14711" in content


def test_a_failure_is_told_to_the_model_and_said_in_the_words_of_the_business(
    order_tool: HttpTool, agent: Agent, shop: Receiver
):
    tool = equipped(agent.tenant)

    shop.status, shop.body = 404, b"no such order"
    assert run(tool, agent, order="7") == ToolOutcome(
        "The other system did not accept this (404). no such order", ok=False
    )
    shop.status = 503
    assert run(tool, agent, order="7").say == "I cannot see our orders right now."
    assert run(tool, agent, order="..").content == "order is needed, and is not known yet. Ask for it."
    shop.stop()
    outcome = run(tool, agent, order="7")
    assert (outcome.ok, outcome.say) == (False, "I cannot see our orders right now.")


def test_an_effect_whose_answer_never_came_is_not_tried_again(
    order_tool: HttpTool, agent: Agent, browser: Client, shop: Receiver
):
    browser.post(page(order_tool), fields(shop, method="POST", changes="on"))
    shop.body = b"x" * 70_000  # more than is read of any answer

    outcome = run(equipped(agent.tenant), agent, order="7")

    assert "Do not try it again" in outcome.content
    assert not outcome.certain
    assert outcome.say == "", "what the business says when it failed would be a guess"
    assert len(shop.received) == 1
    headers, body = shop.received[0]
    assert json.loads(body) == {"phone": "+12085550147"}
    assert len(headers["idempotency-key"]) == 32


@pytest.mark.parametrize(("status", "certain"), [(504, False), (502, False), (500, True), (422, True)])
def test_a_gateway_that_heard_nothing_back_leaves_an_effect_uncertain(
    order_tool: HttpTool, agent: Agent, browser: Client, shop: Receiver, status: int, certain: bool
):
    tool = equipped(agent.tenant)
    shop.status = status
    assert run(tool, agent, order="7").certain, "what only reads can be asked again"
    browser.post(page(order_tool), fields(shop, method="POST", changes="on"))

    assert run(equipped(agent.tenant), agent, order="7").certain is certain
    shop.stop()
    assert run(equipped(agent.tenant), agent, order="7").certain, "nobody was there to hear of it"


def test_a_secret_is_kept_when_its_field_is_left_empty_and_never_shown(
    order_tool: HttpTool, agent: Agent, browser: Client, shop: Receiver
):
    browser.post(page(order_tool), fields(shop, title="Orders", headers=["Authorization", ""]))

    said = browser.get(page(order_tool)).content.decode()
    assert "•••• 9f31, kept" in said
    assert "shop-secret" not in said
    run(equipped(agent.tenant), agent, order="7")
    assert shop.received[0][0]["authorization"] == SECRET


def test_the_try_button_shows_request_and_answer_without_the_secret(
    order_tool: HttpTool, browser: Client, shop: Receiver
):
    said = browser.post(page(order_tool), {"try": "1", "try_order": "A 7"}).content.decode()

    assert f"GET http://{shop.place}/orders/A%207" in said
    assert "Authorization: ••••" in said
    assert "Answered 200" in said
    assert "State: sent" in said
    assert "shop-secret" not in said


def test_each_try_is_one_of_its_own_to_the_other_system(order_tool: HttpTool, browser: Client, shop: Receiver):
    browser.post(page(order_tool), fields(shop, method="POST", changes="on"))

    for _ in range(2):
        browser.post(page(order_tool), {"try": "1", "try_order": "7"})

    assert len({headers["idempotency-key"] for headers, _ in shop.received}) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://10.0.0.7/orders"},
        {"url": "https://{order}.example/"},
        {"url": "https://shop.example/{unknown}"},
        {"headers": ["Host", "internal"]},
        {"headers": ["X Y", "z"]},
        {"parameters": ["size", "choice", "", ""]},
        {"readings": ["State", "a[b"]},
        {"description": ""},
    ],
)
def test_what_cannot_work_is_refused_and_nothing_changes(
    order_tool: HttpTool, browser: Client, shop: Receiver, wrong: dict[str, Any]
):
    assert browser.post(page(order_tool), fields(shop, title="Changed", **wrong)).status_code == 422

    with tenant_transaction(order_tool.tenant_id):
        assert HttpTool.objects.get().title == "Look up an order"


def test_an_agent_is_given_the_tool_in_its_editor(order_tool: HttpTool, agent: Agent, browser: Client):
    assert "Look up an order" in browser.get(at("edit", agent)).content.decode()

    autosave(browser, agent, tools__look_up_an_order="on")

    assert {"name": "look_up_an_order", "settings": {}} in draft(agent).tools


def test_a_removed_tool_is_gone_with_its_secret(order_tool: HttpTool, agent: Agent, browser: Client):
    browser.post(page(order_tool), {"remove": "1"})

    assert browser.get(page(order_tool)).status_code == 404
    with tenant_transaction(agent.tenant_id):
        assert own_tools([{"name": "look_up_an_order"}]) == {}
        assert Credential.objects.get().sealed == ""


def test_a_neighbour_has_none_of_it(order_tool: HttpTool, other_tenant: Tenant):
    with tenant_transaction(other_tenant):
        assert own_tools([{"name": "look_up_an_order"}]) == {}
