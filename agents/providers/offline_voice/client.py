"""The web process's end of the worker: started at first use, one per event loop, and gone when the loop is."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path
from weakref import WeakKeyDictionary

from ..ports import ProviderError
from .wire import Kind, Reader, message, words

ROOT = Path(__file__).resolve().parents[3]
MOST_UNREAD = 4 * 1024 * 1024

Take = Callable[[Kind, bytes], None]


class Worker:
    """Channels to one worker process. A dead worker fails its channels; the next use starts another."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._starting: asyncio.Task[None] | None = None
        self._channels: dict[int, Take] = {}
        self._numbers = itertools.count(1)
        self._reading: asyncio.Task[None] | None = None

    async def open(self, take: Take) -> int:
        """A channel; `take` gets every message on it, and FAILED when the worker dies. Raises ProviderError."""
        await self.ready()
        channel = next(self._numbers)
        self._channels[channel] = take
        return channel

    async def ready(self) -> None:
        """Have a process. Who stops waiting for it does not stop its start. Raises ProviderError."""
        while self._process is None or self._process.returncode is not None:
            if self._starting is None or self._starting.done():
                self._starting = asyncio.ensure_future(self._start())
            await asyncio.shield(self._starting)

    def close(self, channel: int) -> None:
        self._channels.pop(channel, None)

    def send(self, kind: Kind, channel: int, payload: bytes = b"") -> bool:
        """Queue a message; False when the worker is gone or does not read."""
        pipe = self._process.stdin if self._process is not None else None
        if pipe is None or pipe.is_closing() or pipe.transport.get_write_buffer_size() > MOST_UNREAD:
            return False
        pipe.write(message(kind, channel, payload))
        return True

    async def stop(self) -> None:
        """End the worker. Safe to repeat."""
        if self._starting is not None:
            await asyncio.wait({self._starting})
        process, self._process = self._process, None
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _start(self) -> None:
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                f"{__package__}.worker",
                stdin=PIPE,
                stdout=PIPE,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                start_new_session=True,  # Ctrl-C is for the parent, whose end closes the pipe
            )
        except OSError as error:
            raise ProviderError("offline", f"the worker cannot be started: {error.strerror}") from error
        self._reading = asyncio.ensure_future(self._read(self._process))

    async def _read(self, process: Process) -> None:
        assert process.stdout is not None  # noqa: S101 - asked for above
        reader = Reader()
        try:
            while data := await process.stdout.read(65_536):
                for kind, channel, payload in reader.feed(data):
                    if take := self._channels.get(channel):
                        take(kind, payload)
        finally:
            channels, self._channels = self._channels, {}
            for take in channels.values():
                take(Kind.FAILED, words({"reason": "the worker ended", "retryable": True}))


_workers: WeakKeyDictionary[asyncio.AbstractEventLoop, Worker] = WeakKeyDictionary()


def worker() -> Worker:
    """The worker of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _workers:
        _workers[loop] = Worker()
    return _workers[loop]


async def stop_worker() -> None:
    """End the worker of the running event loop, if it has one."""
    if found := _workers.pop(asyncio.get_running_loop(), None):
        await found.stop()
