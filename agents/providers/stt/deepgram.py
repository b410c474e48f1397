"""Deepgram as ears: Flux for models of that name, Nova for all others."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import httpx
from deepgram import AsyncDeepgramClient, DeepgramClientEnvironment

from ..ports import Endpoint, Hearing, HearingEvent, ProviderError
from ..sockets import socket_base
from .backlog import Backlog
from .deepgram_flux import Flux
from .deepgram_nova import Nova
from .deepgram_socket import DeepgramSocket, transport

DEFAULT_BASE = "https://api.deepgram.com"
KEEP_ALIVE_S = 4.0
SILENCE = b"\xff" * 160


class DeepgramSpeechToText:
    """One stream. `dropped_ms` counts the audio that waited too long for the socket."""

    provider = "deepgram"

    def __init__(self, hearing: Hearing, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._audio = Backlog()
        self._socket = DeepgramSocket()
        self._resources = AsyncExitStack()
        self._is_open = False
        self._closing = False
        self._timer: asyncio.TimerHandle | None = None
        self._sent_at_last_look = 0
        self._spoke_at: float | None = None
        kind = Flux if hearing.model.startswith("flux") else Nova
        self._turns: Flux | Nova = kind(hearing, self._audio.position_ms)

    @property
    def dropped_ms(self) -> int:
        """Audio that was never sent, because 3 s were waiting already."""
        return self._audio.dropped // 8

    @property
    def owes_since(self) -> float | None:
        """Sound is always answered, silence too."""
        return self._spoke_at

    async def open(self) -> None:
        """Connect, within 3 s. Raises ProviderError."""
        if self._is_open:
            return
        async with AsyncExitStack() as stack:
            with self._socket.under_next_stream():
                await stack.enter_async_context(self._turns.connect(_client(self.endpoint)))
            await self._socket.open()
            self._is_open, self._resources = True, stack.pop_all()
        loop = asyncio.get_running_loop()
        self._timer, self._spoke_at = loop.call_later(KEEP_ALIVE_S, self._keep_alive), loop.time()
        self._flush()

    def feed(self, frame: bytes) -> None:
        """Send it now if nothing waits, else queue it. An empty frame would end the stream, so it is not sent."""
        if not frame:
            return
        self._audio.put(frame)
        self._flush()

    async def events(self) -> AsyncGenerator[HearingEvent, None]:
        """What is heard, in order. Ends after `close`; raises ProviderError when the stream is lost.

        Read as plain JSON: building the SDK's typed messages takes eight times as long.
        """
        if not self._is_open:
            raise ProviderError("deepgram", "the stream is not open", code="closed")
        now = asyncio.get_running_loop().time
        try:
            async for text in self._socket:
                self._spoke_at = now()
                for event in self._read(text):
                    yield event
        except ProviderError:
            if not self._closing:
                raise

    async def close(self) -> None:
        """Let go within 1 s, whatever the peer does. Safe to repeat."""
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
        if self._socket.free:
            self._socket.push('{"type":"CloseStream"}')
        await self._resources.aclose()

    def _read(self, text: str | bytes) -> tuple[HearingEvent, ...]:
        """What a message means; nothing where it cannot be read, for a vendor's slip is no reason to end a call."""
        try:
            return tuple(self._turns.hear(json.loads(text)))
        except (AttributeError, LookupError, TypeError, ValueError):
            return ()

    def _flush(self) -> None:
        while self._audio and self._socket.free:
            self._socket.push(self._audio.take())

    def _keep_alive(self) -> None:
        """Every 4 s: a socket on which nothing was sent since the last look is told that the call goes on.

        Nova has a message for that, but wants some audio first; Flux has none and gets a frame of silence.
        """
        self._timer = asyncio.get_running_loop().call_later(KEEP_ALIVE_S, self._keep_alive)
        if self._audio.sent == self._sent_at_last_look and self._socket.free:
            if self._turns.keep_alive and self._audio.sent:
                self._socket.push(self._turns.keep_alive)
            else:
                self._socket.push(SILENCE)
                self._audio.add_silence(len(SILENCE))
        self._sent_at_last_look = self._audio.sent


@functools.cache
def _http() -> httpx.AsyncClient:
    """The SDK wants an HTTP client even for sockets; one for the process, for making one takes 20 ms."""
    return httpx.AsyncClient()


def _client(endpoint: Endpoint) -> AsyncDeepgramClient:
    base = (endpoint.base_url or DEFAULT_BASE).rstrip("/")
    sockets = socket_base(base)
    return AsyncDeepgramClient(
        api_key=endpoint.api_key,
        environment=DeepgramClientEnvironment(base=base, production=sockets, agent=sockets, agent_rest=base),
        httpx_client=_http(),
        transport_factory=transport,
    )


def preload() -> None:
    """Pay at process start what the first call would otherwise pay."""
    client = _client(Endpoint(api_key="-"))
    _ = client.listen.v1, client.listen.v2
