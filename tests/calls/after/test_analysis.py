"""After a call: it is read once, in its own time, and trouble with a vendor neither loses nor repeats it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from agentos.tenants.models import User
from agentos.tenants.scoping import tenant_transaction
from agentos.webhooks import services as endpoints
from agentos.webhooks.models import Event
from agents.models import Agent
from calls.after.analysis import MOST_TRIES, analyze, queue_ended, read_again
from calls.after.models import Analysis
from calls.models import Call
from tests import factories
from tests.calls.talks import asks, ended_call, says
from tests.conftest import SignIn
from tests.doubles import Doubles, Refuse

pytestmark = pytest.mark.django_db

DAY = {"name": "Day", "type": "date", "description": "", "choices": []}
CRITERION = "The caller got an appointment."


@pytest.fixture
def thinking(agent: Agent) -> Agent:
    model = {"llm_provider": "openai", "llm_model": "gpt-6-luna"}
    agent.published = factories.make_version(agent, number=2, success_criteria=[CRITERION], extraction=[DAY], **model)
    with tenant_transaction(agent.tenant_id):
        agent.save(update_fields=["published"])
    return agent


def talk(agent: Agent, **fields: Any) -> Call:
    call = ended_call(agent, 20, **({"from_number": "+12085550147"} | fields))
    says(call, "Juniper Dental, what day would suit you?", 0, 2000)
    asks(call, "Tuesday, please.", 3000, 4000)
    says(call, "You are booked for Tuesday.", 5000, 6000)
    return call


def told(**changes: Any) -> str:
    answer = {
        "summary": "They booked a visit.",
        "result": "resolved",
        "sentiment": "neutral",
        "criteria": [{"verdict": "met", "reason": "The agent said so."}],
        "fields": [{"value": "2026-11-24", "quote": "Tuesday, please"}],
    }
    return json.dumps(answer | changes)


def queue(call: Call, at: Any = None) -> int:
    return queue_ended(call.tenant_id, at or now())


def stored(call: Call) -> Analysis:
    with tenant_transaction(call.tenant_id):
        return Analysis.objects.get(call=call)


def used(call: Call) -> dict[str, int]:
    with tenant_transaction(call.tenant_id):
        return dict(call.usage.filter(kind="analysis").values_list("unit", "quantity"))


def test_a_call_that_is_over_is_read_once(agent: Agent) -> None:
    call = talk(agent)

    assert [queue(call), queue(call)] == [1, 0]
    analyze(call.tenant_id, call.pk)
    before = stored(call)
    analyze(call.tenant_id, call.pk)

    assert (before.state, before.result, before.provider) == ("done", "resolved", "offline")
    assert stored(call).made_at == before.made_at
    assert queue(call, now() + timedelta(hours=1)) == 0


def test_calls_that_nobody_took_are_too_fresh_or_are_not_to_be_read_wait_for_nobody(agent: Agent) -> None:
    quiet = factories.make_version(agent, number=2, analysis=False)
    ended_call(agent, ended_at=now())
    ended_call(agent, version=quiet)
    ended_call(agent, ended_at=now() - timedelta(days=3))
    with tenant_transaction(agent.tenant_id):
        Call.objects.filter(pk=ended_call(agent).pk).update(answered_at=None)

    assert queue_ended(agent.tenant_id, now()) == 0


def test_the_model_of_the_version_reads_the_call_and_is_held_to_a_shape(thinking: Agent, vendor: Doubles) -> None:
    call = talk(thinking)
    vendor.openai.answers_with(told())
    queue(call)

    analyze(call.tenant_id, call.pk)

    analysis = stored(call)
    assert (analysis.state, analysis.summary, analysis.model) == ("done", "They booked a visit.", "gpt-6-luna")
    assert analysis.criteria == [{"text": CRITERION, "verdict": "met", "reason": "The agent said so."}]
    assert analysis.fields == [{"name": "Day", "type": "date", "value": "2026-11-24", "quote": "Tuesday, please"}]
    (chat,) = vendor.openai.chats
    assert chat.body["response_format"]["json_schema"]["strict"] is True
    assert "caller: Tuesday, please." in json.loads(chat.body["messages"][1]["content"])["transcript"]
    assert used(call).keys() == {"input_tokens", "cached_tokens", "output_tokens"}


def test_the_business_is_told_what_came_of_a_call_each_time_it_is_read(agent: Agent) -> None:
    call = talk(agent)
    with tenant_transaction(agent.tenant_id):
        endpoints.create(url="https://juniper.example/", note="", events=["call.analyzed"])
    queue(call)

    for _ in range(2):  # read twice by mistake, it is told once
        analyze(call.tenant_id, call.pk)

    with tenant_transaction(agent.tenant_id):
        event = Event.objects.get()
        assert (event.kind, event.data["call_id"], event.data["result"]) == ("call.analyzed", str(call.pk), "resolved")
        read_again(call)
    analyze(call.tenant_id, call.pk)
    with tenant_transaction(agent.tenant_id):
        assert Event.objects.count() == 2


def test_a_model_that_answers_in_another_shape_is_asked_once_more(thinking: Agent, vendor: Doubles) -> None:
    call = talk(thinking)
    vendor.openai.answers_with("They booked it!", told())
    queue(call)

    analyze(call.tenant_id, call.pk)

    assert stored(call).state == "done"
    assert len(vendor.openai.chats) == 2
    assert vendor.openai.chats[1].body["messages"][-1]["content"].startswith("That was not one JSON object.")


def test_a_vendor_that_fails_is_tried_again_later_and_not_for_ever(thinking: Agent, vendor: Doubles) -> None:
    call, at = talk(thinking), now()
    queue(call, at)
    for each in range(1, MOST_TRIES + 1):
        vendor.openai.faults.next(Refuse(503))
        analyze(call.tenant_id, call.pk)
        assert stored(call).tries == each

    assert (stored(call).state, stored(call).trouble) == ("failed", "503")
    assert queue(call, at + timedelta(days=2)) == 0


def test_what_a_worker_took_and_never_finished_is_taken_up_again(agent: Agent) -> None:
    call, at = talk(agent), now()

    taken = [queue(call, at + timedelta(minutes=minutes)) for minutes in (0, 4, 6)]

    assert taken == [1, 0, 1]


# The pages


@pytest.fixture
def browser(sign_in: SignIn, owner: User) -> Client:
    return sign_in(owner)


def read(call: Call) -> Call:
    queue(call)
    analyze(call.tenant_id, call.pk)
    return call


def test_the_page_of_a_call_says_what_came_of_it(thinking: Agent, browser: Client, vendor: Doubles) -> None:
    vendor.openai.answers_with(told(criteria=[{"verdict": "unclear", "reason": "Nobody said so."}]))
    call = read(talk(thinking))

    shown = browser.get(reverse("calls:call", args=[call.tenant.slug, call.pk])).content.decode()

    for words in (
        "They booked a visit.",
        "Resolved",
        CRITERION,
        "Unclear",
        "Nobody said so.",
        "Tue, Nov",
        "gpt-6-luna",
    ):
        assert words in shown.replace("\u00a0", " ")


def test_a_call_can_be_read_again_by_those_who_manage_calls(
    agent: Agent, browser: Client, sign_in: SignIn, member: User
) -> None:
    call = read(talk(agent))
    address = reverse("calls:call", args=[call.tenant.slug, call.pk])

    assert sign_in(member).post(address, {"do": "read_again"}).status_code == 403
    assert stored(call).state == "done"
    assert browser.post(address, {"do": "read_again"}).status_code == 302
    assert stored(call).state == "waiting"
    assert "The call is being read." in browser.get(address).content.decode()


def test_calls_are_found_by_what_came_of_them_and_go_into_a_file(agent: Agent, browser: Client) -> None:
    booked = read(talk(agent))
    angry = ended_call(agent, from_number="+12085550199")
    asks(angry, "This is ridiculous, I want a person.", 0, 1000)
    read(angry)
    slug = agent.tenant.slug

    unhappy = browser.get(reverse("calls:index", args=[slug]), {"result": "unhappy"}).content.decode()
    file = browser.get(reverse("calls:export", args=[slug]), {"result": "resolved"}).content.decode("utf-8-sig")

    assert str(angry.pk) in unhappy
    assert str(booked.pk) not in unhappy
    rows = file.splitlines()
    assert len(rows) == 2
    assert str(booked.pk) in rows[1]
    assert "Resolved" in rows[1]
