"""Place one call and get it back: through a practice carrier that runs elsewhere, or in this process."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import aiohttp

from .exchange import Exchange
from .people import Person
from .setup import Account
from .tracks import Track, read_both
from .voices import OfflineSpeaker, Speaker
from .webhooks import Webhook

LONGEST_CALL_S = 4 * 3600


class NotPlaced(Exception):
    """The call did not come about; the message is for a person."""


@dataclass(frozen=True, slots=True)
class Errand:
    """Who is to call whom, and where the carrier asks what to do."""

    from_: str
    to: str
    voice_url: str
    status_url: str
    person: Person


@dataclass(frozen=True, slots=True)
class PlacedCall:
    """A finished call: `facts` as of `CallRecord.facts`, and both sides as they sounded."""

    facts: Mapping[str, Any]
    said: Track
    heard: Track


async def place_here(errand: Errand, account: Account, speaker: Speaker | None = None) -> PlacedCall:
    """Be the carrier for one call. The REST API does not know of it: our side can end it only by closing its socket."""
    offline = OfflineSpeaker()
    async with AsyncExitStack() as stack, Exchange(account, speaker=speaker or offline) as exchange:
        stack.push_async_callback(offline.close)
        call = exchange.ring(
            from_=errand.from_,
            to=errand.to,
            person=errand.person,
            voice=Webhook(errand.voice_url),
            status=Webhook(errand.status_url) if errand.status_url else None,
        )
        await exchange.over(call.record.call_sid)
        return _insisted(PlacedCall(call.record.facts(), call.record.said, call.record.heard))


async def place_through(carrier_url: str, errand: Errand, account: Account) -> PlacedCall | None:
    """Ask the practice carrier at this address to place the call; None where none of this account answers."""
    headers = {"Authorization": aiohttp.encode_basic_auth(account.sid, account.auth_token)}
    timeout = aiohttp.ClientTimeout(total=LONGEST_CALL_S, sock_connect=2)
    async with aiohttp.ClientSession(carrier_url, headers=headers, timeout=timeout) as session:
        if not await _is_practice_carrier(session, account):
            return None
        body = {
            "from": errand.from_,
            "to": errand.to,
            "voice_url": errand.voice_url,
            "status_callback": errand.status_url,
            "person": errand.person.to_json(),
        }
        try:
            async with session.post("/control/calls", json=body) as response:
                answer = await response.json()
                if response.status != 201:
                    raise NotPlaced(f"The practice carrier refused the call: {answer['message']}")
            path = f"/control/calls/{answer['sid']}"
            async with session.get(path, params={"wait": "1"}) as response:
                facts = await response.json()
            async with session.get(f"{path}/audio") as response:
                said, heard = read_both(await response.read())
            await session.delete(path)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NotPlaced("The practice carrier ended before the call did.") from error
        return _insisted(PlacedCall(facts, said, heard))


async def _is_practice_carrier(session: aiohttp.ClientSession, account: Account) -> bool:
    try:
        async with session.get("/control") as response:
            if response.status == 401:
                raise NotPlaced("The practice carrier there belongs to another account.")
            return response.status == 200 and (await response.json())["account_sid"] == account.sid
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return False


def _insisted(placed: PlacedCall) -> PlacedCall:
    """A simulation that broke is no call."""
    if failure := placed.facts["failure"]:
        raise NotPlaced(f"The call could not be simulated: {failure}")
    return placed
