"""A carrier account, and an origin that no proxy knows."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from tests.telephony.signing import ACCOUNT_SID, AUTH_TOKEN, ORIGIN


@pytest.fixture(autouse=True)
def carrier_account(settings: Settings) -> None:
    settings.PUBLIC_URL = ORIGIN
    settings.TWILIO_ACCOUNT_SID = ACCOUNT_SID
    settings.TWILIO_AUTH_TOKEN = AUTH_TOKEN
    settings.TWILIO_AUTH_TOKEN_SECONDARY = ""
