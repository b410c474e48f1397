"""Deepgram's list of models: those that hear, and voices."""

from __future__ import annotations

from deepgram import DeepgramClient, DeepgramClientEnvironment

from ..listing import PATIENCE_S, Listing, described, listed
from ..ports import Endpoint
from ..stt.deepgram import DEFAULT_BASE


def ask(endpoint: Endpoint) -> Listing:
    """What there is. Raises whatever the SDK raises."""
    base = (endpoint.base_url or DEFAULT_BASE).rstrip("/")
    place = DeepgramClientEnvironment(base=base, production=base, agent=base, agent_rest=base)
    told = DeepgramClient(api_key=endpoint.api_key, environment=place, timeout=PATIENCE_S).manage.v1.models.list()
    hears = ((each.canonical_name, each.canonical_name, False) for each in told.stt or () if each.streaming)
    voices = (
        (each.canonical_name, described(each.name, each.metadata and each.metadata.accent), False)
        for each in told.tts or ()
    )
    return Listing(stt=listed(hears), voices=listed(voices))
