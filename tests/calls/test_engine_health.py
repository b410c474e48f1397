"""An engine that is unwell is left at the next call, and tried again by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls import engine_health, runtime
from calls.admission import Admission, EngineFailure, Refused, admit, readmit
from calls.engine_health import FEWEST_FAILURES, MINUTES, health, is_well, note
from calls.models import CallEvent
from calls.runtime import CallClaims, start_call
from tests.factories import make_agent
from tests.fakes import PlayedLine

RELAY = "conversation_relay"


@pytest.fixture
def alone(settings: Settings) -> Iterator[None]:
    """A process that cannot reach Redis goes by what it has seen itself."""
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    engine_health._seen.clear()
    yield
    engine_health._seen.clear()


def counted(engine: str, *outcomes: bool) -> engine_health.Health:
    async def scenario() -> engine_health.Health:
        for failed in outcomes:
            await note(engine, failed=failed)
        return await health(engine)

    return asyncio.run(scenario())


def test_what_came_of_calls_is_counted_for_all_processes():
    engine = f"test-{uuid4()}"

    assert counted(engine, True, False, True) == engine_health.Health(3, 2)
    engine_health._seen.clear()
    assert counted(engine) == engine_health.Health(3, 2)


@pytest.mark.parametrize(
    ("failed", "fine", "well"), [(0, 0, True), (2, 0, True), (3, 0, False), (3, 3, False), (3, 4, True), (9, 8, False)]
)
def test_an_engine_is_unwell_when_several_of_its_calls_failed_and_half_of_all(
    alone: None, failed: int, fine: int, well: bool
):
    assert counted("e", *[True] * failed, *[False] * fine).is_well is well


def test_failures_grow_old_and_the_engine_is_tried_again(alone: None, monkeypatch: pytest.MonkeyPatch):
    now = engine_health._minute()
    assert not counted("e", *[True] * FEWEST_FAILURES).is_well

    monkeypatch.setattr(engine_health, "_minute", lambda: now + MINUTES)
    assert counted("e").is_well


def test_settings_that_are_refused_once_are_left_alone_for_that_version_only(alone: None):
    async def scenario() -> tuple[bool, bool]:
        await note(engine_health.with_settings("e", 7), failed=True)
        return await is_well("e", 7), await is_well("e", 8)

    assert asyncio.run(scenario()) == (False, True)


# What it means for calls ---------------------------------------------------------------------------------

CALLER: dict[str, Any] = {"from_number": "+12085550147", "to_number": "+12085550110", "direction": "inbound"}


@pytest.fixture
def relayed(agent: Agent) -> Agent:
    return make_agent(agent.tenant, "By words", transport=RELAY)


def ring(agent: Agent, sid: str = "CA1") -> Admission:
    async def scenario() -> Admission:
        try:
            return await admit(agent_id=agent.pk, carrier_sid=sid, **CALLER)
        finally:
            await runtime.forget_prepared()

    return asyncio.run(scenario())


@pytest.mark.django_db(transaction=True)
def test_a_call_is_carried_as_its_version_says(alone: None, agent: Agent, relayed: Agent):
    assert ring(agent).relay is None

    admission = ring(relayed, "CA2")
    assert admission.engine == RELAY
    assert admission.relay is not None
    assert admission.relay.greeting
    assert not admission.relay.protected


@pytest.mark.django_db(transaction=True)
def test_while_an_engine_is_unwell_calls_are_carried_as_sound(alone: None, relayed: Agent):
    counted(RELAY, *[True] * FEWEST_FAILURES)

    assert ring(relayed).relay is None


@pytest.mark.django_db(transaction=True)
def test_without_ears_and_a_voice_of_our_own_there_is_nothing_to_change_to(
    alone: None, agent: Agent, settings: Settings
):
    settings.VENDORS = {}
    far = make_agent(agent.tenant, "Far", transport=RELAY, stt_provider="deepgram", stt_model="nova-3")
    counted(RELAY, *[True] * FEWEST_FAILURES)

    assert ring(far).engine == RELAY
    after = again(far, EngineFailure(of_engine=True))
    assert after.relay is not None
    assert after.relay.plain


def again(agent: Agent, failed: EngineFailure | None, *, wants_sound: bool = False) -> Admission:
    return asyncio.run(readmit(agent_id=agent.pk, carrier_sid="CA1", failed=failed, wants_sound=wants_sound))


@pytest.mark.django_db(transaction=True)
def test_within_a_call_a_lost_connection_is_made_again_and_an_engine_that_cannot_is_left(alone: None, relayed: Agent):
    ring(relayed)

    lost = again(relayed, EngineFailure(of_engine=False))
    assert (lost.segment, lost.engine) == (1, RELAY)
    assert lost.relay is not None
    assert lost.relay.greeting == ""

    refused = again(relayed, EngineFailure(of_engine=True, of_settings=True))
    assert (refused.segment, refused.relay) == (2, None)
    assert again(relayed, None, wants_sound=True).relay is None
    assert counted(RELAY).failed == 0
    assert ring(relayed, "CA2").relay is None


@pytest.mark.django_db(transaction=True)
def test_a_call_that_breaks_off_at_once_again_and_again_ends_with_a_sentence(alone: None, relayed: Agent):
    ring(relayed)
    at_once = EngineFailure(of_engine=False, at_once=True)

    assert [again(relayed, at_once).segment for _ in range(3)] == [1, 2, 3]
    with pytest.raises(Refused) as refused:
        again(relayed, at_once)
    assert refused.value.code == "speechless"
    assert refused.value.sentence


@pytest.mark.django_db(transaction=True)
def test_a_stream_of_sound_carries_a_call_that_was_prepared_for_words_and_says_so(alone: None, relayed: Agent):
    async def scenario() -> Admission:
        admission = await admit(agent_id=relayed.pk, carrier_sid="CA1", **CALLER)
        claims = CallClaims(admission.call_id, relayed.pk, relayed.tenant_id, segment=1, carrier_sid="CA1")
        call = await start_call(claims, PlayedLine())
        await call.line_closed(caller_hung_up=True)
        await runtime.forget_prepared()
        return admission

    admission = asyncio.run(scenario())
    with tenant_transaction(relayed.tenant_id):
        happened = {event.kind: event.data for event in CallEvent.objects.filter(call=admission.call_id)}
    assert happened["engine_fallback"] == {"wanted": RELAY, "used": "media_streams"}
