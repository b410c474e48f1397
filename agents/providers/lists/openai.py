"""OpenAI's list of models, and every server's that speaks the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from openai import AsyncOpenAI, OpenAI

from ..listing import PATIENCE_S, Listing
from ..llm.openai_client import base_of
from ..ports import Endpoint
from .naming import own_servers, vendors


def ask(endpoint: Endpoint) -> Listing:
    """What there is. Raises whatever the SDK raises."""
    return vendors(_names(endpoint))


def ask_own(endpoint: Endpoint) -> Listing:
    """What there is at a server of somebody's own. Raises whatever the SDK raises."""
    if endpoint.through is None:
        return own_servers(_names(endpoint))
    return own_servers(asyncio.run(_names_through(endpoint.through, endpoint)))


def _names(endpoint: Endpoint) -> list[str]:
    key = endpoint.api_key or "none"
    with OpenAI(api_key=key, base_url=base_of(endpoint), max_retries=0, timeout=PATIENCE_S) as client:
        return [model.id for model in client.models.list()]


async def _names_through(guarded: Callable[[], Any], endpoint: Endpoint) -> list[str]:
    async with asyncio.timeout(PATIENCE_S), guarded() as http:
        client = AsyncOpenAI(
            api_key=endpoint.api_key, base_url=base_of(endpoint), max_retries=0, timeout=PATIENCE_S, http_client=http
        )
        return [model.id for model in (await client.models.list()).data]
