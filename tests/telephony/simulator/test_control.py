"""What the practice carrier offers besides: calls to our side, a look into them, and faults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from telephony import mulaw
from telephony.simulator import exchange
from telephony.simulator.people import Person, Say, WaitForAgent
from telephony.simulator.server import PracticeCarrier
from telephony.simulator.setup import Account, CallOptions
from telephony.simulator.tracks import read_both
from telephony.simulator.voices import Humming, tone
from telephony.simulator.webhooks import Webhook
from tests.telephony.simulator.conftest import CALLER, OURS
from tests.telephony.simulator.our_side import ACCOUNT_SID, AUTH_TOKEN, OurSide
from tests.telephony.simulator.test_call_flow import greet_and_listen

Control = Callable[..., Awaitable[tuple[int, Any]]]
CREDENTIALS = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT_SID, AUTH_TOKEN)}
FAST = {"time_scale": 30.0}


@pytest.fixture
async def carrier(account: Account) -> AsyncIterator[PracticeCarrier]:
    async with PracticeCarrier(account, speaker=Humming(), options=CallOptions(**FAST)) as carrier:
        yield carrier


@pytest.fixture
async def control(carrier: PracticeCarrier) -> AsyncIterator[Control]:
    """`control(method, path, body)` gives the status and the JSON or bytes of the answer."""
    async with aiohttp.ClientSession(headers=CREDENTIALS) as session:

        async def ask(method: str, path: str = "", body: Any = None) -> tuple[int, Any]:
            async with session.request(method, f"{carrier.url}/control{path}", json=body) as response:
                is_json = response.content_type == "application/json"
                return response.status, await response.json() if is_json else await response.read()

        yield ask


async def test_a_call_is_placed_followed_and_heard_from_outside(our_side: OurSide, control: Control):
    our_side.talk = greet_and_listen
    person = Person(steps=(WaitForAgent(), Say("Hello there")), stays_ms=500)
    body = {
        "from": CALLER,
        "to": OURS,
        "voice_url": our_side.answer("voice", our_side.stream()),
        "person": person.to_json(),
        "options": {**FAST, "callbacks": {"drop": ["ringing"]}, "stream": {"lose_marks": True}},
    }

    status, placed = await control("POST", "/calls", body)
    _, facts = await control("GET", f"/calls/{placed['sid']}?wait=1")
    _, wav = await control("GET", f"/calls/{placed['sid']}/audio")

    said, heard = read_both(wav)
    began = facts["utterances"][0]["began_ms"]
    assert status == 201
    assert (facts["status"], facts["ended_by"], facts["utterances"][0]["text"]) == (
        "completed",
        "caller",
        "Hello there",
    )
    assert said.part(began, began + 100) == tone(100)
    assert any(mulaw.is_voiced(frame) for frame in mulaw.frames(bytes(heard.audio)))


async def test_a_live_call_is_seen_and_can_be_hung_up(our_side: OurSide, control: Control):
    body = {"from": CALLER, "to": OURS, "voice_url": our_side.answer("voice", our_side.stream()), "options": FAST}
    _, placed = await control("POST", "/calls", body)
    _, seen = await control("GET")

    status, _ = await control("POST", f"/calls/{placed['sid']}", {"do": "hang_up"})
    _, facts = await control("GET", f"/calls/{placed['sid']}?wait=1")
    _, after = await control("GET")

    assert seen == {"account_sid": ACCOUNT_SID, "live": [placed["sid"]]}
    assert (status, facts["ended_by"], after["live"]) == (204, "caller", [])


async def test_a_live_stream_can_be_broken(our_side: OurSide, carrier: PracticeCarrier, control: Control):
    our_side.answer("resume", "<Hangup/>")
    voice = our_side.answer("voice", our_side.stream() + "<Redirect>resume</Redirect>")
    _, placed = await control("POST", "/calls", {"from": CALLER, "to": OURS, "voice_url": voice, "options": FAST})
    while carrier.exchange.calls[placed["sid"]].stream is None:
        await asyncio.sleep(0.01)

    for order in (
        {"do": "freeze"},
        {"do": "thaw", "lost": True},
        {"do": "press", "digit": "5"},
        {"do": "send", "text": "{}"},
    ):
        status, _ = await control("POST", f"/calls/{placed['sid']}", order)
        assert status == 204
    while {} not in our_side.sockets[0].got:
        await asyncio.sleep(0.01)
    await control("POST", f"/calls/{placed['sid']}", {"do": "vanish"})
    await control("GET", f"/calls/{placed['sid']}?wait=1")

    assert len(our_side.asked_for("resume")) == 1
    assert (await control("POST", f"/calls/{placed['sid']}", {"do": "freeze"}))[0] == 409


async def test_faults_and_people_are_set_from_outside(carrier: PracticeCarrier, control: Control):
    await control("POST", "/faults", {"mode": "throttle", "times": 1})
    await control("POST", "/people", {CALLER: {"takes_call": "busy", "steps": [{"do": "say", "text": "No"}]}})

    assert carrier.faults.take(CALLER).mode == "throttle"
    assert carrier.exchange.people[CALLER] == Person(steps=(Say("No"),), takes_call="busy")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/faults", {"mode": "explode"}),
        ("/faults", {"moode": "throttle"}),
        ("/people", {CALLER: {"steps": [{"do": "dance"}]}}),
        ("/people", {CALLER: {"steps": [{"do": "say", "words": "hi"}]}}),
        ("/people", {CALLER: {"shoes": 2}}),
        ("/calls", {"to": OURS}),
        ("/calls", {"from": CALLER, "to": OURS, "options": {"speed": 2}}),
    ],
)
async def test_what_is_not_understood_is_refused(control: Control, path: str, body: Any):
    status, answer = await control("POST", path, body)

    assert (status, answer["code"]) == (400, 20001)


async def test_strangers_are_refused(carrier: PracticeCarrier):
    async with aiohttp.ClientSession() as session, session.get(f"{carrier.url}/control") as response:
        assert response.status == 401


async def test_the_carrier_ends_its_calls_when_it_stops(our_side: OurSide, account: Account):
    voice = our_side.answer("voice", our_side.stream())
    async with PracticeCarrier(account, speaker=Humming()) as carrier:
        call = carrier.exchange.ring(from_=CALLER, to=OURS, person=Person(), voice=Webhook(voice))
        while call.stream is None:
            await asyncio.sleep(0.01)

    assert call.is_over
    assert our_side.sockets[0].events()[-1] == "stop"


async def test_of_calls_that_are_long_over_only_the_facts_are_kept(
    our_side: OurSide, carrier: PracticeCarrier, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(exchange, "CALLS_WITH_AUDIO", 1)
    voice = Webhook(our_side.answer("voice", "<Say>Hello</Say>"))
    records = []
    for _ in range(3):
        call = carrier.exchange.ring(from_=CALLER, to=OURS, person=Person(), voice=voice)
        records.append(await carrier.exchange.record(call.record.call_sid))

    assert [bool(record.heard.audio) for record in records] == [False, True, True]
    assert {record.status for record in records} == {"completed"}


async def test_somebody_writes_and_reads_what_is_answered(our_side: OurSide, control: Control):
    url = our_side.answer("sms", "<Message>We have stopped.</Message>")
    body = {"from": CALLER, "to": OURS, "body": "STOP", "sms_url": url, "sid": "SM1"}

    status, told = await control("POST", "/messages", body)

    assert (status, told) == (201, {"sid": "SM1", "answers": ["We have stopped."]})
    [asked] = our_side.asked_for("sms")
    assert (asked.fields["Body"], asked.fields["MessageSid"], asked.fields["From"]) == ("STOP", "SM1", CALLER)
