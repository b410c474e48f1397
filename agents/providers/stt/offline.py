"""The offline ear: pocketsphinx in a process of its own. It knows what callers of a receptionist say."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from ..offline_voice.client import worker
from ..offline_voice.wire import Kind, event_from_bytes, failure, gone, words
from ..ports import Endpoint, Hearing, HearingEvent, ProviderError

READY_WITHIN_S = 2.5


class OfflineSpeechToText:
    """One call's ear. Words outside its vocabulary and the keyterms are heard as the nearest ones in it."""

    provider = "offline"
    endpoint = Endpoint()
    owes_since = None  # it runs beside us, and is as slow as the machine

    def __init__(self, hearing: Hearing) -> None:
        self._language = hearing.language
        self._wish = {
            "keyterms": hearing.keyterms,
            "endpointing_ms": max(200, hearing.endpointing_ms),
            "eager": hearing.eager,
        }
        self._worker = worker()
        self._channel: int | None = None
        self._arrived: asyncio.Queue[tuple[Kind, bytes] | None] = asyncio.Queue()

    async def open(self) -> None:
        """Have an ear made. A process that still starts is not waited for: it hears what is fed meanwhile.

        Raises ProviderError.
        """
        if not self._language.lower().startswith("en"):
            raise ProviderError("offline", "it understands English only", retryable=False, code="language")
        self._channel = await self._worker.open(lambda kind, payload: self._arrived.put_nowait((kind, payload)))
        if not self._worker.send(Kind.LISTEN, self._channel, words(self._wish)):
            raise gone()
        with contextlib.suppress(TimeoutError):
            match await asyncio.wait_for(self._arrived.get(), READY_WITHIN_S):
                case Kind.FAILED, payload:
                    await self.close()
                    raise failure(payload)

    def feed(self, frame: bytes) -> None:
        if self._channel is not None and frame:
            self._worker.send(Kind.AUDIO, self._channel, frame)

    async def events(self) -> AsyncIterator[HearingEvent]:
        while (message := await self._arrived.get()) is not None:
            kind, payload = message
            if kind is Kind.HEARD:
                yield event_from_bytes(payload)
            elif kind is Kind.FAILED:
                raise failure(payload)

    async def close(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            self._worker.send(Kind.FORGET, channel)
            self._worker.close(channel)
            self._arrived.put_nowait(None)
