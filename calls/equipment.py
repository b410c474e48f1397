"""What one call works with: recogniser, model and voice as its version names them, opened while the phone rings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any

import structlog
from django.conf import settings

from agentos.tenants.credentials import NO_KEYS, VendorKeys
from agents import providers
from agents.catalog import SEVERAL
from agents.endpoints import endpoint, whose_voice
from agents.providers.fallback import FallbackLanguageModel, FallbackTextToSpeech
from agents.providers.ports import (
    Endpoint,
    Hearing,
    LanguageModel,
    ProviderError,
    ServedBy,
    Speech,
    SpeechToText,
    TextToSpeech,
    Thinking,
    Voice,
)
from agents.providers.realtime.ports import Talking
from agents.providers.speech_cache import CachedVoice, SpeechCache
from agents.spoken_languages import (
    EARS,
    ears_for,
    hears_several,
    missing,
    named_voice,
    voices_for,
    wished,
)
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
from calls.conversation.languages import Languages
from calls.conversation.listening import AudioListener
from calls.conversation.realtime_line import RealtimeLine, RealtimeListener
from calls.knowing import KnowingModel, Knowledge
from calls.lineup import Lineup
from calls.scripts import CallTexts, spoken_texts
from calls.tools.searching import looks_up_each_turn

# How long nothing may come of a model or a voice that has a second behind it, and of one that has none; and between.
FIRST_TOKEN_S, LAST_FIRST_TOKEN_S, TOKEN_GAP_S = 1.5, 2.5, 2.0
FIRST_SOUND_S, LAST_FIRST_SOUND_S, SOUND_GAP_S = 1.0, 2.0, 2.0

log = structlog.get_logger(__name__)
speech_cache = SpeechCache(settings.SPEECH_CACHE_DIR)
SECOND = "second_tts"


class Mind:
    """The model of a call, which it needs however it is carried. Opened in the background.

    `language`: the one in which another process has held the call before.
    """

    def __init__(
        self, lineup: Lineup, keys: VendorKeys = NO_KEYS, knowledge: Knowledge | None = None, language: str = ""
    ) -> None:
        self._lineup, self._keys, self._knowledge = lineup, keys, knowledge
        self.spec = spec = lineup.spec
        self.languages = self._languages()
        self.languages.current = self.languages.find(language) or self.languages.own
        if knowledge is not None:
            knowledge.language = self.languages.current
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

    def _languages(self) -> Languages:
        """Somebody else hears and speaks, and knows them all."""
        own, *others = wished(self.spec)
        return Languages(own, tuple(others))

    def goes_on_in(self, language: str) -> None:
        """The call is held in another language."""
        if self._knowledge is not None:
            self._knowledge.language = language

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

    def __init__(
        self, lineup: Lineup, keys: VendorKeys = NO_KEYS, knowledge: Knowledge | None = None, language: str = ""
    ) -> None:
        super().__init__(lineup, keys, knowledge, language)
        spec = lineup.spec
        self.listener = AudioListener(
            lambda: recogniser(spec, keys, self.languages.current),
            (lambda: second_recogniser(spec, keys, self.languages.current)) if spec.second_stt_provider else None,
            lineup.on_outcome("stt"),
            knows=lambda ear: EARS[ear] in ears_for(spec, self.languages.current),
            polyglots=(0,) if hears_several(spec) else (),
        )
        self.voice = self._voice(spec.language)
        self._voices = {spec.language: self.voice}
        self._texts: CallTexts | None = None

    def _languages(self) -> Languages:
        own, *others = wished(self.spec)
        without = missing(self.spec)
        return Languages(own, tuple(each for each in others if each not in without), without)

    def open(self, texts: CallTexts) -> None:
        """Connect everything, and synthesize what is not there yet, for this call first; returns at once."""
        self._texts = texts
        self.open_ears()
        unspoken = self.voice.prepare(texts.fixed())
        self._tasks.append(asyncio.ensure_future(self._open_voice(unspoken, texts.personal())))
        super().open(texts)

    def open_ears(self) -> None:
        """Connect what hears the caller; returns at once."""
        self.listener.open()

    def more_ears(self) -> AudioListener:
        """Ears for one more voice in the call: a person of the business, who speaks its language."""
        return AudioListener(lambda: recogniser(self.spec, self._keys, self.spec.language))

    def voice_in(self, wish: str) -> CachedVoice:
        """The voice for a language; the one that is heard now where it cannot be spoken."""
        language = self.languages.find(wish) or self.languages.current
        if language not in self._voices:
            self._voices[language] = self._voice(language)
        return self._voices[language]

    def goes_on_in(self, language: str) -> None:
        """What is said without thinking is made in the background."""
        super().goes_on_in(language)
        if self._texts is not None and language != self.spec.language:
            voice = self.voice_in(language)
            unspoken = voice.prepare(spoken_texts(self._texts.sentences_in(language)))
            self._tasks.append(asyncio.ensure_future(self._open_voice(unspoken, [], voice)))

    async def close(self) -> None:
        await super().close()
        await self.listener.close()
        await asyncio.gather(*(voice.close() for voice in self._voices.values()))

    async def _open_voice(self, unspoken: list[str], personal: list[str], voice: CachedVoice | None = None) -> None:
        voice = voice or self.voice
        try:
            await voice.open()
            for text in personal:
                await voice.fill_personal(text)
            for text in unspoken:
                await voice.fill(text)
        except ProviderError as error:
            log.warning("the voice cannot be opened yet", provider=error.provider, code=error.code)
            self._report("tts", error)

    def _voice(self, language: str) -> CachedVoice:
        """Of those whom the version names, the first who speaks it; where both do, the second stands by."""
        named = voices_for(self.spec, language)
        if "tts" not in named and named:
            name = ServedBy(self.spec.second_tts_provider, self.spec.second_tts_model)
            voice = NamedVoice(self._second(language), name)
            whose = whose_voice(self.spec.second_tts_provider, self._place(SECOND))
            return CachedVoice(voice, speech_cache, whose, second_voice(self.spec, language))
        main, place = main_voice(self.spec, language), self._place("tts")
        own, whose = providers.tts(self.spec.tts_provider, main, place), whose_voice(self.spec.tts_provider, place)
        second = self._second(language) if SECOND in named else None
        return CachedVoice(self._with_second(own, second), speech_cache, whose, main, own=own)

    def _second(self, language: str) -> TextToSpeech:
        voice = second_voice(self.spec, language)
        return providers.tts(self.spec.second_tts_provider, voice, self._place(SECOND))

    def _place(self, role: str) -> Endpoint:
        return endpoint(getattr(self.spec, f"{role}_provider"), self._keys)

    def _with_second(self, own: TextToSpeech, second: TextToSpeech | None) -> TextToSpeech:
        spec = self.spec
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


class NamedVoice:
    """A voice that says whose it is, because it is not the first choice's."""

    def __init__(self, voice: TextToSpeech, name: ServedBy) -> None:
        self._voice, self._name = voice, name

    async def open(self) -> None:
        await self._voice.open()

    async def speak(self, piece: str) -> AsyncGenerator[Speech, None]:
        """As TextToSpeech."""
        async with aclosing(self._voice.speak(piece)) as sounds:
            async for speech in sounds:
                yield replace(speech, served_by=self._name)

    async def close(self) -> None:
        await self._voice.close()


class RealtimeEquipment(Equipment):
    """With a model that hears and speaks itself. The rest is there for the fixed sentences, and for when it is lost."""

    line: RealtimeLine

    def __init__(
        self, lineup: Lineup, keys: VendorKeys = NO_KEYS, knowledge: Knowledge | None = None, language: str = ""
    ) -> None:
        super().__init__(lineup, keys, knowledge, language)
        self.ears = RealtimeListener(self.line, self.listener)
        # Passages are looked up for words, and those are not written down yet when the model could begin.
        self.ears.answers_ahead = lambda: (
            not isinstance(self.model, KnowingModel) or bool(knowledge and knowledge.is_empty)
        )

    def _voiced(self, model: LanguageModel) -> LanguageModel:
        spec = self.spec
        talk = providers.realtime(
            REALTIME_VENDOR, talking(spec, self.languages.current), endpoint(REALTIME_VENDOR, self._keys)
        )
        self.line = RealtimeLine(talk, model, ServedBy(spec.llm_provider, spec.llm_model), self.languages)
        return self.line

    def _languages(self) -> Languages:
        """The model hears and speaks them all; the fixed sentences are said in those of the version's own voice."""
        own, *others = wished(self.spec)
        return Languages(own, tuple(others))

    def open_ears(self) -> None:
        self.line.open()

    async def close(self) -> None:
        await super().close()
        await self.line.close()


def talking(spec: VersionSpec, language: str = "") -> Talking:
    """How the version's model that hears and speaks is to talk; without a `language`, in the version's own."""
    options = spec.transport_options
    return Talking(
        model=str(options.get("realtime_model", REALTIME_MODEL)),
        voice=str(options.get("realtime_voice", REALTIME_VOICE)),
        transcriber=REALTIME_TRANSCRIBER,
        language=language or spec.language,
        keyterms=tuple(spec.keyterms),
        endpointing_ms=spec.endpointing_ms,
        several=wished(spec),
    )


def has_key_for(spec: VersionSpec, keys: VendorKeys) -> bool:
    """Whether the way of carrying that the version names can be used: some of them need a key."""
    vendors: dict[str, str] = {OPENAI_REALTIME: REALTIME_VENDOR, ELEVENLABS_NATIVE: NATIVE_VENDOR}
    vendor = vendors.get(spec.transport)
    return vendor is None or bool(endpoint(vendor, keys).api_key)


def recogniser(spec: VersionSpec, keys: VendorKeys, language: str) -> SpeechToText:
    hearing = replace(_hearing(spec, spec.stt_model, spec.stt_options, language), several=hears_several(spec))
    return providers.stt(spec.stt_provider, hearing, endpoint(spec.stt_provider, keys, hears=True))


def second_recogniser(spec: VersionSpec, keys: VendorKeys, language: str) -> SpeechToText:
    hearing = _hearing(spec, spec.second_stt_model, {}, language)
    return providers.stt(spec.second_stt_provider, hearing, endpoint(spec.second_stt_provider, keys, hears=True))


def _hearing(spec: VersionSpec, model: str, options: dict[str, Any], language: str) -> Hearing:
    return Hearing(
        model=model,
        language=language,
        keyterms=tuple(spec.keyterms),
        endpointing_ms=spec.endpointing_ms,
        eager=spec.speculation,
        options={name: value for name, value in options.items() if name != SEVERAL},
    )


def language_model(provider: str, model: str, options: dict[str, Any], keys: VendorKeys = NO_KEYS) -> LanguageModel:
    rest = {name: value for name, value in options.items() if name != "max_tokens"}
    thinking = Thinking(model=model, max_tokens=int(options.get("max_tokens", 300)), options=rest)
    return providers.llm(provider, thinking, endpoint(provider, keys))


def main_voice(spec: VersionSpec, language: str = "") -> Voice:
    """The version's own voice, or the one that it names for another language."""
    language = language or spec.language
    voice = named_voice(spec.other_languages, language) or spec.tts_voice
    return Voice(spec.tts_model, voice, language, spec.tts_options)


def second_voice(spec: VersionSpec, language: str) -> Voice:
    return Voice(spec.second_tts_model, spec.second_tts_voice, language, {})


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
