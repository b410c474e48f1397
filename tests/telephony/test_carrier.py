"""The REST client against the practice carrier, which checks every request against the carrier's own description."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now
from pytest_django import Settings
from requests import ReadTimeout

from telephony import carrier
from telephony.carrier import CarrierError, Transport
from telephony.simulator.faults import Mode, RestFault
from telephony.simulator.people import Person, StaySilent
from telephony.simulator.server import PracticeCarrier
from telephony.simulator.setup import Account, CallOptions
from telephony.simulator.voices import Humming
from tests.telephony.signing import ACCOUNT_SID, AUTH_TOKEN

CALLER, OURS = "+12085550199", "+12085550110"
VOICE, STATUS = "http://127.0.0.1:9/voice", "http://127.0.0.1:9/status"  # nobody is asked anything that counts here
UNKNOWN, RECORDING = "CA" + "9" * 32, "RE" + "1" * 32


@pytest.fixture
async def practice(settings: Settings) -> AsyncIterator[PracticeCarrier]:
    account = Account(ACCOUNT_SID, AUTH_TOKEN)
    async with PracticeCarrier(account, speaker=Humming(), options=CallOptions()) as practice:
        practice.exchange.people[CALLER] = Person(steps=(StaySilent(),), rings_ms=3_600_000)
        settings.TWILIO_BASE_URL = practice.url
        yield practice


async def ask(method: Callable[..., Any], *args: Any, **more: Any) -> Any:
    """Off the event loop, where it would block the carrier as well."""
    return await asyncio.to_thread(method, *args, **more)


async def dial() -> Any:
    return await ask(carrier.place_call, to=CALLER, from_=OURS, url=VOICE, status_callback=STATUS)


async def failure(method: Callable[..., Any], *args: Any, **more: Any) -> CarrierError:
    with pytest.raises(CarrierError) as failed:
        await ask(method, *args, **more)
    return failed.value


@pytest.mark.usefixtures("practice")
async def test_the_account_is_fetched():
    account = await ask(carrier.fetch_account)

    assert (account.sid, account.status) == (ACCOUNT_SID, "active")


@pytest.mark.usefixtures("practice")
async def test_a_call_is_placed_found_and_ended():
    placed = await dial()
    assert (placed.to, placed.from_, placed.status) == (CALLER, OURS, "queued")

    before = now() - timedelta(minutes=1)
    assert [call.sid for call in await ask(carrier.find_calls, to=CALLER, from_=OURS, since=before)] == [placed.sid]
    later = now() + timedelta(minutes=1)
    assert await ask(carrier.find_calls, to=CALLER, from_=OURS, since=later) == []
    assert await ask(carrier.find_calls, to=OURS, from_=CALLER, since=before) == []

    await ask(carrier.hang_up, placed.sid)
    assert (await ask(carrier.fetch_call, placed.sid)).status in ("completed", "canceled")


@pytest.mark.usefixtures("practice")
async def test_a_call_that_nobody_knows_is_none():
    assert await ask(carrier.fetch_call, UNKNOWN) is None


@pytest.mark.usefixtures("practice")
async def test_hanging_up_twice_changes_nothing():
    placed = await dial()
    await ask(carrier.hang_up, placed.sid)
    await ask(carrier.hang_up, placed.sid)
    await ask(carrier.hang_up, UNKNOWN)


@pytest.mark.usefixtures("practice")
async def test_a_call_that_is_not_connected_cannot_be_redirected():
    placed = await dial()
    await ask(carrier.hang_up, placed.sid)

    error = await failure(carrier.redirect, placed.sid, VOICE)

    assert (error.code, error.retryable, error.is_unknown) == ("21220", False, False)


@pytest.mark.parametrize("sid", ["", "CA1", "../Accounts", UNKNOWN + "/Recordings"])
async def test_what_is_no_call_is_not_asked_for(sid: str):
    assert (await failure(carrier.fetch_call, sid)).code == "invalid_sid"


@pytest.mark.parametrize(
    ("mode", "code", "retryable", "is_unknown"),
    [
        (Mode.THROTTLE, "20429", True, False),
        (Mode.SUSPENDED, "10001", False, False),
        (Mode.CONCURRENCY, "10004", False, False),
        (Mode.UNAUTHORIZED, "20003", False, False),
        (Mode.ERROR, "20500", False, True),
        (Mode.ERROR_AFTER_ACCEPT, "20500", False, True),
        (Mode.LOSE_REPLY, "unreachable", False, True),
    ],
)
async def test_after_a_failed_call_it_is_known_whether_to_dial_again(
    practice: PracticeCarrier, mode: Mode, code: str, retryable: bool, is_unknown: bool
):
    practice.faults.add(RestFault(mode))

    error = await failure(carrier.place_call, to=CALLER, from_=OURS, url=VOICE, status_callback=STATUS)

    assert (error.code, error.retryable, error.is_unknown) == (code, retryable, is_unknown)


@pytest.mark.parametrize("mode", [Mode.ERROR_AFTER_ACCEPT, Mode.LOSE_REPLY])
async def test_a_call_is_never_placed_twice_behind_our_back(practice: PracticeCarrier, mode: Mode):
    practice.faults.add(RestFault(mode))

    await failure(carrier.place_call, to=CALLER, from_=OURS, url=VOICE, status_callback=STATUS)

    assert len(practice.exchange.calls) == 1


async def test_a_carrier_that_is_not_there_was_asked_nothing(settings: Settings):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        settings.TWILIO_BASE_URL = f"http://127.0.0.1:{closed.getsockname()[1]}"

    error = await failure(carrier.place_call, to=CALLER, from_=OURS, url=VOICE, status_callback=STATUS)

    assert (error.code, error.retryable, error.is_unknown) == ("unreachable", True, False)


def test_a_carrier_that_never_answers_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        transport = Transport(f"http://127.0.0.1:{mute.getsockname()[1]}", answer_within_s=0.05)

        with pytest.raises(ReadTimeout):
            transport.request("POST", "https://api.twilio.com/2010-04-01/Accounts.json")


def test_without_an_account_nothing_is_asked(settings: Settings):
    settings.TWILIO_AUTH_TOKEN = ""

    with pytest.raises(CarrierError, match="not_configured"):
        carrier.fetch_account()


# Who picks up, and what they said


async def test_the_carrier_is_asked_who_picks_up_where_somebody_wants_to_know(practice: PracticeCarrier):
    plain = await dial()
    curious = await ask(
        carrier.place_call,
        to=CALLER,
        from_=OURS,
        url=VOICE,
        status_callback=STATUS,
        answered_by_url="http://127.0.0.1:9/who",
    )

    calls = practice.exchange.calls
    assert not calls[plain.sid].setup.machine_detection
    assert calls[curious.sid].setup.machine_detection
    assert calls[curious.sid].setup.async_amd.url == "http://127.0.0.1:9/who"


async def test_a_recording_is_fetched_with_the_accounts_own_key(practice: PracticeCarrier, settings: Settings):
    placed = await dial()
    practice.exchange.calls[placed.sid].recordings[RECORDING] = b"RIFF all of it"

    assert await ask(carrier.fetch_recording, RECORDING) == b"RIFF all of it"
    settings.TWILIO_AUTH_TOKEN = "another"
    refused = await failure(carrier.fetch_recording, RECORDING)
    assert (refused.code, refused.retryable) == ("401", False)


@pytest.mark.usefixtures("practice")
async def test_a_recording_that_is_not_there_yet_may_be_asked_for_again():
    missing = await failure(carrier.fetch_recording, RECORDING)

    assert (missing.code, missing.retryable) == ("20404", True)


@pytest.mark.parametrize("sid", ["", "RE1", "../Calls", "CA" + "0" * 32, RECORDING + "/..", RECORDING + "\n"])
async def test_what_is_no_recording_is_not_asked_for(practice: PracticeCarrier, sid: str):
    assert (await failure(carrier.fetch_recording, sid)).code == "invalid_sid"


@pytest.mark.parametrize(
    ("length", "body", "code"), [(100, b"RIFF", "unreachable"), (carrier.MOST_RECORDING + 1, None, "too_long")]
)
async def test_half_a_recording_and_an_endless_one_are_none(
    settings: Settings, length: int, body: bytes | None, code: str
):
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length + (body or bytes(length)))
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        settings.TWILIO_BASE_URL = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT_SID, AUTH_TOKEN

        assert (await failure(carrier.fetch_recording, RECORDING)).code == code
