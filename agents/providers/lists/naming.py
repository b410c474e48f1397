"""What a model does, told by its name alone: all that a list of models in OpenAI's manner says."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..listing import Listing, plain

_HEARS = re.compile(r"transcribe|whisper|parakeet|moonshine", re.IGNORECASE)
_SPEAKS = re.compile(r"tts|kokoro|orpheus|piper|xtts|chatterbox", re.IGNORECASE)
_MEASURES = re.compile(r"embed|rerank|moderation", re.IGNORECASE)
_NO_MIND = re.compile(
    r"image|dall-e|sora|realtime|audio|search|instruct|codex|davinci|babbage|computer|translate", re.IGNORECASE
)


def vendors(names: Iterable[str]) -> Listing:
    """Of the vendor itself, which lists much that is nothing for a call."""
    hears, speaks, thinks = _sorted(names)
    thinks = [name for name in thinks if not _NO_MIND.search(name)]
    return Listing(stt=plain(hears), llm=plain(thinks), tts=plain(speaks))


def own_servers(names: Iterable[str]) -> Listing:
    """Of a server that somebody runs: whoever runs one for hearing may call its model anything."""
    names = list(names)
    hears, speaks, thinks = _sorted(names)
    return Listing(stt=plain(hears or names), llm=plain(thinks or names), tts=plain(speaks or names))


def _sorted(names: Iterable[str]) -> tuple[list[str], list[str], list[str]]:
    names = sorted(names)
    hears = [name for name in names if _HEARS.search(name)]
    speaks = [name for name in names if _SPEAKS.search(name) and name not in hears]
    rest = [name for name in names if name not in hears and name not in speaks and not _MEASURES.search(name)]
    return hears, speaks, rest
