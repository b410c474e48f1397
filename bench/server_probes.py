"""What ASGI servers do at the edges of a media socket's life: on SIGTERM, with a deaf peer, with a large message.

python -m bench.server_probes [candidate ...]
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import selectors
import signal
import socket
import sys
import time

import websockets.asyncio.client
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from bench.server_candidates import FLOOD_LIMIT, MAX_MESSAGE, available
from bench.servers import UPGRADE, Serving, serving

PATIENCE_S = 3.0


async def on_sigterm(server: Serving) -> str:
    """Say what a live socket and a newcomer see after SIGTERM, and how the process ends."""
    address = f"ws://127.0.0.1:{server.port}/media"
    async with websockets.asyncio.client.connect(address, compression=None) as live:
        signalled = time.perf_counter()
        server.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await live.wait_closed()
            after = f"closed with {live.close_code} after {(time.perf_counter() - signalled) * 1000:.0f} ms"
        except TimeoutError:
            after = f"still open after {PATIENCE_S:.0f} s"
        try:
            async with websockets.asyncio.client.connect(address, open_timeout=1):
                newcomer = "accepted"
        except (OSError, InvalidHandshake, TimeoutError) as refusal:
            newcomer = f"refused ({type(refusal).__name__})"
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while server.process.poll() is None:
                await asyncio.sleep(0.02)
    return f"live socket {after}; newcomer {newcomer}; exit status {server.process.poll()}"


async def on_deaf_peer(server: Serving) -> str:
    """Let the server speak to a peer that reads nothing: how much does it take, and keep in memory?"""
    before_mb, accepted = server.rss_mb(), 0
    with socket.create_connection(("127.0.0.1", server.port)) as deaf, selectors.DefaultSelector() as selector:
        deaf.sendall(UPGRADE.format(path="/flood").encode())
        assert server.process.stdout is not None
        os.set_blocking(server.process.stdout.fileno(), False)
        selector.register(server.process.stdout, selectors.EVENT_READ)
        until = time.monotonic() + PATIENCE_S
        while (left := until - time.monotonic()) > 0:
            if selector.select(left):
                lines = os.read(server.process.stdout.fileno(), 65536).split()
                accepted = max([accepted, *map(int, lines)])
        grown_mb = server.rss_mb() - before_mb
    return f"took {accepted // 2**20} of {FLOOD_LIMIT // 2**20} MB unread, memory grew by {grown_mb:.1f} MB"


async def on_large_message(server: Serving) -> str:
    """Offer compression and send a message one byte over the limit."""
    address = f"ws://127.0.0.1:{server.port}/media"
    async with websockets.asyncio.client.connect(address) as peer:
        assert peer.response is not None
        extension = peer.response.headers.get("Sec-WebSocket-Extensions", "none")
        try:
            await peer.send("x" * (MAX_MESSAGE + 1))
            async with asyncio.timeout(PATIENCE_S):
                await peer.wait_closed()
        except (ConnectionClosed, TimeoutError):
            pass
        return f"extensions {extension}; {MAX_MESSAGE + 1} bytes: close code {peer.close_code}"


async def on_sending(server: Serving) -> str:
    """Let the server time its own sends while we read."""
    assert server.process.stdout is not None
    with socket.create_connection(("127.0.0.1", server.port)) as listener:
        listener.sendall(UPGRADE.format(path="/burst").encode())
        reading = asyncio.create_task(asyncio.to_thread(read_to_end, listener))
        told = await asyncio.to_thread(server.process.stdout.readline)
        listener.shutdown(socket.SHUT_RDWR)
        await reading
    return told.strip()


def read_to_end(listener: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while listener.recv(65536):
            pass


async def probe(candidates: list[str]) -> None:
    """Ask every candidate everything, each time in a fresh process."""
    cores = sorted(os.sched_getaffinity(0))
    for candidate, question in itertools.product(candidates, (on_sigterm, on_deaf_peer, on_large_message, on_sending)):
        async with serving(candidate, cores[0]) as server:
            print(f"{candidate} | {question.__name__} | {await question(server)}", flush=True)


if __name__ == "__main__":
    asyncio.run(probe(sys.argv[1:] or available()))
