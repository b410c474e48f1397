"""What came before a failure, and the failure."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import TypeVar

from agents.providers.ports import ProviderError

T = TypeVar("T")


async def until_failure(source: AsyncIterable[T]) -> tuple[list[T], ProviderError]:
    """All items of a source that must end with a ProviderError."""
    got: list[T] = []
    try:
        async for item in source:
            got += [item]
    except ProviderError as failure:
        return got, failure
    raise AssertionError(f"it did not fail: {got}")
