"""Deepgram's Aura as a voice: a socket speaks one piece at a time, and a second piece at once takes a second socket."""

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
from .deepgram_speaking import SpeakingSocket

DEFAULT_BASE = "https://api.deepgram.com"
OPTIONS = {"speed", "mip_opt_out"}
VOICE = r"[a-z0-9-]{2,60}"
SHORTEST_LIFE_S = 5.0
MOST_IDLE = 2


class DeepgramTextToSpeech:
    """One voice. A socket is warm before the first piece, and comes back for the next one when its piece is over."""

    provider = "deepgram"

    def __init__(self, voice: Voice, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._voice = voice
        self._sockets: set[SpeakingSocket] = set()
        self._connecting = asyncio.Lock()
        self._reopening: asyncio.Task[None] | None = None
        self._closed = False

    async def open(self) -> None:
        """Connect, within 3 s, so that the first piece need not. Raises ProviderError."""
        async with self._connecting:
            if self._idle() is None:
                await self._connect()

    async def speak(self, piece: str) -> AsyncGenerator[Speech, None]:
        """Yield the piece's mu-law as it arrives. The vendor does not tell when words are spoken."""
        text = piece.strip()
        if not text:
            return
        socket = await self._ready()
        socket.begin(text)
        try:
            while (audio := await socket.next()) is not None:
                yield Speech(audio)
        finally:
            socket.drop()
            self._let_surplus_go()

    async def close(self) -> None:
        """Let go within 1 s. Safe to repeat."""
        self._closed = True
        if self._reopening is not None:
            self._reopening.cancel()
            await asyncio.wait({self._reopening})
        await asyncio.gather(*(socket.close() for socket in list(self._sockets)))

    async def _ready(self) -> SpeakingSocket:
        """A socket on which nothing is spoken; it is taken when this returns."""
        if (socket := self._idle()) is None:
            async with self._connecting:
                socket = self._idle() or await self._connect()
        socket.take()
        return socket

    def _idle(self) -> SpeakingSocket | None:
        return next((socket for socket in self._sockets if socket.idle), None)

    async def _connect(self) -> SpeakingSocket:
        if self._closed:
            raise ProviderError("deepgram", "closed", retryable=False, code="closed")
        headers = {"Authorization": f"Token {self.endpoint.api_key}"}
        socket = SpeakingSocket(await open_socket("deepgram", self._url(), headers))
        self._sockets.add(socket)
        socket.reader.add_done_callback(lambda _: self._over(socket))
        if self._closed:  # while it was connecting
            await socket.close()
            raise ProviderError("deepgram", "closed", retryable=False, code="closed")
        return socket

    def _over(self, socket: SpeakingSocket) -> None:
        """A socket ended. When the last one was merely idle for long, another is opened before a piece asks."""
        self._sockets.discard(socket)
        lived_s = asyncio.get_running_loop().time() - socket.opened_at
        if not self._closed and not self._sockets and lived_s >= SHORTEST_LIFE_S:
            self._reopening = asyncio.create_task(self._reopen())

    async def _reopen(self) -> None:
        with suppress(ProviderError):  # the next piece tries once more and then says what is wrong
            await self.open()

    def _let_surplus_go(self) -> None:
        """Two are enough for what a call says at a time; the vendor counts every socket."""
        for socket in [socket for socket in self._sockets if socket.idle][MOST_IDLE:]:
            socket.abandon()

    def _url(self) -> str:
        name = model_of(self._voice)
        chosen = choose("deepgram", {}, self._voice.options, reserved=self._voice.options.keys() - OPTIONS)
        query: dict[str, Any] = {"model": name, "encoding": "mulaw", "sample_rate": 8000}
        query |= {key: str(value).lower() if isinstance(value, bool) else value for key, value in chosen.items()}
        return f"{socket_base(self.endpoint.base_url or DEFAULT_BASE)}/v1/speak?{urlencode(query)}"


def model_of(voice: Voice) -> str:
    """What the vendor calls a model is a model, a voice and a language in one. Raises ProviderError."""
    name = voice.voice
    if not re.fullmatch(VOICE, name):
        raise ProviderError("deepgram", "that is not a voice", retryable=False, code="voice")
    return name if name.startswith("aura") else f"{voice.model}-{name}-{voice.language.split('-')[0].lower()}"
