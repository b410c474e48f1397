"""All the doubles behind one port, in the running event loop or in a process of their own."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from agents.providers.ports import Endpoint

from .anthropic import AnthropicDouble
from .catalogs import Catalogs
from .deepgram import DeepgramDouble
from .deepgram_speaking import SpeakDouble
from .elevenlabs import ElevenLabsDouble, Tempo
from .listening import Silences
from .openai import OpenAIDouble, Pace, answer_of
from .openai_audio import OpenAIAudioDouble
from .openai_realtime import paced
from .wire import Answer, Request, Streamed, Upgrade, Wire


@dataclass(slots=True)
class Timing:
    """How fast everybody is. Without more, nothing waits and silence is measured in audio: what tests want."""

    silences: Silences = field(default_factory=Silences)
    pace: Pace = field(default_factory=Pace)
    tempo: Tempo = field(default_factory=Tempo)
    by_clock: bool = False
    model_words: int = 40
    written_down_ms: float = 0


class Doubles:
    """All the vendors. `async with Doubles() as doubles: ... doubles.openai.answers_with("Hello.")`."""

    def __init__(self, timing: Timing | None = None, *, record: bool = True) -> None:
        timing = timing or Timing()
        self.deepgram = DeepgramDouble(timing.silences, by_clock=timing.by_clock, record=record)
        self.openai = OpenAIDouble(timing.pace, words=timing.model_words, record=record)
        self.anthropic = AnthropicDouble(timing.pace, words=timing.model_words, record=record)
        self.elevenlabs = ElevenLabsDouble(timing.tempo, record=record)
        self.aura = SpeakDouble(timing.tempo, record=record)
        self.catalogs = Catalogs()
        self.openai_audio = OpenAIAudioDouble(timing.tempo, record=record)
        if timing.by_clock:
            self.openai_audio.mind = paced(answer_of(timing.model_words), timing.pace)
            self.openai_audio.talk_line = self.openai_audio.line
            self.openai_audio.writes_down_ms = timing.written_down_ms
        self.port = 0
        self._connections: set[Wire] = set()
        self._server: asyncio.Server | None = None

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> None:
        """Listen; port 0 takes a free one."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Wire(self._route, self._connections), host, port, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hang up on everybody."""
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._connections):
            connection.transport.abort()
        await self._server.wait_closed()

    async def __aenter__(self) -> Doubles:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def _all(self) -> tuple[DeepgramDouble | OpenAIDouble | AnthropicDouble | SpeakDouble | ElevenLabsDouble, ...]:
        return self.deepgram, self.openai, self.anthropic, self.aura, self.elevenlabs

    @property
    def url(self) -> str:
        """The base URL of every vendor; the OpenAI client adds its /v1 itself."""
        return f"http://127.0.0.1:{self.port}"

    def endpoint(self, api_key: str = "key") -> Endpoint:
        """Where adapters find any of them."""
        return Endpoint(api_key=api_key, base_url=self.url)

    @property
    def connections(self) -> int:
        """TCP connections that are open now."""
        return len(self._connections)

    def stats(self) -> dict[str, Any]:
        """What a benchmark compares before and after."""
        return {
            "cpu_s": round(time.process_time(), 3),
            "connections": self.connections,
            "deepgram": self.deepgram.stats(),
            "openai": self.openai.stats(),
            "anthropic": self.anthropic.stats(),
            "aura": self.aura.stats(),
            "elevenlabs": self.elevenlabs.stats(),
            "lateness": [each.late.stats() for each in self._all],
        }

    def _route(self, request: Request) -> Upgrade | Answer | Streamed:
        if request.path == "/stats":
            return Answer.json(self.stats())
        if request.path == "/delays":
            return Answer.json(self.openai.delays_ms)
        if request.path.endswith("/listen"):
            return self.deepgram.route(request)
        if request.path == "/v1/speak":
            return self.aura.route(request)
        if listed := self.catalogs.route(request):
            return listed
        if audio := self.openai_audio.route(request):
            return audio
        if "anthropic-version" in request.headers:
            return self.anthropic.route(request)
        if "/text-to-speech/" in request.path:
            return self.elevenlabs.route(request)
        return self.openai.route(request)
