"""ElevenLabs's list of models, and of the voices that an account has, cloned ones among them."""

from __future__ import annotations

from elevenlabs import ElevenLabs

from ..listing import MOST, PATIENCE_S, Listing, described, listed
from ..ports import Endpoint


def ask(endpoint: Endpoint) -> Listing:
    """What there is. Raises whatever the SDK raises."""
    client = ElevenLabs(api_key=endpoint.api_key, base_url=endpoint.base_url or None, timeout=PATIENCE_S)
    speaks = ((each.model_id, each.name, False) for each in client.models.list() if each.can_do_text_to_speech)
    voices: list[tuple[str, str, bool]] = []
    page: str | None = None
    while len(voices) < MOST:
        told = client.voices.search(page_size=100, next_page_token=page)
        voices += [
            (each.voice_id, described(each.name, (each.labels or {}).get("accent")), each.category != "premade")
            for each in told.voices
        ]
        page = told.next_page_token
        if not told.has_more or not page:
            break
    return Listing(tts=listed(speaks), voices=listed(voices))
