"""What one call works with: recogniser, model and voice as its version names them, opened while the phone rings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog
from django.conf import settings

from agentos.tenants.credentials import NO_KEYS, VendorKeys
from agents import providers
from agents.endpoints import endpoint, whose_voice
from agents.providers.fallback import FallbackLanguageModel, FallbackTextToSpeech
from agents.providers.ports import (
    Hearing,
    LanguageModel,
    ProviderError,
    ServedBy,
    SpeechToText,
    TextToSpeech,
    Thinking,
    Voice,
)
from agents.providers.realtime.ports import Talking
from agents.providers.speech_cache import CachedVoice, SpeechCache
from agents.transports import (
    ELEVENLABS_NATIVE,
    NATIVE_VENDOR,
    OPENAI_REALTIME,
    REALTIME_MODEL,
    REALTIME_TRANSCRIBER,
    REALTIME_VENDOR,
    REALTIME_VOICE,
)
from agents.versions import VersionSpec
from calls.conversation.listening import AudioListener
from calls.conversation.realtime_line import RealtimeLine, RealtimeListener
from calls.knowing import KnowingModel, Knowledge
from calls.lineup import Lineup
from calls.scripts import CallTexts
from calls.tools.searching import looks_up_each_turn

# How long nothing may come of a model or a voice that has a second behind it, and of one that has none; and between.
FIRST_TOKEN_S, LAST_FIRST_TOKEN_S, TOKEN_GAP_S = 1.5, 2.5, 2.0
FIRST_SOUND_S, LAST_FIRST_SOUND_S, SOUND_GAP_S = 1.0, 2.0, 2.0

log = structlog.get_logger(__name__)
speech_cache = SpeechCache(settings.SPEECH_CACHE_DIR)


class Mind:
    """The model of a call, which it needs however it is carried. Opened in the background."""

    def __init__(self, lineup: Lineup, keys: VendorKeys = NO_KEYS, knowledge: Knowledge | None = None) -> None:
        self._lineup, self._keys, self._knowledge = lineup, keys, knowledge
        self.spec = spec = lineup.spec
        self._early: list[tuple[str, ProviderError]] = []
        self._report: Callable[[str, ProviderError], None] = lambda part, error: self._early.append((part, error))
        model: LanguageModel = FallbackLanguageModel(
            language_model(spec.llm_provider, spec.llm_model, spec.llm_options, keys),
            language_model(spec.second_llm_provider, spec.second_llm_model, {}, keys)
            if spec.second_llm_provider
            else None,
            first_s=FIRST_TOKEN_S,
            last_s=LAST_FIRST_TOKEN_S,
            hedge_s=spec.hedge_after_ms / 1000 if spec.hedging else None,
            gap_s=TOKEN_GAP_S,
            on_failure=lambda error: self._report("llm", error),
            second_name=ServedBy(spec.second_llm_provider, spec.second_llm_model),
            on_outcome=lineup.on_outcome("llm"),
        )
        model = self._voiced(model)
        each_turn = knowledge and looks_up_each_turn(spec.tools)
        self.model = KnowingModel(model, knowledge) if knowledge and each_turn else model
        self._tasks: list[asyncio.Task[Any]] = []

    def _voiced(self, model: LanguageModel) -> LanguageModel:
        """The model as this way of carrying calls uses it."""
        return model

    def report_to(self, report: Callable[[str, ProviderError], None]) -> None:
        """Tell of every failure, also of those while the phone was ringing: the part and the error."""
        early, self._early, self._report = self._early, [], report
        for part, error in early:
            report(part, error)

    def open(self, texts: CallTexts) -> None:
        """Get ready for a call with these texts; returns at once."""
        self._tasks.append(asyncio.ensure_future(self.model.warm()))
        if self._knowledge is not None:
            self._knowledge.open()

    async def close(self) -> None:
        """Let go of everything. Safe to repeat."""
        if self._knowledge is not None:
            self._knowledge.close()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


class Equipment(Mind):
    """With ears and a voice of our own; a part that cannot be opened is tried again when it is needed."""

    def __init__(self, lineup: Lineup, keys: VendorKeys = NO_KEYS, knowledge: Knowledge | None = None) -> None:
        super().__init__(lineup, keys, knowledge)
        spec = lineup.spec
        self.listener = AudioListener(
            lambda: recogniser(spec, keys),
            (lambda: second_recogniser(spec, keys)) if spec.second_stt_provider else None,
            lineup.on_outcome("stt"),
        )
        place = endpoint(spec.tts_provider, keys)
        own = providers.tts(spec.tts_provider, main_voice(spec), place)
        whose = whose_voice(spec.tts_provider, place)
        self.voice = CachedVoice(self._voices(own), speech_cache, whose, main_voice(spec), own=own)

    def open(self, texts: CallTexts) -> None:
        """Connect everything, and synthesize what is not there yet, for this call first; returns at once."""
        self.open_ears()
        unspoken = self.voice.prepare(texts.fixed())
        self._tasks.append(asyncio.ensure_future(self._open_voice(unspoken, texts.personal())))
        super().open(texts)

    def open_ears(self) -> None:
        """Connect what hears the caller; returns at once."""
        self.listener.open()

    def more_ears(self) -> AudioListener:
        """Ears for one more voice in the call."""
        return AudioListener(lambda: recogniser(self.spec, self._keys))

    async def close(self) -> None:
        await super().close()
        await self.listener.close()
        await self.voice.close()

    async def _open_voice(self, unspoken: list[str], personal: list[str]) -> None:
        try:
            await self.voice.open()
            for text in personal:
                await self.voice.fill_personal(text)
            for text in unspoken:
                await self.voice.fill(text)
        except ProviderError as error:
            log.warning("the voice cannot be opened yet", provider=error.provider, code=error.code)
            self._report("tts", error)

    def _voices(self, own: TextToSpeech) -> TextToSpeech:
        spec = self.spec
        second = None
        if spec.second_tts_provider:
            other = Voice(spec.second_tts_model, spec.second_tts_voice, spec.language, {})
            second = providers.tts(spec.second_tts_provider, other, endpoint(spec.second_tts_provider, self._keys))
        return FallbackTextToSpeech(
            own,
            second,
            first_s=FIRST_SOUND_S,
            last_s=LAST_FIRST_SOUND_S,
            gap_s=SOUND_GAP_S,
            on_failure=lambda error: self._report("tts", error),
            second_name=ServedBy(spec.second_tts_provider, spec.second_tts_model),
            on_outcome=self._lineup.on_outcome("tts"),
        )


class RealtimeEquipment(Equipment):
    """With a model that hears and speaks itself. The rest is there for the fixed sentences, and for when it is lost."""

    line: RealtimeLine

    def __init__(self, lineup: Lineup, keys: VendorKeys = NO_KEYS, knowledge: Knowledge | None = None) -> None:
        super().__init__(lineup, keys, knowledge)
        self.ears = RealtimeListener(self.line, self.listener)
        # Passages are looked up for words, and those are not written down yet when the model could begin.
        self.ears.answers_ahead = lambda: (
            not isinstance(self.model, KnowingModel) or bool(knowledge and knowledge.is_empty)
        )

    def _voiced(self, model: LanguageModel) -> LanguageModel:
        spec = self.spec
        talk = providers.realtime(REALTIME_VENDOR, talking(spec), endpoint(REALTIME_VENDOR, self._keys))
        self.line = RealtimeLine(talk, model, ServedBy(spec.llm_provider, spec.llm_model))
        return self.line

    def open_ears(self) -> None:
        self.line.open()

    async def close(self) -> None:
        await super().close()
        await self.line.close()


def talking(spec: VersionSpec) -> Talking:
    """How the version's model that hears and speaks is to talk."""
    options = spec.transport_options
    return Talking(
        model=str(options.get("realtime_model", REALTIME_MODEL)),
        voice=str(options.get("realtime_voice", REALTIME_VOICE)),
        transcriber=REALTIME_TRANSCRIBER,
        language=spec.language,
        keyterms=tuple(spec.keyterms),
        endpointing_ms=spec.endpointing_ms,
    )


def can_carry_sound(spec: VersionSpec, keys: VendorKeys) -> bool:
    """Whether we could hear and speak ourselves in a call of this version."""
    ears, voice = endpoint(spec.stt_provider, keys, hears=True), endpoint(spec.tts_provider, keys)
    places = ((spec.stt_provider, ears), (spec.tts_provider, voice))
    return all(place.api_key for provider, place in places if provider != "offline")


def has_key_for(spec: VersionSpec, keys: VendorKeys) -> bool:
    """Whether the way of carrying that the version names can be used: some of them need a key."""
    vendors: dict[str, str] = {OPENAI_REALTIME: REALTIME_VENDOR, ELEVENLABS_NATIVE: NATIVE_VENDOR}
    vendor = vendors.get(spec.transport)
    return vendor is None or bool(endpoint(vendor, keys).api_key)


def recogniser(spec: VersionSpec, keys: VendorKeys = NO_KEYS) -> SpeechToText:
    hearing = _hearing(spec, spec.stt_model, spec.stt_options)
    return providers.stt(spec.stt_provider, hearing, endpoint(spec.stt_provider, keys, hears=True))


def second_recogniser(spec: VersionSpec, keys: VendorKeys = NO_KEYS) -> SpeechToText:
    hearing = _hearing(spec, spec.second_stt_model, {})
    return providers.stt(spec.second_stt_provider, hearing, endpoint(spec.second_stt_provider, keys, hears=True))


def _hearing(spec: VersionSpec, model: str, options: dict[str, Any]) -> Hearing:
    return Hearing(
        model=model,
        language=spec.language,
        keyterms=tuple(spec.keyterms),
        endpointing_ms=spec.endpointing_ms,
        eager=spec.speculation,
        options=options,
    )


def language_model(provider: str, model: str, options: dict[str, Any], keys: VendorKeys = NO_KEYS) -> LanguageModel:
    rest = {name: value for name, value in options.items() if name != "max_tokens"}
    thinking = Thinking(model=model, max_tokens=int(options.get("max_tokens", 300)), options=rest)
    return providers.llm(provider, thinking, endpoint(provider, keys))


def main_voice(spec: VersionSpec) -> Voice:
    return Voice(spec.tts_model, spec.tts_voice, spec.language, spec.tts_options)


async def synthesize_fixed(spec: VersionSpec, texts: list[str], keys: VendorKeys = NO_KEYS) -> int:
    """Bring the fixed sentences of a version into the cache; returns how many were missing. Raises ProviderError."""
    place = endpoint(spec.tts_provider, keys)
    own = providers.tts(spec.tts_provider, main_voice(spec), place)
    voice = CachedVoice(own, speech_cache, whose_voice(spec.tts_provider, place), main_voice(spec))
    missing = voice.prepare(texts)
    try:
        for text in missing:
            await voice.fill(text)
    finally:
        with suppress(ProviderError):
            await voice.close()
    return len(missing)
