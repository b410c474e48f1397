"""OpenAI, and every server that speaks Whisper's interface, as ears: a stretch of voice at a time, or live."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from openai import APIConnectionError, AuthenticationError, OpenAIError, PermissionDeniedError

from ..llm.connections import BROKEN
from ..llm.openai_client import client_of, failure
from ..offline_voice.mulaw import as_wav
from ..options import choose
from ..ports import Endpoint, Hearing, HearingEvent, ProviderError
from .openai_live import LiveReader
from .own_turns import OwnTurns

LIVE_MODELS = ("gpt-live-transcribe", "gpt-realtime-whisper")
OWN_MODELS = ("gpt-transcribe", "gpt-live-transcribe")  # which take words to expect as a list
OPEN_S, READ_S = 3.0, 6.0
RESERVED = {"file", "model", "stream", "response_format"}


class OpenAISpeechToText:
    """One stream of one call. Who speaks when is told by ourselves; the words are the vendor's."""

    provider = "openai"

    def __init__(self, hearing: Hearing, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._is_open = False
        live = hearing.model.startswith(LIVE_MODELS)
        self._reader: LiveReader | SegmentReader = (
            LiveReader(hearing, endpoint) if live else SegmentReader(hearing, endpoint)
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

    def __init__(self, hearing: Hearing, endpoint: Endpoint) -> None:
        self._hearing, self._client = hearing, client_of(endpoint)

    async def open(self) -> None:
        """Have a connection ready. Servers that list no models are as good as others. Raises ProviderError."""
        try:
            async with asyncio.timeout(OPEN_S):
                await self._client.models.with_raw_response.list()
        except (AuthenticationError, PermissionDeniedError, APIConnectionError, *BROKEN) as error:
            raise failure(error) from error
        except TimeoutError as error:
            raise ProviderError("openai", "no answer in time", code="timeout") from error
        except OpenAIError:
            return

    def hear(self, sound: bytes) -> None:
        """It is sent when it is read."""

    async def read(self, sound: bytes) -> str:
        wishes = choose("openai", self._wishes(), self._hearing.options, reserved=RESERVED)
        try:
            async with asyncio.timeout(READ_S):
                told = await self._client.audio.transcriptions.create(
                    model=self._hearing.model,
                    file=("turn.wav", as_wav(sound), "audio/wav"),
                    response_format="json",
                    **wishes,
                )
        except (OpenAIError, *BROKEN) as error:
            raise failure(error) from error
        except TimeoutError as error:
            raise ProviderError("openai", "no answer in time", code="timeout") from error
        text = getattr(told, "text", None)
        if not isinstance(text, str):
            raise ProviderError("openai", "the answer was not readable", code="unreadable")
        return text

    async def close(self) -> None:
        """The connections belong to the process."""

    def _wishes(self) -> dict[str, Any]:
        """Words to expect are a list for the newest models, and a sentence for all others."""
        hearing = self._hearing
        wishes: dict[str, Any] = {"language": hearing.language.split("-")[0]}
        if hearing.keyterms and hearing.model.startswith(OWN_MODELS):
            wishes["keywords"] = list(hearing.keyterms)
        elif hearing.keyterms:
            wishes["prompt"] = ", ".join(hearing.keyterms)
        return wishes
