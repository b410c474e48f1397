"""Fixed sentences are kept as their own voice says them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest

from agents.providers.fallback import FallbackTextToSpeech
from agents.providers.ports import ProviderError, Speech, Voice
from agents.providers.speech_cache import CachedVoice, SpeechCache

VOICE = Voice("model", "maria", "en-US", {})


class Spoken:
    """A voice that says its name, or fails."""

    def __init__(self, name: str, *, is_down: bool = False) -> None:
        self.name, self.is_down = name, is_down

    async def open(self) -> None:
        pass

    async def speak(self, piece: str) -> AsyncGenerator[Speech, None]:
        if self.is_down:
            raise ProviderError(self.name, "away", code="connection")
        yield Speech(f"{self.name}: {piece}".encode(), ())

    async def close(self) -> None:
        pass


def cached(folder: Path, own: Spoken, second: Spoken | None = None) -> CachedVoice:
    both = FallbackTextToSpeech(own, second, first_s=1, gap_s=1, on_failure=lambda error: None)
    return CachedVoice(both, SpeechCache(folder), "own", VOICE, own=own)


async def said(voice: CachedVoice, text: str) -> bytes:
    async with aclosing(voice.speak(text)) as sounds:
        return b"".join([part.audio async for part in sounds])


async def test_a_fixed_sentence_is_synthesized_once_for_all_processes(tmp_path: Path) -> None:
    first = cached(tmp_path, Spoken("own"))
    assert first.prepare(["Hello."]) == ["Hello."]
    await first.fill("Hello.")

    other = cached(tmp_path, Spoken("own", is_down=True))
    assert other.prepare(["Hello."]) == []
    assert await said(other, "Hello.") == b"own: Hello."


async def test_the_second_voice_speaks_but_is_never_kept_as_the_first(tmp_path: Path) -> None:
    voice = cached(tmp_path, Spoken("own", is_down=True), Spoken("second"))
    voice.prepare(["Hello."])

    with pytest.raises(ProviderError):
        await voice.fill("Hello.")
    assert await said(voice, "Hello.") == b"second: Hello."
    assert cached(tmp_path, Spoken("own")).prepare(["Hello."]) == ["Hello."]
