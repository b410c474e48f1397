"""A line to a vendor that can be made to fail in the middle of a call, whatever is spoken on it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from enum import StrEnum

SLOW_S = 6.0
CUT_AFTER_S = 0.3
GARBAGE = b"\x00\xffthis is neither HTTP nor a frame\r\n\r\n" * 4
NO_CREDIT = b'{"error": {"message": "no credit is left", "type": "billing_error"}}'
REFUSAL = (
    b"HTTP/1.1 402 Payment Required\r\ncontent-type: application/json\r\nconnection: close\r\n"
    b"content-length: %d\r\n\r\n%s" % (len(NO_CREDIT), NO_CREDIT)
)


class Fault(StrEnum):
    """What may happen to a vendor."""

    DEAD = "dead"
    SLOW = "slow"
    HALF_OPEN = "half-open"
    GARBAGE = "garbage"
    QUOTA = "quota"
    CUT = "cut in mid-stream"


class Proxy:
    """Passes everything on, until `strike`. From then on open connections and new ones suffer alike."""

    def __init__(self, port: int) -> None:
        self.port = 0
        self.fault: Fault | None = None
        self._to = port
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        self._abort()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def strike(self, fault: Fault) -> None:
        """Break the line."""
        self.fault = fault
        if fault is Fault.DEAD:
            self._server.close()
        if fault in (Fault.DEAD, Fault.QUOTA):
            self._abort()

    def _abort(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._writers.add(writer)
        try:
            with suppress(OSError, asyncio.CancelledError):  # here the task ends
                if self.fault is Fault.QUOTA:
                    await reader.read(65_536)
                    writer.write(REFUSAL)
                    await writer.drain()
                else:
                    await self._pass(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.transport.abort() if self.fault is not Fault.QUOTA else writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back_reader, back = await asyncio.open_connection("127.0.0.1", self._to)
        ways = {
            asyncio.ensure_future(self._there(reader, back)),
            asyncio.ensure_future(self._back(back_reader, writer)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.wait(ways)
            back.transport.abort()

    async def _there(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The vendor's side of the line, where the fault is heard."""
        with suppress(OSError):
            while data := await reader.read(65_536):
                if self.fault is Fault.HALF_OPEN:
                    continue
                if self.fault is Fault.SLOW:
                    await asyncio.sleep(SLOW_S)
                writer.write(GARBAGE if self.fault is Fault.GARBAGE else data)
                if self.fault is Fault.CUT:
                    await asyncio.sleep(CUT_AFTER_S)
                    return
