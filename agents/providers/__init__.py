"""The vendors behind the ports: a name becomes an adapter, imported when it is first asked for.

Vendors' SDKs take up to a second to import, on the event loop. A process that answers calls says `preload` first.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from types import ModuleType

from . import llm as _llm_adapters
from . import native as _native_adapters
from . import realtime as _realtime_adapters
from . import stt as _stt_adapters
from . import tts as _tts_adapters
from .ports import Endpoint, Hearing, LanguageModel, ProviderError, SpeechToText, TextToSpeech, Thinking, Voice
from .realtime.ports import SpeechToSpeech, Talking

# The first import of a subpackage sets its name on this package. That has happened above, so that the functions
# of the same names, defined below, stay what `from agents.providers import stt` finds.
_ADAPTERS = {
    _stt_adapters: ("deepgram", "openai", "offline"),
    _llm_adapters: ("openai", "anthropic", "offline"),
    _realtime_adapters: ("openai",),
    _tts_adapters: ("elevenlabs", "deepgram", "openai", "offline"),
    _native_adapters: ("elevenlabs",),
}


def stt(name: str, hearing: Hearing, endpoint: Endpoint) -> SpeechToText:
    """Ears for one call. Raises ProviderError for a name that we do not know."""
    match name:
        case "deepgram":
            from .stt.deepgram import DeepgramSpeechToText

            return DeepgramSpeechToText(hearing, endpoint)
        case "openai" | "own_ears":
            from .stt.openai import OpenAISpeechToText

            return OpenAISpeechToText(hearing, endpoint, name)
        case "offline":
            from .stt.offline import OfflineSpeechToText

            return OfflineSpeechToText(hearing)
    raise _unknown("speech-to-text", name)


def llm(name: str, thinking: Thinking, endpoint: Endpoint) -> LanguageModel:
    """A mind for one call. Raises ProviderError for a name that we do not know."""
    match name:
        case "openai" | "own_model":
            from .llm.openai import OpenAILanguageModel

            return OpenAILanguageModel(thinking, endpoint, name)
        case "anthropic":
            from .llm.anthropic import AnthropicLanguageModel

            return AnthropicLanguageModel(thinking, endpoint)
        case "offline":
            from .llm.offline import OfflineLanguageModel

            return OfflineLanguageModel(thinking)
    raise _unknown("language-model", name)


def tts(name: str, voice: Voice, endpoint: Endpoint) -> TextToSpeech:
    """A voice for one call. Raises ProviderError for a name that we do not know."""
    match name:
        case "elevenlabs":
            from .tts.elevenlabs import ElevenLabsTextToSpeech

            return ElevenLabsTextToSpeech(voice, endpoint)
        case "deepgram":
            from .tts.deepgram import DeepgramTextToSpeech

            return DeepgramTextToSpeech(voice, endpoint)
        case "openai" | "own_voice":
            from .tts.openai import OpenAITextToSpeech

            return OpenAITextToSpeech(voice, endpoint, name)
        case "offline":
            from .tts.offline import OfflineTextToSpeech

            return OfflineTextToSpeech(voice)
    raise _unknown("text-to-speech", name)


def realtime(name: str, talking: Talking, endpoint: Endpoint) -> SpeechToSpeech:
    """Ears, mind and voice in one for a call. Raises ProviderError for a name that we do not know."""
    if name == "openai":
        from .realtime.openai import OpenAIRealtime

        return OpenAIRealtime(talking, endpoint)
    raise _unknown("speech-to-speech", name)


def tts_ahead(name: str, voice: Voice, endpoint: Endpoint) -> TextToSpeech:
    """A voice for speech that is made before anybody waits for it. Raises ProviderError for a name we do not know."""
    if name == "elevenlabs":
        from .tts.elevenlabs_ahead import ElevenLabsAhead

        return ElevenLabsAhead(voice, endpoint)
    return tts(name, voice, endpoint)


def preload(names: Iterable[str] = ("deepgram", "openai", "elevenlabs", "anthropic")) -> None:
    """Import now what calls with these providers need. Takes up to a second each: for a thread at process start."""
    for module in _modules(names):
        prepare = getattr(module, "preload", None)
        if prepare is not None:
            prepare()


async def close_clients() -> None:
    """Close the connections that this event loop's calls share. For process stop."""
    for name in ("llm.openai_client", "llm.anthropic"):
        if module := sys.modules.get(f"{__name__}.{name}"):
            await module.close_clients()


def _modules(names: Iterable[str]) -> list[ModuleType]:
    wanted = set(names)
    return [
        importlib.import_module(f".{name}", package.__name__)
        for package, known in _ADAPTERS.items()
        for name in known
        if name in wanted
    ]


def _unknown(kind: str, name: str) -> ProviderError:
    return ProviderError(name, f"there is no such {kind} provider", retryable=False, code="unknown_provider")
