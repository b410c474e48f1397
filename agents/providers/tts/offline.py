"""The offline voice: espeak-ng in a process of its own. No key, no network, and no beauty."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from itertools import accumulate

from ..offline_voice.client import worker
from ..offline_voice.saying import as_spoken
from ..offline_voice.wire import Kind, failure, gone, words
from ..ports import Endpoint, Speech, Voice, WordTiming

DEFAULT_VOICE = "en-us"
# What espeak calls the languages that it is asked for; another one is spoken as English.
ABROAD = {"es": "es", "es-419": "es-419", "es-us": "es-419", "es-mx": "es-419", "fr": "fr", "de": "de", "it": "it"}
ABROAD |= {"pt": "pt", "pt-br": "pt-br", "nl": "nl", "pl": "pl", "sv": "sv", "da": "da"}


class OfflineTextToSpeech:
    """Speaks a piece with the time of each word, as espeak reports it."""

    provider = "offline"
    endpoint = Endpoint()

    def __init__(self, voice: Voice) -> None:
        self._voice, self._is_english = _voice_of(voice)
        self._speed = float(voice.options.get("speed", 1.0))
        self._worker = worker()

    async def open(self) -> None:
        """Start the worker, so that the first piece need not. Raises ProviderError."""
        self._worker.close(await self._worker.open(lambda kind, payload: None))

    async def speak(self, piece: str) -> AsyncGenerator[Speech, None]:
        arrived: asyncio.Queue[tuple[Kind, bytes]] = asyncio.Queue()
        channel = await self._worker.open(lambda kind, payload: arrived.put_nowait((kind, payload)))
        said = as_spoken(piece) if self._is_english else piece.split()
        wish = {"text": " ".join(said), "voice": self._voice, "speed": self._speed}
        finished = False
        timings = _Timings(piece.split(), said)
        try:
            if not self._worker.send(Kind.SPEAK, channel, words(wish)):
                raise gone()
            while True:
                kind, payload = await arrived.get()
                if kind is Kind.SOUND:
                    placed, _, sound = payload.partition(b"\n")
                    yield Speech(sound, timings.add(json.loads(placed), len(sound)))
                elif kind is Kind.SPOKEN:
                    finished = True
                    if last := timings.finish():
                        yield Speech(b"", last)
                    return
                else:
                    finished = True
                    raise failure(payload)
        finally:
            if not finished:
                self._worker.send(Kind.HUSH, channel)
            self._worker.close(channel)

    async def close(self) -> None:
        """Nothing is held by one voice."""


def _voice_of(voice: Voice) -> tuple[str, bool]:
    """The voice by its name, speaking the language that is asked for with its own timbre; whether that is English."""
    chosen, language = voice.voice or DEFAULT_VOICE, voice.language.lower()
    abroad = ABROAD.get(language) or ABROAD.get(language.partition("-")[0])
    if abroad is None:
        return chosen, True
    _, plus, timbre = chosen.partition("+")
    return f"{abroad}{plus}{timbre}", False


class _Timings:
    """espeak says where words begin; a word ends where the next one begins, the last with the sound."""

    def __init__(self, written: Sequence[str], said: Sequence[str]) -> None:
        self._words = written
        self._starts = [0, *accumulate(len(word) + 1 for word in said[:-1])] if said else []
        self._begun: list[tuple[int, int]] = []
        self._told = 0
        self._bytes = 0

    def add(self, placed: list[tuple[int, int]], sound_bytes: int) -> tuple[WordTiming, ...]:
        """Take what espeak said; return the words whose end is known now."""
        self._bytes += sound_bytes
        for position, at_ms in placed:
            index = sum(start <= position for start in self._starts) - 1
            if index >= 0 and (not self._begun or index > self._begun[-1][0]):
                self._begun.append((index, at_ms))
        return self._tell(len(self._begun) - 1)

    def finish(self) -> tuple[WordTiming, ...]:
        """The sound is complete: so are the words."""
        return self._tell(len(self._begun), end_ms=self._bytes // 8)

    def _tell(self, until: int, end_ms: int = 0) -> tuple[WordTiming, ...]:
        told = []
        while self._told < until:
            index, start = self._begun[self._told]
            following = self._begun[self._told + 1 :]
            last, end = (following[0][0], following[0][1]) if following else (len(self._words), end_ms)
            told += [WordTiming(word, start, max(start, end)) for word in self._words[index:last]]
            self._told += 1
        return tuple(told)
