"""How people on the line get their voice. Phrases are made before they are needed, so that no clock suffers."""

from __future__ import annotations

import math
import random
import struct
from array import array
from functools import cache
from typing import Protocol

from agents import providers
from agents.providers.offline_voice.client import stop_worker
from agents.providers.ports import Endpoint, Voice
from telephony import mulaw

DEFAULT_VOICE = "en-us+adam"  # the one that the offline recogniser understands best
ANNOUNCER_VOICE = "en-us"
MS_PER_LETTER = 60
SHORTEST_MS = 240
MUFFLED_SHARE, MUFFLED_LOUDNESS = 0.6, 0.5  # of each new sample, and of the whole


class Speaker(Protocol):
    async def speak(self, text: str, voice: str) -> bytes:
        """The whole phrase as mu-law. Asking again for the same is cheap."""
        ...


class OfflineSpeaker:
    """espeak-ng, by the platform's own adapter. Raises ProviderError where it is not installed."""

    def __init__(self) -> None:
        self._phrases: dict[tuple[str, str], bytes] = {}

    async def speak(self, text: str, voice: str) -> bytes:
        known = self._phrases.get((text, voice))
        if known is None:
            known = self._phrases[text, voice] = await _synthesized(text, voice)
        return known

    async def close(self) -> None:
        """End the engine. Safe to repeat, and to speak again after it."""
        await stop_worker()


class _Hissing:
    """Somebody else's voice on a noisy line."""

    def __init__(self, voice: Speaker, share: float) -> None:
        self._voice, self._share = voice, share

    async def speak(self, text: str, voice: str) -> bytes:
        spoken = await self._voice.speak(text, voice)
        return _mixed(spoken, noise(len(spoken) // mulaw.BYTES_PER_MS + 1), self._share)


class _Muffled:
    """Somebody who mumbles: quiet, and without the high sounds that tell words apart."""

    def __init__(self, voice: Speaker) -> None:
        self._voice = voice

    async def speak(self, text: str, voice: str) -> bytes:
        sound = array("h", mulaw.decode(await self._voice.speak(text, voice)))
        dull, last = array("h"), 0.0
        for sample in sound:
            last += MUFFLED_SHARE * (sample - last)
            dull.append(round(MUFFLED_LOUDNESS * last))
        return mulaw.encode(dull.tobytes())


def muffled(voice: Speaker) -> Speaker:
    """The voice, mumbled."""
    return _Muffled(voice)


def hissing(voice: Speaker, share: float) -> Speaker:
    """The voice with a hiss of this share of a voice's loudness under it."""
    return _Hissing(voice, share)


class Humming:
    """A tone as long as the words would take: enough for whoever only asks whether and when somebody speaks."""

    def __init__(self, *, ms_per_letter: int = MS_PER_LETTER) -> None:
        self._ms_per_letter = ms_per_letter

    async def speak(self, text: str, voice: str) -> bytes:
        return tone(max(SHORTEST_MS, len(text) * self._ms_per_letter))


def tone(ms: int) -> bytes:
    """400 Hz, loud enough to be a voice."""
    return (_tone_of_20_ms() * (ms // mulaw.FRAME_MS + 1))[: ms * mulaw.BYTES_PER_MS]


def noise(ms: int, *, seed: int = 1) -> bytes:
    """Hiss as loud as a voice, the same for the same seed."""
    chance = random.Random(seed)
    count = ms * mulaw.BYTES_PER_MS
    return mulaw.encode(struct.pack(f"<{count}h", *(chance.randint(-4000, 4000) for _ in range(count))))


def _mixed(spoken: bytes, under: bytes, share: float) -> bytes:
    voice, hiss = (array("h", mulaw.decode(each)) for each in (spoken, under))
    mixed = array("h", (max(-32768, min(32767, round(a + share * b))) for a, b in zip(voice, hiss, strict=False)))
    return mulaw.encode(mixed.tobytes())


@cache
def _tone_of_20_ms() -> bytes:
    samples = [round(8000 * math.sin(2 * math.pi * 400 * n / 8000)) for n in range(mulaw.FRAME_BYTES)]
    return mulaw.encode(struct.pack(f"<{len(samples)}h", *samples))


async def _synthesized(text: str, voice: str) -> bytes:
    speech = providers.tts("offline", Voice(model="offline", voice=voice or DEFAULT_VOICE), Endpoint())
    await speech.open()
    try:
        return b"".join([piece.audio async for piece in speech.speak(text)])
    finally:
        await speech.close()
