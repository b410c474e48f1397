"""A call that its vendor lets go of goes on here: with another agent of the business, or because keys are awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from django.utils.timezone import now

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from agents.native.offering import NO_WAY_BACK, missing_there
from agents.native.services import bring_into_step, tools_for
from agents.tools import built_in
from agents.versions import VersionSpec
from calls import admission, runtime
from calls.admission import Admission, call_id_for, readmit
from calls.conversation.history import Exchange
from calls.models import Call, NativeCall
from calls.native import giving
from calls.native.giving import comes_back
from calls.native.services import take_report
from calls.resumption import load_earlier
from calls.runtime import CallClaims
from tests.calls.native.test_tools import answer, given
from tests.doubles.elevenlabs_agents import HostedAgents
from tests.factories import make_agent
from tests.fakes import PlayedLine

pytestmark = pytest.mark.django_db(transaction=True)

NATIVE = "elevenlabs_native"
GREETING, WISH, LAST = "Juniper Dental, good morning.", "There is a mistake in my bill.", "I pass you on to Billing."


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a second says nothing about the database or the vendor."""
    for module, name in ((admission, "DATABASE_WITHIN_S"), (runtime, "DATABASE_WITHIN_S"), (giving, "CATCHING_UP_S")):
        monkeypatch.setattr(module, name, 30.0)


def hosted_call(agent: Agent, vendor: HostedAgents, **fields: Any) -> Call:
    bring_into_step(agent.tenant_id, agent.pk)
    call = given(agent, vendor, id=call_id_for(agent.pk, "CA1"), carrier_sid="CA1", **fields)
    with tenant_transaction(agent.tenant_id):
        NativeCall.objects.update(conversation_id=vendor.registered[-1]["conversation_id"])
    return call


def back(agent: Agent) -> Admission:
    """The vendor has let go of the call, and the carrier asks what to do."""
    return asyncio.run(readmit(agent_id=agent.pk, carrier_sid="CA1"))


def items(*said: tuple[str, str, int]) -> list[dict[str, Any]]:
    return [{"role": role, "message": text, "time_in_call_secs": at} for role, text, at in said]


def transcript(call: Call) -> list[str]:
    with tenant_transaction(call.tenant_id):
        return [turn.heard for turn in call.turns.all()]


PARTIAL = items(("agent", GREETING, 0), ("user", WISH, 4), ("agent", LAST, 7))


@pytest.mark.parametrize("is_told", [True, False])
def test_the_other_agent_takes_the_call_with_what_was_said_and_the_report_completes_it(tenant, vendor, is_told):
    billing = make_agent(tenant, "Billing", transport=NATIVE)
    tool = {"name": "hand_over_to", "settings": {"to_1": str(billing.pk), "for_1": "bills"}}
    desk = make_agent(tenant, "Desk", transport=NATIVE, tools=[tool])
    call = hosted_call(desk, vendor)

    told = answer(vendor.asks("hand_over_to", WISH, greeted=GREETING, to="Billing", reason="A bill"))
    assert told["result"].endswith("use end_call at once.")
    assert transcript(call) == [GREETING, WISH]
    if is_told:
        vendor.talk(status="processing", transcript=PARTIAL)
    admitted = back(desk)

    assert (admitted.segment, admitted.relay, admitted.instructions) == (2, None, "")
    _, answerer, earlier = load_earlier(tenant.pk, desk.pk, call.pk, use_database=True)
    assert (answerer.spec.agent_name, earlier.takes_over) == ("Billing", True)
    said = [each[1] for each in earlier.said if not isinstance(each, Exchange)]
    assert said == [GREETING, WISH, LAST][: 3 if is_told else 2]

    with tenant_transaction(tenant):
        rest = {"speaker": "agent", "ended_ms": 40_000}
        call.turns.create(index=10_000, heard="This is Billing.", started_ms=30_000, **rest)
    assert take_report(tenant.pk, desk.pk, vendor.talk(transcript=PARTIAL))
    assert transcript(call) == [GREETING, WISH, LAST, "This is Billing."]
    with tenant_transaction(tenant):
        assert Call.objects.get().status == "in_progress"
        assert comes_back(call.pk).goes_on


def test_a_report_that_does_not_come_is_due_soon_after_the_vendor_has_let_go(tenant, vendor):
    agent = make_agent(tenant, transport=NATIVE, tools=[{"name": "collect_digits", "settings": {}}])
    hosted_call(agent, vendor)
    answer(vendor.asks("collect_digits", WISH, secret=False))
    back(agent)

    with tenant_transaction(tenant):
        native = NativeCall.objects.get()
    assert native.lasts_until <= now()
    assert 50 < (native.due_at - now()).total_seconds() <= 60
    assert not answer(vendor.asks("collect_digits", WISH, secret=True))["ok"]


def test_the_same_agent_takes_the_keys_on_a_line_of_ours(tenant, vendor):
    agent = make_agent(tenant, transport=NATIVE, tools=[{"name": "collect_digits", "settings": {}}])
    call = hosted_call(agent, vendor)
    told = answer(vendor.asks("collect_digits", WISH, length=4, end_key=None, timeout_s=30, secret=True))
    assert "use end_call at once" in told["result"]
    admitted = back(agent)

    async def typing() -> None:
        line = PlayedLine()
        claims = CallClaims(admitted.call_id, agent.pk, tenant.pk, admitted.segment, "CA1")
        running = await runtime.start_call(claims, line)
        line.on_mark = running.mark_reached
        session = running._session
        await until(lambda: session._keypad.is_asked_for)
        assert session.hides_keys
        for key in "4711":
            running.digit(key)
        await until(lambda: "They are kept from you" in str(session._history.messages()))
        await until(lambda: any("You can type now." in turn.get("heard", "") for _, turn in line.shown))
        await running.line_closed(caller_hung_up=True)

    asyncio.run(typing())
    with tenant_transaction(tenant):
        last = call.tool_runs.order_by("pk").last()
        said = [turn.heard for turn in call.turns.all()]
    assert (last.name, last.state) == ("collect_digits", "done")
    assert "4" not in last.result.replace("4 keys", "")
    assert said[0] == WISH
    assert said[1].startswith("You can type now.")


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():
            await asyncio.sleep(0.01)


def test_what_needs_a_line_of_ours_is_offered_only_where_there_can_be_one(tenant, vendor, settings):
    grants = [{"name": name, "settings": {}} for name in ("collect_digits", "hand_over_to", "leave_message")]
    ours = make_agent(tenant, "Ours", transport=NATIVE, tools=grants)
    theirs = make_agent(tenant, "Theirs", transport=NATIVE, tools=grants, stt_provider="deepgram", stt_model="nova-3")

    def offered(agent: Agent) -> set[str]:
        with tenant_transaction(tenant):
            return set(tools_for(agent.pk, VersionSpec.of(agent.published)))

    assert offered(ours) - offered(theirs) == {"collect_digits", "hand_over_to"}
    assert missing_there(grants, built_in(), comes_back=True) == []
    assert [why for _, why in missing_there(grants, built_in(), comes_back=False)] == [NO_WAY_BACK] * 2
