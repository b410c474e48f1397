"""ElevenLabs as a voice. The vendor's SDK has no asynchronous socket, so this speaks the documented protocol itself."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from ..options import choose
from ..ports import Endpoint, ProviderError, Speech, Voice
from ..sockets import open_socket, socket_base
from .elevenlabs_socket import VoiceSocket

DEFAULT_BASE = "https://api.elevenlabs.io"
SETTINGS = {"stability", "similarity_boost", "style", "speed", "use_speaker_boost"}
QUERY = {"apply_text_normalization", "seed"}
TAKES_LANGUAGE = ("eleven_flash_v2_5", "eleven_turbo_v2_5")
IDLE_LIMIT_S = 180
SHORTEST_LIFE_S = 5.0
UNKNOWN_PATH = {"404", "405"}


class ElevenLabsTextToSpeech:
    """One voice on one warm socket."""

    provider = "elevenlabs"

    def __init__(self, voice: Voice, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._voice = voice
        self._multi = True
        self._socket: VoiceSocket | None = None
        self._sockets: dict[asyncio.Task[None], VoiceSocket] = {}
        self._connecting = asyncio.Lock()
        self._reopening: asyncio.Task[None] | None = None
        self._closed = False

    async def open(self) -> None:
        """Connect, within 3 s, so that the first piece need not. Raises ProviderError."""
        await self._ready()

    async def speak(self, piece: str) -> AsyncGenerator[Speech, None]:
        """Yield the piece's mu-law as it arrives, with the words that it completes.

        Where the vendor tells a last word only after its audio, one Speech without audio brings it.
        """
        if not piece.strip():
            return
        socket = await self._ready()
        if not self._multi:
            self._socket = None  # it is taken
        context = await socket.start(piece)
        try:
            while (part := await context.next()) is not None:
                yield part
        finally:
            socket.drop(context)

    async def close(self) -> None:
        """Let go within 1 s. Safe to repeat."""
        self._closed = True
        if self._reopening is not None:
            self._reopening.cancel()
            await asyncio.wait({self._reopening})
        await asyncio.gather(*(socket.close() for socket in list(self._sockets.values())))

    async def _ready(self) -> VoiceSocket:
        """A socket that takes a piece now; if the last one is gone, a new one."""
        async with self._connecting:
            if self._socket is None or self._socket.gone:
                self._socket = await self._connect()
            if self._closed:  # before, or while it was connecting
                await self._socket.close()
                raise ProviderError("elevenlabs", "closed", retryable=False, code="closed")
            return self._socket

    async def _connect(self) -> VoiceSocket:
        if self._closed:
            raise ProviderError("elevenlabs", "closed", retryable=False, code="closed")
        settings, query = self._options()
        headers = {"xi-api-key": self.endpoint.api_key}
        try:
            connection = await open_socket("elevenlabs", self._url(query), headers)
        except ProviderError as refusal:
            if not self._multi or refusal.code not in UNKNOWN_PATH:
                raise
            self._multi = False
            connection = await open_socket("elevenlabs", self._url(query), headers)
        socket = VoiceSocket(connection, settings, multi=self._multi)
        self._sockets[socket.reader] = socket
        socket.reader.add_done_callback(self._over)
        return socket

    def _over(self, reader: asyncio.Task[None]) -> None:
        """A socket ended. One that was merely idle for long is opened again before the next piece asks."""
        socket = self._sockets.pop(reader)
        lived_s = asyncio.get_running_loop().time() - socket.opened_at
        if self._multi and not self._closed and socket is self._socket and lived_s >= SHORTEST_LIFE_S:
            self._reopening = asyncio.create_task(self._reopen())

    async def _reopen(self) -> None:
        with suppress(ProviderError):  # the next piece tries once more and then says what is wrong
            await self._ready()

    def _options(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The voice's settings and the socket's query. Raises ProviderError for an option that we do not know."""
        chosen = options_of(self._voice)
        settings = {name: value for name, value in chosen.items() if name in SETTINGS}
        query = {
            "model_id": self._voice.model,
            "output_format": "ulaw_8000",
            "sync_alignment": "true",
            "inactivity_timeout": IDLE_LIMIT_S,
            **{name: value for name, value in chosen.items() if name in QUERY},
        }
        if self._voice.model in TAKES_LANGUAGE:
            query["language_code"] = self._voice.language.split("-")[0]
        return settings, query

    def _url(self, query: dict[str, Any]) -> str:
        insist_on_voice_id(self._voice.voice)
        base = socket_base(self.endpoint.base_url or DEFAULT_BASE)
        path = "multi-stream-input" if self._multi else "stream-input"
        return f"{base}/v1/text-to-speech/{self._voice.voice}/{path}?{urlencode(query)}"


def options_of(voice: Voice) -> dict[str, Any]:
    """The voice's options that are set. Raises ProviderError for one that we do not know."""
    return choose("elevenlabs", {}, voice.options, reserved=voice.options.keys() - SETTINGS - QUERY)


def insist_on_voice_id(voice_id: str) -> None:
    """The vendor does not mind what an id does to its path, so we do. Raises ProviderError."""
    if not re.fullmatch("[A-Za-z0-9]+", voice_id):
        raise ProviderError("elevenlabs", "that is not a voice id", retryable=False, code="voice")
