"""How calls can be carried, and the settings that only one way of carrying them knows. The offers of `catalog.py`."""

from __future__ import annotations

from collections.abc import Mapping

from agents.models import AgentVersion
from agents.offers import Option, choice, written

MEDIA_STREAMS, CONVERSATION_RELAY = AgentVersion.Transport.MEDIA_STREAMS, AgentVersion.Transport.CONVERSATION_RELAY
OPENAI_REALTIME = AgentVersion.Transport.OPENAI_REALTIME
ELEVENLABS_NATIVE = AgentVersion.Transport.ELEVENLABS_NATIVE

REALTIME_VENDOR = "openai"
REALTIME_MODEL, REALTIME_VOICE = "gpt-realtime-2.1", "marin"
REALTIME_TRANSCRIBER = "gpt-transcribe"

NATIVE_VENDOR = "elevenlabs"
NATIVE_LLM, NATIVE_VOICE = "gpt-6-luna", "EXAVITQu4vr4xnSDxMaL"

# What engineers call each. Pages say it small, beside plain words.
TECHNICAL: dict[str, str] = {
    MEDIA_STREAMS: "Media Streams",
    CONVERSATION_RELAY: "ConversationRelay",
    OPENAI_REALTIME: "OpenAI Realtime",
    ELEVENLABS_NATIVE: "ElevenLabs Agents",
}

# What each is, in the words of the page.
MEANING: dict[str, str] = {
    MEDIA_STREAMS: "With the hearing, the model and the voice chosen above.",
    CONVERSATION_RELAY: "It bills that by the minute. Calls cannot be recorded.",
    OPENAI_REALTIME: (
        "Quick, and closer to the tone of the caller. The voice chosen above says greeting, notices and goodbye, and "
        "goes on with the call if the model is lost."
    ),
    ELEVENLABS_NATIVE: (
        "It comes back as a transcript when it is over. While that cannot be, calls are carried in the usual way."
    ),
}

# What a version can otherwise do and cannot where calls are carried in this way, in the words of the page.
WITHOUT: dict[str, tuple[str, ...]] = {
    ELEVENLABS_NATIVE: (
        "Tools work, and callers can be put through to people. For another of your agents, or for keys that the agent "
        "asks for, the call leaves ElevenLabs and goes on here. Other keys do not reach us.",
        "Nobody can follow the call, whisper or take over while it lasts. Its transcript comes when it is over.",
        "The transcript holds what ElevenLabs says was spoken. What was heard of it is estimated.",
        "The first words cannot be interrupted, so that notices are heard.",
        "“Stop calling me” is heard by the model there, and by our own rule only when the transcript has come.",
        "Settings of hearing, second choices and what to ask after a silence do not apply.",
    ),
}

SAME_VOICE = "Greeting, notices and goodbye keep the voice above: choose two that sound alike."

_VOICES = (("ElevenLabs", "ElevenLabs"), ("Google", "Google"), ("Amazon", "Amazon"))
_EARS = (("Deepgram", "Deepgram"), ("Google", "Google"))
_REALTIME_MODELS = (
    ("gpt-realtime-2.1", "GPT Realtime 2.1"),
    ("gpt-realtime-2.1-mini", "GPT Realtime 2.1 mini, at a third of the price"),
)
_REALTIME_VOICES = tuple(
    (name.lower(), name)
    for name in ("Marin", "Cedar", "Alloy", "Ash", "Ballad", "Coral", "Echo", "Sage", "Shimmer", "Verse")
)
_NATIVE_MODELS = (
    ("gpt-6-luna", "GPT-6 Luna"),
    ("gpt-5.6-luna", "GPT-5.6 Luna"),
    ("gemini-3.8-flash", "Gemini 3.8 Flash"),
    ("claude-haiku-5-5", "Claude Haiku 5.5"),
    ("claude-sonnet-5-5", "Claude Sonnet 5.5"),
)
_EASE = (("low", "Hard"), ("medium", "Medium"), ("high", "Easy"))

# One form shows all of them, so no two have the same name.
OPTIONS: Mapping[str, tuple[Option, ...]] = {
    MEDIA_STREAMS: (),
    CONVERSATION_RELAY: (
        choice(
            "tts_provider", "Voice made by", None, _VOICES, "Unless chosen: the voice above, if ElevenLabs makes it."
        ),
        written("voice", "Voice, by its id there", r"[\w.-]{1,80}", "Left empty: the usual voice of the language."),
        choice(
            "transcription_provider",
            "Callers understood by",
            None,
            _EARS,
            "Unless chosen: as above, if it is Deepgram.",
        ),
        choice("interrupt_sensitivity", "How easily callers interrupt", None, _EASE),
        Option("keys", "Tell the agent which keys are pressed", "flag", default=True),
    ),
    OPENAI_REALTIME: (
        choice("realtime_model", "Model that hears and speaks", REALTIME_MODEL, _REALTIME_MODELS),
        choice("realtime_voice", "Voice of its answers", REALTIME_VOICE, _REALTIME_VOICES, SAME_VOICE),
    ),
    ELEVENLABS_NATIVE: (
        choice("native_llm", "Model that answers there", NATIVE_LLM, _NATIVE_MODELS),
        written(
            "native_voice",
            "Voice there, by its id",
            r"[A-Za-z0-9]{1,80}",
            "Left empty: the voice above, if ElevenLabs makes it.",
        ),
        Option("native_forget", "Delete conversations there once they are here", "flag", default=True),
    ),
}


def option(transport: str, name: str) -> Option | None:
    return next((each for each in OPTIONS.get(transport, ()) if each.name == name), None)
