"""A provider that does what a test has written down, on whatever clock the loop has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from agents.providers.ports import Endpoint, Message, ProviderError, Speech, Thought, ToolCall, ToolSpec

QUESTION = [Message("user", "Are you open?")]
Step = str | float | Exception | ToolCall


class Scripted:
    """A model and a voice at once: waits for numbers, yields text, raises errors. Each use takes the next script."""

    def __init__(self, provider: str, *scripts: Sequence[Step]) -> None:
        self.provider, self.endpoint = provider, Endpoint(provider)
        self.scripts = list(scripts)
        self.used = self.closed = self.warmed = self.opened = self.let_go = 0
        self.open_error: ProviderError | None = None

    async def _play(self) -> AsyncGenerator[str, None]:
        script = self.scripts[min(self.used, len(self.scripts) - 1)]
        self.used += 1
        try:
            for step in script:
                match step:
                    case float():
                        await asyncio.sleep(step)
                    case Exception():
                        raise step
                    case _:
                        yield step
        finally:
            self.closed += 1

    async def warm(self) -> None:
        self.warmed += 1

    async def reply(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> AsyncGenerator[Thought, None]:
        async with aclosing(self._play()) as items:
            async for item in items:
                yield item

    async def open(self) -> None:
        self.opened += 1
        if self.open_error:
            raise self.open_error

    async def speak(self, piece: str) -> AsyncGenerator[Speech, None]:
        async with aclosing(self._play()) as items:
            async for item in items:
                yield Speech(item.encode())

    async def close(self) -> None:
        self.let_go += 1


def broken(code: str = "500", *, retryable: bool = True) -> ProviderError:
    return ProviderError("scripted", "broken", code=code, retryable=retryable)
