from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from telephony.simulator.call_flow import SimulatedCall
from telephony.simulator.people import Person, StaySilent
from telephony.simulator.record import CallRecord
from telephony.simulator.setup import Account, CallOptions, CallSetup
from telephony.simulator.voices import Humming
from telephony.simulator.webhooks import Courier, Webhook
from tests.telephony.simulator.our_side import ACCOUNT_SID, AUTH_TOKEN, OurSide

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
