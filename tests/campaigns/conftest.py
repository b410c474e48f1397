"""A carrier account, an origin that no proxy knows, and a carrier whose people let it ring."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from agents.models import Agent
from campaigns.webhooks import AttemptWebhook
from telephony.event_writer import EventWriter
from telephony.simulator.people import Person, StaySilent
from telephony.simulator.server import PracticeCarrier
from telephony.simulator.setup import Account, CallOptions
from telephony.simulator.voices import Humming
from tests.campaigns.line import Line, MakeLine, asked, in_thread
from tests.campaigns.rows import NOON, ROSA
from tests.telephony.product import product_served
from tests.telephony.shelf import Shelf, an_event, writer_of
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


@pytest.fixture
def events(tmp_path: Path) -> Iterator[Callable[[], EventWriter]]:
    writer = writer_of(tmp_path / "events", Shelf())
    yield lambda: writer
    writer.keep(an_event()).result(10)


@pytest.fixture
def make_line(agent: Agent, events: Callable[[], EventWriter]) -> MakeLine:
    async def make(**campaign: Any) -> Line:
        _, attempt_id = await in_thread(asked, agent, **campaign)
        return Line(agent, attempt_id, events)

    return make


@pytest.fixture
async def line(make_line: MakeLine) -> Line:
    return await make_line()


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> EventWriter:
    """Our side lives at noon on a Monday, and keeps the carrier's events out of the way."""
    writer = writer_of(tmp_path / "events", Shelf())
    monkeypatch.setattr(AttemptWebhook, "clock", staticmethod(lambda: NOON))
    monkeypatch.setattr(AttemptWebhook, "events", staticmethod(lambda: writer))
    return writer


@pytest.fixture
async def our_side(noon: EventWriter, settings: Settings) -> AsyncIterator[str]:
    """The product's own pages on a port of this machine."""
    async with product_served(settings) as url:
        yield url
