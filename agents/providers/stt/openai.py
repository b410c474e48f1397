"""OpenAI, and every server that speaks Whisper's interface, as ears: a stretch of voice at a time, or live."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator
from typing import Any

from openai import APIConnectionError, AsyncOpenAI, AuthenticationError, OpenAIError, PermissionDeniedError

from ..llm.openai_client import client_of, told_as
from ..offline_voice.mulaw import as_wav
from ..openai_languages import OWN_MODELS, spoken_in
from ..options import choose
from ..ports import Endpoint, Hearing, HearingEvent, ProviderError
from .openai_live import LiveReader
from .own_turns import OwnTurns

LIVE_MODELS = ("gpt-live-transcribe", "gpt-realtime-whisper")
OPEN_S, READ_S = 3.0, 6.0
RESERVED = {"file", "model", "stream", "response_format"}


class OpenAISpeechToText:
    """One stream of one call. Who speaks when is told by ourselves; the words are the vendor's."""

    def __init__(self, hearing: Hearing, endpoint: Endpoint, provider: str = "openai") -> None:
        self.provider, self.endpoint = provider, endpoint
        self._is_open = False
        live = provider == "openai" and hearing.model.startswith(LIVE_MODELS)  # whose sockets go past the guard
        self._reader: LiveReader | SegmentReader = (
            LiveReader(hearing, endpoint) if live else SegmentReader(hearing, endpoint, provider)
        )
        self._turns = OwnTurns(self._reader, hearing)
        if isinstance(self._reader, LiveReader):
            self._reader.on_words, self._reader.on_lost = self._turns.words, self._turns.fail

    @property
    def owes_since(self) -> float | None:
        """Words are due from the end of a stretch of voice until they have come."""
        return self._turns.owes_since

    async def open(self) -> None:
        """Connect, within 3 s. Raises ProviderError."""
        if not self._is_open:
            await self._reader.open()
            self._is_open = True

    def feed(self, frame: bytes) -> None:
        """Take any length of mu-law. Only stretches of voice are sent."""
        if frame:
            self._turns.feed(frame)

    def events(self) -> AsyncGenerator[HearingEvent, None]:
        """What is heard, in order. Ends after `close`; raises ProviderError when a stretch cannot be read."""
        return self._turns.events()

    async def close(self) -> None:
        """Let go within 1 s. Safe to repeat."""
        await self._turns.close()
        await self._reader.close()


class SegmentReader:
    """One request for each stretch of voice: `POST /audio/transcriptions`."""

    guesses = True

    def __init__(self, hearing: Hearing, endpoint: Endpoint, provider: str) -> None:
        self._hearing, self._endpoint, self._provider = hearing, endpoint, provider

    async def open(self) -> None:
        """Have a connection ready. Servers that list no models are as good as others. Raises ProviderError."""
        with told_as(self._provider):
            try:
                async with asyncio.timeout(OPEN_S):
                    await self._client.models.with_raw_response.list()
            except (AuthenticationError, PermissionDeniedError, APIConnectionError):
                raise
            except TimeoutError as error:
                raise ProviderError(self._provider, "no answer in time", code="timeout") from error
            except OpenAIError:
                return

    def hear(self, sound: bytes) -> None:
        """It is sent when it is read."""

    async def read(self, sound: bytes) -> str:
        wishes = choose(self._provider, self._wishes(), self._hearing.options, reserved=RESERVED)
        with told_as(self._provider):
            try:
                async with asyncio.timeout(READ_S):
                    told = await self._client.audio.transcriptions.create(
                        model=self._hearing.model,
                        file=("turn.wav", as_wav(sound), "audio/wav"),
                        response_format="json",
                        **wishes,
                    )
            except TimeoutError as error:
                raise ProviderError(self._provider, "no answer in time", code="timeout") from error
        text = getattr(told, "text", None)
        if not isinstance(text, str):
            raise ProviderError(self._provider, "the answer was not readable", code="unreadable")
        return text

    async def close(self) -> None:
        """The connections belong to the process."""

    @functools.cached_property
    def _client(self) -> AsyncOpenAI:
        return client_of(self._endpoint)

    def _wishes(self) -> dict[str, Any]:
        """Words to expect are a list for the newest models, and a sentence for all others."""
        hearing = self._hearing
        own = hearing.model.startswith(OWN_MODELS)
        wishes: dict[str, Any] = spoken_in(hearing.language, hearing.several if own else ())
        if hearing.keyterms and own:
            wishes["keywords"] = list(hearing.keyterms)
        elif hearing.keyterms:
            wishes["prompt"] = ", ".join(hearing.keyterms)
        return wishes
