"""The ElevenLabs double: speech over multi-stream-input, stream-input, and plain HTTP.

Its voice is a quiet tone, 60 ms for each character, that never holds the byte of silence.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .faults import Faults
from .lateness import Lateness
from .wire import Answer, Reply, Request, Socket, Streamed, Upgrade

TONE = b"\xef\xef\xef\xef\x6f\x6f\x6f\x6f"
"""A millisecond of it."""

MS_PER_CHARACTER = 60
MOST_CONTEXTS = 5
TOO_MANY = "Maximum simultaneous contexts per WebSocket connection exceeded (5)."


@dataclass(slots=True)
class Tempo:
    """When audio comes: `rate` times as fast as it is spoken; all at once where it is 0."""

    first_audio_ms: float = 0
    rate: float = 0
    chunk_ms: int = 150


class ElevenLabsDouble:
    """With `says`, a piece is answered with just these messages; `refuses` names an error for the first text."""

    def __init__(self, tempo: Tempo, *, record: bool) -> None:
        self.tempo = tempo
        self.record = record
        self.scripted: list[Mapping[str, Any]] | None = None
        self.error: Mapping[str, Any] | None = None
        self.never_final = False
        self.faults = Faults()
        self.late = Lateness()
        self.sockets: list[VoiceStream] = []
        self.requests: list[Request] = []
        self.opened = self.open = self.contexts = self.contexts_open = self.contexts_unheard = 0
        self.characters = self.audio_ms = 0

    def says(self, *messages: Mapping[str, Any]) -> None:
        """Pieces are answered with these messages; each gets the context's id unless it has one."""
        self.scripted = list(messages)

    def fails_with(self, error: str, code: int = 1008) -> None:
        """The first text of a socket is answered with this error, and the socket is closed."""
        self.error = {"message": "no", "error": error, "code": code}

    def route(self, request: Request) -> Upgrade | Answer | Streamed:
        """A socket, or speech over HTTP."""
        if not request.headers.get("xi-api-key"):
            return Answer.json({"detail": {"status": "missing_api_key", "message": "no key"}}, 401)
        if request.path.endswith("-input"):
            stream = VoiceStream(self, request)
            if self.record:
                self.sockets.append(stream)
            return Upgrade(stream, self.faults.take())
        if request.method == "POST" and "/text-to-speech/" in request.path:
            self.requests.append(request)
            return Streamed(functools.partial(self._whole, request.json()["text"]), "audio/basic", self.faults.take())
        return Answer.json({"detail": {"status": "not_found"}}, 404)

    def stats(self) -> dict[str, int]:
        """Counters for a benchmark. `contexts_unheard` were lost together with their socket."""
        return {
            "opened": self.opened,
            "open": self.open,
            "contexts": self.contexts,
            "contexts_open": self.contexts_open,
            "contexts_unheard": self.contexts_unheard,
            "characters": self.characters,
            "audio_ms": self.audio_ms,
        }

    def _whole(self, text: str, reply: Reply) -> None:
        reply.write(TONE * (MS_PER_CHARACTER * len(text.strip())))
        reply.finish()


@dataclass(slots=True)
class Context:
    """One piece as the double sees it."""

    name: str
    settings: Mapping[str, Any] | None
    text: str = ""
    spoken: int = 0
    closing: bool = False
    final_sent: bool = False
    busy: bool = False
    timers: list[asyncio.TimerHandle] = field(default_factory=list)


class VoiceStream:
    """One socket. `messages` is all that was received, `contexts` all that were ever opened, in their order."""

    socket: Socket

    def __init__(self, double: ElevenLabsDouble, request: Request) -> None:
        self.path, self.query, self.headers = request.path, request.query, request.headers
        self.multi = request.path.endswith("/multi-stream-input")
        self.messages: list[dict[str, Any]] = []
        self.contexts: list[Context] = []
        self.gone = asyncio.Event()
        self._double = double
        self._open: dict[str, Context] = {}

    def opened(self, socket: Socket) -> None:
        self.socket = socket
        self._double.opened += 1
        self._double.open += 1

    def binary(self, data: bytes) -> None:
        self.socket.end(1003)

    def text(self, text: str) -> None:
        message = json.loads(text)
        if self._double.record:
            self.messages.append(message)
        if message.get("close_socket"):
            self.socket.end(1000)
            return
        context = self._context(message)
        if context is None:
            return
        context.text += message.get("text", "").strip()
        ends = message.get("close_context") or (not self.multi and message.get("text") == "")
        if self._double.error and context.text:
            self.socket.send_json(self._double.error)
            self.socket.end(self._double.error["code"])
        elif message.get("flush") or (ends and not self.multi):
            self._generate(context)
        if ends:
            context.closing = True
            self._end(context)

    def lost(self) -> None:
        for context in self._open.values():
            for timer in context.timers:
                timer.cancel()
        self._double.open -= 1
        self._double.contexts_open -= len(self._open)
        self._double.contexts_unheard += len(self._open)
        self.gone.set()

    def _context(self, message: Mapping[str, Any]) -> Context | None:
        """The message's context; a first message opens it, the sixth closes the socket."""
        name = message.get("context_id", "")
        if name not in self._open and not message.get("close_context"):
            if len(self._open) == MOST_CONTEXTS:
                self.socket.send_json({"message": TOO_MANY, "error": "max_active_conversations", "code": 1008})
                self.socket.end(1008)
                return None
            self._open[name] = Context(name, message.get("voice_settings"))
            self._double.contexts += 1
            self._double.contexts_open += 1
            if self._double.record:
                self.contexts.append(self._open[name])
        return self._open.get(name)

    def _generate(self, context: Context) -> None:
        """Speak what was not spoken yet."""
        text, context.spoken = context.text[context.spoken :], len(context.text)
        if not text:
            return
        self._double.characters += len(text)
        tempo, loop = self._double.tempo, asyncio.get_running_loop()
        if self._double.scripted is not None:
            messages = [json.dumps(self._named(context) | dict(message)) for message in self._double.scripted]
        else:
            messages = _spoken(text + " ", tempo.chunk_ms)
        context.busy = True
        if not tempo.first_audio_ms and not tempo.rate:
            self._say(context, messages, len(messages))
            return
        first_at, step_s = loop.time() + tempo.first_audio_ms / 1000, tempo.chunk_ms / 1000 / (tempo.rate or 1e9)
        self._later(context, messages, first_at, step_s)

    def _later(self, context: Context, messages: list[str], at: float, step_s: float) -> None:
        """One message at its time, and the rest after it."""

        def say() -> None:
            self._double.late.note(at)
            self._say(context, messages, 1)
            if messages:
                self._later(context, messages, at + step_s, step_s)

        context.timers[:] = [asyncio.get_running_loop().call_at(at, say)]

    def _say(self, context: Context, messages: list[str], count: int) -> None:
        for message in messages[:count]:
            name = f'"contextId": "{context.name}", ' if self.multi else ""
            self.socket.send(message.replace("{", "{" + name, 1) if '"contextId"' not in message else message)
        del messages[:count]
        context.busy = bool(messages)
        self._end(context)

    def _end(self, context: Context) -> None:
        """The context is over once it was closed and its last audio is out."""
        if not context.closing or context.busy or self._double.never_final or context.name not in self._open:
            return
        del self._open[context.name]
        context.final_sent = True
        self._double.contexts_open -= 1
        self._double.audio_ms += MS_PER_CHARACTER * len(context.text)
        self.socket.send_json({"isFinal": True} | self._named(context))
        if not self.multi:
            self.socket.end(1000)

    def _named(self, context: Context) -> dict[str, str]:
        return {"contextId": context.name} if self.multi else {}


@functools.lru_cache(maxsize=1000)
def _spoken_once(text: str, chunk_ms: int) -> tuple[str, ...]:
    """The messages of one generation: each with its audio and the characters that begin in it."""
    total_ms, messages = MS_PER_CHARACTER * len(text), []
    for start_ms in range(0, total_ms, chunk_ms):
        end_ms = min(start_ms + chunk_ms, total_ms)
        inside = range(-(-start_ms // MS_PER_CHARACTER), -(-end_ms // MS_PER_CHARACTER))
        alignment = {
            "chars": [text[index] for index in inside],
            "charStartTimesMs": [index * MS_PER_CHARACTER - start_ms for index in inside],
            "charDurationsMs": [MS_PER_CHARACTER for _ in inside],
        }
        audio = base64.b64encode(TONE * (end_ms - start_ms)).decode()
        messages.append(json.dumps({"audio": audio, "isFinal": None, "alignment": alignment}))
    return tuple(messages)


def _spoken(text: str, chunk_ms: int) -> list[str]:
    return list(_spoken_once(text, chunk_ms))
