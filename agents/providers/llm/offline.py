"""The receptionist by rules, behind the language model's port. Keyless, deterministic, without any connection."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence

from ..offline_voice.receptionist import respond
from ..offline_voice.slots import find_reason
from ..ports import Endpoint, Message, Thinking, Thought, ToolSpec, Usage

HANG_UP = "<hang_up/>"
CHARACTERS_PER_TOKEN = 4


class OfflineLanguageModel:
    """Understands little, and always the same. It keeps nothing between two replies."""

    provider = "offline"

    def __init__(self, thinking: Thinking) -> None:
        self.endpoint = Endpoint()
        self._thinking = thinking

    async def warm(self) -> None:
        """There is no connection to open."""

    async def reply(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> AsyncGenerator[Thought, None]:
        """Yield text word by word, then a tool call or `<hang_up/>` when the call is over, then a Usage."""
        answer = await asyncio.to_thread(
            respond, tuple(messages), tuple(tools)
        )  # a long conversation takes milliseconds to read
        for word in re.findall(r"\s*\S+", answer.text):
            yield word
            await asyncio.sleep(0)
        if answer.hangs_up:
            yield HANG_UP
        if answer.call:
            yield answer.call
        read = sum(len(message.content) for message in messages)
        yield Usage(_tokens(read), _tokens(len(answer.text)))


def preload() -> None:
    """Read the grammar at process start, for no call should wait for it."""
    find_reason("")


def _tokens(characters: int) -> int:
    return -(-characters // CHARACTERS_PER_TOKEN)
