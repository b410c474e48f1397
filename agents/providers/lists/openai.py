"""OpenAI's list of models, and every server's that speaks the same. What each does is told by its name alone."""

from __future__ import annotations

import re

from openai import OpenAI

from ..listing import PATIENCE_S, Listing, plain
from ..llm.openai_client import base_of
from ..ports import Endpoint

_HEARS = re.compile(r"transcribe|whisper|parakeet|moonshine", re.IGNORECASE)
_SPEAKS = re.compile(r"tts|kokoro|orpheus", re.IGNORECASE)
_NO_MIND = re.compile(
    r"embed|moderation|image|dall-e|sora|realtime|audio|search|instruct|codex|davinci|babbage|computer|rerank|translate",
    re.IGNORECASE,
)


def ask(endpoint: Endpoint) -> Listing:
    """What there is. Raises whatever the SDK raises."""
    key = endpoint.api_key or "none"
    with OpenAI(api_key=key, base_url=base_of(endpoint), max_retries=0, timeout=PATIENCE_S) as client:
        names = sorted(model.id for model in client.models.list())
    hears = [name for name in names if _HEARS.search(name)]
    speaks = [name for name in names if _SPEAKS.search(name) and name not in hears]
    thinks = [name for name in names if name not in hears and name not in speaks and not _NO_MIND.search(name)]
    return Listing(stt=plain(hears), llm=plain(thinks), tts=plain(speaks))
