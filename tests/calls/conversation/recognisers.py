"""Recognisers that say and fail as told, and an `AudioListener` that listens with them."""

import asyncio
from collections.abc import AsyncIterator

from agents.providers.ports import HearingEvent, ProviderError
from calls.conversation.listening import AudioListener

VOICE, SILENCE = bytes([0x10, 0x90] * 80), b"\xff" * 160


class Recogniser:
    """Keeps what it was fed; says and fails as told."""

    def __init__(self, *, opens: bool = True) -> None:
        self.opens, self.fed, self.closed = opens, [], False
        self.owes_since: float | None = None
        self.error = ProviderError("stt", "refused")
        self.queue: asyncio.Queue[HearingEvent | ProviderError] = asyncio.Queue()

    async def open(self) -> None:
        if not self.opens:
            raise self.error

    def feed(self, frame: bytes) -> None:
        self.fed.append(frame)

    async def events(self) -> AsyncIterator[HearingEvent]:
        while True:
            event = await self.queue.get()
            if isinstance(event, ProviderError):
                raise event
            yield event

    async def close(self) -> None:
        self.closed = True


class Slow(Recogniser):
    async def open(self) -> None:
        await asyncio.sleep(0.3)


class First(Recogniser):
    provider = "first"


async def listening(*recognisers: Recogniser) -> tuple[AudioListener, list[HearingEvent], asyncio.Task[None]]:
    supply = iter(recognisers)
    listener = AudioListener(lambda: next(supply))
    heard: list[HearingEvent] = []
    listener.on_event = heard.append
    task = asyncio.ensure_future(listener.run())
    await asyncio.sleep(0.01)
    return listener, heard, task


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})
