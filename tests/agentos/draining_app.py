"""A process as `manage.py serve` runs it, with an application small enough to see through.

    python -m tests.agentos.draining_app <socket path> <drain timeout in seconds>

`/call` is a carrier socket that echoes, `/watch` a browser's. `/` answers whether the process drains, once it has the
body of the request. It prints what happens to it, one word per line.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import nullcontext
from typing import Any

from agentos.draining import drain
from agentos.lifespan import at_end, lifespan
from agentos.server import make_server

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def say(word: str) -> None:
    print(word, flush=True)


@at_end
async def closed() -> None:
    say("closed")


async def page(receive: Receive, send: Send) -> None:
    say("asked")
    await receive()
    await send({"type": "http.response.start", "status": 503 if drain.begun else 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def echo(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})
    say(f"socket-closed-{message['code']}")


async def application(scope: Message, receive: Receive, send: Send) -> None:
    match scope:
        case {"type": "lifespan"}:
            await lifespan(scope, receive, send)
        case {"type": "http"}:
            await page(receive, send)
        case {"type": "websocket", "path": path}:
            copy = dict(scope)  # as Channels' router hands it on
            with drain.live_call(copy) if path == "/call" else nullcontext():
                await echo(receive, send)


if __name__ == "__main__":
    make_server(application, uds=sys.argv[1], drain_timeout_s=float(sys.argv[2])).run()
