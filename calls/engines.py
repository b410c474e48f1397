"""The ways in which a call can be carried, each as what the conversation needs of it: an ear, a mouth and a line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from django.conf import settings

from agents.providers.ports import LanguageModel, ProviderError, ServedBy
from agents.spoken_languages import hears_several, missing
from agents.transports import REALTIME_VENDOR
from agents.versions import VersionSpec
from calls.conversation.languages import Languages
from calls.conversation.listening import AudioListener
from calls.conversation.playback import Playback
from calls.conversation.ports import Line, Listener, Screen, Speaker, TextLine
from calls.conversation.realtime_voice import RealtimeSpeaker
from calls.conversation.relay_line import RelayListener, RelaySpeaker
from calls.conversation.script import Script
from calls.conversation.session import Session
from calls.conversation.speaking import AudioSpeaker, Spawn
from calls.conversation.turn_taking import Interruption
from calls.equipment import Equipment, Mind, RealtimeEquipment, talking
from calls.journal import CallJournal
from calls.live.tap import Tap
from calls.recorder import SILENCE, RecordedLine, Recorder

OF_SOUND = ("heard_tokens", "heard_again_tokens", "spoken_tokens")
Report = Callable[[str, ProviderError], None]


class Engine(Protocol):
    """One way of carrying a call. Nothing here waits, but `finish`."""

    @property
    def name(self) -> str:
        """As the versions of agents name it."""
        ...

    @property
    def serves(self) -> Mapping[str, tuple[str, str]]:
        """Provider and model by part, where they are not those that the version names."""
        ...

    @property
    def has_failed(self) -> bool:
        """Whether the call had to be carried on in another way."""
        ...

    @property
    def is_refused(self) -> bool:
        """Whether that was for the settings or the key of this version, and says nothing of other calls."""
        ...

    @property
    def listener(self) -> Listener: ...

    @property
    def model(self) -> LanguageModel: ...

    @property
    def line(self) -> Screen: ...

    def report_to(self, report: Report) -> None:
        """Tell of every failure of a provider: the part and the error."""
        ...

    @property
    def has_spoken(self) -> bool:
        """Whether the caller may have heard anything of ours."""
        ...

    @property
    def tap(self) -> Tap | None:
        """Where the call can be listened to; None where it has no sound here."""
        ...

    def operator_ears(self) -> Listener | None:
        """What makes sense of a person who speaks in the agent's place; None where nobody can."""
        ...

    def speaker(self, spawn: Spawn) -> Speaker: ...

    def script(self, script: Script) -> Script:
        """The script as this way of carrying takes it."""
        ...

    @property
    def languages(self) -> Languages:
        """Those in which the call can be held."""
        ...

    @property
    def note(self) -> str:
        """What the model must know of this way of carrying; empty for nothing."""
        ...

    def attach(self, session: Session) -> None:
        """The conversation that it carries."""
        ...

    def begin(self) -> None: ...

    async def finish(self, journal: CallJournal) -> None:
        """Let go of everything, and write down what was used."""
        ...


class AudioEngine:
    """Media Streams: frames of sound both ways, and ears and a voice of our own."""

    name = "media_streams"
    serves: Mapping[str, tuple[str, str]] = {}
    has_failed: bool = False
    is_refused: bool = False

    def __init__(self, equipment: Equipment, line: Line, *, recording: str, earlier_ms: int) -> None:
        """`recording`: the file below RECORDINGS_DIR; empty where nothing is recorded."""
        now = asyncio.get_running_loop().time
        self._equipment, self._file = equipment, recording
        self._recorder = _recorder(recording, earlier_ms, now) if recording else None
        self.tap = Tap()
        self.line: Line = RecordedLine(line, self.tap, *([self._recorder] if self._recorder else []))
        self._operators: list[AudioListener] = []
        self._playback = Playback(self.line, now)
        self.listener: Listener = equipment.listener
        self.model: LanguageModel = equipment.model
        self.languages: Languages = equipment.languages
        self.hear: Callable[[bytes], None] = lambda frame: None

    @property
    def note(self) -> str:
        return self.languages.for_the_model()

    @property
    def has_spoken(self) -> bool:
        return self._playback.has_played

    def operator_ears(self) -> AudioListener:
        self._operators.append(self._equipment.more_ears())
        return self._operators[-1]

    def speaker(self, spawn: Spawn) -> AudioSpeaker:
        voice_in, language = self._equipment.voice_in, self.languages.current
        return AudioSpeaker(self._equipment.voice, self._playback, spawn, voice_in=voice_in, language=language)

    def report_to(self, report: Report) -> None:
        self._equipment.report_to(report)

    def script(self, script: Script) -> Script:
        return script

    def attach(self, session: Session) -> None:
        session.switching.on_language = self._equipment.goes_on_in
        recorder, tap = self._recorder, self.tap

        def hear(frame: bytes) -> None:
            kept = bytes([SILENCE]) * len(frame) if session.hides_keys else frame
            if tap.is_on:
                tap.heard(kept)
            if recorder is not None:
                recorder.heard(kept)
            session.hear(frame)

        self.hear = hear

    def begin(self) -> None:
        if self._recorder:
            self._recorder.start()

    async def finish(self, journal: CallJournal) -> None:
        await self._equipment.close()
        listener, spec = self._equipment.listener, self._equipment.spec
        by_second = listener.by_second_ms // 1000
        operators = sum(each.position_ms for each in self._operators)
        if seconds := (listener.position_ms + operators) // 1000 - by_second:
            journal.usage("stt", "seconds", seconds, by=ServedBy(spec.stt_provider, spec.stt_model))
        if by_second:
            second = ServedBy(spec.second_stt_provider, spec.second_stt_model)
            journal.usage("stt", "seconds", by_second, by=second)
        if self._recorder:
            journal.recorded(self._file, await self._recorder.finish())


class RealtimeEngine(AudioEngine):
    """OpenAI Realtime: one model hears, thinks and speaks; the fixed sentences are said by the version's own voice."""

    name = "openai_realtime"

    def __init__(self, equipment: RealtimeEquipment, line: Line, *, recording: str, earlier_ms: int) -> None:
        super().__init__(equipment, line, recording=recording, earlier_ms=earlier_ms)
        self._realtime, self._ears = equipment.line, equipment.ears
        self.listener = self._ears
        own = talking(equipment.spec)
        self.serves = {"llm": (REALTIME_VENDOR, own.model), "stt": (REALTIME_VENDOR, own.transcriber)}

    @property
    def has_failed(self) -> bool:  # type: ignore[override]
        return self._realtime.is_lost

    @property
    def is_refused(self) -> bool:  # type: ignore[override]
        return self._realtime.is_refused

    def speaker(self, spawn: Spawn) -> AudioSpeaker:
        return RealtimeSpeaker(
            self._equipment.voice,
            self._playback,
            spawn,
            speaks_itself=lambda: self._realtime.speaks,
            on_take=self._realtime.expect,
            voice_in=self._equipment.voice_in,
            language=self.languages.current,
        )

    def script(self, script: Script) -> Script:
        """It hears what was said: instead of guessing from words, it answers before they are written down."""
        without, translate = missing(self._equipment.spec), script.translate
        return replace(
            script,
            speculation=False,
            by_ear=script.speculation,
            translate=lambda language: {} if language in without else translate(language),
        )

    async def finish(self, journal: CallJournal) -> None:
        await super().finish(journal)
        if seconds := round(self._ears.voiced_ms / 1000):
            journal.usage("stt", "seconds", seconds)
        for unit, quantity in self._realtime.stopped.by_unit():
            if quantity and unit in OF_SOUND:  # what was read and written is estimated with the reply
                journal.usage("llm", unit, quantity)


class RelayEngine:
    """ConversationRelay: the carrier hears and speaks, and words go both ways."""

    name = "conversation_relay"
    tap = None
    serves: Mapping[str, tuple[str, str]] = {"relay": ("twilio", "ConversationRelay")}
    has_failed = is_refused = False

    def __init__(self, mind: Mind, line: TextLine, *, greeted: bool) -> None:
        self._mind, self._began = mind, asyncio.get_running_loop().time()
        self.line: TextLine = line
        self.languages = mind.languages
        self.listener = RelayListener(several=bool(relayed_languages(mind.spec)))
        self.voice = RelaySpeaker(line, self.languages, greeted=greeted, several=self.listener.several)
        self.model: LanguageModel = mind.model
        self._session: Session | None = None

    @property
    def note(self) -> str:
        return self.languages.for_the_model()

    @property
    def has_spoken(self) -> bool:
        return self.voice.has_spoken

    def operator_ears(self) -> None:
        """No sound comes this way."""

    def speaker(self, spawn: Spawn) -> RelaySpeaker:
        return self.voice

    def report_to(self, report: Report) -> None:
        self._mind.report_to(report)

    def script(self, script: Script) -> Script:
        """The carrier decides when a voice interrupts; so many words it does not count."""
        off = script.policy.interruption is Interruption.OFF
        policy = replace(script.policy, interruption=Interruption.OFF if off else Interruption.VOICE)
        return replace(script, policy=policy, interruption_s=None)

    def attach(self, session: Session) -> None:
        self._session = session
        session.switching.on_language = self._mind.goes_on_in

    def begin(self) -> None:
        """Nothing to start: the carrier has."""

    def interrupted(self, heard: str, after_ms: int) -> None:
        """The carrier has silenced the agent; `heard` is what it had said."""
        if self.voice.interrupted(heard, after_ms) and self._session is not None:
            self.listener.interrupts()
            self._session.silenced()

    async def finish(self, journal: CallJournal) -> None:
        await self._mind.close()
        if seconds := round(asyncio.get_running_loop().time() - self._began):
            journal.usage("relay", "seconds", seconds)


def relayed_languages(spec: VersionSpec) -> tuple[str, ...]:
    """The languages that the carrier's ears understand at once: its Deepgram has a Nova for that; empty for one."""
    ears = spec.transport_options.get("transcription_provider", spec.stt_provider)
    is_nova = str(ears).lower() == "deepgram" and spec.stt_provider == "deepgram" and spec.stt_model == "nova-3"
    return hears_several(spec) if is_nova else ()


def _recorder(file: str, earlier_ms: int, now: Callable[[], float]) -> Recorder:
    return Recorder(Path(settings.RECORDINGS_DIR) / file, earlier_ms=earlier_ms, now=now)
