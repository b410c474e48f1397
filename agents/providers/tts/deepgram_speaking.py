"""One socket of Deepgram's /v1/speak. It knows no contexts: what is asked for next is spoken next."""

from __future__ import annotations

import asyncio
import json
from enum import Enum

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.connection import broadcast
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from ..ports import ProviderError
from ..sockets import lost

CLEARED_WITHIN_S = 2.0
FLUSH, CLEAR, CLOSE = '{"type":"Flush"}', '{"type":"Clear"}', '{"type":"Close"}'


class Use(Enum):
    IDLE = "nothing is asked of it"
    TAKEN = "a piece is being spoken, or about to be"
    CLEARING = "nobody listens any more; what still comes belongs to no one"
    GONE = "it takes no more pieces"


class SpeakingSocket:
    """Speaks a piece, then the next. Its reader lives as long as the connection; `close` awaits it."""

    def __init__(self, connection: ClientConnection) -> None:
        self.opened_at = asyncio.get_running_loop().time()
        self._connection = connection
        self._use = Use.IDLE
        self._parts: asyncio.Queue[bytes | ProviderError | None] = asyncio.Queue()
        self._patience: asyncio.TimerHandle | None = None
        self.reader = asyncio.create_task(self._read())

    @property
    def idle(self) -> bool:
        """Whether it takes a piece now."""
        return self._use is Use.IDLE and self._connection.state is State.OPEN

    def take(self) -> None:
        """Nobody else's from now on."""
        self._use = Use.TAKEN

    def begin(self, text: str) -> None:
        """Have the piece spoken without waiting for more text."""
        self._parts = asyncio.Queue()
        self._send(json.dumps({"type": "Speak", "text": text}))
        self._send(FLUSH)
        if self._connection.state is not State.OPEN:
            self._parts.put_nowait(ProviderError("deepgram", "the connection was lost", code="connection_lost"))

    async def next(self) -> bytes | None:
        """The next audio of the piece, or nothing at its end. Raises ProviderError."""
        part = await self._parts.get()
        if isinstance(part, ProviderError):
            raise part
        return part

    def drop(self) -> None:
        """The piece is over, or nobody listens any more: then what is left of it is cleared away first."""
        if self._use is Use.TAKEN:
            self._use = Use.CLEARING
            self._send(CLEAR)
            self._patience = asyncio.get_running_loop().call_later(CLEARED_WITHIN_S, self.abandon)

    def abandon(self) -> None:
        """Tear the connection down; the reader notices."""
        self._use = Use.GONE
        self._connection.transport.abort()

    async def close(self) -> None:
        """Let go within 1 s."""
        self._use = Use.GONE
        self._send(CLOSE)
        await self._connection.close()
        await self.reader

    def _send(self, message: str) -> None:
        broadcast((self._connection,), message)

    async def _read(self) -> None:
        error = ProviderError("deepgram", "the connection was lost", code="connection_lost")
        try:
            while True:
                self._receive(await self._connection.recv())
        except ConnectionClosed as closed:
            error = lost("deepgram", closed)
        except ProviderError as trouble:
            error = trouble
            self._connection.transport.abort()
        finally:
            self._settle(Use.GONE)
            self._parts.put_nowait(error)

    def _receive(self, message: str | bytes) -> None:
        """Audio belongs to the piece that is spoken; what arrives between `Clear` and `Cleared` is nobody's."""
        if isinstance(message, bytes):
            if self._use is Use.TAKEN:
                self._parts.put_nowait(message)
            return
        try:
            told = json.loads(message)
            kind = told.get("type")
        except (ValueError, AttributeError) as error:
            raise ProviderError("deepgram", "the answer was not readable", code="unreadable") from error
        if kind == "Error":
            raise ProviderError("deepgram", "the vendor reports an error", code=str(told.get("code") or "error")[:40])
        if kind == "Flushed" and self._use is Use.TAKEN:
            self._use = Use.IDLE
            self._parts.put_nowait(None)
        elif kind == "Cleared" and self._use is Use.CLEARING:
            self._settle(Use.IDLE)

    def _settle(self, use: Use) -> None:
        self._use = use
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
