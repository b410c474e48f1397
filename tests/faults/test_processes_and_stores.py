"""Web processes, PostgreSQL and Redis are killed, frozen and told to end, while somebody is on the phone."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator

import pytest

from calls.admission import Refused
from telephony.simulator.people import HangUp, Pause, Person, Say, WaitForAgent
from tests.faults.platform import SERVERS, Platform, agent_speaks, platform, until

BRIDGE = "cut off"
OUTAGE_S = float(os.environ.get("OUTAGE_S", "8"))  # a longer one proves the same, and takes longer


@pytest.fixture
async def up() -> AsyncIterator[Platform]:
    async with platform() as everything:
        yield everything


pytestmark = [pytest.mark.own_servers, pytest.mark.timeout(300)]


def two_questions(between_ms: int, after_ms: int) -> Person:
    first = (WaitForAgent(), Say("one two three four"), Pause(between_ms))
    return Person((*first, Say("five six seven"), Pause(after_ms), HangUp()))


def asked(up: Platform) -> list[str]:
    """What the model was last shown, without the instructions."""
    return [message["content"] for message in up.doubles.openai.chats[-1].body["messages"][1:]]


async def test_a_killed_process_costs_a_bridge_line_and_nothing_else(up):
    person = Person(
        (WaitForAgent(), Say("one two three four"), Pause(14_000), Say("five six seven"), Pause(4000), HangUp())
    )
    call = up.call(person)
    running = asyncio.ensure_future(call.run())
    await until(lambda: up.doubles.openai.chats, 20)
    await until(lambda: agent_speaks(call), 5)
    await asyncio.sleep(1.5)

    await up.signal_web(up.balancer.backends[0], signal.SIGKILL)
    await until(lambda: not agent_speaks(call), 5, every_s=0.01)
    silence_s = await until(lambda: agent_speaks(call), 5, every_s=0.01)
    record = await running

    assert silence_s < 3.0
    assert record.status == "completed"
    assert up.rows("select kind from calls_turn where kind = 'bridge'") == [("bridge",)]
    assert any(BRIDGE in said for said in asked(up))
    assert asked(up)[0].startswith("Hello, this is the clinic.")
    assert len(asked(up)) >= 4  # greeting, first question, what was heard of its answer and the bridge, second question
    await until(lambda: up.calls() == [("ended", "caller", 2)], 10)


async def test_freezing_and_killing_redis_is_not_noticed_on_the_phone(up):
    person = Person(
        (WaitForAgent(), Say("one two three four"), Pause(8000), Say("five six seven"), Pause(3000), HangUp())
    )
    call = up.call(person)
    running = asyncio.ensure_future(call.run())
    await until(lambda: up.doubles.openai.chats, 20)
    up.signal_server("redis-server", signal.SIGSTOP)
    await asyncio.sleep(4)
    up.signal_server("redis-server", signal.SIGKILL)
    second = asyncio.ensure_future(up.call(Person((WaitForAgent(), HangUp()))).run())
    record, other = await running, await second

    assert record.errors == []
    assert record.underruns == []
    assert all(said.wait_s is not None for said in record.utterances)
    assert other.errors == []
    assert other.of_kind("first frame")
    await until(lambda: up.calls() == [("ended", "caller", 1)] * 2, 15)


async def test_a_frozen_database_delays_no_frame_loses_no_word_and_new_calls_are_answered(up):
    warm = await up.call(Person((WaitForAgent(), HangUp()))).run()
    assert warm.errors == []
    person = Person(
        (WaitForAgent(), Say("one two three four"), Pause(9000), Say("five six seven"), Pause(3000), HangUp())
    )
    call = up.call(person)
    running = asyncio.ensure_future(call.run())
    await until(lambda: agent_speaks(call), 20)
    up.signal_server("postgres", signal.SIGSTOP)
    try:
        second = await up.call(Person((WaitForAgent(), Say("nine ten"), Pause(3000), HangUp()))).run()
        record = await running
    finally:
        up.signal_server("postgres", signal.SIGCONT)

    reported = {happening.facts["url"] for happening in (*record.errors, *second.errors)}
    assert reported <= {up.agent["status_url"]}  # the carrier is asked to repeat what could not be stored yet
    assert record.underruns == []
    assert len([said for said in record.utterances if said.wait_s is not None]) == 2
    assert second.of_kind("first frame")
    await until(lambda: len(up.calls()) == 3 and all(status == "ended" for status, _, _ in up.calls()), 40)
    # The carrier's word that a call is over may come before the journal, which is put into the database by another.
    await until(lambda: up.rows("select count(*) from calls_turn where speaker = 'caller'") == [(3,)], 15)


async def test_with_both_stores_stopped_a_call_goes_on_nothing_is_lost_and_new_calls_are_answered(up):
    """Really stopped, in mid-call, and started again on what they had on disk."""
    other = await up.provision("Never called before", "+12085550112")
    warm = await up.call(Person((WaitForAgent(), HangUp()))).run()
    assert warm.errors == []
    call = up.call(two_questions(between_ms=round((OUTAGE_S + 4) * 1000), after_ms=4000))
    running = asyncio.ensure_future(call.run())
    await until(lambda: agent_speaks(call), 20)
    for name in SERVERS:
        await up.stop_server(name)
    stopped_at = time.monotonic()

    meanwhile = await up.call(Person((WaitForAgent(), Say("nine ten"), Pause(3000), HangUp()))).run()
    unknown = await up.call(Person((WaitForAgent(), HangUp())), other).run()
    await asyncio.sleep(max(0.0, OUTAGE_S - (time.monotonic() - stopped_at)))
    for name in SERVERS:
        await up.start_server(name)
    record = await running
    after = await up.call(Person((WaitForAgent(), HangUp()))).run()

    reported = {happening.facts["url"] for happening in (*record.errors, *meanwhile.errors, *unknown.errors)}
    assert reported <= {up.agent["status_url"], other["status_url"]}  # to be repeated: it could not be stored
    assert record.underruns == meanwhile.underruns == []
    assert len([said for said in record.utterances if said.wait_s is not None]) == 2
    assert meanwhile.of_kind("first frame")
    assert [told["text"] for told in unknown.of_kind("announcement")] == [Refused("busy").sentence]
    assert after.errors == []
    await until(lambda: up.calls() == [("ended", "caller", 1)] * 4, 40)
    assert up.rows("select count(*) from calls_turn where speaker = 'caller'") == [(3,)]
    assert up.rows("select count(*) from calls_callevent where kind = 'resumed'") == [(0,)]
    await until(lambda: not list((up.local / "data").rglob("*.jsonl")), 20)
    assert not list((up.local / "data").rglob("*.refused"))


async def test_a_deploy_lets_live_calls_end_in_peace_and_sends_new_ones_elsewhere(up):
    first_web, second_web = up.balancer.backends
    person = Person(
        (WaitForAgent(), Say("one two three four"), Pause(7000), Say("five six seven"), Pause(3000), HangUp())
    )
    call = up.call(person)
    running = asyncio.ensure_future(call.run())
    await until(lambda: up.doubles.openai.chats, 20)
    await up.signal_web(first_web, signal.SIGTERM)
    await asyncio.sleep(0.5)
    other = await up.call(Person((WaitForAgent(), HangUp()))).run()
    record = await running

    assert record.errors == other.errors == []
    assert all(said.wait_s is not None for said in record.utterances)
    await asyncio.wait_for(up.webs[first_web].wait(), 20)
    assert up.webs[first_web].returncode == 0
    assert "conversation over" in up.log_of(second_web)
    await until(lambda: up.calls() == [("ended", "caller", 1)] * 2, 10)


async def test_a_hastened_deploy_moves_live_calls_to_another_process(up):
    person = Person((WaitForAgent(), Say("one two three four"), Pause(12_000), HangUp()))
    call = up.call(person)
    running = asyncio.ensure_future(call.run())
    await until(lambda: up.doubles.openai.chats, 20)
    await until(lambda: agent_speaks(call), 5)
    first_web = up.balancer.backends[0]
    await up.signal_web(first_web, signal.SIGTERM)
    await asyncio.sleep(0.3)
    await up.signal_web(first_web, signal.SIGTERM)
    await until(lambda: len(call.record.of_kind("first frame")) == 2, 6)
    record = await running

    assert record.status == "completed"
    assert up.rows("select kind from calls_turn where kind = 'bridge'") == [("bridge",)]
    await until(lambda: up.calls() == [("ended", "caller", 2)], 10)
