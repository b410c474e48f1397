"""How large a request may be. What is larger is refused before Django, which would write all of it to the disk."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from agentos.health import Application, Message, Receive, Send
from campaigns.importing.sheets import MOST_BYTES

LARGEST_BODY = 5 * 2**20
LARGEST_UPLOAD = MOST_BYTES + 2**20  # with the form around it; docker/nginx.conf says the same
UPLOADS = re.compile(r"/t/[^/]+/(?:contacts/(?:import|do-not-call/registry)|knowledge)/")
LINGERS_S = 2.0  # a client that is cut off while it sends does not read the answer


def with_bounds(application: Any) -> Application:
    """The HTTP application, with the bounds in front of it: by what a request says it has, and by what it sends."""

    async def http(scope: Message, receive: Receive, send: Send) -> None:
        most = LARGEST_UPLOAD if UPLOADS.fullmatch(scope["path"]) else LARGEST_BODY
        if _stated(scope) > most:
            await _refuse(most, receive, send)
            return
        body = _Counted(receive, most)
        await application(scope, body.receive, send)
        if body.is_too_large:
            await _refuse(most, receive, send)

    return http


class _Counted:
    """The body of a request that may not have said how long it is. Beyond the bound the client counts as gone."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self._left = receive, most
        self.is_too_large = False

    async def receive(self) -> Message:
        if not self.is_too_large:
            message = await self._receive()
            self._left -= len(message.get("body", b""))
            self.is_too_large = self._left < 0
            if not self.is_too_large:
                return message
        return {"type": "http.disconnect"}


def _stated(scope: Message) -> int:
    """The length that the header states; 0 where there is none."""
    stated = dict(scope.get("headers", ())).get(b"content-length", b"")
    return int(stated) if stated.isdigit() else 0


async def _refuse(most: int, receive: Receive, send: Send) -> None:
    """413, and for a moment whatever still comes is thrown away."""
    words = f"This is larger than {min(most, MOST_BYTES) // 2**20} MB. Nothing was kept. Please split it.\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(words)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": words, "more_body": True})
    try:
        async with asyncio.timeout(LINGERS_S):
            while (await receive()).get("more_body"):
                pass
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b""})
