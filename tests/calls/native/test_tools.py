"""What an agent can do while a vendor runs its conversation: its model asks us, and we judge, do and answer."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import AsyncClient
from django.utils.timezone import now

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from agents.native.services import bring_into_step
from calls.briefing import Briefing
from calls.models import Call, LeftMessage, NativeCall
from calls.native.giving import comes_back
from calls.native.services import take_report
from calls.native.tools import pass_for
from calls.transfers import services as transfers
from calls.transfers.models import Colleague
from calls.transfers.steps import Step
from tests.doubles.elevenlabs_agents import Asking, HostedAgents
from tests.factories import make_agent, make_call

pytestmark = pytest.mark.django_db(transaction=True)

MESSAGE = {"message": "The crown is loose.", "for_whom": "Dr. Lee"}
TOOLS = ("leave_message", "send_sms", "collect_digits", "send_digits", "end_call")


@pytest.fixture
def hosted(tenant, vendor) -> Agent:
    agent = make_agent(tenant, transport="elevenlabs_native", tools=[{"name": name, "settings": {}} for name in TOOLS])
    bring_into_step(tenant.pk, agent.pk)
    return agent


def given(agent: Agent, vendor: HostedAgents, **fields: Any) -> Call:
    """A call that the vendor has."""
    began = now() - timedelta(seconds=20)
    call = make_call(agent, status=Call.Status.IN_PROGRESS, answered_at=began, **fields)
    names = set().union(*(vendor.variables_of(each) for each in vendor.agents))
    brought = dict.fromkeys(names, "") | {"secret__agentos_pass": pass_for(agent.tenant_id, call.pk)}
    brought |= {"agentos_call": str(call.pk)}
    with tenant_transaction(agent.tenant_id):
        native = NativeCall(call=call, vendor_agent=agent.native.vendor_id, lasts_until=now() + timedelta(hours=1))
        native.save()
        vendor.register(
            {"agent_id": native.vendor_agent, "conversation_initiation_client_data": {"dynamic_variables": brought}}
        )
    return call


def post(*askings: Asking) -> list[tuple[int, dict[str, Any]]]:
    """All of them at once."""

    async def one(asking: Asking) -> tuple[int, dict[str, Any]]:
        body = json.dumps(asking.body)
        response = await AsyncClient().post(
            asking.path, body, content_type="application/json", headers=dict(asking.headers)
        )
        return response.status_code, json.loads(response.content or b"{}")

    async def all_of_them() -> list[tuple[int, dict[str, Any]]]:
        return list(await asyncio.gather(*(one(asking) for asking in askings)))

    return asyncio.run(all_of_them())


def answer(asking: Asking) -> dict[str, Any]:
    [(status, told)] = post(asking)
    assert status == 200
    return told


def runs(call: Call) -> list[tuple[str, str]]:
    with tenant_transaction(call.tenant_id):
        return [(run.name, run.state) for run in call.tool_runs.all()]


def messages(call: Call) -> list[str]:
    with tenant_transaction(call.tenant_id):
        return [each.text for each in LeftMessage.objects.filter(call=call)]


def test_a_tool_of_the_version_is_run_and_its_row_stands_with_the_call(hosted, vendor):
    call = given(hosted, vendor)

    told = answer(vendor.asks("leave_message", "My crown is loose.", turns=3, **MESSAGE))

    assert told == {"ok": True, "result": "The message is kept for Dr. Lee."}
    assert messages(call) == ["The crown is loose."]
    with tenant_transaction(hosted.tenant_id):
        run = call.tool_runs.get()
    assert (run.state, run.turn, run.title, run.result) == ("done", 3, "Take messages", told["result"])
    assert 20_000 <= run.started_ms < 80_000
    assert run.arguments == {**MESSAGE, "name": None, "number": None}


def test_a_request_that_is_repeated_takes_effect_once_also_while_the_first_is_under_way(hosted, vendor):
    call = given(hosted, vendor)
    asking = vendor.asks("leave_message", "My crown is loose.", **MESSAGE)

    at_once = post(asking, asking)
    later = answer(vendor.asks("leave_message", "My crown is loose.", turns=4, **MESSAGE))

    assert [told for _, told in at_once] == [later, later] == [{"ok": True, "result": later["result"]}] * 2
    assert len(messages(call)) == 1


def test_what_the_model_may_not_have_is_refused_in_words_and_written_down(hosted, vendor):
    call = given(hosted, vendor)
    asking = vendor.asks("leave_message", "Hello.", **MESSAGE)
    sms = vendor.asks("send_sms", "Text me the address.", text="1 Main Street")

    refused = post(
        Asking(asking.path.replace("leave_message", "transfer_call"), asking.headers, asking.body),
        Asking(asking.path, asking.headers, {**asking.body, "extra": 1}),
        vendor.asks("leave_message", "Hello.", **MESSAGE, number="+1 503 555 0100"),
        sms,
    )

    assert [told["ok"] for _, told in refused] == [False] * 4
    said = " ".join(told["result"] for _, told in refused)
    for words in ("no tool of this name", "extra", "has not said this number", "has not agreed yet"):
        assert words in said
    assert sorted(runs(call)) == sorted(
        [("transfer_call", "refused"), *[("leave_message", "refused")] * 2, ("send_sms", "refused")]
    )
    assert messages(call) == []


def test_nothing_is_done_without_the_pass_of_the_call_or_after_it(hosted, vendor, other_tenant):
    call = given(hosted, vendor)
    asking = vendor.asks("leave_message", "Hello.", **MESSAGE)
    name = next(iter(asking.headers))
    theirs = make_call(make_agent(other_tenant, transport="elevenlabs_native"))
    stolen = pass_for(other_tenant.pk, theirs.pk)

    assert [status for status, _ in post(Asking(asking.path, {name: "made up"}, asking.body))] == [403]
    assert answer(Asking(asking.path, {name: stolen}, asking.body))["result"].startswith("The call is over")
    with tenant_transaction(hosted.tenant_id):
        NativeCall.objects.update(state=NativeCall.State.IMPORTED)
    assert answer(asking) == {"ok": False, "result": "The call is over. Nothing was done."}
    assert messages(call) == []
    assert runs(call) == runs(theirs) == []


def test_a_caller_is_put_through_by_the_carrier_as_soon_as_the_vendor_lets_go(tenant, vendor):
    agent = make_agent(tenant, transport="elevenlabs_native", tools=[{"name": "transfer_call", "settings": {}}])
    bring_into_step(tenant.pk, agent.pk)
    with tenant_transaction(tenant):
        Colleague.objects.create(name="Rosa", address="+12085550199", when=Colleague.When.ALWAYS)
    call = given(agent, vendor, carrier_sid="CA1")

    told = answer(vendor.asks("transfer_call", "A person, please.", department=None, reason="Billing"))

    assert told["result"].endswith("use end_call at once.")
    step = transfers.next_step(tenant.pk, agent.pk, "CA1")
    assert isinstance(step, Step)
    assert step.address == "+12085550199"
    assert take_report(tenant.pk, agent.pk, vendor.talk())
    with tenant_transaction(tenant):
        assert Call.objects.get(pk=call.pk).status == "in_progress"  # the carrier says when it is over
        assert comes_back(call.pk).goes_on  # if nobody takes it, we go on with it


asked_to_stop: list[str] = []


def note_stop(tenant_id: int, call_id: Any, said: str, at: Any) -> None:
    asked_to_stop.append(said)


def test_who_says_so_is_not_called_any_more_while_the_call_still_lasts(hosted, vendor, settings):
    settings.STOP_CALLS = f"{__name__}.note_stop"
    asked_to_stop.clear()
    given(hosted, vendor, direction="outbound", briefing=Briefing(stopped="Understood. Goodbye.").to_json())

    untold = answer(vendor.asks("stop_calling", "I am busy.", said="Never call me again."))
    told = answer(vendor.asks("stop_calling", "Please stop calling me.", said="Please stop calling me."))

    assert not untold["ok"]
    assert told["result"] == 'Nobody calls them any more. Say exactly: "Understood. Goodbye." Then use end_call.'
    assert asked_to_stop == ["Please stop calling me."]
