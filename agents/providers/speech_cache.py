"""Fixed sentences, synthesized once: kept by the hash of everything that decides how they sound."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from agents.providers.ports import Speech, TextToSpeech, Voice, WordTiming

MEMORY_BYTES = 32_000_000


def content_key(provider: str, voice: Voice, text: str) -> str:
    """Equal sentences in the same voice have the same key, whoever says them."""
    options = sorted((name, str(value)) for name, value in voice.options.items())
    parts = [provider, voice.model, voice.voice, voice.language, options, text]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class SpeechCache:
    """Speech in memory, and on disk below `folder` for the other processes and the next start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._memory: OrderedDict[str, Speech] = OrderedDict()
        self._bytes = 0

    def in_memory(self, key: str) -> Speech | None:
        """Without touching the disk."""
        if key in self._memory:
            self._memory.move_to_end(key)
        return self._memory.get(key)

    def load(self, key: str) -> Speech | None:
        """From memory or disk; blocks for as long as the disk takes."""
        if known := self.in_memory(key):
            return known
        try:
            header, _, audio = self._file(key).read_bytes().partition(b"\n")
            words = tuple(WordTiming(*word) for word in json.loads(header))
        except (OSError, ValueError, TypeError):
            return None
        return self._remember(key, Speech(audio, words))

    def sound(self, provider: str, voice: Voice, text: str) -> bytes | None:
        """What this voice says, if somebody has had it made. Reads the disk."""
        known = self.load(content_key(provider, voice, text))
        return known.audio if known else None

    def store(self, key: str, speech: Speech) -> None:
        """Keep for everybody; half a file is never seen."""
        self._remember(key, speech)
        self._folder.mkdir(parents=True, exist_ok=True)
        header = json.dumps([[word.word, word.start_ms, word.end_ms] for word in speech.words])
        handle, name = tempfile.mkstemp(dir=self._folder)
        with os.fdopen(handle, "wb") as file:
            file.write(header.encode() + b"\n" + speech.audio)
        os.replace(name, self._file(key))

    def _file(self, key: str) -> Path:
        return self._folder / f"{key}.speech"

    def _remember(self, key: str, speech: Speech) -> Speech:
        if key not in self._memory:
            self._memory[key] = speech
            self._bytes += len(speech.audio)
        while self._bytes > MEMORY_BYTES and len(self._memory) > 1:
            _, oldest = self._memory.popitem(last=False)
            self._bytes -= len(oldest.audio)
        return speech


class CachedVoice:
    """A voice that has its fixed sentences ready and synthesizes the rest."""

    def __init__(
        self, tts: TextToSpeech, cache: SpeechCache, provider: str, voice: Voice, *, own: TextToSpeech | None = None
    ) -> None:
        """`own` speaks in `voice` and no other; `tts` may fall back to a second one, whose sound is not kept."""
        self._tts, self._cache, self._provider, self._voice = tts, cache, provider, voice
        self._own = own or tts
        self._fixed: dict[str, str] = {}
        self._personal: dict[str, Speech] = {}

    def prepare(self, texts: list[str]) -> list[str]:
        """Bring these fixed sentences into memory; return those that nobody has synthesized yet. Reads the disk."""
        self._fixed |= {text: content_key(self._provider, self._voice, text) for text in texts}
        return [text for text in texts if self._cache.load(self._fixed[text]) is None]

    async def fill(self, text: str) -> None:
        """Synthesize a fixed sentence and keep it. Raises ProviderError."""
        self._cache.store(content_key(self._provider, self._voice, text), await self._whole(text))

    async def fill_personal(self, text: str) -> None:
        """Synthesize a sentence for this call alone: it is nobody else's to keep. Raises ProviderError."""
        self._personal[text] = await self._whole(text)

    async def _whole(self, text: str) -> Speech:
        async with aclosing(self._own.speak(text)) as sounds:
            parts = [part async for part in sounds]
        return Speech(b"".join(p.audio for p in parts), tuple(word for p in parts for word in p.words))

    async def open(self) -> None:
        await self._tts.open()

    async def speak(self, piece: str) -> AsyncGenerator[Speech, None]:
        """As the voice itself; a fixed sentence comes at once."""
        key = self._fixed.get(piece)
        ready = self._cache.in_memory(key) if key else self._personal.get(piece)
        if ready is not None:
            yield ready
            return
        async with aclosing(self._tts.speak(piece)) as sounds:
            async for part in sounds:
                yield part

    async def close(self) -> None:
        await self._tts.close()
