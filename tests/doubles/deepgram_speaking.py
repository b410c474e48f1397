"""Deepgram's other half: /v1/speak. Text collects until `Flush`, then sound comes at the tempo of a voice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from .audio import BYTES_PER_MS
from .elevenlabs import MS_PER_CHARACTER, TONE, Tempo
from .faults import Faults
from .lateness import Lateness
from .wire import Answer, Listener, Request, Socket, Upgrade


class SpeakDouble:
    """Sockets of a voice. `garbage` is said in place of the first sound."""

    def __init__(self, tempo: Tempo, *, record: bool) -> None:
        self.tempo, self.record = tempo, record
        self.faults = Faults()
        self.late = Lateness()
        self.garbage: str | None = None
        self.sockets: list[SpeakSocket] = []
        self.opened = self.open = self.pieces = self.cleared = 0

    def route(self, request: Request) -> Upgrade | Answer:
        if not request.headers.get("authorization", "").lower().startswith(("token ", "bearer ")):
            body = {"err_code": "INVALID_AUTH", "err_msg": "Invalid credentials."}
            return Answer(401, json.dumps(body).encode(), {"dg-error": "INVALID_AUTH"})
        socket = SpeakSocket(self, request)
        if self.record:
            self.sockets.append(socket)
        return Upgrade(socket, self.faults.take())

    def stats(self) -> dict[str, int]:
        """Counters for a benchmark."""
        return {"opened": self.opened, "open": self.open, "pieces": self.pieces, "cleared": self.cleared}


class SpeakSocket(Listener):
    """One socket. What a test may ask of it: `query`, `headers`, `texts`, `closed`, and whether it is `gone`."""

    socket: Socket

    def __init__(self, double: SpeakDouble, request: Request) -> None:
        self.query, self.headers = request.query, request.headers
        self.texts: list[str] = []
        self.clears = 0
        self.closed = False
        self.gone = asyncio.Event()
        self._double = double
        self._waiting = ""
        self._number = 0
        self._timer: asyncio.TimerHandle | None = None

    def opened(self, socket: Socket) -> None:
        self.socket = socket
        self._double.opened += 1
        self._double.open += 1
        model = self.query["model"][0]
        socket.send_json({"type": "Metadata", "request_id": "dg", "model_name": model, "model_version": "1"})

    def binary(self, data: bytes) -> None:
        self.socket.end(1003, "MESSAGE-0000")

    def text(self, text: str) -> None:
        message = json.loads(text)
        match message["type"]:
            case "Speak":
                self._waiting += message["text"]
            case "Flush":
                self._speak()
            case "Clear":
                self._clear()
            case "Close":
                self.closed = True
                self.socket.end(1000)
            case _:
                self.socket.end(1008, "DATA-0000")

    def lost(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._double.open -= 1
        self.gone.set()

    def _clear(self) -> None:
        self.clears += 1
        self._double.cleared += 1
        if self._timer is not None:
            self._timer.cancel()
        self._waiting = ""
        self._tell({"type": "Cleared"})

    def _speak(self) -> None:
        text, self._waiting = self._waiting, ""
        self.texts.append(text)
        self._double.pieces += 1
        if self._double.garbage is not None:
            self.socket.send(self._double.garbage)
        sound = TONE * (MS_PER_CHARACTER * len(text))
        size = self._double.tempo.chunk_ms * BYTES_PER_MS
        chunks = [sound[at : at + size] for at in range(0, len(sound), size)]
        first_at = asyncio.get_running_loop().time() + self._double.tempo.first_audio_ms / 1000
        self._say(chunks, first_at)

    def _say(self, chunks: list[bytes], due: float) -> None:
        """One chunk at its time, and so on; all at once where nothing is slow."""
        loop, tempo = asyncio.get_running_loop(), self._double.tempo
        while loop.time() >= due:
            if not chunks:
                self._tell({"type": "Flushed"})
                return
            self._double.late.note(due)
            self.socket.send_binary(chunks.pop(0))
            due += tempo.chunk_ms / 1000 / tempo.rate if tempo.rate else 0.0
        self._timer = loop.call_at(due, self._say, chunks, due)

    def _tell(self, message: Mapping[str, Any]) -> None:
        self.socket.send_json({**message, "sequence_id": self._number})
        self._number += 1
