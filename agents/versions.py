"""A version as plain data: what a call carries, what is cached on disk, and what two versions are compared by."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from agents.models import AgentVersion


@dataclass(frozen=True, slots=True)
class VersionSpec:
    """Every deciding field of an AgentVersion, and the names needed to show it."""

    version_id: int
    agent_name: str
    number: int | None
    greeting: str
    prompt: str
    language: str
    timezone: str
    farewell: str
    fallback_sentence: str
    transport: str
    stt_provider: str
    stt_model: str
    llm_provider: str
    llm_model: str
    tts_provider: str
    tts_model: str
    tts_voice: str
    endpointing_ms: int
    interruption: str
    interruption_words: int
    interruption_ms: int
    speculation: bool
    silence_timeout_s: int
    max_duration_s: int
    duration_warning: str
    recording: bool
    consent_notice: str
    second_stt_provider: str = ""
    second_stt_model: str = ""
    second_llm_provider: str = ""
    second_llm_model: str = ""
    second_tts_provider: str = ""
    second_tts_model: str = ""
    second_tts_voice: str = ""
    other_languages: list[dict[str, str]] = field(default_factory=list)
    hedging: bool = True
    hedge_after_ms: int = 900
    variables: dict[str, str] = field(default_factory=dict)
    transport_options: dict[str, Any] = field(default_factory=dict)
    stt_options: dict[str, Any] = field(default_factory=dict)
    llm_options: dict[str, Any] = field(default_factory=dict)
    tts_options: dict[str, Any] = field(default_factory=dict)
    keyterms: list[str] = field(default_factory=list)
    backchannels: list[str] = field(default_factory=list)
    silence_prompts: list[str] = field(default_factory=list)
    tools: list[dict[str, Any]] = field(default_factory=list)
    redaction: list[str] = field(default_factory=list)
    redacted_recording: bool = False
    escalation: list[str] = field(default_factory=list)
    analysis: bool = True
    success_criteria: list[str] = field(default_factory=list)
    extraction: list[dict[str, Any]] = field(default_factory=list)

    @property
    def keeps_recording(self) -> bool:
        """A voice cannot be redacted: where text is, the recording is kept only if the version insists."""
        return self.recording and (self.redacted_recording or not self.redaction)

    @classmethod
    def of(cls, version: AgentVersion) -> VersionSpec:
        own = {f.name: getattr(version, f.name) for f in fields(cls) if f.name not in ("version_id", "agent_name")}
        own["other_languages"], own["transport_options"] = _languages_of(own)
        return cls(version_id=version.pk, agent_name=version.agent.name, **own)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> VersionSpec:
        known = {f.name for f in fields(cls)}
        languages, options = _languages_of(data)
        data = data | {"other_languages": languages, "transport_options": options}
        return cls(**{name: value for name, value in data.items() if name in known})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def _languages_of(own: dict[str, Any]) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """The other languages, and the settings of the way of carrying calls: once those were a setting of one way."""
    options = dict(own.get("transport_options") or {})
    before = re.findall(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})?", str(options.pop("languages", "")))
    named = list(own.get("other_languages") or [])
    known = {each["language"] for each in named}
    return [*named, *({"language": each, "voice": ""} for each in before if each not in known)], options
