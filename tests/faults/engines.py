"""A call of the table on each way of carrying: what is asked, and when something sounded in the caller's ear."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Protocol, cast
from uuid import UUID

from agents.providers.ports import EndOfTurn, LanguageModel, SpeechStarted, TextToSpeech
from calls.conversation.history import History
from calls.conversation.languages import Languages
from calls.conversation.listening import AudioListener
from calls.conversation.playback import Playback
from calls.conversation.ports import Listener, Speaker
from calls.conversation.realtime_line import RealtimeLine, RealtimeListener
from calls.conversation.realtime_voice import RealtimeSpeaker
from calls.conversation.script import Script
from calls.conversation.session import Session
from calls.conversation.speaking import AudioSpeaker, Spawn
from calls.engines import RelayEngine
from telephony.consumers import ConversationRelayConsumer
from tests.conformance.relay_carrier import VirtualRelay
from tests.doubles.audio import frames, silence, voice
from tests.fakes import Notebook, PlayedLine, ScriptedListener

QUESTION = "when do you open"
SPOKEN_S = 1.2
Sound = tuple[float, float]


class CarriedCall(Protocol):
    """One call. `run` is its conversation, with everything that it needs running beside it."""

    session: Session
    journal: Notebook

    def start(self) -> asyncio.Future[Any]: ...

    async def ask(self) -> float:
        """The caller's turn; returns when its last sound was."""
        ...

    def sounds(self) -> list[Sound]:
        """From when to when something was, or will be, heard."""
        ...

    async def stop(self) -> None: ...


class StreamedCall:
    """Sound both ways. A caller whose words are scripted needs no transcriber."""

    def __init__(
        self, script: Script, listener: Listener, model: LanguageModel, speaker: Callable[[Playback, Spawn], Speaker]
    ) -> None:
        self._line, self._listener = PlayedLine(), listener
        self.journal = Notebook()
        playback = Playback(self._line, asyncio.get_running_loop().time)
        self.session = Session(
            script=script,
            history=History("You are June."),
            listener=listener,
            make_speaker=lambda spawn: speaker(playback, spawn),
            model=model,
            line=self._line,
            journal=self.journal,
        )
        self._line.on_mark = self.session.mark_reached

    def start(self) -> asyncio.Future[Any]:
        self._quiet = asyncio.ensure_future(self._be_quiet())
        return asyncio.ensure_future(self.session.run())

    async def stop(self) -> None:
        self._quiet.cancel()

    async def ask(self) -> float:
        self._quiet.cancel()
        if isinstance(self._listener, ScriptedListener):
            return await self._ask_by_script(self._listener)
        await self._feed(voice(round(SPOKEN_S * 1000)))
        asked = asyncio.get_running_loop().time()
        self._quiet = asyncio.ensure_future(self._be_quiet())
        return asked

    async def _ask_by_script(self, listener: ScriptedListener) -> float:
        at = self.session.now_ms()
        listener.voice()
        listener.say(SpeechStarted(at))
        await asyncio.sleep(SPOKEN_S)
        spoken = asyncio.get_running_loop().time()
        listener.voice()
        await asyncio.sleep(0.3)
        listener.say(EndOfTurn(QUESTION, at, at + round(SPOKEN_S * 1000)))
        return spoken

    def sounds(self) -> list[Sound]:
        found: list[Sound] = []
        for at, kind, audio in self._line.sent:
            if kind == "audio":
                start = max(at, found[-1][1]) if found else at
                found.append((start, start + len(audio) / 8000))
            elif kind == "clear":
                found = [(start, min(end, at)) for start, end in found if start < at]
        return found

    async def _feed(self, sound: bytes) -> None:
        for frame in frames(sound):
            self.session.hear(frame)
            await asyncio.sleep(0.02)

    async def _be_quiet(self) -> None:
        while True:
            await self._feed(silence(20))


def streamed(script: Script, listener: Listener, model: LanguageModel, mouth: TextToSpeech) -> StreamedCall:
    """Ears, a mind and a voice of our own."""
    return StreamedCall(script, listener, model, lambda playback, spawn: AudioSpeaker(mouth, playback, spawn))


def spoken_by_model(script: Script, line: RealtimeLine, own: AudioListener, mouth: TextToSpeech) -> StreamedCall:
    """A model that hears, thinks and speaks."""

    def speaker(playback: Playback, spawn: Spawn) -> Speaker:
        return RealtimeSpeaker(
            mouth, playback, spawn, speaks_itself=lambda: line.speaks, on_take=lambda take: line.expect(take)
        )

    return StreamedCall(script, RealtimeListener(line, own), line, speaker)


@dataclass
class _TimedRelay(VirtualRelay):
    """Knows when each word sounded."""

    def __post_init__(self) -> None:
        self.sounds: list[Sound] = []

    async def _say(self, word: Any) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            await super()._say(word)
        finally:
            self.sounds.append((began, loop.time()))


class RelayedCall:
    """Words both ways: the carrier hears and speaks."""

    def __init__(self, script: Script, model: LanguageModel) -> None:
        self._carrier, self.journal = _TimedRelay(), Notebook()
        scope = {"url_route": {"kwargs": {"agent_id": UUID(int=1)}}, "headers": []}
        self._consumer = ConversationRelayConsumer(scope, self._carrier.receive, self._carrier.send)
        hears = {"stt_provider": "deepgram", "stt_model": "nova-3", "stt_options": {}, "other_languages": []}
        spec = SimpleNamespace(language="en-US", transport_options={}, **hears)
        parts = {"languages": Languages(), "goes_on_in": lambda language: None}
        mind = SimpleNamespace(spec=spec, model=model, **parts)
        self._engine = RelayEngine(cast(Any, mind), self._consumer, greeted=False)
        self.session = Session(
            script=self._engine.script(script),
            history=History("You are June."),
            listener=self._engine.listener,
            make_speaker=self._engine.speaker,
            model=model,
            line=self._engine.line,
            journal=self.journal,
        )
        self._engine.attach(self.session)

    def start(self) -> asyncio.Future[Any]:
        call: Any = SimpleNamespace(engine=self._engine, digit=self.session.digit)
        parts = (*self._consumer.parts(call), self._carrier.speak())
        self._parts = [asyncio.ensure_future(part) for part in parts]
        return asyncio.ensure_future(self.session.run())

    async def stop(self) -> None:
        for part in self._parts:
            part.cancel()
        await asyncio.gather(*self._parts, return_exceptions=True)

    async def ask(self) -> float:
        spoken = asyncio.get_running_loop().time() + SPOKEN_S
        await self._carrier.hears(QUESTION, SPOKEN_S)
        return spoken

    def sounds(self) -> list[Sound]:
        return self._carrier.sounds
