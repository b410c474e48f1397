"""ElevenLabs for speech that is made ahead of a call: one request of the vendor's SDK for each piece.

Nobody waits for it, so it needs no socket, and models that are not offered on the socket can be used as well.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import httpx
from elevenlabs import AsyncElevenLabs
from elevenlabs.core.api_error import ApiError

from ..ports import Endpoint, ProviderError, Speech, Voice
from ..sockets import may_pass
from .elevenlabs import DEFAULT_BASE, SETTINGS, TAKES_LANGUAGE, insist_on_voice_id, options_of

OPEN_S, SILENT_S = 5.0, 60.0
ONCE = {"max_retries": 0}  # whoever asks decides when to ask again


class ElevenLabsAhead:
    """A TextToSpeech without word timings. Several pieces may be spoken at a time."""

    provider = "elevenlabs"

    def __init__(self, voice: Voice, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._voice = voice

    async def open(self) -> None:
        """Nothing has to be connected. Raises ProviderError for a voice that cannot exist."""
        insist_on_voice_id(self._voice.voice)

    async def speak(self, piece: str) -> AsyncGenerator[Speech, None]:
        """Yield the piece's mu-law as it arrives. Raises ProviderError."""
        if not piece.strip():
            return
        await self.open()
        try:
            sound = self._client.text_to_speech.convert(
                self._voice.voice,
                text=piece,
                model_id=self._voice.model,
                output_format="ulaw_8000",
                request_options=ONCE,
                **self._wishes(),
            )
            async with aclosing(sound):
                async for audio in sound:
                    yield Speech(audio)
        except (ApiError, httpx.HTTPError) as error:
            raise _failure(error) from error

    async def close(self) -> None:
        """Let go of the connections. Safe to repeat."""
        if "_http" in self.__dict__:
            await self._http.aclose()

    @functools.cached_property
    def _http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=httpx.Timeout(SILENT_S, connect=OPEN_S))

    @functools.cached_property
    def _client(self) -> AsyncElevenLabs:
        base = self.endpoint.base_url or DEFAULT_BASE
        return AsyncElevenLabs(api_key=self.endpoint.api_key, base_url=base.rstrip("/"), httpx_client=self._http)

    def _wishes(self) -> dict[str, Any]:
        """The voice's settings in the SDK's words. Raises ProviderError for an option that we do not know."""
        chosen = options_of(self._voice)
        wishes = {name: value for name, value in chosen.items() if name not in SETTINGS}
        if settings := {name: value for name, value in chosen.items() if name in SETTINGS}:
            wishes["voice_settings"] = settings
        if self._voice.model in TAKES_LANGUAGE:
            wishes["language_code"] = self._voice.language.split("-")[0]
        return wishes


def _failure(error: ApiError | httpx.HTTPError) -> ProviderError:
    """Our word for it. The vendor's own sentence stays out: it may repeat what was to be said."""
    if isinstance(error, httpx.TimeoutException):
        return ProviderError("elevenlabs", "no answer in time", code="timeout")
    if isinstance(error, httpx.HTTPError):
        return ProviderError("elevenlabs", "the connection failed", code="connection")
    status = error.status_code or 0
    detail = error.body.get("detail") if isinstance(error.body, dict) else None
    word = str(detail.get("status") or "")[:60] if isinstance(detail, dict) else ""
    if "quota" in word:
        return ProviderError("elevenlabs", "the quota is used up", retryable=False, code="quota")
    return ProviderError(
        "elevenlabs", f"refused with {status} {word}".rstrip(), retryable=may_pass(status), code=str(status)
    )
