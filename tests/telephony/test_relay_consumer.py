"""The socket for words, behind the production server's own protocol; and the address that takes either kind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from channels.routing import URLRouter
from django.urls import path
from pytest_django import Settings
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from telephony.carrier_socket import Patience
from telephony.consumers import EitherConsumer
from tests.telephony.media_server import AGENT, CLAIMS, SOCKETS, Calls, Carrier, ScriptedCall, serving, token
from tests.telephony.signing import ACCOUNT_SID, CALL_SID, signature

PATH = f"/agents/{AGENT}/ws"


class WordsCall(ScriptedCall):
    """Remembers what the carrier tells of the caller and of itself."""

    def __init__(self, claims: Any, line: Any, *, greeted: bool) -> None:
        super().__init__(claims, line)
        self.greeted = greeted
        ear = SimpleNamespace(
            said=lambda text, final, language: self._note("said" if final else "so far", text),
            voice=lambda begins: self._note("caller", str(begins)),
            trouble=lambda description: self._note("trouble", description),
        )
        mouth = SimpleNamespace(
            voice=lambda begins: self._note("agent", str(begins)), played=lambda text: self._note("played", text)
        )
        self.engine = SimpleNamespace(
            listener=ear, voice=mouth, interrupted=lambda heard, ms: self._note("interrupted", f"{heard} {ms}")
        )


class WordsCalls(Calls):
    async def start_with_words(self, claims: Any, line: Any, *, greeted: bool) -> Any:
        call = WordsCall(claims, line, greeted=greeted)
        self.started.put_nowait(call)
        return call


@pytest.fixture
async def calls() -> WordsCalls:
    return WordsCalls()


@pytest.fixture
async def port(calls: WordsCalls, settings: Settings) -> AsyncIterator[int]:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    patient = Patience(start_s=60, media_s=60, reading_s=60)
    start = {"start_call": calls.start, "start_relayed_call": calls.start_with_words}
    socket = EitherConsumer.as_asgi(**start, patience=patient)
    async with serving(URLRouter([path("agents/<uuid:agent_id>/ws", socket)])) as port:
        yield port


def dialed(port: int, headers: dict[str, str] | None = None) -> connect:
    signed = {"X-Twilio-Signature": signature(SOCKETS + PATH)} if headers is None else headers
    return connect(f"ws://127.0.0.1:{port}{PATH}", additional_headers=signed, compression=None)


async def tell(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def begin(socket: ClientConnection, **changes: Any) -> None:
    setup = {"type": "setup", "sessionId": "VX1", "accountSid": ACCOUNT_SID, "callSid": CALL_SID}
    await tell(socket, **setup | {"customParameters": {"token": token()}} | changes)


async def test_a_session_with_its_token_becomes_a_call_and_both_sides_speak(port: int, calls: WordsCalls):
    async with dialed(port) as socket:
        await begin(socket, customParameters={"token": token(), "greeted": "yes"})
        call = await calls.next()
        assert (call.claims, call.greeted) == (CLAIMS, True)

        await tell(socket, type="info", name="clientSpeaking", value="on", ts=1)
        await tell(socket, type="interrupt", utteranceUntilInterrupt="Hello", durationUntilInterruptMs="300")
        await tell(socket, type="prompt", voicePrompt="Hi", lang="en-US", last=True)
        await tell(socket, type="dtmf", digit="4")
        await tell(socket, type="error", description="no")
        await call.until(lambda call: len(call.events) == 5)
        assert call.events == [
            ("caller", "True"),
            ("interrupted", "Hello 300"),
            ("said", "Hi"),
            ("digit", "4"),
            ("trouble", "no"),
        ]

        call.line.say("Fine, ", last=False, interruptible=True)
        call.line.switch_language("es-US", ears=True)
        call.line.press("1w2")
        call.line.say("", last=True, interruptible=True)
        call.line.hang_up()
        told = [json.loads(message) async for message in socket]
        assert [(message["type"], message.get("token")) for message in told] == [
            ("text", "Fine, "),
            ("language", None),
            ("sendDigits", None),
            ("text", ""),
            ("end", None),
        ]
        assert json.loads(told[-1]["handoffData"]) == {"reason": "over"}
        assert await call.closed is False


async def test_the_same_address_takes_a_stream_of_sound(port: int, calls: WordsCalls):
    async with dialed(port) as socket:
        carrier = Carrier(socket)
        await carrier.begin(token())
        call = await calls.next()
        await carrier.media(b"\xff" * 160)
        await call.until(lambda call: call.heard == [b"\xff" * 160])
        await carrier.stop()

        assert await call.closed is True


@pytest.mark.parametrize(
    "changes",
    [{"customParameters": {}}, {"accountSid": "AC" + "2" * 32}, {"callSid": "CA" + "2" * 32}, {"type": "prompt"}],
)
async def test_a_session_that_does_not_fit_its_token_is_closed(port: int, calls: WordsCalls, changes: dict[str, Any]):
    async with dialed(port) as socket:
        await begin(socket, **changes)

        assert [message async for message in socket] == []
        assert socket.close_code == 1000
    assert calls.started.empty()


async def test_a_token_opens_one_session(port: int, calls: WordsCalls):
    parameters = {"token": token()}
    async with dialed(port) as first, dialed(port) as second:
        await begin(first, customParameters=parameters)
        await calls.next()
        await begin(second, customParameters=parameters)

        assert [message async for message in second] == []


async def test_a_socket_without_the_carrier_s_signature_is_not_opened(port: int):
    with pytest.raises(InvalidStatus) as refused:
        async with dialed(port, {}):
            pass
    assert refused.value.response.status_code == 403


async def test_a_carrier_that_vanishes_lets_go_of_the_call(port: int, calls: WordsCalls):
    async with dialed(port) as socket:
        await begin(socket)
        call = await calls.next()
        socket.transport.abort()

        assert await asyncio.wait_for(call.closed, 10) is False
