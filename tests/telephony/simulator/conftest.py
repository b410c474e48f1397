from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from telephony.simulator.call_flow import SimulatedCall
from telephony.simulator.clock import Clock
from telephony.simulator.handset import Handset
from telephony.simulator.people import Person, StaySilent
from telephony.simulator.record import CallRecord
from telephony.simulator.setup import Account, CallOptions, CallSetup
from telephony.simulator.stream import MediaStreamCaller
from telephony.simulator.voices import Humming
from telephony.simulator.webhooks import Courier, Webhook
from tests.telephony.simulator.our_side import ACCOUNT_SID, AUTH_TOKEN, OurSide
from tests.telephony.simulator.streams import CALL_SID, STREAM_SID, MakeStream

CALLER, OURS = "+12085550199", "+12085550110"
MakeCall = Callable[..., SimulatedCall]
RunCall = Callable[..., Awaitable[CallRecord]]


@pytest.fixture
def account() -> Account:
    return Account(ACCOUNT_SID, AUTH_TOKEN)


@pytest.fixture
async def our_side() -> AsyncIterator[OurSide]:
    async with OurSide() as side:
        yield side


@pytest.fixture
async def make_call(account: Account) -> AsyncIterator[MakeCall]:
    """`make_call(voice_url, *steps, …)`: an inbound call, thirty times as fast as life, of somebody who hums."""
    async with Courier(account.auth_token) as courier:

        def make(voice: str | Webhook | None, *steps: Any, **more: Any) -> SimulatedCall:
            options = {"time_scale": 30.0, **more.pop("options", {})}
            person = more.pop("person", None) or Person(steps=steps or (StaySilent(),))
            webhook = Webhook(voice) if isinstance(voice, str) else voice
            setup = CallSetup(**{"from_": CALLER, "to": OURS, "voice": webhook, **more})
            return SimulatedCall(
                account, setup, person, courier=courier, speaker=Humming(), options=CallOptions(**options)
            )

        yield make


@pytest.fixture
def run_call(make_call: MakeCall) -> RunCall:
    """The same, lived to its end."""

    async def run(*args: Any, **more: Any) -> CallRecord:
        return await make_call(*args, **more).run()

    return run


@pytest.fixture
async def handset() -> AsyncIterator[Handset]:
    handset = Handset(Clock(30))
    handset.start()
    yield handset
    handset.stop()


@pytest.fixture
async def make_stream(our_side: OurSide, handset: Handset) -> AsyncIterator[MakeStream]:
    made = []

    def make(**more: Any) -> MediaStreamCaller:
        stream = MediaStreamCaller(
            handset,
            url=our_side.at("media").replace("http:", "ws:"),
            auth_token=AUTH_TOKEN,
            account_sid=ACCOUNT_SID,
            call_sid=CALL_SID,
            stream_sid=STREAM_SID,
            **more,
        )
        made.append(stream)
        stream.noted = noted = []
        stream.log.on_event = lambda kind, facts: noted.append((kind, facts))
        return stream

    yield make
    for stream in made:
        stream.vanish()
