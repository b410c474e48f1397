"""OpenAI's speech and transcription: over HTTP, and live over the Realtime socket."""

from __future__ import annotations

import base64
import functools
import json
import re
from collections import deque
from collections.abc import Mapping
from typing import Any

from .elevenlabs import MS_PER_CHARACTER, Tempo
from .faults import Faults
from .openai_realtime import Mind, RealtimeSession, sentences
from .wire import Answer, Listener, Reply, Request, Socket, Streamed, Upgrade

SAMPLES_PER_MS = 24
TONE = b"".join(value.to_bytes(2, "little", signed=True) for value in (0, 4000, 5600, 4000, 0, -4000, -5600, -4000))
"""A third of a millisecond of 3 kHz, at 24 kHz."""


class OpenAIAudioDouble:
    """`heard` are the texts of the next transcriptions, in order; then `line` for ever."""

    def __init__(self, tempo: Tempo, *, record: bool) -> None:
        self.tempo, self.record = tempo, record
        self.line = "could you tell me your opening hours"
        self.talk_line = ""
        self.heard: deque[str] = deque()
        self.raw: str | None = None
        self.speech_faults, self.transcription_faults, self.live_faults = Faults(), Faults(), Faults()
        self.speeches: list[dict[str, Any]] = []
        self.files: list[Transcription] = []
        self.sessions: list[LiveSession] = []
        self.mind: Mind = sentences("We open at eight.")
        self.writes_down_ms = 0.0
        self.talk_faults = Faults()
        self.talks: list[RealtimeSession] = []

    def hears(self, *texts: str) -> None:
        """What the next stretches of voice say."""
        self.heard.extend(texts)

    def text(self) -> str:
        return self.heard.popleft() if self.heard else self.line

    def route(self, request: Request) -> Upgrade | Answer | Streamed | None:
        """None for what somebody else answers."""
        if request.path.endswith("/audio/speech"):
            self.speeches.append(request.json())
            return Streamed(self._speak(request.json()["input"]), "audio/pcm", self.speech_faults.take())
        if request.path.endswith("/audio/transcriptions"):
            self.files.append(Transcription.of(request))
            body = self.raw if self.raw is not None else json.dumps({"text": self.text()})
            tell = functools.partial(_whole, body.encode())
            return Streamed(tell, "application/json", self.transcription_faults.take())
        if request.path.endswith("/realtime") and "model" in request.query:
            talk = RealtimeSession(self.mind, request)
            talk.vendor.line, talk.vendor.writes_down_ms = self.talk_line, self.writes_down_ms
            if self.record:
                self.talks.append(talk)
            return Upgrade(talk, self.talk_faults.take())
        if request.path.endswith("/realtime"):
            session = LiveSession(self, request)
            self.sessions.append(session)
            return Upgrade(session, self.live_faults.take())
        return None

    def _speak(self, text: str) -> Any:
        """Sound in odd pieces, as a network cuts it."""
        samples = TONE * (MS_PER_CHARACTER * len(text) * SAMPLES_PER_MS * 2 // len(TONE))

        def begin(reply: Reply) -> None:
            for start in range(0, len(samples), 7001):
                reply.write(samples[start : start + 7001])
            reply.finish()

        return begin


class Transcription:
    """A file as it was received, and what was asked with it."""

    def __init__(self, fields: Mapping[str, list[str]], sound: bytes) -> None:
        self.fields, self.sound = fields, sound

    @classmethod
    def of(cls, request: Request) -> Transcription:
        boundary = request.headers["content-type"].partition("boundary=")[2].strip('"')
        fields: dict[str, list[str]] = {}
        sound = b""
        for part in request.body.split(b"--" + boundary.encode())[1:-1]:
            head, _, body = part.strip(b"\r\n").partition(b"\r\n\r\n")
            name = re.search(rb'name="([^"]+)"', head)
            assert name
            if b"filename=" in head:
                sound = body
            else:
                fields.setdefault(name[1].decode(), []).append(body.decode())
        return cls(fields, sound)


class LiveSession(Listener):
    """One transcription session: `config` as it was set, `sound` of each committed stretch."""

    socket: Socket

    def __init__(self, double: OpenAIAudioDouble, request: Request) -> None:
        self.query, self.headers = request.query, request.headers
        self.config: dict[str, Any] = {}
        self.sounds: list[bytes] = []
        self._double = double
        self._buffer = bytearray()

    def opened(self, socket: Socket) -> None:
        self.socket = socket
        socket.send_json({"type": "session.created", "event_id": "e", "session": {"type": "transcription"}})

    def binary(self, data: bytes) -> None:
        self.socket.end(1003)

    def text(self, text: str) -> None:
        message = json.loads(text)
        match message["type"]:
            case "session.update":
                self.config = message["session"]
                self.socket.send_json({"type": "session.updated", "event_id": "e", "session": self.config})
            case "input_audio_buffer.append":
                self._buffer += base64.b64decode(message["audio"])
            case "input_audio_buffer.commit":
                self._commit()

    def lost(self) -> None:
        pass

    def _commit(self) -> None:
        self.sounds.append(bytes(self._buffer))
        self._buffer.clear()
        item = f"item_{len(self.sounds)}"
        said = self._double.text()
        first = said.split(" ")[0]
        self._tell("input_audio_buffer.committed", item)
        if self._double.raw is not None:
            self.socket.send(self._double.raw)
            return
        kind = "conversation.item.input_audio_transcription"
        self._tell(f"{kind}.delta", item, delta=first)
        self._tell(f"{kind}.delta", item, delta=said[len(first) :])
        self._tell(f"{kind}.completed", item, transcript=said)

    def _tell(self, kind: str, item: str, **rest: str) -> None:
        self.socket.send_json({"type": kind, "event_id": "e", "item_id": item, "content_index": 0, **rest})


def _whole(body: bytes, reply: Reply) -> None:
    reply.write(body)
    reply.finish()
