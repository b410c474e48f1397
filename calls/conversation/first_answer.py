"""A model whose first answer was decided before the conversation came to it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from agents.providers.ports import LanguageModel, Message, Thought, ToolSpec


class FirstAnswer:
    """Says and asks for what is given, once; every other answer is the model's own."""

    def __init__(self, model: LanguageModel, first: Sequence[Thought]) -> None:
        self._model, self._first = model, list(first)

    async def warm(self) -> None:
        await self._model.warm()

    async def reply(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> AsyncGenerator[Thought, None]:
        first, self._first = self._first, []
        for thought in first:
            yield thought
        if first:
            return
        async for thought in self._model.reply(messages, tools):
            yield thought
