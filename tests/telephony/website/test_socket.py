"""The socket of a visitor: from our own page, with a token of a call from a website."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from channels.routing import URLRouter
from django.urls import path
from websockets.exceptions import InvalidStatus

from calls.runtime import CallClaims
from telephony.carrier_socket import Patience
from telephony.consumers import WebsitePhoneConsumer
from telephony.tokens import mint
from tests.telephony.media_server import Calls, dialed, serving
from tests.telephony.signing import ORIGIN

AGENT, CALL, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
SID = f"web:{CALL}"
CLAIMS = CallClaims(CALL, AGENT, tenant_id=7, segment=1, carrier_sid=SID, most_s=600)


@pytest.fixture
async def calls() -> Calls:
    return Calls()


@pytest.fixture
async def port(calls: Calls) -> AsyncIterator[int]:
    phone = WebsitePhoneConsumer.as_asgi(start_call=calls.start, patience=Patience(watch_s=0.005))
    async with serving(URLRouter([path("website/phone", phone)])) as port:
        yield port


async def test_a_visitor_talks_and_reads_words_and_nothing_of_how_they_came(port: int, calls: Calls):
    async with dialed(port, "/website/phone", {"Origin": ORIGIN}) as visitor:
        await visitor.begin(mint(CLAIMS), callSid=SID)
        call = await calls.next()
        assert call.claims == CLAIMS

        call.line.show("turn", {"index": 0, "heard": "Hello", "timing": {"llm_ms": 7}, "extras": {"tools": ["x"]}})

        assert (await visitor.hear())["data"] == {"index": 0, "heard": "Hello"}


@pytest.mark.parametrize("sid", [str(CALL), f"web:{OTHER}"])
async def test_a_token_of_another_call_opens_nothing(port: int, calls: Calls, sid: str):
    async with dialed(port, "/website/phone", {"Origin": ORIGIN}) as visitor:
        await visitor.begin(mint(CLAIMS), callSid=sid)
        assert await visitor.closed() == 1000
    assert calls.started.empty()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
async def test_a_page_that_is_not_ours_is_refused(port: int, origin: str):
    with pytest.raises(InvalidStatus):
        async with dialed(port, "/website/phone", {"Origin": origin}):
            pass
