"""One call in which one vendor breaks, and what the caller heard of it. Everything is real but the vendors' insides."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agents import providers
from agents.providers.fallback import FallbackLanguageModel, FallbackTextToSpeech
from agents.providers.ports import (
    EndOfTurn,
    Endpoint,
    Hearing,
    ProviderError,
    ServedBy,
    SpeechStarted,
    SpeechToText,
    Thinking,
    Voice,
)
from agents.providers.speech_cache import CachedVoice, SpeechCache
from calls.conversation.history import History
from calls.conversation.listening import AudioListener
from calls.conversation.playback import Playback
from calls.conversation.script import Ending, Script
from calls.conversation.session import Session
from calls.conversation.speaking import AudioSpeaker
from calls.equipment import (
    FIRST_SOUND_S,
    FIRST_TOKEN_S,
    LAST_FIRST_SOUND_S,
    LAST_FIRST_TOKEN_S,
    SOUND_GAP_S,
    TOKEN_GAP_S,
)
from tests.doubles.audio import frames, silence, voice
from tests.doubles.elevenlabs import Tempo
from tests.doubles.openai import Pace
from tests.doubles.server import Doubles, Timing
from tests.fakes import Notebook, PlayedLine, ScriptedListener
from tests.faults.hurry import HurriedLoop
from tests.faults.proxy import Fault, Proxy

VENDORS = {
    "stt": (
        ("deepgram", "nova-3"),
        ("deepgram", "flux-general-en"),
        ("openai", "gpt-transcribe"),
        ("openai", "gpt-live-transcribe"),
    ),
    "llm": (("openai", "gpt-6-luna"), ("anthropic", "claude-haiku-5-5")),
    "tts": (("elevenlabs", "eleven_flash_v2_5"), ("deepgram", "aura-2"), ("openai", "gpt-4o-mini-tts")),
}
VOICES = {"elevenlabs": "abc123", "deepgram": "aura-2-thalia-en", "openai": "alloy"}
SECONDS = {"stt": ("deepgram", "nova-3"), "llm": ("openai", "gpt-6-sol"), "tts": ("elevenlabs", "eleven_flash_v2")}
GREETING, ANSWER = "Hello, Juniper Dental.", "We open at eight. Would you like to come?"
APOLOGY = "I am sorry. Goodbye."
MOMENTS = ("One moment, please.", "I am still working on it.")
SPOKEN_S = 1.2
HEDGE_S = 0.9
LONGEST_S, MOST_QUIET_S = 12.0, 5.0


@dataclass(frozen=True, slots=True)
class Experience:
    """What the caller went through after asking: `heard` in words, and silences from his own last sound."""

    part: str
    vendor: str
    model: str
    fault: Fault
    has_second: bool
    heard: str
    noticed: tuple[str, ...]
    first_ms: int
    longest_ms: int


def live_through(part: str, vendor: str, model: str, fault: Fault, *, second: bool) -> Experience:
    """Hold the call, on a clock that hurries."""
    providers.preload({vendor, *(name for name, _ in SECONDS.values())})  # which takes seconds, and would be counted
    with asyncio.Runner(loop_factory=HurriedLoop) as runner, tempfile.TemporaryDirectory() as folder:
        return runner.run(_Call(part, vendor, model, second=second, folder=Path(folder)).suffer(fault))


class _Call:
    def __init__(self, part: str, vendor: str, model: str, *, second: bool, folder: Path) -> None:
        self.part, self.vendor, self.model, self.has_second, self._folder = part, vendor, model, second, folder
        timing = Timing(pace=Pace(250, 40, 5), tempo=Tempo(150, 8, 150), by_clock=True)
        self._doubles = Doubles(timing)
        self._noticed: list[str] = []
        for answering in (self._doubles.openai, self._doubles.anthropic):
            answering.answer = ANSWER

    async def suffer(self, fault: Fault) -> Experience:
        await self._doubles.start()
        self._proxy = Proxy(self._doubles.port)
        await self._proxy.start()
        try:
            return await self._hold(fault)
        finally:
            await providers.close_clients()
            await self._proxy.stop()
            await self._doubles.stop()

    async def _hold(self, fault: Fault) -> Experience:
        loop = asyncio.get_running_loop()
        mouth, mind = self._voice(), self._mind()
        await mouth.open()
        mouth.prepare([GREETING, *MOMENTS, APOLOGY])
        for text in (GREETING, *MOMENTS, APOLOGY):
            await mouth.fill(text)
        await mind.warm()
        listener = self._listener()
        line, journal = PlayedLine(), Notebook()
        playback = Playback(line, loop.time)
        script = Script(opening=(GREETING,), moments=MOMENTS, apology=APOLOGY, silence_timeout_s=60.0)
        session = Session(
            script=script,
            history=History("You are June."),
            listener=listener,
            make_speaker=lambda spawn: AudioSpeaker(mouth, playback, spawn),
            model=mind,
            line=line,
            journal=journal,
        )
        line.on_mark = session.mark_reached
        running = asyncio.ensure_future(session.run())
        feeding = asyncio.ensure_future(_feed_silence(session))
        await asyncio.sleep(2.5)
        feeding.cancel()
        self._proxy.strike(fault)
        asked = await self._ask(session, listener)
        await self._wait_for_the_end(line, running, asked, session, lambda: ANSWER in journal.transcript()[-1][1])
        end = loop.time()
        session.caller_gone(hung_up=True)
        ending = await running
        await mouth.close()
        return self._told(fault, line, journal, asked, end, ending)

    async def _ask(self, session: Session, listener: AudioListener | ScriptedListener) -> float:
        """The caller's turn; returns when its last sound was."""
        if isinstance(listener, ScriptedListener):
            at = session.now_ms()
            listener.voice()
            listener.say(SpeechStarted(at))
            await asyncio.sleep(SPOKEN_S)
            spoken = asyncio.get_running_loop().time()
            listener.voice()
            await asyncio.sleep(0.3)
            listener.say(EndOfTurn("when do you open", at, at + round(SPOKEN_S * 1000)))
            return spoken
        await _feed(session, voice(round(SPOKEN_S * 1000)))
        return asyncio.get_running_loop().time()

    async def _wait_for_the_end(
        self,
        line: PlayedLine,
        running: asyncio.Task[Ending],
        asked: float,
        session: Session,
        answered: Callable[[], bool],
    ) -> None:
        """Until the answer was heard, or the agent has hung up, or nothing will come any more."""
        loop = asyncio.get_running_loop()
        while not running.done() and not answered() and loop.time() < asked + LONGEST_S:
            if self.part == "stt":
                session.hear(silence(20))
            await asyncio.sleep(0.02 if self.part == "stt" else 0.1)
            quiet = loop.time() - max(asked, line._dry_at) if line.silent else 0.0
            if quiet > MOST_QUIET_S:
                return

    def _told(
        self, fault: Fault, line: PlayedLine, journal: Notebook, asked: float, end: float, ending: Ending
    ) -> Experience:
        said = [text for speaker, text in journal.transcript() if speaker == "agent"][1:]
        sounds = [at for at, kind, _ in line.sent if kind == "audio" and at > asked]
        last = max([line._dry_at, asked]) if sounds else end
        heard = " ".join(filter(None, said)) or "nothing"
        if ending is Ending.FAILURE:
            heard += " (hangs up)"
        first = round(((sounds[0] if sounds else end) - asked) * 1000)
        line.sent = [each for each in line.sent if each[0] > asked]
        longest = round(line.longest_silence_s(asked, last) * 1000)
        self._noticed += [data["code"] for kind, _, data in journal.events if kind == "failure"]
        noticed = tuple(dict.fromkeys(code for code in self._noticed if code not in ("slow", "gave_up")))
        return Experience(self.part, self.vendor, self.model, fault, self.has_second, heard, noticed, first, longest)

    def _notice(self, error: ProviderError) -> None:
        self._noticed.append(error.code)

    # What takes part ---------------------------------------------------------------------------------

    def _broken(self) -> Endpoint:
        return Endpoint("key", self._proxy.url)

    def _mind(self) -> FallbackLanguageModel:
        breaks = self.part == "llm"
        vendor, model = (self.vendor, self.model) if breaks else ("openai", "gpt-6-luna")
        endpoint = self._broken() if breaks else self._doubles.endpoint("healthy")
        other, name = SECONDS["llm"]
        second = providers.llm(other, Thinking(name), self._doubles.endpoint("second"))
        return FallbackLanguageModel(
            providers.llm(vendor, Thinking(model), endpoint),
            second if breaks and self.has_second else None,
            first_s=FIRST_TOKEN_S,
            last_s=LAST_FIRST_TOKEN_S,
            gap_s=TOKEN_GAP_S,
            on_failure=self._notice,
            second_name=ServedBy(other, name),
            hedge_s=HEDGE_S,
        )

    def _voice(self) -> CachedVoice:
        breaks = self.part == "tts"
        vendor, model = (self.vendor, self.model) if breaks else SECONDS["tts"]
        endpoint = self._broken() if breaks else self._doubles.endpoint("healthy")
        chosen, other = Voice(model, VOICES[vendor]), SECONDS["tts"]
        own = providers.tts(vendor, chosen, endpoint)
        second = providers.tts(other[0], Voice(other[1], "xyz789"), self._doubles.endpoint("second"))
        voices = FallbackTextToSpeech(
            own,
            second if breaks and self.has_second else None,
            first_s=FIRST_SOUND_S,
            last_s=LAST_FIRST_SOUND_S,
            gap_s=SOUND_GAP_S,
            on_failure=self._notice,
        )
        return CachedVoice(voices, SpeechCache(self._folder), vendor, chosen, own=own)

    def _listener(self) -> AudioListener | ScriptedListener:
        if self.part != "stt":
            return ScriptedListener()
        self._doubles.deepgram.hears("when do you open")
        self._doubles.openai_audio.line = "when do you open"
        listener = AudioListener(
            self._ears(self.vendor, self.model, self._broken()),
            self._ears(*SECONDS["stt"], self._doubles.endpoint("second")) if self.has_second else None,
        )
        listener.open()
        return listener

    @staticmethod
    def _ears(vendor: str, model: str, endpoint: Endpoint) -> Callable[[], SpeechToText]:
        return lambda: providers.stt(vendor, Hearing(model), endpoint)


async def _feed(session: Session, sound: bytes) -> None:
    for frame in frames(sound):
        session.hear(frame)
        await asyncio.sleep(0.02)


async def _feed_silence(session: Session) -> None:
    while True:
        await _feed(session, silence(1000))
