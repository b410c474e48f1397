from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from channels.routing import URLRouter
from django.urls import path
from pytest_django import Settings
from websockets.exceptions import InvalidStatus

from agentos.draining import drain
from telephony.carrier_socket import Patience
from telephony.consumers import MediaStreamConsumer
from tests.telephony.media_server import (
    CLAIMS,
    PATH,
    SOCKETS,
    Calls,
    Carrier,
    ScriptedCall,
    dialed,
    serving,
    start_message,
    token,
)
from tests.telephony.signing import signature

FRAME = bytes(range(160))


@pytest.fixture(autouse=True)
def _no_redis(settings: Settings) -> None:
    """No socket of the carrier needs it."""
    settings.REDIS_URL = "unix:///nowhere/redis.sock"


@pytest.fixture
async def calls() -> Calls:
    return Calls()


def application(calls: Calls, **options: Any) -> URLRouter:
    consumer = MediaStreamConsumer.as_asgi(start_call=calls.start, **options)
    return URLRouter([path("agents/<uuid:agent_id>/media", consumer)])


@pytest.fixture
async def port(calls: Calls) -> AsyncIterator[int]:
    patient = Patience(start_s=60, media_s=60, reading_s=60)  # so that nothing closes but what the test is about
    async with serving(application(calls, patience=patient)) as port:
        yield port


@pytest.fixture
async def impatient(calls: Calls) -> AsyncIterator[int]:
    """A server that gives up after hundredths of a second."""
    patience = Patience(start_s=0.05, media_s=0.05, reading_s=0.05, watch_s=0.01)
    async with serving(application(calls, patience=patience)) as port:
        yield port


async def in_call(carrier: Carrier, calls: Calls) -> ScriptedCall:
    await carrier.begin(token())
    return await calls.next()


# Who gets in


async def test_a_stream_with_its_token_becomes_a_call(port: int, calls: Calls):
    async with dialed(port) as carrier:
        call = await in_call(carrier, calls)

        assert call.claims == CLAIMS


async def refusal(port: int, headers: dict[str, str], path: str = PATH) -> int:
    with pytest.raises(InvalidStatus) as refused:
        async with dialed(port, path, headers):
            pass
    return refused.value.response.status_code


async def test_a_socket_without_the_carrier_s_signature_is_not_opened(port: int):
    assert await refusal(port, {}) == 403
    assert await refusal(port, {"X-Twilio-Signature": signature(f"{SOCKETS}/agents/{uuid4()}/media")}) == 403


async def test_a_browser_gets_no_carrier_socket(port: int):
    right = {"X-Twilio-Signature": signature(SOCKETS + PATH)}

    assert await refusal(port, {**right, "Origin": "https://agents.example"}) == 403


REFUSED_TOKENS = {
    "none": lambda: "",
    "forged": lambda: token()[:-9] + "AAAAAAAAA",
    "of another agent": lambda: token(agent_id=uuid4()),
    "of another call": lambda: token(carrier_sid="CA" + "2" * 32),
}


@pytest.mark.parametrize("what", REFUSED_TOKENS)
async def test_a_stream_without_the_right_token_is_closed(port: int, calls: Calls, what: str):
    async with dialed(port) as carrier:
        await carrier.begin(REFUSED_TOKENS[what]())

        assert await carrier.closed() == 1000
    assert calls.started.empty()


async def test_a_stream_of_another_account_is_closed(port: int, calls: Calls):
    async with dialed(port) as carrier:
        await carrier.begin(token(), accountSid="AC" + "2" * 32)

        assert await carrier.closed() == 1000
    assert calls.started.empty()


async def test_a_second_socket_with_the_same_token_is_closed_and_the_first_goes_on(port: int, calls: Calls):
    once = token()
    async with dialed(port) as first, dialed(port) as second:
        await first.begin(once)
        call = await calls.next()
        await second.begin(once)
        assert await second.closed() == 1000

        call.line.play(FRAME)
        assert await first.audio() == FRAME
    assert calls.started.empty()


async def test_the_next_segment_of_a_call_has_its_own_socket(port: int, calls: Calls):
    async with dialed(port) as first, dialed(port) as second:
        await in_call(first, calls)
        await second.begin(token(segment=2))

        assert (await calls.next()).claims.segment == 2


async def test_a_call_that_may_not_start_is_closed(port: int, calls: Calls):
    calls.error = LookupError("no such call")
    async with dialed(port) as carrier:
        await carrier.begin(token())

        assert await carrier.closed() == 1000


@pytest.mark.parametrize(
    "first",
    [
        "?",
        "x" * 5000,
        '{"event":"media","media":{"payload":"AAAA"}}',
        '{"event":"stop"}',
        '{"event":"weather"}',
        '{"event":"start"}',
        json.dumps(start_message("t", note="x" * 5000)),
    ],
    ids=range(7),
)
async def test_a_stream_that_begins_with_anything_else_is_closed(port: int, calls: Calls, first: str):
    async with dialed(port) as carrier:
        await carrier.say(first)

        assert await carrier.closed() == 1000
    assert calls.started.empty()


async def test_a_start_without_a_greeting_before_it_will_do(port: int, calls: Calls):
    async with dialed(port) as carrier:
        await carrier.say(start_message(token()))

        assert (await calls.next()).claims == CLAIMS


async def test_a_socket_that_says_nothing_is_closed(impatient: int):
    async with dialed(impatient) as carrier:
        assert await carrier.closed() == 1000


async def test_a_socket_that_never_gets_past_its_greeting_is_closed(impatient: int):
    async with dialed(impatient) as carrier:
        await carrier.say('{"event":"connected"}')

        assert await carrier.closed() == 1000


# What the caller says


async def test_every_frame_is_heard_in_order(port: int, calls: Calls):
    async with dialed(port) as carrier:
        call = await in_call(carrier, calls)
        frames = [bytes([n]) * 160 for n in range(200)]
        for frame in frames:
            await carrier.media(frame)

        await call.until(lambda call: len(call.heard) == 200)
        assert call.heard == frames


async def test_frames_sent_before_the_call_has_started_are_heard(port: int, calls: Calls):
    async with dialed(port) as carrier:
        await carrier.begin(token())
        await carrier.media(FRAME)
        call = await calls.next()

        await call.until(lambda call: call.heard == [FRAME])


async def test_marks_and_digits_are_handed_over_and_typed_lines_are_not(port: int, calls: Calls):
    async with dialed(port) as carrier:
        call = await in_call(carrier, calls)
        await carrier.say('{"event":"text","text":"Let me in"}')
        await carrier.say({"event": "mark", "mark": {"name": "turn-1"}})
        await carrier.say({"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": "5"}})

        await call.until(lambda call: len(call.events) >= 2)
        assert call.events == [("mark", "turn-1"), ("digit", "5")]


async def test_a_caller_who_hangs_up_is_told_from_a_socket_that_breaks(port: int, calls: Calls):
    async with dialed(port) as carrier:
        call = await in_call(carrier, calls)
        await carrier.stop()
        assert await call.closed is True

    async with dialed(port) as carrier:
        call = await in_call(carrier, calls)
        carrier.socket.transport.abort()
        assert await call.closed is False


async def test_a_hang_up_counts_although_the_peer_is_gone_before_we_have_read_it(calls: Calls):
    stop, is_gone = asyncio.Event(), asyncio.Event()
    said = iter(["", json.dumps(start_message(token())), '{"event":"stop"}'])

    async def receive() -> dict[str, Any]:
        if (text := next(said)) == '{"event":"stop"}':
            await stop.wait()
        return {"type": "websocket.receive" if text else "websocket.connect", "text": text}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] != "websocket.accept":
            is_gone.set()
            raise OSError("gone")

    headers = [(b"x-twilio-signature", signature(SOCKETS + PATH).encode())]
    socket = application(calls)({"type": "websocket", "path": PATH, "headers": headers}, receive, send)
    serving = asyncio.create_task(socket)
    call = await calls.next()
    call.line.play(FRAME)
    await is_gone.wait()
    await asyncio.sleep(0)
    stop.set()

    assert await call.closed is True
    await serving


async def test_fifty_bad_messages_close_the_socket(port: int, calls: Calls):
    async with dialed(port) as carrier:
        call = await in_call(carrier, calls)
        for _ in range(49):
            await carrier.say("?")
        await carrier.media(FRAME)
        await call.until(lambda call: call.heard == [FRAME])
        await carrier.socket.send(b"\x00")

        assert await call.closed is False


async def test_a_message_of_more_than_64_kib_closes_the_socket(port: int, calls: Calls):
    async with dialed(port) as carrier:
        call = await in_call(carrier, calls)
        await carrier.say(" " * 70_000)

        assert await call.closed is False


async def test_a_socket_without_sound_is_given_up(impatient: int, calls: Calls):
    async with dialed(impatient) as carrier:
        call = await in_call(carrier, calls)

        assert await carrier.closed() == 1000
        assert await call.closed is False


# What the agent says


async def test_audio_of_any_length_is_played_in_order_with_its_marks(port: int, calls: Calls):
    speech = bytes(n % 251 for n in range(10_000))
    async with dialed(port) as carrier:
        call = await in_call(carrier, calls)
        call.line.play(speech)
        call.line.mark("end")
        heard = b""
        while (message := await carrier.hear())["event"] == "media":
            heard += b64decode(message["media"]["payload"])

        assert heard == speech
        assert message["mark"] == {"name": "end"}


async def test_nothing_queued_before_a_clear_is_sent_after_it(port: int, calls: Calls):
    async with dialed(port) as carrier:
        call = await in_call(carrier, calls)
        for n in range(100):
            call.line.play(bytes([n]) * 1600)
            call.line.mark(f"old-{n}")
        call.line.clear()
        call.line.play(FRAME)
        call.line.mark("new")

        messages = []
        while not messages or messages[-1].get("mark") != {"name": "new"}:
            messages.append(await carrier.hear())
        assert [message["event"] for message in messages] == ["clear", "media", "mark"]


async def test_a_hang_up_lets_everything_queued_be_sent_first(port: int, calls: Calls):
    async with dialed(port) as carrier:
        call = await in_call(carrier, calls)
        for n in range(20):
            call.line.play(bytes([n]) * 1600)
        call.line.hang_up()

        frames = [message async for message in carrier.socket]
        assert len(frames) == 20
        assert carrier.socket.close_code == 1000
        assert await call.closed is False


async def test_a_telephone_is_shown_nothing(port: int, calls: Calls):
    async with dialed(port) as carrier:
        call = await in_call(carrier, calls)
        call.line.show("turn", {"heard": "Hello"})
        call.line.play(FRAME)

        assert await carrier.audio() == FRAME


async def test_a_peer_that_does_not_read_is_given_up(calls: Calls):
    patience = Patience(media_s=60, reading_s=0.05, closing_s=0.01, watch_s=0.01)
    async with serving(application(calls, patience=patience)) as port, dialed(port) as carrier:
        call = await in_call(carrier, calls)
        carrier.socket.transport.pause_reading()
        call.line.play(bytes(8_000_000))  # more than the kernel takes, by far

        assert await call.closed is False
        carrier.socket.transport.abort()


# The process


async def test_a_call_holds_the_process_until_it_has_ended(port: int, calls: Calls):
    before = drain.calls
    async with dialed(port) as carrier:
        call = await in_call(carrier, calls)
        assert drain.calls == before + 1

        await carrier.stop()
        await call.closed
        await carrier.closed()
    assert drain.calls == before


async def test_one_call_that_fails_ends_alone(port: int, calls: Calls):
    async with dialed(port) as first, dialed(port) as second:
        broken, sound = await in_call(first, calls), await in_call(second, calls)
        broken.hear = lambda frame: 1 / 0  # type: ignore[assignment, return-value]
        await first.media(FRAME)
        assert await broken.closed is False
        assert await first.closed() == 1000

        await second.media(FRAME)
        await sound.until(lambda call: call.heard == [FRAME])
