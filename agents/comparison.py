"""The parts of a version in the order in which people read them, and what differs between two versions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from agents.catalog import Kind, language_name, provider
from agents.findings import WantedField
from agents.models import AgentVersion
from agents.own_tools import on_offer
from agents.versions import VersionSpec

LONG_TEXT = 60
KEPT = 0.5  # of the shorter text; with less of it in common, the two are different texts


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    title: str
    short: str
    labels: tuple[tuple[str, str], ...]

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(field for field, _ in self.labels)


SECTIONS = (
    Section(
        "prompt",
        "Prompt and greeting",
        "Prompt, greeting",
        (("greeting", "First words"), ("prompt", "Instructions"), ("variables", "Values for variables")),
    ),
    Section(
        "model",
        "Model",
        "Model",
        (
            ("llm_provider", "Provider"),
            ("llm_model", "Model"),
            ("llm_options", "Model settings"),
            ("second_llm_provider", "If it does not answer"),
            ("second_llm_model", "Second model"),
            ("hedging", "Ask both when the first is late"),
            ("hedge_after_ms", "Counts as late after"),
        ),
    ),
    Section(
        "voice",
        "Voice",
        "Voice",
        (
            ("tts_provider", "Provider"),
            ("tts_model", "Voice model"),
            ("tts_voice", "Voice"),
            ("tts_options", "Voice settings"),
            ("second_tts_provider", "If it does not speak"),
            ("second_tts_model", "Second voice model"),
            ("second_tts_voice", "Second voice"),
        ),
    ),
    Section(
        "hearing",
        "Hearing",
        "Hearing",
        (
            ("stt_provider", "Transcriber"),
            ("stt_model", "Transcriber model"),
            ("stt_options", "Transcriber settings"),
            ("second_stt_provider", "If it does not hear"),
            ("second_stt_model", "Second transcriber model"),
            ("language", "Language"),
            ("other_languages", "Also speaks"),
            ("keyterms", "Words to expect"),
        ),
    ),
    Section("tools", "What it can do", "Tools", (("tools", "Besides talking"),)),
    Section(
        "turns",
        "Turn-taking",
        "Turn-taking",
        (
            ("endpointing_ms", "How soon to answer"),
            ("interruption", "When callers interrupt"),
            ("interruption_words", "Words that stop the agent"),
            ("interruption_ms", "Voice that stops the agent"),
            ("backchannels", "Words that do not interrupt"),
            ("speculation", "Begin replies early"),
        ),
    ),
    Section(
        "behavior",
        "Call behavior",
        "Call behavior",
        (
            ("silence_timeout_s", "Ask again after silence of"),
            ("silence_prompts", "What to ask then"),
            ("max_duration_s", "Longest call"),
            ("duration_warning", "Before a call is ended for its length"),
            ("farewell", "Last words"),
            ("fallback_sentence", "When something fails"),
            ("timezone", "Time zone"),
        ),
    ),
    Section(
        "people",
        "When a person is needed",
        "When a person is needed",
        (("escalation", "Always bring in a person when"),),
    ),
    Section(
        "carrying",
        "How calls are carried",
        "Carrying calls",
        (("transport", "Who hears and speaks"), ("transport_options", "Settings of that way")),
    ),
    Section(
        "privacy",
        "Recording and privacy",
        "Recording, privacy",
        (
            ("recording", "Record calls"),
            ("consent_notice", "Said before a recorded call"),
            ("redaction", "Leave out of the transcript"),
            ("redacted_recording", "Keep the recording all the same"),
        ),
    ),
    Section(
        "after",
        "After the call",
        "After the call",
        (
            ("analysis", "Summarize each call"),
            ("success_criteria", "A call went well when"),
            ("extraction", "What to note from each call"),
        ),
    ),
)

LABELS: Mapping[str, str] = {field: label for section in SECTIONS for field, label in section.labels}
EDITABLE = tuple(LABELS)
SECTION_OF: Mapping[str, Section] = {field: section for section in SECTIONS for field in section.fields}

ESCALATED: Mapping[str, str] = {
    "asked": "The caller asks for a person",
    "frustrated": "The caller is upset",
    "failed": "The agent has failed twice in a row",
}

REDACTED: Mapping[str, str] = {
    "card": "Card numbers",
    "national_id": "Social security and other numbers of a person",
    "email": "E-mail addresses",
    "phone": "Phone numbers",
    "name": "Names",
}

_MILLISECONDS = {"endpointing_ms", "interruption_ms", "hedge_after_ms"}
_SECONDS = {"silence_timeout_s", "max_duration_s"}
_KINDS = {f"{place}{kind}": kind for kind in Kind for place in ("", "second_")}


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that two texts share, or that only one of them has."""

    text: str
    kind: Literal["same", "removed", "added"]


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs. `pieces` tells a long text word by word; it is empty for a short or a new one."""

    section: str
    field: str
    label: str
    before: str
    after: str
    pieces: tuple[Piece, ...] = ()


def values(version: AgentVersion) -> dict[str, Any]:
    """What decides the version's behavior."""
    spec = VersionSpec.of(version)
    return {field: getattr(spec, field) for field in EDITABLE}


def same(before: AgentVersion, after: AgentVersion) -> bool:
    return values(before) == values(after)


def diff(before: AgentVersion, after: AgentVersion) -> list[Change]:
    """What somebody who knew `before` has to know about `after`, in the order of the editor."""
    return differences(values(before), values(after))


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """The same of the values of two versions."""
    return [_change(field, old, new) for field in EDITABLE if old[field] != new[field]]


def _change(field: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Change:
    before, after = spoken(field, old), spoken(field, new)
    long = isinstance(old[field], str) and max(len(before), len(after)) > LONG_TEXT
    pieces = tuple(word_diff(before, after)) if long else ()
    kept = sum(len(each.text) for each in pieces if each.kind == "same")
    if kept < min(len(before), len(after)) * KEPT:
        pieces = ()
    return Change(SECTION_OF[field].title, field, LABELS[field], before, after, pieces)


def spoken(field: str, version: Mapping[str, Any]) -> str:
    """The value as a person would say it; empty for nothing."""
    value = version[field]
    if field == "tools":
        return "\n".join(_tool(each) for each in value)
    match value:
        case bool():
            return "On" if value else "Off"
        case dict():
            return "\n".join(f"{name} = {_plain(each)}" for name, each in sorted(value.items()))
        case list() if field == "redaction":
            return "\n".join(REDACTED[each] for each in value)
        case list() if field == "escalation":
            return "\n".join(ESCALATED[each] for each in value)
        case list() if field == "other_languages":
            return "\n".join(_also(each) for each in value)
        case list():
            return "\n".join(str(WantedField.from_json(each) if field == "extraction" else each) for each in value)
        case int() if field in _MILLISECONDS:
            return f"{value:,} ms"
        case int() if field in _SECONDS:
            return f"{value // 60} min" if value % 60 == 0 else f"{value:,} s"
    return _name(field, str(value), version)


def _also(language: Mapping[str, str]) -> str:
    name, voice = language_name(language["language"]), language.get("voice", "")
    return f"{name} (voice {voice})" if voice else name


def _tool(grant: Mapping[str, Any]) -> str:
    tool = on_offer().get(grant["name"])
    title = tool.title if tool else grant["name"]
    known = {setting.name: setting for setting in tool.settings} if tool else {}
    labels = {name: (setting.label, dict(setting.choices)) for name, setting in known.items()}
    chosen = [
        f"{labels[name][0]}: {labels[name][1].get(value, value)}" if name in labels else f"{name}: {value}"
        for name, value in grant.get("settings", {}).items()
    ]
    return f"{title} ({'; '.join(chosen)})" if chosen else title


def _plain(value: object) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def _name(field: str, value: str, version: Mapping[str, Any]) -> str:
    """The name on offer for what is stored as an id."""
    role, _, part = field.rpartition("_")
    if field == "language":
        return language_name(value)
    if field in ("interruption", "transport"):
        choices = {"interruption": AgentVersion.Interruption, "transport": AgentVersion.Transport}[field]
        return str(dict(choices.choices).get(value, value))
    if role in _KINDS and (offer := provider(_KINDS[role], version[f"{role}_provider"])):
        names = {"provider": {offer.name: offer.label}, "voice": {each.name: each.label for each in offer.voices}}
        names["model"] = {each.name: each.label for each in offer.models}
        return names.get(part, {}).get(value, value)
    return value


def word_diff(before: str, after: str) -> Iterator[Piece]:
    """The two texts in one, word by word; a change of every other word is told as one change."""
    old, new = _words(before), _words(after)
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece("".join(old[a:b]), "same")
            continue
        if a < b:
            yield Piece("".join(old[a:b]), "removed")
        if c < d:
            yield Piece("".join(new[c:d]), "added")


def _words(text: str) -> list[str]:
    """Words, each with the space that follows it, so that spaces do not match where words do not; and line ends."""
    return re.findall(r"[^\s]+[^\S\n]*|\n+|\s", text)
