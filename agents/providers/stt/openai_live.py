"""OpenAI's live transcription: a Realtime socket that only listens. Where a turn ends is told to it by us."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.connection import broadcast
from websockets.exceptions import ConnectionClosed

from ..llm.openai_client import base_of
from ..openai_languages import spoken_in
from ..options import choose
from ..ports import Endpoint, Hearing, ProviderError
from ..sockets import lost, open_socket, socket_base

READ_S = 6.0
KEEP_BYTES = 2_000  # sound gathered into one message: a quarter of a second
RESERVED = {"model"}
TRANSCRIPTION = "conversation.item.input_audio_transcription."


class LiveReader:
    """Sends voice as it comes; `read` says that a stretch is over and waits for its words."""

    guesses = False

    def __init__(self, hearing: Hearing, endpoint: Endpoint) -> None:
        self._hearing, self._endpoint = hearing, endpoint
        self._connection: ClientConnection | None = None
        self._listening: asyncio.Task[None] | None = None
        self._unsent = bytearray()
        self._awaited: deque[asyncio.Future[str]] = deque()
        self._items: dict[str, asyncio.Future[str]] = {}
        self._said = ""
        self.on_words: Callable[[str], None] = lambda text: None
        self.on_lost: Callable[[ProviderError], None] = lambda error: None

    async def open(self) -> None:
        """Connect, within 3 s, and say what is to be heard. Raises ProviderError."""
        headers = {"Authorization": f"Bearer {self._endpoint.api_key or 'none'}"}
        url = f"{socket_base(base_of(self._endpoint))}/realtime?intent=transcription"
        self._connection = await open_socket("openai", url, headers)
        self._send({"type": "session.update", "session": self._session()})
        self._listening = asyncio.create_task(self._listen(self._connection))

    def hear(self, sound: bytes) -> None:
        self._unsent += sound
        if len(self._unsent) >= KEEP_BYTES:
            self._flush()

    async def read(self, sound: bytes) -> str:
        """The stretch that was heard since the last one is over. Raises ProviderError."""
        words: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._flush()
        self._awaited.append(words)
        self._send({"type": "input_audio_buffer.commit"})
        try:
            async with asyncio.timeout(READ_S):
                return await words
        except TimeoutError as error:
            raise ProviderError("openai", "no answer in time", code="timeout") from error

    async def close(self) -> None:
        """Let go within 1 s. Safe to repeat."""
        if self._connection is not None:
            await self._connection.close()
        if self._listening is not None:
            await asyncio.wait({self._listening})

    def _session(self) -> dict[str, Any]:
        hearing = self._hearing
        wishes = {**spoken_in(hearing.language, hearing.several), "keywords": list(hearing.keyterms) or None}
        transcription = {"model": hearing.model, **choose("openai", wishes, hearing.options, reserved=RESERVED)}
        heard = {"format": {"type": "audio/pcmu"}, "transcription": transcription, "turn_detection": None}
        return {"type": "transcription", "audio": {"input": heard}}

    def _flush(self) -> None:
        if self._unsent:
            sound = base64.b64encode(bytes(self._unsent)).decode()
            self._unsent.clear()
            self._send({"type": "input_audio_buffer.append", "audio": sound})

    def _send(self, message: Mapping[str, Any]) -> None:
        if self._connection is not None:
            broadcast((self._connection,), json.dumps(message))

    async def _listen(self, connection: ClientConnection) -> None:
        error = ProviderError("openai", "the connection was lost", code="connection_lost")
        try:
            while True:
                self._receive(json.loads(await connection.recv()))
        except ConnectionClosed as closed:
            error = lost("openai", closed)
        except ProviderError as trouble:
            error = trouble
        except (ValueError, TypeError, LookupError, AttributeError):
            error = ProviderError("openai", "the answer was not readable", code="unreadable")
        with suppress(RuntimeError):
            connection.transport.abort()
        self.on_lost(error)

    def _receive(self, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "input_audio_buffer.committed" if self._awaited:
                self._items[message["item_id"]] = self._awaited.popleft()
                self._said = ""
            case "error":
                raise _told(message.get("error"))
            case str(kind) if kind.startswith(TRANSCRIPTION):
                self._transcribed(kind.removeprefix(TRANSCRIPTION), message)

    def _transcribed(self, kind: str, message: Mapping[str, Any]) -> None:
        words = self._items.get(message["item_id"])
        if kind == "delta":
            self._said += str(message.get("delta") or "")
            self.on_words(self._said)
        elif kind == "failed":
            raise _told(message.get("error"))
        elif kind == "completed" and words is not None:
            del self._items[message["item_id"]]
            if not words.done():
                words.set_result(str(message["transcript"]))


def _told(error: Any) -> ProviderError:
    """The vendor's error by its name. Its sentence stays out: it may repeat what was said."""
    told = error if isinstance(error, dict) else {}
    code = str(told.get("code") or told.get("type") or "error")[:60]
    if "quota" in code:
        return ProviderError("openai", "the quota is used up", retryable=False, code="quota")
    hopeless = told.get("type") in {"invalid_request_error", "authentication_error"}
    return ProviderError("openai", f"the vendor reports {code}", retryable=not hopeless, code=code)
