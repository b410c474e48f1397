"""What a version may choose for a provider beyond the fields that all providers share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from .ports import ProviderError


def choose(
    provider: str, defaults: Mapping[str, Any], options: Mapping[str, Any], *, reserved: Collection[str]
) -> dict[str, Any]:
    """The defaults with the options over them; an option of None takes a default away.

    Raises ProviderError for a reserved name: those the adapter needs as they are, or that would send a
    conversation elsewhere.
    """
    if forbidden := options.keys() & set(reserved):
        raise ProviderError(provider, f"not an option: {', '.join(sorted(forbidden))}", retryable=False, code="option")
    return {name: value for name, value in {**defaults, **options}.items() if value is not None}
