"""The ASGI servers under comparison, each serving the same media socket.

python -m bench.server_candidates <candidate> <port>      BENCH_SINK: where it passes on what it hears
"""

from __future__ import annotations

import asyncio
import base64
import importlib.util
import json
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import websockets.asyncio.client
from websockets.frames import Frame, Opcode

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

CANDIDATES = (
    "daphne",
    "uvicorn/websockets/asyncio",
    "uvicorn/websockets/uvloop",
    "uvicorn/websockets-sansio/asyncio",
    "uvicorn/websockets-sansio/uvloop",
    "uvicorn/wsproto/asyncio",
    "uvicorn/wsproto/uvloop",
    "hypercorn/wsproto/asyncio",
    "hypercorn/wsproto/uvloop",
    "granian/rust/uvloop",
)
NEEDS = ("daphne", "uvicorn", "wsproto", "hypercorn", "granian", "uvloop")
FRAMES_PER_MARK = 15
MAX_MESSAGE = 64 * 1024
FLOOD_MESSAGE = b"\xff" * 4096
FLOOD_LIMIT = 64 * 1024 * 1024
SPOKEN = '{"event":"media","streamSid":"MZ00000000000000000000000000000001","media":{"payload":"%s"}}'
MARK = '{"event":"mark","streamSid":"MZ00000000000000000000000000000001","mark":{"name":"piece-%d"}}'


def available() -> list[str]:
    """Those of the candidates that this environment can run."""
    missing = [name for name in NEEDS if not importlib.util.find_spec(name)]
    return [candidate for candidate in CANDIDATES if not any(name in candidate.split("/") for name in missing)]


async def media_app(scope: Message, receive: Receive, send: Send) -> None:
    """A media socket without an agent: hears a frame, passes it on, and speaks half of the time."""
    if scope["type"] != "websocket":
        await lifespan(receive, send)
        return
    await receive()
    await send({"type": "websocket.accept"})
    if (errand := {"/flood": flood, "/burst": burst}.get(scope["path"])) is not None:
        await errand(send)
        return
    async with websockets.asyncio.client.connect(os.environ["BENCH_SINK"], compression=None, close_timeout=0.1) as sink:
        heard = 0
        while (message := await receive())["type"] == "websocket.receive":
            event = json.loads(message["text"])
            if event["event"] != "media":
                continue
            frame = base64.b64decode(event["media"]["payload"])
            await sink.send(frame)
            heard += 1
            if heard % 2:
                await send({"type": "websocket.send", "text": SPOKEN % base64.b64encode(frame).decode()})
            if heard % FRAMES_PER_MARK == 0:
                await send({"type": "websocket.send", "text": MARK % heard})


async def lifespan(receive: Receive, send: Send) -> None:
    """Say yes to start-up and shutdown."""
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


async def flood(send: Send) -> None:
    """Speak to a peer that may not read. Each accepted megabyte is told on standard output."""
    for sent in range(0, FLOOD_LIMIT, len(FLOOD_MESSAGE)):
        await send({"type": "websocket.send", "bytes": FLOOD_MESSAGE})
        await asyncio.sleep(0)
        if sent % (1024 * 1024) == 0:
            print(sent, flush=True)


async def burst(send: Send) -> None:
    """Time sends to a peer that reads, ten at a time; where ASGI lets us reach it, time the bare transport, too."""
    spoken: Message = {"type": "websocket.send", "text": SPOKEN % base64.b64encode(bytes(160)).decode()}
    frame = Frame(Opcode.TEXT, spoken["text"].encode()).serialize(mask=False)
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    by_asgi_us, bare_us = [], []
    for _ in range(500):
        began = time.perf_counter()
        for _ in range(10):
            await send(spoken)
        by_asgi_us.append((time.perf_counter() - began) * 1e5)
        await asyncio.sleep(0.001)
        if transport is not None:
            began = time.perf_counter()
            for _ in range(10):
                transport.write(frame)
            bare_us.append((time.perf_counter() - began) * 1e5)
            await asyncio.sleep(0.001)
    bare = f", bare transport {statistics.median(bare_us):.1f} us" if bare_us else ""
    print(f"await send {statistics.median(by_asgi_us):.1f} us{bare}", flush=True)


def serve(candidate: str, port: int) -> None:
    """Run one candidate until it is stopped."""
    match candidate.split("/"):
        case ["uvicorn", ws, loop]:
            serve_uvicorn(port, ws, loop)
        case ["hypercorn", _, loop]:
            serve_hypercorn(port, loop)
        case ["granian", _, loop]:
            serve_granian(port, loop)
        case _:
            serve_daphne(port)


def serve_daphne(port: int) -> None:
    from daphne.server import Server

    Server(
        media_app,
        endpoints=[f"tcp:port={port}:interface=127.0.0.1"],
        websocket_max_message_size=MAX_MESSAGE,
        websocket_max_frame_size=MAX_MESSAGE,
    ).run()


def serve_uvicorn(port: int, ws: str, loop: str) -> None:
    import uvicorn

    uvicorn.run(
        media_app,
        port=port,
        ws=ws,
        loop=loop,
        http="httptools",
        ws_max_size=MAX_MESSAGE,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
    )


def serve_hypercorn(port: int, loop: str) -> None:
    from hypercorn.config import Config
    from hypercorn.run import run

    config = Config()
    config.application_path = "bench.server_candidates:media_app"
    config.bind = [f"127.0.0.1:{port}"]
    config.worker_class = loop
    config.workers = 0
    config.websocket_max_message_size = MAX_MESSAGE
    run(config)


def serve_granian(port: int, loop: str) -> None:
    from granian import Granian

    app = "bench.server_candidates:media_app"
    Granian(app, address="127.0.0.1", port=port, interface="asgi", loop=loop, log_enabled=False).serve()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
