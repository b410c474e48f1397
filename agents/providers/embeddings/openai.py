"""Meaning as numbers, from OpenAI and every server that speaks the same."""

from __future__ import annotations

import math
from collections.abc import Sequence

import httpx2
from openai import OpenAIError

from ..llm.openai_client import client_of, failure
from ..ports import Endpoint, ProviderError

MOST_AT_ONCE = 128


class OpenAIEmbedder:
    """One model at one endpoint. Its connections are those of the event loop's language models."""

    def __init__(self, model: str, dimensions: int, endpoint: Endpoint) -> None:
        self.model, self._dimensions, self._endpoint = model, dimensions, endpoint

    async def embed(self, texts: Sequence[str], within_s: float = 20.0) -> list[list[float]]:
        """A vector of length one for each text, in their order. Raises ProviderError."""
        found: list[list[float]] = []
        for start in range(0, len(texts), MOST_AT_ONCE):
            found += await self._batch(list(texts[start : start + MOST_AT_ONCE]), within_s)
        return found

    async def _batch(self, texts: list[str], within_s: float) -> list[list[float]]:
        try:
            answer = await client_of(self._endpoint).embeddings.create(
                model=self.model, input=texts, dimensions=self._dimensions, timeout=within_s
            )
        except (OpenAIError, httpx2.HTTPError, ValueError) as error:
            raise failure(error) from error
        vectors = [each.embedding for each in sorted(answer.data, key=lambda each: each.index)]
        if len(vectors) != len(texts) or any(len(vector) != self._dimensions for vector in vectors):
            raise ProviderError("openai", "the vectors do not fit the texts", code="unreadable")
        return [_of_length_one(vector) for vector in vectors]


def _of_length_one(vector: Sequence[float]) -> list[float]:
    length = math.sqrt(math.fsum(value * value for value in vector)) or 1.0
    return [value / length for value in vector]
