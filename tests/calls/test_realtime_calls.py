"""A call that one model hears, thinks and speaks, from the ringing to what it has cost."""

from __future__ import annotations

import asyncio
from collections import deque

import pytest
from pytest_django import Settings

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from agents.providers import close_clients
from agents.providers.ports import Usage
from calls import engine_health, runtime
from calls.admission import admit
from calls.after.costs import tally
from calls.engines import AudioEngine
from calls.models import Call
from calls.runtime import CallClaims
from tests.doubles import Doubles
from tests.doubles.faults import Refuse
from tests.factories import make_agent
from tests.fakes import PlayedLine

pytestmark = pytest.mark.django_db(transaction=True)
VOICE, SILENCE = bytes((0x90, 0x10)) * 80, b"\xff" * 160
RINGS = {"from_number": "+12085550147", "to_number": "+12085550110", "direction": "inbound"}


@pytest.fixture
def realtime(tenant: Tenant) -> Agent:
    own = {"tts_provider": "elevenlabs", "tts_model": "eleven_flash_v2_5", "tts_voice": "abc123"}
    return make_agent(tenant, "Realtime", transport="openai_realtime", greeting="Hi.", **own)


async def until_heard(line: PlayedLine, words: str) -> None:
    while not any(turn.get("heard") == words for _, turn in line.shown):
        await asyncio.sleep(0.01)


async def one_question(agent: Agent, doubles: Doubles, line: PlayedLine) -> None:
    """Ring, ask when it is open, listen to the answer, and hang up."""
    admission = await admit(agent_id=agent.pk, carrier_sid="CA1", **RINGS)
    call = await runtime.start_call(CallClaims(admission.call_id, agent.pk, admission.tenant_id, 1, "CA1"), line)
    line.on_mark = call.mark_reached
    await until_heard(line, "Hi.")
    doubles.openai_audio.talks[0].vendor.hears.append("open")
    for frame in (*[VOICE] * 10, *[SILENCE] * 40):
        call.engine.hear(frame)
    await until_heard(line, "Now.")
    await call.line_closed(caller_hung_up=True)


def test_a_call_is_held_kept_and_counted(realtime: Agent, settings: Settings):
    async def scenario() -> None:
        async with Doubles() as doubles:
            own = {"api_key": "key", "base_url": doubles.url}
            settings.VENDORS = {"openai": own, "elevenlabs": own}

            async def answer(messages: object, tools: object):
                yield "Now."
                yield Usage(1000, 100, audio_input=2000, audio_output=500)

            doubles.openai_audio.mind = answer
            await one_question(realtime, doubles, PlayedLine())
            await close_clients()

    asyncio.run(scenario())

    with tenant_transaction(realtime.tenant_id):
        call = Call.objects.get()
        turns = call.turns.order_by("index").values_list("speaker", "heard")
        assert list(turns) == [("agent", "Hi."), ("caller", "open"), ("agent", "Now.")]
        used = {(line.model, line.unit): line.quantity for line in call.usage.filter(kind="llm")}
        assert used == {
            ("gpt-realtime-2.1", "input_tokens"): 1000,
            ("gpt-realtime-2.1", "output_tokens"): 100,
            ("gpt-realtime-2.1", "heard_tokens"): 2000,
            ("gpt-realtime-2.1", "spoken_tokens"): 500,
        }
        assert float(tally(call, call.usage.all()).parts["llm"]) == pytest.approx(0.4 + 0.24 + 6.4 + 3.2)
        assert call.ending == "caller"


def test_a_key_that_is_refused_speaks_against_this_version_and_not_against_the_engine(
    realtime: Agent, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    monkeypatch.setattr(engine_health, "_seen", deque(maxlen=10))

    async def scenario() -> tuple[int, bool]:
        async with Doubles() as doubles:
            own = {"api_key": "key", "base_url": doubles.url}
            settings.VENDORS = {"openai": own, "elevenlabs": own}
            doubles.openai_audio.talk_faults.next(Refuse(401))
            admission = await admit(agent_id=realtime.pk, carrier_sid="CA1", **RINGS)
            claims = CallClaims(admission.call_id, realtime.pk, admission.tenant_id, 1, "CA1")
            line = PlayedLine()
            call = await runtime.start_call(claims, line)
            line.on_mark = call.mark_reached
            await until_heard(line, "Hi.")
            while not call.engine.has_failed:
                await asyncio.sleep(0.01)
            await call.line_closed(caller_hung_up=True)
            await close_clients()
        return (await engine_health.health("openai_realtime")).calls, await engine_health.is_well(
            "openai_realtime", call._spec.version_id
        )

    assert asyncio.run(scenario()) == (0, False)


def test_without_a_key_the_version_s_own_ears_and_voice_carry_the_call(tenant: Tenant, settings: Settings):
    settings.VENDORS = {}
    agent = make_agent(tenant, "No key", transport="openai_realtime")

    async def scenario() -> str:
        try:
            return (await admit(agent_id=agent.pk, carrier_sid="CA1", **RINGS)).engine
        finally:
            await runtime.forget_prepared()

    assert asyncio.run(scenario()) == AudioEngine.name
