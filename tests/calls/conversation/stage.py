"""A conversation on stage: real Session and AudioSpeaker, scripted ends, virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from agents.providers.ports import EndOfTurn, Interim, LanguageModel, ProviderError, SpeechStarted, TextToSpeech
from calls.conversation.history import History
from calls.conversation.playback import Playback
from calls.conversation.script import Ending, Script
from calls.conversation.session import Session
from calls.conversation.speaking import AudioSpeaker
from calls.conversation.turn_taking import Interruption, Policy
from tests.fakes import Notebook, PlayedLine, ScriptedListener, ScriptedModel, SpokenText


class Stage:
    """Everything a test wants to reach into."""

    def __init__(
        self, model: LanguageModel, voice: TextToSpeech, script: dict[str, Any], session: dict[str, Any]
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.operator_ears = ScriptedListener()
        self.listener, self.line, self.journal = ScriptedListener(), PlayedLine(), Notebook()
        self.model, self.voice = model, voice
        self.history = History("You are June.", session.pop("said", ()))
        tools = session.pop("tools", None)
        if tools and hasattr(tools, "stage"):
            tools.stage = self
        self.toolbox = tools and tools.box(self.journal, lambda: self.session.now_ms())
        playback = Playback(self.line, self.loop.time)
        policy = script.pop("policy", None) or Policy.of(Interruption.VOICE, 1, ["mm-hm", "yeah", "okay"])
        self.session = Session(
            script=Script(**({"opening": ("Hello there.",), "policy": policy} | script)),
            history=self.history,
            listener=self.listener,
            make_speaker=lambda spawn: AudioSpeaker(
                voice, playback, spawn, voice_in=getattr(voice, "voice_in", None), language="en-US"
            ),
            model=model,
            line=self.line,
            journal=self.journal,
            toolbox=self.toolbox,
            operator_ears=lambda: self.operator_ears,
            **session,
        )
        self.line.on_mark = self.session.mark_reached
        self.running = asyncio.ensure_future(self.session.run())

    def at_ms(self) -> int:
        return self.session.now_ms()

    async def until_quiet(self, seconds: float = 0.5) -> None:
        """Wait until the agent has been silent for a while."""
        quiet_s = 0.0
        while quiet_s < seconds:
            await asyncio.sleep(0.1)
            quiet_s = quiet_s + 0.1 if self.line.silent and not self.model.open else 0.0

    async def caller_says(
        self, text: str, *, endpointing_s: float = 0.3, speak_s: float = 1.0, language: str = ""
    ) -> None:
        """A whole turn as a recogniser reports it: voice, interims, the end after a pause."""
        start = self.at_ms()
        self.listener.voice()
        self.listener.say(SpeechStarted(start))
        words = text.split()
        for count in range(1, len(words) + 1):
            await self.sound(speak_s / len(words))
            self.listener.say(Interim(" ".join(words[:count]), start, self.at_ms()))
        end = self.at_ms()
        await asyncio.sleep(endpointing_s)
        self.listener.say(EndOfTurn(text, start, end, language=language))

    async def sound(self, seconds: float) -> None:
        """A voice on the line, frame by frame."""
        until = self.loop.time() + seconds
        while self.loop.time() < until:
            await asyncio.sleep(0.02)
            self.listener.voice()

    def lose_ears(self) -> None:
        """Nobody will understand the caller any more."""
        self.listener.lost.set_result(ProviderError("stt", "gone", retryable=False))

    async def hang_up(self) -> Ending:
        self.session.caller_gone(hung_up=True)
        return await self.running


@asynccontextmanager
async def on_stage(
    model: LanguageModel | None = None, voice: TextToSpeech | None = None, **options: Any
) -> AsyncIterator[Stage]:
    """Begin a call, which may have been `moved`; what is left of it at the end of the block is hung up."""
    names = ("earlier_ms", "next_index", "on_stop", "rescue", "summons", "tools", "languages")
    session = {key: options.pop(key) for key in names if key in options}
    moved = options.pop("moved", None)
    stage = Stage(model or ScriptedModel(), voice or SpokenText(), options, session)
    if moved:
        stage.session.operator.prepare(*moved, may_move=False)
    await asyncio.sleep(0)
    try:
        yield stage
    finally:
        stage.session.caller_gone(hung_up=True)
        await stage.running
