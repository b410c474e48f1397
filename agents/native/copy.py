"""A version in ElevenLabs' words, and what of it reads otherwise there. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agents.native.offering import END_CALL, PASS, built_in_tools
from agents.prompts import BUILT_IN, placeholders, render, system_prompt
from agents.transports import NATIVE_LLM, NATIVE_VENDOR, NATIVE_VOICE
from agents.versions import VersionSpec

Json = dict[str, Any]

# What a call brings besides the version's own values: our name for it, and what is known of whoever is called.
CALL, ABOUT, INTRODUCTION = "agentos_call", "agentos_about", "agentos_introduction"

ULAW = "ulaw_8000"
VOICE_MODELS = (
    "eleven_turbo_v2",
    "eleven_turbo_v2_5",
    "eleven_flash_v2",
    "eleven_flash_v2_5",
    "eleven_multilingual_v2",
    "eleven_v3_conversational",
    "eleven_v4",
    "eleven_v4_turbo",
)
EAGER_BELOW_MS, PATIENT_FROM_MS = 250, 900
SHORTEST_TURN_S, LONGEST_TURN_S = 1, 30
EVENTS = ["transcript", "call_initiation_failure"]

TOOLS = "Tools"

_LABELS = (
    ("name", "Name"),
    ("tags", "Mark"),
    ("conversation_config.agent.prompt.prompt", "Instructions"),
    ("conversation_config.agent.prompt.llm", "Model"),
    ("conversation_config.agent.prompt.built_in_tools", "Ending the call"),
    ("conversation_config.agent.prompt.tool_ids", TOOLS),
    ("conversation_config.agent.first_message", "First words"),
    ("conversation_config.agent.language", "Language"),
    ("conversation_config.agent.max_conversation_duration_message", "Last words"),
    ("conversation_config.tts.voice_id", "Voice"),
    ("conversation_config.tts", "Voice settings"),
    ("conversation_config.asr", "Words to expect"),
    ("conversation_config.turn", "Turn-taking"),
    ("conversation_config.conversation.max_duration_seconds", "Longest call"),
    ("conversation_config.conversation", "Interrupting"),
    ("platform_settings.privacy", "Recording"),
    ("platform_settings.workspace_overrides", "Reports after calls"),
    ("platform_settings.auth", "Who may begin conversations"),
)


def names_in(spec: VersionSpec) -> tuple[str, ...]:
    """Every value that the texts there name. A call has to bring each of them, or the vendor does not begin it."""
    texts = " ".join((spec.prompt, spec.greeting, spec.consent_notice, spec.farewell))
    named = dict.fromkeys((*BUILT_IN, *placeholders(texts), CALL, ABOUT, INTRODUCTION))
    return tuple(name for name in named if name != PASS)


def wanted(spec: VersionSpec, *, mark: str, webhook_id: str, tools: Mapping[str, str]) -> Json:
    """What we write. Values in double braces are put in by the vendor, for each call anew.

    `tools` are the vendor's ids of what the agent can ask us to do, by name.
    """
    return {
        "name": spec.agent_name,
        "tags": [mark],
        "conversation_config": {
            "agent": _agent(spec, tools),
            "tts": _voice(spec),
            "asr": {"user_input_audio_format": ULAW, "keywords": list(spec.keyterms)},
            "turn": _turns(spec),
            "conversation": {
                "max_duration_seconds": spec.max_duration_s,
                "client_events": ["audio"] if spec.interruption == "off" else ["audio", "interruption"],
            },
        },
        "platform_settings": {
            "auth": {"enable_auth": True},
            "privacy": {"record_voice": spec.keeps_recording},
            "workspace_overrides": {
                "webhooks": {"post_call_webhook_id": webhook_id, "events": EVENTS, "transcript_format": "json"}
            },
        },
    }


def _agent(spec: VersionSpec, tools: Mapping[str, str]) -> Json:
    kept = {name: f"{{{{{name}}}}}" for name in names_in(spec)}
    prompt = system_prompt(spec.prompt, variables=kept, language=spec.language, tools=[END_CALL, *tools])
    notice = spec.consent_notice if spec.keeps_recording else ""
    first = " ".join(filter(None, (kept[INTRODUCTION], notice, spec.greeting)))
    return {
        "first_message": _one_line(first, kept),
        "language": spec.language.split("-")[0],
        "disable_first_message_interruptions": True,
        "max_conversation_duration_message": _one_line(spec.farewell, kept),
        "prompt": {
            "prompt": f"{prompt}\n\n{kept[ABOUT]}",
            "llm": str(spec.transport_options.get("native_llm", NATIVE_LLM)),
            "ignore_default_personality": True,
            "timezone": spec.timezone,
            "built_in_tools": built_in_tools(each["name"] for each in spec.tools),
            "tool_ids": list(tools.values()),
        },
    }


def _one_line(text: str, kept: Mapping[str, str]) -> str:
    return " ".join(render(text, kept).split())


def _voice(spec: VersionSpec) -> Json:
    own = spec.tts_provider == NATIVE_VENDOR
    usual = "eleven_flash_v2" if spec.language.startswith("en") else "eleven_flash_v2_5"
    voice = spec.transport_options.get("native_voice") or (spec.tts_voice if own else NATIVE_VOICE)
    named = ("stability", "similarity_boost", "speed")
    settings: Json = {name: spec.tts_options[name] for name in named if own and name in spec.tts_options}
    return {
        "voice_id": str(voice),
        "model_id": spec.tts_model if own and spec.tts_model in VOICE_MODELS else usual,
        "agent_output_audio_format": ULAW,
        **settings,
    }


def _turns(spec: VersionSpec) -> Json:
    eagerness = "patient" if spec.endpointing_ms >= PATIENT_FROM_MS else "normal"
    silence = spec.silence_timeout_s
    return {
        "turn_timeout": min(LONGEST_TURN_S, max(SHORTEST_TURN_S, silence)),
        "silence_end_call_timeout": silence * (len(spec.silence_prompts) + 1),
        "turn_eagerness": "eager" if spec.endpointing_ms < EAGER_BELOW_MS else eagerness,
        "speculative_turn": spec.speculation,
        "interruption_ignore_terms": list(spec.backchannels),
        "transcribe_on_disabled_interruptions": True,
    }


# What reads otherwise there ------------------------------------------------------------------------------


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """What of ours reads otherwise there, in a person's words, each once. What we do not write is not looked at."""
    found = {_label(path) for path in _paths(ours, theirs, "")}
    order = [label for _, label in _LABELS] + ["Other settings"]
    return sorted(found, key=order.index)


def reads_as(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """Whether all that we write of something reads there as we wrote it."""
    return next(_paths(ours, theirs, ""), None) is None


def _paths(ours: Any, theirs: Any, at: str) -> Iterator[str]:
    if isinstance(ours, Mapping):
        there = theirs if isinstance(theirs, Mapping) else {}
        for name, value in ours.items():
            yield from _paths(value, there.get(name), f"{at}.{name}" if at else name)
    elif not _same(ours, theirs):
        yield at


def _same(ours: Any, theirs: Any) -> bool:
    """Nothing is nothing, however it is written, and the order of a list says nothing."""
    if not ours and not theirs:
        return True
    if isinstance(ours, list) and isinstance(theirs, list):
        return sorted(map(str, ours)) == sorted(map(str, theirs))
    if isinstance(ours, int | float) and isinstance(theirs, int | float):
        return abs(ours - theirs) < 1e-6
    if isinstance(ours, str) and isinstance(theirs, str):
        return ours.strip() == theirs.strip()
    return bool(ours == theirs)


def _label(path: str) -> str:
    return next((label for prefix, label in _LABELS if f"{path}.".startswith(f"{prefix}.")), "Other settings")


# What one call brings ------------------------------------------------------------------------------------


def values_for(spec: VersionSpec, known: Mapping[str, str]) -> dict[str, str]:
    """A value for every name, empty where nothing is known. What a value contains is never expanded again."""
    return {name: _plain(known.get(name, "")) for name in (*names_in(spec), PASS)}


def _plain(value: str) -> str:
    return value.replace("{{", "(").replace("}}", ")")
