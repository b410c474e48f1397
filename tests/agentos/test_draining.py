"""SIGTERM: nothing new, live calls go on, other sockets move, and the process ends in order."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed

from agentos.draining import Drain
from tests.embedded import CHECKOUT

LONG = 60.0


class Process:
    """A serving process, its socket, and what it says."""

    def __init__(self, process: asyncio.subprocess.Process, socket: Path) -> None:
        self.process, self.socket = process, socket

    def connect(self, path: str) -> unix_connect:
        return unix_connect(str(self.socket), f"ws://localhost{path}", compression=None)

    async def refuses(self) -> bool:
        try:
            _, writer = await asyncio.open_unix_connection(str(self.socket))
        except OSError:
            return True
        writer.close()
        return False

    async def told_to_end(self) -> None:
        """Send SIGTERM and return once it has stopped listening."""
        self.process.send_signal(signal.SIGTERM)
        while not await self.refuses():
            await asyncio.sleep(0.01)

    async def said(self) -> str:
        """The next word it prints; empty when it has ended."""
        if self.process.stdout is None:
            raise AssertionError("its output is not read")
        return (await self.process.stdout.readline()).decode().strip()


@asynccontextmanager
async def serving(socket: Path, drain_timeout_s: float = LONG) -> AsyncIterator[Process]:
    command = [sys.executable, "-m", "tests.agentos.draining_app", str(socket), str(drain_timeout_s)]
    process = await asyncio.create_subprocess_exec(*command, cwd=CHECKOUT, stdout=asyncio.subprocess.PIPE)
    served = Process(process, socket)
    try:
        while await served.refuses():
            assert process.returncode is None, "the server did not start"
            await asyncio.sleep(0.02)
        yield served
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def echoes(call: ClientConnection, text: str) -> bool:
    await call.send(text)
    return await call.recv() == text


async def test_a_live_call_goes_on_after_sigterm_while_new_ones_are_refused(tmp_path: Path):
    async with serving(tmp_path / "s") as server, server.connect("/call") as call:
        assert await echoes(call, "before")

        await server.told_to_end()

        assert await server.refuses()
        assert await echoes(call, "after")


async def test_the_process_ends_in_order_when_its_last_call_has_ended(tmp_path: Path):
    async with serving(tmp_path / "s") as server:
        async with server.connect("/call") as call:
            assert await echoes(call, "hello")
            await server.told_to_end()

        assert await server.said() == "socket-closed-1000"
        assert await server.said() == "closed"
        assert await server.process.wait() == 0


async def test_a_socket_that_carries_no_call_does_not_hold_the_process(tmp_path: Path):
    async with serving(tmp_path / "s") as server, server.connect("/watch") as watching:
        assert await echoes(watching, "hello")

        await server.told_to_end()

        with pytest.raises(ConnectionClosed) as closed:
            await watching.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012  # service restart: come back elsewhere
        assert await server.process.wait() == 0


async def test_a_second_sigterm_closes_the_calls_and_still_runs_the_shutdown(tmp_path: Path):
    async with serving(tmp_path / "s") as server, server.connect("/call") as call:
        assert await echoes(call, "hello")
        await server.told_to_end()
        server.process.send_signal(signal.SIGTERM)

        with pytest.raises(ConnectionClosed):
            await call.recv()
        assert await server.said() == "socket-closed-1012"
        assert await server.said() == "closed"
        assert await server.process.wait() == 0


async def test_a_call_that_outlasts_the_drain_is_closed(tmp_path: Path):
    async with serving(tmp_path / "s", drain_timeout_s=0.1) as server, server.connect("/call") as call:
        assert await echoes(call, "hello")
        await server.told_to_end()

        with pytest.raises(ConnectionClosed):
            await call.recv()
        assert await server.said() == "socket-closed-1012"
        assert await server.said() == "closed"


async def test_a_request_under_way_is_answered_and_knows_of_the_drain(tmp_path: Path):
    async with serving(tmp_path / "s") as server, server.connect("/call") as call:
        assert await echoes(call, "hello")
        reader, writer = await asyncio.open_unix_connection(str(server.socket))
        writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n")
        assert await server.said() == "asked"
        await server.told_to_end()
        writer.write(b"!")

        assert await reader.readline() == b"HTTP/1.1 503 Service Unavailable\r\n"
        writer.close()


def test_a_call_holds_the_drain_for_as_long_as_it_lives():
    drain, scope = Drain(), {"type": "websocket"}

    with drain.live_call(scope):
        assert (drain.calls, drain.holds(scope)) == (1, True)

    assert (drain.calls, drain.holds(scope)) == (0, False)
