"""A carrier account, an origin that no proxy knows, and a carrier whose people let it ring."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pytest_django import Settings

from telephony.simulator.people import Person, StaySilent
from telephony.simulator.server import PracticeCarrier
from telephony.simulator.setup import Account, CallOptions
from telephony.simulator.voices import Humming
from tests.campaigns.people import ROSA
from tests.telephony.signing import ACCOUNT_SID, AUTH_TOKEN, ORIGIN


@pytest.fixture(autouse=True)
def carrier_account(settings: Settings) -> None:
    settings.PUBLIC_URL = ORIGIN
    settings.TWILIO_ACCOUNT_SID = ACCOUNT_SID
    settings.TWILIO_AUTH_TOKEN = AUTH_TOKEN
    settings.TWILIO_AUTH_TOKEN_SECONDARY = ""
    settings.CARRIER_CALLS_PER_SECOND = 50


@pytest.fixture
async def practice(settings: Settings) -> AsyncIterator[PracticeCarrier]:
    async with PracticeCarrier(Account(ACCOUNT_SID, AUTH_TOKEN), speaker=Humming(), options=CallOptions()) as practice:
        practice.exchange.people[ROSA] = Person(steps=(StaySilent(),), rings_ms=3_600_000)
        settings.TWILIO_BASE_URL = practice.url
        yield practice
