"""Anthropic's list of models."""

from __future__ import annotations

from anthropic import Anthropic

from ..listing import PATIENCE_S, Listing, listed
from ..ports import Endpoint


def ask(endpoint: Endpoint) -> Listing:
    """What there is. Raises whatever the SDK raises."""
    wishes = {"base_url": endpoint.base_url} if endpoint.base_url else {}
    with Anthropic(api_key=endpoint.api_key or "none", max_retries=0, timeout=PATIENCE_S, **wishes) as client:
        return Listing(llm=listed((model.id, model.display_name, False) for model in client.models.list(limit=100)))
