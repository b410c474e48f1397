"""A speech-to-speech model behind the verbs of `Talk`."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any, cast

from agents.providers.ports import Endpoint, ServedBy
from agents.providers.realtime.openai import HARMLESS, OpenAIRealtime
from agents.providers.realtime.ports import Talking
from calls.conversation.languages import Languages
from calls.conversation.ports import Toolbox
from calls.conversation.realtime_line import RealtimeLine, RealtimeListener
from calls.conversation.script import Ending
from calls.conversation.session import Session
from calls.engines import RealtimeEngine
from tests.calls.conversation.tools import Acting
from tests.conformance.stages import LabelledText, MediaStreams, history_of, script_of
from tests.doubles.openai_realtime import RealtimeVendor
from tests.fakes import Notebook, PlayedLine, ScriptedListener, ScriptedModel


class VirtualRealtime:
    """The vendor of a model that hears and speaks, at the other end of the SDK's connection."""

    def __init__(self, model: ScriptedModel, voice: LabelledText) -> None:
        self._told: asyncio.Queue[bytes | Exception] = asyncio.Queue()
        self.vendor = RealtimeVendor(model.reply, self._tell, voice.sound_of)
        self._is_mute = False

    def _tell(self, message: dict[str, Any]) -> None:
        if not self._is_mute:
            self._told.put_nowait(json.dumps(message).encode())

    async def connect(self) -> VirtualRealtime:
        self.vendor.begin()
        return self

    def lose(self, error: Exception) -> None:
        """The connection breaks."""
        self._told.put_nowait(error)

    def fall_mute(self) -> None:
        """The connection stays, and nothing comes of it any more."""
        self._is_mute = True

    async def recv_bytes(self) -> bytes:
        if isinstance(told := await self._told.get(), Exception):
            raise told
        return told

    async def send_raw(self, data: bytes | str) -> None:
        self.vendor.receive(json.loads(data))

    async def close(self) -> None:
        self.vendor.close()


class Realtime(MediaStreams):
    """A model that hears and speaks itself: the real adapter, its JSON and the real engine."""

    VOICE, SILENCE = bytes((0x90, 0x10)) * 80, b"\xff" * 160

    def __init__(self, model: ScriptedModel, script: dict[str, Any], session: dict[str, Any]) -> None:
        self.loop = asyncio.get_running_loop()
        self.model, self.journal, self.history = model, Notebook(), history_of(session)
        self.voice, self.line = LabelledText(), PlayedLine()
        self.far = VirtualRealtime(model, self.voice)
        talking = Talking("gpt-realtime-2.1", "marin", "gpt-transcribe", endpointing_ms=300)
        own_words = script.pop("own_words", "")
        self.own_mind = ScriptedModel(own_words) if own_words else model  # the version's; usually it thinks the same
        vendor = OpenAIRealtime(talking, Endpoint(), self.far.connect)
        languages = Languages("en-US", ("es-US",))
        self.realtime = RealtimeLine(vendor, self.own_mind, ServedBy("own", "model"), languages)
        self.own = ScriptedListener()
        ears = RealtimeListener(self.realtime, self.own)
        spec = SimpleNamespace(
            transport_options={}, keyterms=(), language="en-US", other_languages=[], endpointing_ms=300
        )
        parts = {"line": self.realtime, "ears": ears, "voice": self.voice, "model": self.realtime, "listener": self.own}
        parts |= {"languages": languages, "voice_in": self.voice.voice_in, "goes_on_in": lambda language: None}
        engine = RealtimeEngine(cast(Any, SimpleNamespace(spec=spec, **parts)), self.line, recording="", earlier_ms=0)
        tools = session.pop("tools", None)
        if isinstance(tools, Acting):
            tools.stage = self
        self.session = Session(
            script=engine.script(script_of(script)),
            history=self.history,
            listener=engine.listener,
            make_speaker=engine.speaker,
            model=engine.model,
            line=engine.line,
            languages=engine.languages,
            journal=self.journal,
            toolbox=cast(Toolbox | None, tools and tools.box(self.journal, lambda: self.session.now_ms())),
            **session,
        )
        self.line.on_mark = self.session.mark_reached
        self.running = asyncio.ensure_future(self.session.run())
        self.sounds = self.SILENCE
        self._sending = asyncio.ensure_future(self._send())

    async def says_abroad(self, text: str, language: str) -> None:
        await self.says(text)

    @property
    def hears_in(self) -> str:
        return str(self.far.vendor.config["audio"]["input"]["transcription"]["language"])

    async def says(self, text: str, seconds: float = 1.0) -> None:
        self.far.vendor.hears.append(text)
        self.sounds = self.VOICE
        await asyncio.sleep(seconds)
        self.sounds = self.SILENCE
        await asyncio.sleep(0.5)

    async def _send(self) -> None:
        while True:
            await asyncio.sleep(0.02)
            self.session.hear(self.sounds)

    async def over(self) -> Ending:
        ending = await self.running
        await self._let_go()
        return ending

    async def end(self) -> None:
        await self.hang_up()
        await self._let_go()
        assert not set(self.far.vendor.refused) - HARMLESS

    async def _let_go(self) -> None:
        self._sending.cancel()
        await asyncio.wait({self._sending})
        await self.realtime.close()
