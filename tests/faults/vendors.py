"""One call in which one vendor breaks, and what the caller heard of it. Everything is real but the vendors' insides."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from agents import providers
from agents.providers.fallback import FallbackLanguageModel, FallbackTextToSpeech
from agents.providers.ports import Endpoint, Hearing, ProviderError, ServedBy, SpeechToText, Thinking, Voice
from agents.providers.realtime.ports import SpeechToSpeech, Talking
from agents.providers.speech_cache import CachedVoice, SpeechCache
from calls.conversation.listening import AudioListener
from calls.conversation.realtime_line import RealtimeLine
from calls.conversation.script import Ending, Script
from calls.equipment import (
    FIRST_SOUND_S,
    FIRST_TOKEN_S,
    LAST_FIRST_SOUND_S,
    LAST_FIRST_TOKEN_S,
    SOUND_GAP_S,
    TOKEN_GAP_S,
)
from tests.doubles.elevenlabs import Tempo
from tests.doubles.openai import Pace
from tests.doubles.openai_realtime import paced
from tests.doubles.server import Doubles, Timing
from tests.fakes import ScriptedListener
from tests.faults.engines import QUESTION, CarriedCall, RelayedCall, spoken_by_model, streamed
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
    "relay": (("openai", "gpt-6-luna"), ("anthropic", "claude-haiku-5-5")),
    "talk": (("openai", "gpt-realtime-2.1"),),
    "tts": (("elevenlabs", "eleven_flash_v2_5"), ("deepgram", "aura-2"), ("openai", "gpt-4o-mini-tts")),
}
VOICES = {"elevenlabs": "abc123", "deepgram": "aura-2-thalia-en", "openai": "alloy"}
SECONDS = {"stt": ("deepgram", "nova-3"), "llm": ("openai", "gpt-6-sol"), "tts": ("elevenlabs", "eleven_flash_v2")}
GREETING, ANSWER = "Hello, Juniper Dental.", "We open at eight. Would you like to come?"
LAST_WORDS = "to come?"
APOLOGY = "I am sorry. Goodbye."
MOMENTS = ("One moment, please.", "I am still working on it.")
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
    providers.preload(
        {vendor, "openai", *(name for name, _ in SECONDS.values())}
    )  # which takes seconds, and would be counted
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
        self._doubles.openai_audio.mind = paced(ANSWER, timing.pace)
        self._doubles.openai_audio.talk_line = self._doubles.openai_audio.line = QUESTION
        self._doubles.deepgram.hears(QUESTION)

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
        mouth, mind = self._voice(), self._mind()
        await mouth.open()
        mouth.prepare([GREETING, *MOMENTS, APOLOGY])
        for text in (GREETING, *MOMENTS, APOLOGY):
            await mouth.fill(text)
        await mind.warm()
        call = self._carried(mouth, mind)
        running = call.start()
        await asyncio.sleep(2.5)
        self._proxy.strike(fault)
        asked = await call.ask()
        await self._wait_for_the_end(call, running, asked)
        end = asyncio.get_running_loop().time()
        call.session.caller_gone(hung_up=True)
        ending = await running
        await call.stop()
        await mouth.close()
        if self._talk is not None:
            await self._talk.close()
        return self._told(fault, call, asked, end, ending)

    async def _wait_for_the_end(self, call: CarriedCall, running: asyncio.Future[Ending], asked: float) -> None:
        """Until the answer was heard, or the agent has hung up, or nothing will come any more."""
        loop = asyncio.get_running_loop()
        while not running.done() and loop.time() < asked + LONGEST_S:
            await asyncio.sleep(0.05)
            heard_until = max((until for _, until in call.sounds()), default=asked)
            if call.journal.transcript()[-1][1].endswith(LAST_WORDS) and loop.time() > heard_until:
                return
            if loop.time() - max(asked, heard_until) > MOST_QUIET_S:
                return

    def _told(self, fault: Fault, call: CarriedCall, asked: float, end: float, ending: Ending) -> Experience:
        said = [text for speaker, text in call.journal.transcript() if speaker == "agent"][1:]
        heard = " ".join(filter(None, said)) or "nothing"
        if ending is Ending.FAILURE:
            heard += " (hangs up)"
        sounds = [(start, until) for start, until in call.sounds() if start > asked] or [(end, end)]
        pauses = [start - until for (_, until), (start, _) in pairwise([(asked, asked), *sounds])]
        self._noticed += call.journal.failures()
        noticed = tuple(dict.fromkeys(code for code in self._noticed if code not in ("slow", "gave_up")))
        first, longest = round(pauses[0] * 1000), round(max(pauses) * 1000)
        return Experience(self.part, self.vendor, self.model, fault, self.has_second, heard, noticed, first, longest)

    def _notice(self, error: ProviderError) -> None:
        self._noticed.append(error.code)

    # What takes part ---------------------------------------------------------------------------------

    _talk: RealtimeLine | None = None

    def _carried(self, mouth: CachedVoice, mind: FallbackLanguageModel) -> CarriedCall:
        script = Script(opening=(GREETING,), moments=MOMENTS, apology=APOLOGY, silence_timeout_s=60.0)
        if self.part == "relay":
            return RelayedCall(script, mind)
        if self.part == "talk":
            self._talk = RealtimeLine(self._talker(), mind, ServedBy("own", "model"))
            self._talk.open()
            script = replace(script, speculation=False, by_ear=True)
            return spoken_by_model(script, self._talk, self._own_ears(), mouth)
        return streamed(script, self._listener(), mind, mouth)

    def _broken(self) -> Endpoint:
        return Endpoint("key", self._proxy.url)

    def _talker(self) -> SpeechToSpeech:
        talking = Talking(self.model, "marin", "gpt-transcribe", endpointing_ms=300)
        return providers.realtime(self.vendor, talking, self._broken())

    def _mind(self) -> FallbackLanguageModel:
        breaks = self.part in ("llm", "relay")
        vendor, model = (self.vendor, self.model) if breaks else ("openai", "gpt-6-luna")
        endpoint = self._broken() if breaks or self._is_alone else self._doubles.endpoint("healthy")
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

    @property
    def _is_alone(self) -> bool:
        """Whether what stands behind a model that speaks itself is the same vendor, and breaks with it."""
        return self.part == "talk" and not self.has_second

    def _voice(self) -> CachedVoice:
        breaks = self.part == "tts" or self._is_alone
        vendor, model = (self.vendor, self.model) if self.part == "tts" else SECONDS["tts"]
        if self._is_alone:
            vendor, model = VENDORS["tts"][-1]
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
        listener = AudioListener(
            self._ears(self.vendor, self.model, self._broken()),
            self._ears(*SECONDS["stt"], self._doubles.endpoint("second")) if self.has_second else None,
        )
        listener.open()
        return listener

    def _own_ears(self) -> AudioListener:
        """Those that hear where a model that speaks itself is lost."""
        if self._is_alone:
            return AudioListener(self._ears("openai", "gpt-live-transcribe", self._broken()))
        return AudioListener(self._ears(*SECONDS["stt"], self._doubles.endpoint("healthy")))

    @staticmethod
    def _ears(vendor: str, model: str, endpoint: Endpoint) -> Callable[[], SpeechToText]:
        return lambda: providers.stt(vendor, Hearing(model), endpoint)
