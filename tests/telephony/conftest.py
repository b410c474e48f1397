"""A carrier account, and an origin that no proxy knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from telephony.event_writer import EventWriter
from tests.telephony.shelf import Shelf, an_event, writer_of
from tests.telephony.signing import ACCOUNT_SID, AUTH_TOKEN, ORIGIN


@pytest.fixture(autouse=True)
def carrier_account(settings: Settings) -> None:
    settings.PUBLIC_URL = ORIGIN
    settings.TWILIO_ACCOUNT_SID = ACCOUNT_SID
    settings.TWILIO_AUTH_TOKEN = AUTH_TOKEN
    settings.TWILIO_AUTH_TOKEN_SECONDARY = ""


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def events(shelf: Shelf, tmp_path: Path) -> Iterator[Callable[[], EventWriter]]:
    writer = writer_of(tmp_path / "events", shelf)
    yield lambda: writer
    shelf.error = None
    writer.keep(an_event()).result(10)  # whatever came before it is stored, too
