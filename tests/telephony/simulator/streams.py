"""One media stream, and what tests ask of it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable

from telephony.simulator.stream import MediaStreamCaller

CALL_SID, STREAM_SID = "CA" + "2" * 32, "MZ" + "3" * 32
MakeStream = Callable[..., MediaStreamCaller]


def in_base64(audio: bytes) -> str:
    return base64.b64encode(audio).decode()


async def finished(stream: MediaStreamCaller) -> None:
    await asyncio.wait({stream.closed})
