"""The one-time token that lets the carrier's socket into one call.

It travels in the TwiML and comes back in the first message of the stream. It is bound to the call, the agent, the
tenant and the segment, lives for seconds and works once: on this host by a file that can be created only once, between
hosts by Redis. With Redis dead or frozen the file alone decides, and calls still start.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import jwt
import structlog
from django.conf import settings
from django.utils.crypto import salted_hmac

from calls.quick_redis import AWAY, quick_redis
from calls.runtime import CallClaims

AUDIENCE, KIND = "media", "call"
LEEWAY_S = 5  # clocks of two hosts differ
KEPT_S = 3600

log = structlog.get_logger(__name__)
_disk = ThreadPoolExecutor(1, thread_name_prefix="tokens")


class TokenRefused(Exception):
    """The token opens nothing, or not this call."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def mint(claims: CallClaims) -> str:
    """A token for one segment of one call. With its name it fits into a parameter of the carrier (500 characters)."""
    issued = int(time.time())
    payload = {
        "aud": AUDIENCE,
        "typ": KIND,
        "iat": issued,
        "exp": issued + settings.CALL_TOKEN_SECONDS,
        "jti": uuid4().hex,
        "call": claims.call_id.hex,
        "agent": claims.agent_id.hex,
        "tenant": claims.tenant_id,
        "segment": claims.segment,
        "sid": claims.carrier_sid,
        "most": claims.most_s,
    }
    return jwt.encode(payload, _key(), algorithm="HS256")


def read(token: str) -> CallClaims:
    """What the token says, used or not. Raises TokenRefused when it is forged, broken or too old."""
    return _claims(_payload(token))


async def redeem(token: str, *, agent_id: UUID, call_sid: str) -> CallClaims:
    """Use the token for the call that its socket names. Raises TokenRefused, also the second time."""
    payload = _payload(token)
    claims = _claims(payload)
    if claims.agent_id != agent_id or claims.carrier_sid != call_sid:
        raise TokenRefused("another call")
    name, hour = sha256(payload["jti"].encode()).hexdigest(), payload["exp"] // 3600
    loop = asyncio.get_running_loop()
    here = await loop.run_in_executor(_disk, _first_on_this_host, Path(settings.SPOOL_DIR) / "tokens", hour, name)
    if here is False:
        raise TokenRefused("used before")
    # Asked one after the other: of several who come at once, the first on the disk must also be the first in Redis.
    everywhere = await _first_everywhere(f"tenant:{claims.tenant_id}:call-token:{name}")
    if everywhere is False:
        raise TokenRefused("used before")
    if here is None and everywhere is None:
        raise TokenRefused("neither disk nor Redis can tell whether it was used")
    return claims


def _payload(token: str) -> dict[str, Any]:
    try:
        payload: dict[str, Any] = jwt.decode(
            token,
            _key(),
            algorithms=["HS256"],
            audience=AUDIENCE,
            leeway=LEEWAY_S,
            # A clock that steps back must not make new tokens "not yet valid"; that they end is checked all the same.
            options={"require": ["exp", "iat", "jti"], "verify_iat": False},
        )
    except jwt.ExpiredSignatureError as error:
        raise TokenRefused("expired") from error
    except jwt.InvalidTokenError as error:
        raise TokenRefused("not ours") from error
    if payload.get("typ") != KIND:
        raise TokenRefused("of another kind")
    return payload


def _claims(payload: dict[str, Any]) -> CallClaims:
    return CallClaims(
        call_id=UUID(payload["call"]),
        agent_id=UUID(payload["agent"]),
        tenant_id=payload["tenant"],
        segment=payload["segment"],
        carrier_sid=payload["sid"],
        most_s=payload.get("most", 0),
    )


def _key() -> bytes:
    return salted_hmac("agentos.telephony.tokens", "call", algorithm="sha256").digest()


def _first_on_this_host(folder: Path, hour: int, name: str) -> bool | None:
    """Whether nobody on this host has used the token; None when the disk cannot tell."""
    try:
        _make_room(folder, hour)
        os.close(os.open(folder / str(hour) / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return False
    except OSError as error:
        log.error("token not kept on disk", errno=error.errno)
        return None
    return True


def _make_room(folder: Path, hour: int) -> None:
    """Used tokens lie in a folder of the hour in which they end; whoever opens a new one clears out the old."""
    if (folder / str(hour)).is_dir():
        return
    (folder / str(hour)).mkdir(parents=True, exist_ok=True)
    for other in folder.iterdir():
        if other.name.isdecimal() and int(other.name) < hour - 1:
            shutil.rmtree(other, ignore_errors=True)


async def _first_everywhere(key: str) -> bool | None:
    """Whether nobody on any host has used the token; None when Redis does not answer in time."""
    try:
        async with quick_redis() as redis:
            return bool(await redis.set(key, 1, nx=True, ex=KEPT_S))
    except AWAY as error:
        log.warning("token not kept in Redis", error=type(error).__name__)
        return None
