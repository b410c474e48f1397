"""A whole call that is passed on: one agent's part ends, the carrier comes back, and the other goes on."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from pytest_django import Settings

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from agents.providers import close_clients
from calls import admission, runtime
from calls.admission import Admission, admit, call_id_for, readmit
from calls.models import Call
from calls.runtime import CallClaims
from tests.doubles import Doubles
from tests.factories import make_agent, make_call, make_event
from tests.fakes import PlayedLine

pytestmark = pytest.mark.django_db(transaction=True)
RINGS = {"from_number": "+12085550147", "to_number": "+12085550110", "direction": "inbound"}
VENDORS = {
    "llm_provider": "openai",
    "llm_model": "gpt-5.4-mini",
    "stt_provider": "deepgram",
    "stt_model": "nova-3",
    "tts_provider": "elevenlabs",
    "tts_model": "eleven_flash_v2_5",
}


def asking(tool: str, words: str, **arguments: Any) -> list[dict[str, Any]]:
    """What a model streams that says something and asks for a tool."""
    function = {"name": tool, "arguments": json.dumps(arguments)}
    deltas: list[tuple[dict[str, Any], str | None]] = [
        ({"role": "assistant", "content": words}, None),
        ({"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]}, None),
        ({}, "tool_calls"),
    ]
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": end}]} for delta, end in deltas]


async def part(admitted: Admission, line: PlayedLine) -> runtime.RunningCall[Any]:
    claims = CallClaims(admitted.call_id, admitted.agent_id, admitted.tenant_id, admitted.segment, "CA1")
    call = await runtime.start_call(claims, line)
    line.on_mark = call.mark_reached
    return call


async def until_heard(line: PlayedLine, words: str) -> None:
    async with asyncio.timeout(60):
        while not any(turn.get("heard") == words for _, turn in line.shown):
            await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a second says nothing about the database."""
    monkeypatch.setattr(admission, "DATABASE_WITHIN_S", 30.0)
    monkeypatch.setattr(runtime, "DATABASE_WITHIN_S", 30.0)


def test_the_other_agent_goes_on_in_the_same_call(tenant: Tenant, settings: Settings) -> None:
    billing = make_agent(tenant, "Billing", prompt="You explain bills.", tts_voice="other456", **VENDORS)
    tool = {"name": "hand_over_to", "settings": {"to_1": str(billing.pk), "for_1": "bills"}}
    desk = make_agent(tenant, "Desk", greeting="Hi.", tts_voice="abc123", tools=[tool], speculation=False, **VENDORS)

    asked = asyncio.run(passed_on(desk, settings))

    assert [message["content"] for message in asked["messages"] if message["role"] == "user"] == ["A bill, please"]
    assert asked["messages"][0]["content"].startswith("You explain bills.")
    assert "passed on to you, Billing" in asked["messages"][-1]["content"]
    with tenant_transaction(tenant):
        call = Call.objects.get()
        said = [(turn.heard, turn.extras.get("agent", "")) for turn in call.turns.order_by("index")]
        assert said == [
            ("Hi.", ""),
            ("A bill, please", ""),
            ("I will pass you on.", ""),
            ("This is Billing.", "Billing"),
        ]
        event = call.events.get(kind="handed_over")
        assert (call.version_id, event.data) == (
            desk.published_id,
            {"to": "Billing", "version_id": billing.published_id},
        )


def test_the_carrier_is_told_to_hear_and_speak_as_whoever_takes_over(tenant: Tenant) -> None:
    by_carrier = VENDORS | {"transport": "conversation_relay"}
    billing = make_agent(tenant, "Billing", language="es-US", tts_voice="other456", **by_carrier)
    desk = make_agent(tenant, "Desk", tts_voice="abc123", **by_carrier)
    call = make_call(desk, id=call_id_for(desk.pk, "CA1"), carrier_sid="CA1", **RINGS)
    make_event(call, "handed_over", at_ms=1000, to="Billing", version_id=billing.published_id)

    wish = asyncio.run(readmit(agent_id=desk.pk, carrier_sid="CA1")).relay

    assert wish is not None
    assert (wish.spec.agent_name, wish.spec.language, wish.spec.tts_voice) == ("Billing", "es-US", "other456")
    assert wish.greeting == ""


async def passed_on(desk: Agent, settings: Settings) -> dict[str, Any]:
    """Hold the call; returns what the second agent's model was asked."""
    async with Doubles() as doubles:
        own = {"api_key": "key", "base_url": doubles.url}
        settings.VENDORS = {"openai": own, "elevenlabs": own, "deepgram": own}
        doubles.openai.says(*asking("hand_over_to", "I will pass you on.", to="Billing", reason="A bill"))
        doubles.openai.answers_with("This is Billing.")
        first, second = PlayedLine(), PlayedLine()

        call = await part(await admit(agent_id=desk.pk, carrier_sid="CA1", **RINGS), first)
        await until_heard(first, "Hi.")
        call.typed("A bill, please")
        async with asyncio.timeout(60):
            assert call._task is not None
            await call._task
        call = await part(await readmit(agent_id=desk.pk, carrier_sid="CA1"), second)
        await until_heard(second, "This is Billing.")
        await call.line_closed(caller_hung_up=True)
        await close_clients()
        return doubles.openai.chats[-1].body
