"""Anthropic's list of models."""

from __future__ import annotations

from anthropic import Anthropic

from ..listing import PATIENCE_S, Listing, listed
from ..llm.anthropic import DEFAULT_BASE
from ..ports import Endpoint


def ask(endpoint: Endpoint) -> Listing:
    """What there is. Raises whatever the SDK raises."""
    key, base = endpoint.api_key or "none", endpoint.base_url or DEFAULT_BASE
    with Anthropic(api_key=key, base_url=base, max_retries=0, timeout=PATIENCE_S) as client:
        return Listing(llm=listed((model.id, model.display_name, False) for model in client.models.list(limit=100)))
