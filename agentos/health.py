"""What a load balancer asks a web process: `/healthz` (does it live?) and `/healthz/ready` (may it have new calls?).

Answered before Django: a probe comes by address instead of by name, and must not wait for a thread.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from agentos.draining import drain

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


def answer(path: str) -> tuple[int, bytes] | None:
    """Status and body for a probe, None for any other path.

    PostgreSQL and Redis have no say: all processes share them, and taking every process out would end the service.
    """
    if path == "/healthz":
        return 200, b"alive\n"
    if path == "/healthz/ready":
        return (503, b"draining\n") if drain.begun else (200, b"ready\n")
    return None


def with_health(application: Any) -> Application:
    """The HTTP application, with the probes in front of it."""

    async def http(scope: Message, receive: Receive, send: Send) -> None:
        if (found := answer(scope["path"])) is None:
            await application(scope, receive, send)
            return
        status, body = found
        headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return http
