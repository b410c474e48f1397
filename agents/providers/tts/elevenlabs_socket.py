"""One ElevenLabs socket with up to five contexts on it, each speaking one piece.

`multi-stream-input` knows contexts. `stream-input`, which some servers have alone, knows none: there a socket
speaks one piece and is used up.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
from collections.abc import Mapping
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.connection import broadcast
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from ..ports import ProviderError, Speech
from ..sockets import lost
from .elevenlabs_alignment import Words

MOST_CONTEXTS = 5
PATIENCE_FOR_CONTEXT_S = 2.0
SUSPICIOUS_SILENCE_S = 1.0
BYTES_PER_MS = 8
LONGEST_PIECE_MS = 10_000
LONGEST_CHARACTER_MS = 500
ONLY_CONTEXT = ""
HOPELESS = ("auth", "api_key", "quota", "permission", "not_found", "invalid", "unsupported")


class Context:
    """One piece on its way: its audio as it arrives, until it is over or fails."""

    def __init__(self, name: str, piece: str) -> None:
        self.name = name
        self.began = asyncio.get_running_loop().time()
        self.heard_ms = 0
        self.dropped = False
        self._longest_ms = LONGEST_PIECE_MS + LONGEST_CHARACTER_MS * len(piece)
        self._words = Words(piece)
        self._parts: asyncio.Queue[Speech | ProviderError | None] = asyncio.Queue()

    async def next(self) -> Speech | None:
        """The next audio, or nothing at the end. Raises ProviderError."""
        part = await self._parts.get()
        if isinstance(part, ProviderError):
            raise part
        return part

    def receive(self, message: Mapping[str, Any]) -> None:
        """One message of the vendor for this context. What makes no sense fails the piece, not the socket."""
        if self.dropped:
            return None
        try:
            audio = base64.b64decode(message.get("audio") or "", validate=True)
            words = self._words.add(message.get("alignment"), self.heard_ms)
        except (ValueError, TypeError, AttributeError):
            return self._fail(ProviderError("elevenlabs", "the audio was not readable", code="unreadable"))
        self.heard_ms += len(audio) // BYTES_PER_MS
        if self.heard_ms > self._longest_ms:
            return self._fail(ProviderError("elevenlabs", "far more audio than the text can take", code="too_long"))
        if audio or words:
            self._put(Speech(audio, words))
        return None

    def _fail(self, error: ProviderError) -> None:
        self._put(error)
        self.dropped = True

    def end(self, error: ProviderError | None = None) -> None:
        """Nothing more comes. A word that a failure cut in two is not told."""
        if error is None and (words := self._words.rest()):
            self._put(Speech(b"", words))
        self._put(error)

    def _put(self, part: Speech | ProviderError | None) -> None:
        if not self.dropped:
            self._parts.put_nowait(part)


class VoiceSocket:
    """Sends pieces and sorts what comes back. Its reader lives as long as the socket; `close` awaits it."""

    def __init__(self, connection: ClientConnection, settings: Mapping[str, Any], *, multi: bool) -> None:
        self.opened_at = asyncio.get_running_loop().time()
        self._gone = False
        self._connection = connection
        self._settings = settings
        self._multi = multi
        self._names = itertools.count(1)
        self._contexts: dict[str, Context] = {}
        self._free = asyncio.Semaphore(MOST_CONTEXTS if multi else 1)
        self._error = ProviderError("elevenlabs", "the connection was lost", code="connection_lost")
        self.reader = asyncio.create_task(self._read())

    @property
    def gone(self) -> bool:
        """Whether it takes no more pieces."""
        return self._gone or self._connection.state is not State.OPEN

    @property
    def idle(self) -> bool:
        """Whether nobody listens to anything on it."""
        return all(context.dropped for context in self._contexts.values())

    async def start(self, piece: str) -> Context:
        """Have the piece spoken, as soon as a context is free. Raises ProviderError."""
        try:
            async with asyncio.timeout(PATIENCE_FOR_CONTEXT_S):
                await self._free.acquire()
        except TimeoutError as error:
            self.abandon()
            raise ProviderError("elevenlabs", "no context became free", code="contexts_busy") from error
        if self._gone:
            raise self._error
        context = Context(f"p{next(self._names)}" if self._multi else ONLY_CONTEXT, piece)
        self._contexts[context.name] = context
        for message in self._orders(context.name, piece):
            broadcast((self._connection,), json.dumps(message))
        return context

    def drop(self, context: Context) -> None:
        """Nobody listens to this piece any more.

        Its end was ordered together with it, so the vendor finishes at most what it has begun; the context counts
        until the vendor has closed it. A socket that was mute for long is not trusted with another piece.
        """
        context.dropped = True
        if context.name not in self._contexts:
            return
        waited_s = asyncio.get_running_loop().time() - context.began
        mute = not context.heard_ms and waited_s >= SUSPICIOUS_SILENCE_S
        if self.idle and (mute or not self._multi):
            self.abandon()

    def abandon(self) -> None:
        """Tear the connection down; the reader notices."""
        self._gone = True
        self._connection.transport.abort()

    async def close(self) -> None:
        """Let go within 1 s."""
        self._gone = True
        await self._connection.close()
        await self.reader

    def _orders(self, name: str, piece: str) -> list[dict[str, Any]]:
        """Open with the settings, say the piece without waiting for more, and end."""
        opening = {"text": " ", "voice_settings": self._settings} if self._settings else {"text": " "}
        text = {"text": piece.rstrip() + " ", "flush": True}
        if not self._multi:
            return [opening, text, {"text": ""}]
        context = {"context_id": name}
        return [opening | context, text | context, context | {"close_context": True}]

    async def _read(self) -> None:
        try:
            while True:
                self._receive(await self._connection.recv())
        except ConnectionClosed as closed:
            self._end(lost("elevenlabs", closed))
        except ProviderError as error:
            self._end(error)
            self._connection.transport.abort()

    def _receive(self, raw: str | bytes) -> None:
        """Give the message to its context; audio for one that is not ours is nobody's."""
        try:
            message = json.loads(raw)
            name = message.get("contextId") or message.get("context_id") or ONLY_CONTEXT
        except (ValueError, AttributeError) as error:
            raise ProviderError("elevenlabs", "the answer was not readable", code="unreadable") from error
        context = self._contexts.get(name)
        if message.get("error"):
            if context is None or not self._multi:
                raise _failure(message)
            self._finish(context, _failure(message))
        elif context is not None:
            context.receive(message)
            if message.get("isFinal") or message.get("is_final"):
                self._finish(context)

    def _finish(self, context: Context, error: ProviderError | None = None) -> None:
        del self._contexts[context.name]
        context.end(error)
        self._free.release()

    def _end(self, error: ProviderError) -> None:
        self._gone, self._error = True, error
        for context in list(self._contexts.values()):
            context.end(error)
        self._contexts.clear()
        for _ in range(MOST_CONTEXTS):
            self._free.release()


def _failure(message: Mapping[str, Any]) -> ProviderError:
    """The vendor's error by its name. Its sentence stays out: it may repeat what was to be said."""
    code = str(message["error"])[:60]
    retryable = not any(word in code for word in HOPELESS)
    if "quota" in code:
        code = "quota"
    return ProviderError("elevenlabs", "the vendor reports an error", retryable=retryable, code=code)
