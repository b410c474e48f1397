"""What is on offer: providers, their models, voices, options and languages. Data, checked by hand on 2026-11-21."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from agents.offers import Model, Provider, Voice, choice, flag, number, whole


class Kind(StrEnum):
    """What a provider does in a call."""

    STT = "stt"
    LLM = "llm"
    TTS = "tts"


ENGLISH = frozenset({"en"})
FLUX_LANGUAGES = frozenset({"en", "es", "fr", "de", "hi", "ru", "pt", "ja", "it", "nl"})
ESPEAK_LANGUAGES = frozenset({"en", "es", "fr", "de", "it", "pt", "nl", "pl", "sv", "da"})
SEVERAL = "several_languages"  # the setting of a transcriber that understands them at once
UNDERSTANDS_ALL = "Understand all of the agent's languages at once"
MODEL_NAME = r"[\w.:/@+-]{1,80}"
_FLUX = r"flux-.*"
_NOVA = r"nova-.*"
_POLYGLOTS = r"nova-3(-general)?|flux-.*-multi"
_REASONING = r"gpt-[5-9].*"
_LISTED_LANGUAGES = r"gpt-(live-)?transcribe"
_WHISPER = r"(?!gpt-).*"
AURA_LANGUAGES = frozenset({"en", "es", "nl", "fr", "de", "it", "ja"})
AURA_VOICES = (
    ("thalia-en", "Thalia, clear, American"),
    ("andromeda-en", "Andromeda, casual, American"),
    ("helena-en", "Helena, caring, American"),
    ("apollo-en", "Apollo, confident, American"),
    ("arcas-en", "Arcas, natural, American"),
    ("draco-en", "Draco, warm, British"),
    ("pandora-en", "Pandora, smooth, British"),
    ("hyperion-en", "Hyperion, caring, Australian"),
    ("celeste-es", "Celeste, clear, Colombian Spanish"),
    ("nestor-es", "Nestor, calm, Peninsular Spanish"),
)
OPENAI_VOICES = (
    ("Alloy", "neutral"),
    ("Ash", "clear"),
    ("Coral", "friendly"),
    ("Echo", "calm"),
    ("Fable", "warm"),
    ("Nova", "bright"),
    ("Onyx", "deep"),
    ("Sage", "gentle"),
    ("Shimmer", "light"),
)

PATIENT = "Higher waits longer and cuts off less."
EAGER = "Lower begins sooner and drops more replies. At most the certainty above."
NOISE = "Where noise hides the silence."
WRITTEN_DOWN = "A caller who speaks another one of them is written down in it, and the model goes over to it."
AT_ONCE = "A caller who simply speaks another one of them is answered in it."
HOLDS_BACK = "May hold back the end of a turn."
SILENT = "Every step of it is silence for the caller."
EFFORTS = (("none", "None, for phone calls"), ("minimal", "Minimal"), ("low", "Low"), ("medium", "Medium"))
LENGTHS = (("low", "Short"), ("medium", "Medium"), ("high", "Long"))
TIERS = (("default", "Standard"), ("fast", "Fast, at twice the price"), ("flex", "Flex, slow and cheap"))
THINKING = (("disabled", "None, for phone calls"), ("adaptive", "As the model sees fit"))
CLAUDE_TIERS = (("auto", "Reserved capacity where there is some"), ("standard_only", "Standard"))

OWN_NAME = "Own server"
OFFLINE_NAME = "Offline (no key, for trying out)"

# The name that servers with one model take for it. Where one lists its models, the first of them is the default.
ANY_MODEL = Model("default", "The one that it runs")

LANGUAGES: Mapping[str, str] = {
    "en-US": "English (United States)",
    "en-GB": "English (United Kingdom)",
    "en-AU": "English (Australia)",
    "en-IN": "English (India)",
    "es": "Spanish",
    "es-419": "Spanish (Latin America)",
    "fr": "French",
    "fr-CA": "French (Canada)",
    "de": "German",
    "it": "Italian",
    "pt-BR": "Portuguese (Brazil)",
    "pt-PT": "Portuguese (Portugal)",
    "nl": "Dutch",
    "sv": "Swedish",
    "da": "Danish",
    "no": "Norwegian",
    "pl": "Polish",
    "tr": "Turkish",
    "hi": "Hindi",
    "ja": "Japanese",
    "ko": "Korean",
    "ru": "Russian",
}

STT = (
    Provider(
        "deepgram",
        "Deepgram",
        models=(
            Model("nova-3", "Nova 3, most languages"),
            Model("nova-3-medical", "Nova 3 Medical, English", ENGLISH),
            Model("flux-general-en", "Flux, English", ENGLISH),
            Model("flux-general-multi", "Flux, ten languages", FLUX_LANGUAGES),
            Model("nova-2-phonecall", "Nova 2 Phone, English", ENGLISH),
        ),
        custom_models=r"(nova|flux)-[a-z0-9-]{1,60}",
        options=(
            number("eot_threshold", "Certainty that the caller has finished", 0.7, 0.5, 1.0, PATIENT, models=_FLUX),
            number("eager_eot_threshold", "Certainty to begin a reply early", 0.4, 0.3, 0.9, EAGER, models=_FLUX),
            whole("eot_timeout_ms", "Longest pause within a turn, ms", 5000, 500, 60_000, models=_FLUX),
            whole(
                "utterance_end_ms", "Pause between words that ends a turn, ms", 1000, 1000, 5000, NOISE, models=_NOVA
            ),
            flag(SEVERAL, UNDERSTANDS_ALL, AT_ONCE, models=_POLYGLOTS),
            flag("smart_format", "Format dates, amounts and addresses", hint=HOLDS_BACK, models=_NOVA),
            flag("profanity_filter", "Hide swear words in transcripts"),
            flag("mip_opt_out", "Keep audio out of the vendor's training", hint="Costs more."),
        ),
        aliases=(("flux", "flux-general-en"), ("nova", "nova-3")),
    ),
    Provider(
        "openai",
        "OpenAI",
        models=(
            Model("gpt-live-transcribe", "GPT Live Transcribe, words while the caller speaks"),
            Model("gpt-transcribe", "GPT Transcribe, a stretch of voice at a time"),
            Model("gpt-4o-mini-transcribe", "GPT-4o mini Transcribe", retires="2027-02-26"),
            Model("whisper-1", "Whisper", retires="2027-02-26"),
        ),
        custom_models=MODEL_NAME,
        options=(
            flag(SEVERAL, UNDERSTANDS_ALL, WRITTEN_DOWN, models=_LISTED_LANGUAGES),
            number("temperature", "Variety", None, 0, 1, "0 writes what is most likely.", models=_WHISPER),
        ),
        aliases=(("whisper", "whisper-1"),),
    ),
    Provider(
        "own_ears",
        OWN_NAME,
        models=(ANY_MODEL,),
        needs_address=True,
        custom_models=MODEL_NAME,
        options=(number("temperature", "Variety", None, 0, 1, "0 writes what is most likely."),),
    ),
    Provider("offline", OFFLINE_NAME, models=(Model("offline", "Built-in, English", ENGLISH),), needs_key=False),
)

LLM = (
    Provider(
        "openai",
        "OpenAI",
        models=(
            Model("gpt-6-luna", "GPT-6 Luna, fastest"),
            Model("gpt-6-sol", "GPT-6 Sol, balanced"),
            Model("gpt-6.1-sol", "GPT-6.1 Sol, balanced"),
            Model("gpt-6.1-terra", "GPT-6.1 Terra, careful"),
            Model("gpt-6-astra", "GPT-6 Astra, most careful"),
            Model("gpt-5.4-mini", "GPT-5.4 mini"),
            Model("gpt-5.4-nano", "GPT-5.4 nano", retires="2027-04-01"),
        ),
        custom_models=MODEL_NAME,
        options=(
            number("temperature", "Variety", None, 0, 2, "0 says the same thing each time."),
            choice("reasoning_effort", "Thinking before the answer", "none", EFFORTS, SILENT, models=_REASONING),
            choice("verbosity", "Length of answers", None, LENGTHS, models=_REASONING),
            choice("service_tier", "Priority at the vendor", None, TIERS, models=_REASONING),
        ),
    ),
    Provider(
        "anthropic",
        "Anthropic",
        models=(
            Model("claude-haiku-5-5", "Claude Haiku 5.5, fastest"),
            Model("claude-sonnet-5-5", "Claude Sonnet 5.5, balanced"),
            Model("claude-opus-5-5", "Claude Opus 5.5, most careful"),
        ),
        custom_models=r"claude-[a-z0-9.-]{1,60}",
        options=(
            choice("thinking", "Thinking before the answer", "disabled", THINKING, SILENT),
            choice("service_tier", "Priority at the vendor", None, CLAUDE_TIERS),
        ),
        aliases=(("haiku", "claude-haiku-5-5"), ("sonnet", "claude-sonnet-5-5"), ("opus", "claude-opus-5-5")),
    ),
    Provider(
        "own_model",
        OWN_NAME,
        models=(ANY_MODEL,),
        needs_address=True,
        custom_models=MODEL_NAME,
        options=(number("temperature", "Variety", None, 0, 2, "0 says the same thing each time."),),
    ),
    Provider(
        "offline", OFFLINE_NAME, models=(Model("offline", "Receptionist by rules, English", ENGLISH),), needs_key=False
    ),
)

TTS = (
    Provider(
        "elevenlabs",
        "ElevenLabs",
        models=(
            Model("eleven_flash_v2_5", "Flash 2.5, fastest, 32 languages"),
            Model("eleven_flash_v2", "Flash 2, English", ENGLISH),
            Model("eleven_turbo_v2_5", "Turbo 2.5"),
            Model("eleven_multilingual_v2", "Multilingual 2, fuller and slower"),
        ),
        custom_models=r"eleven_[a-z0-9_]{1,60}",
        voices=(
            Voice("EXAVITQu4vr4xnSDxMaL", "Sarah, reassuring, American"),
            Voice("XrExE9yKIg1WjnnlVkGX", "Matilda, professional, American"),
            Voice("cgSgspJ2msm6clMCkdW9", "Jessica, bright, American"),
            Voice("SAz9YHcvj6GT2YYXdXww", "River, relaxed, American"),
            Voice("cjVigY5qzO86Huf0OWal", "Eric, smooth, American"),
            Voice("nPczCjzI2devNBz1zQrb", "Brian, deep, American"),
            Voice("Xb7hH8MSUJpSbSDYk0k2", "Alice, clear, British"),
            Voice("JBFqnCBsd6RMkjVDRZzb", "George, warm, British"),
            Voice("IKne3meq5aSn9XLyUdCD", "Charlie, lively, Australian"),
        ),
        custom_voices=r"[A-Za-z0-9]{1,80}",
        options=(
            number("speed", "Pace", 1.0, 0.7, 1.2, "1 is the voice's own pace."),
            number("stability", "Steadiness", None, 0, 1, "Empty: as the voice was made. Lower is livelier."),
            number("similarity_boost", "Likeness to the original voice", None, 0, 1, "Empty: as the voice was made."),
        ),
    ),
    Provider(
        "deepgram",
        "Deepgram",
        models=(Model("aura-2", "Aura 2", AURA_LANGUAGES),),
        voices=tuple(Voice(f"aura-2-{name}", label) for name, label in AURA_VOICES),
        custom_voices=r"aura-[a-z0-9-]{2,60}",
        options=(
            number("speed", "Pace", 1.0, 0.7, 1.5, "1 is the voice's own pace."),
            flag("mip_opt_out", "Keep text out of the vendor's training", hint="Costs more."),
        ),
    ),
    Provider(
        "openai",
        "OpenAI",
        models=(
            Model("gpt-4o-mini-tts", "GPT-4o mini TTS", retires="2027-01-06"),
            Model("tts-1", "TTS 1, fastest", retires="2027-01-06"),
            Model("tts-1-hd", "TTS 1 HD, fuller and slower", retires="2027-01-06"),
        ),
        custom_models=MODEL_NAME,
        voices=tuple(Voice(name.lower(), f"{name}, {sound}") for name, sound in OPENAI_VOICES),
        custom_voices=r"[\w.+-]{1,80}",
        options=(number("speed", "Pace", 1.0, 0.7, 1.5, "1 is the voice's own pace.", models=r"(?!gpt-).*"),),
    ),
    Provider(
        "own_voice",
        OWN_NAME,
        models=(ANY_MODEL,),
        needs_address=True,
        custom_models=MODEL_NAME,
        voices=(Voice("alloy", "Alloy, as the server understands it"),),
        custom_voices=r"[\w.+-]{1,80}",
        options=(number("speed", "Pace", 1.0, 0.7, 1.5, "1 is the voice's own pace."),),
    ),
    Provider(
        "offline",
        OFFLINE_NAME,
        models=(Model("offline", "Built-in", ESPEAK_LANGUAGES),),
        needs_key=False,
        voices=(
            Voice("en-us", "American"),
            Voice("en-us+f3", "American, lighter"),
            Voice("en", "British"),
            Voice("en-gb-scotland", "Scottish"),
            Voice("en-029", "Caribbean"),
        ),
        options=(number("speed", "Pace", 1.0, 0.5, 1.8, "1 is 165 words a minute."),),
    ),
)

PROVIDERS: Mapping[Kind, tuple[Provider, ...]] = {Kind.STT: STT, Kind.LLM: LLM, Kind.TTS: TTS}


def provider(kind: Kind, name: str) -> Provider | None:
    return next((each for each in PROVIDERS[kind] if each.name == name), None)


def company(kind: Kind, name: str) -> str:
    """What it is called, also where it is not on offer any more."""
    offer = provider(kind, name)
    return offer.company if offer else name.capitalize()


def choose(kind: Kind, wish: str) -> tuple[Provider, str]:
    """The provider and model meant by `deepgram`, `deepgram:nova-3`, `deepgram/nova-3`, `flux` or `gpt-6-luna`.

    Raises ValueError with a sentence that names what is on offer.
    """
    name, _, model = re.sub(r"[:/]", " ", wish, count=1).strip().partition(" ")
    if known := provider(kind, name.lower()):
        model = dict(known.aliases).get(model, model) or known.default_model
        if known.takes_model(model):
            return known, model
        raise ValueError(f"{known.label} has no model {model}. It has {_listed(known)}.")
    for each in PROVIDERS[kind]:
        model = dict(each.aliases).get(wish, wish)
        if each.model(model):
            return each, model
    names = ", ".join(each.name for each in PROVIDERS[kind])
    raise ValueError(f"{wish} is not on offer here. Choose {names}, or one of them with a model, as in provider:model.")


def choose_voice(offer: Provider, wish: str) -> str:
    """The voice with this id, or with this name in its label. Raises ValueError when there is none."""
    for voice in offer.voices:
        if wish.lower() in (voice.name.lower(), voice.label.split(",")[0].lower()):
            return voice.name
    if offer.takes_voice(wish):
        return wish
    raise ValueError(f"{offer.label} has no voice {wish}. It has {', '.join(voice.name for voice in offer.voices)}.")


def language_name(code: str) -> str:
    return LANGUAGES.get(code, code)


def speaks(model: Model, language: str) -> bool:
    return model.languages is None or language.split("-")[0] in model.languages


def _listed(offer: Provider) -> str:
    return ", ".join(model.name for model in offer.models)
