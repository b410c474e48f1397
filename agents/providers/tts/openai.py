"""OpenAI, and servers that speak the same, as a voice: an HTTP stream for each piece, made into telephone sound."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import AsyncGenerator

from openai import AsyncOpenAI

from ..llm.openai_client import client_of, told_as
from ..offline_voice.mulaw import encode
from ..offline_voice.resampling import Down
from ..options import choose
from ..ports import Endpoint, ProviderError, Speech, Voice

RATE = 24_000
SLICE = RATE // 10 * 2  # a tenth of a second of 16-bit samples
VOICE = r"[\w.+-]{1,80}"
RESERVED = {"model", "voice", "input", "response_format", "stream_format"}


class OpenAITextToSpeech:
    """One voice, without word timings. Several pieces may be spoken at a time."""

    def __init__(self, voice: Voice, endpoint: Endpoint, provider: str = "openai") -> None:
        self.provider, self.endpoint = provider, endpoint
        self._voice = voice

    async def open(self) -> None:
        """Connections are made with the pieces. Raises ProviderError for a voice, or a place, that cannot exist."""
        if not re.fullmatch(VOICE, self._voice.voice):
            raise ProviderError(self.provider, "that is not a voice", retryable=False, code="voice")
        with told_as(self.provider):
            _ = self._client

    async def speak(self, piece: str) -> AsyncGenerator[Speech, None]:
        """Yield the piece's mu-law as it arrives. Raises ProviderError."""
        text = piece.strip()
        if not text:
            return
        await self.open()
        wishes = choose(self.provider, {}, self._voice.options, reserved=RESERVED)
        telephone = Telephone()
        with told_as(self.provider):
            async with self._client.audio.speech.with_streaming_response.create(
                model=self._voice.model, voice=self._voice.voice, input=text, response_format="pcm", extra_body=wishes
            ) as response:
                async for samples in response.iter_bytes(SLICE):
                    if audio := telephone.push(samples):
                        yield Speech(audio)
                    await asyncio.sleep(0)  # a slice takes milliseconds to filter, and others talk, too
        if audio := telephone.rest():
            yield Speech(audio)

    async def close(self) -> None:
        """The connections belong to the process."""

    @functools.cached_property
    def _client(self) -> AsyncOpenAI:
        return client_of(self.endpoint)


class Telephone:
    """24 kHz samples as they arrive into 8 kHz mu-law. The network may cut a sample in two."""

    def __init__(self) -> None:
        self._down = Down(RATE)
        self._half = b""

    def push(self, samples: bytes) -> bytes:
        samples = self._half + samples
        whole = len(samples) & ~1
        self._half = samples[whole:]
        return encode(self._down.push(samples[:whole]).tobytes())

    def rest(self) -> bytes:
        """What the filter still holds."""
        return encode(self._down.flush().tobytes())
