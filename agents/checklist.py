"""What stands between a draft and its callers: what must be fixed, what is worth a look, what is done."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.conf import settings

from agentos.tenants.credentials import has_key_of
from agents.catalog import OWN_NAME, Kind, language_name, provider, speaks
from agents.comparison import LABELS, SECTION_OF, values
from agents.drafts import OPTION, ROLES, judge
from agents.endpoints import has_ears_of_its_own
from agents.models import AgentVersion
from agents.native.offering import missing_there
from agents.own_tools import on_offer
from agents.prompts import BUILT_IN, missing
from agents.retirement import endings
from agents.spoken_languages import missing as not_spoken
from agents.transports import (
    CONVERSATION_RELAY,
    ELEVENLABS_NATIVE,
    MEDIA_STREAMS,
    NATIVE_VENDOR,
    OPENAI_REALTIME,
    REALTIME_VENDOR,
)
from agents.vendor_lists import gone, known_lists
from agents.versions import VersionSpec

WORDS_A_SECOND = 2.6
LONG_GREETING_S = 15
REQUIRED = {
    "greeting": "Write the first words: they are what callers hear when the agent answers.",
    "prompt": "Write the instructions: without them the agent does not know what it is for.",
    "farewell": "Write the last words: the agent says them before it hangs up by itself.",
    "fallback_sentence": "Write what the agent says when something fails.",
}
WITH_NAMES = (
    "greeting",
    "prompt",
    "silence_prompts",
    "duration_warning",
    "farewell",
    "fallback_sentence",
    "consent_notice",
)

DOES = {Kind.STT: "for hearing", Kind.LLM: "for thinking", Kind.TTS: "for speaking"}

_SAYS_AUTOMATED = re.compile(r"\b(automated|assistant|virtual|artificial|robot|AI|A\.I\.)(?!\w)", re.IGNORECASE)


class State(StrEnum):
    DONE = "done"
    LOOK = "look"
    FIX = "fix"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the list. `field` is where to go; empty where nothing in the draft would change it."""

    state: State
    text: str
    detail: str = ""
    field: str = ""

    @property
    def section(self) -> str:
        field = self.field.partition("__")[0]
        return SECTION_OF[field].name if field in SECTION_OF else ""


def seconds_spoken(text: str) -> int:
    return round(len(text.split()) / WORDS_A_SECOND)


def is_configured(name: str, kind: Kind | None = None) -> bool:
    """Whether there is a key for the provider: this server's, or the business's own."""
    if kind is Kind.STT and has_ears_of_its_own(name):
        return True
    return name == "offline" or bool(settings.VENDORS.get(name, {}).get("api_key")) or has_key_of(name)


def problems(version: AgentVersion) -> list[Check]:
    """What must be fixed before callers may hear this version."""
    spec = values(version)
    errors = judge(spec, spec).errors
    found = [Check(State.FIX, message, field=field) for field, each in errors.items() for message in each]
    return found + list(_unfinished(spec)) + list(_language_gaps(spec)) + list(_contradictions(spec))


def _unfinished(spec: Mapping[str, Any]) -> Iterator[Check]:
    for field, message in REQUIRED.items():
        if not spec[field].strip():
            yield Check(State.FIX, message, field=field)
    if spec["recording"] and not spec["consent_notice"].strip():
        yield Check(State.FIX, "Write what callers are told before they are recorded.", field="consent_notice")


def _language_gaps(spec: Mapping[str, Any]) -> Iterator[Check]:
    for role, kind in ROLES.items():
        offer = provider(kind, spec[f"{role}_provider"])
        model = offer and offer.model(spec[f"{role}_model"])
        if offer and model and not speaks(model, spec["language"]):
            language = language_name(spec["language"])
            name = f"{offer.label}, {model.label}" if offer.needs_key else "The offline provider"
            yield Check(State.FIX, f"{name}: does not know {language}.", field=f"{role}_model")


def _contradictions(spec: Mapping[str, Any]) -> Iterator[Check]:
    if spec["recording"] and spec["transport"] == CONVERSATION_RELAY:
        message = "Where the phone company hears, nothing is recorded: switch recording off, or choose the usual way."
        yield Check(State.FIX, message, field="transport")
    options = spec["stt_options"]
    if spec["stt_model"].startswith("flux"):
        certain, eager = options.get("eot_threshold", 0.7), options.get("eager_eot_threshold", 0.4)
        if isinstance(certain, float | int) and isinstance(eager, float | int) and eager > certain:
            message = (
                f"Beginning a reply early ({eager:g}) cannot need more certainty than ending the turn ({certain:g})."
            )
            yield Check(State.FIX, message, field=f"stt{OPTION}eager_eot_threshold")


def advice(version: AgentVersion) -> list[Check]:
    """What somebody should look at, though callers can be answered with it."""
    spec = values(version)
    return [
        *_names_without_value(spec),
        *_missing_keys(spec),
        *_run_elsewhere(spec),
        *_unspoken_languages(version),
        *_doubles(spec),
        *_endings(spec),
        *_gone(spec),
        *_long_greeting(spec),
    ]


def _names_without_value(spec: Mapping[str, Any]) -> Iterator[Check]:
    known = dict.fromkeys((*spec["variables"], *BUILT_IN), "")
    for field in WITH_NAMES:
        text = "\n".join(spec[field]) if isinstance(spec[field], list) else spec[field]
        for name in missing(text, known):
            where = LABELS[field].lower()
            yield Check(
                State.LOOK, f"{{{{{name}}}}} has no value", f"Nothing is put in its place in the {where}.", field
            )


def _missing_keys(spec: Mapping[str, Any]) -> Iterator[Check]:
    for role, kind in ROLES.items():
        offer = provider(kind, spec[f"{role}_provider"])
        if offer and offer.needs_address and not is_configured(offer.name, kind):
            detail = "Enter it in Settings, Vendor keys. Without it nobody is asked."
            yield Check(State.LOOK, f"Your own server {DOES[kind]} has no address", detail, f"{role}_provider")
        elif offer and not is_configured(offer.name, kind):
            detail = "Calls would go to the provider without one."
            yield Check(State.LOOK, f"This server has no key for {offer.label}", detail, f"{role}_provider")
    if spec["transport"] == OPENAI_REALTIME and not is_configured(REALTIME_VENDOR):
        detail = "Without one, calls are carried in the usual way."
        yield Check(State.LOOK, "This server has no key for OpenAI Realtime", detail, "transport")


def _run_elsewhere(spec: Mapping[str, Any]) -> Iterator[Check]:
    """What the version asks for and does not get while the vendor runs the conversation."""
    if spec["transport"] != ELEVENLABS_NATIVE:
        return
    if not is_configured(NATIVE_VENDOR):
        detail = "Without one, calls are carried in the usual way."
        yield Check(State.LOOK, "This server has no key for ElevenLabs", detail, "transport")
    needed = {kind: spec[f"{kind}_provider"] for kind in (Kind.STT, Kind.TTS)}
    comes_back = all(is_configured(name, kind) for kind, name in needed.items())
    for title, why in missing_there(spec["tools"], on_offer(), comes_back=comes_back):
        yield Check(State.LOOK, f"“{title}” does not work at ElevenLabs", f"{why}.", "transport")
    if spec["redaction"]:
        detail = "What is left out here was said there, and is deleted there when the transcript is here."
        yield Check(State.LOOK, "ElevenLabs hears what you leave out of transcripts", detail, "redaction")


def _unspoken_languages(version: AgentVersion) -> Iterator[Check]:
    """Where somebody else hears and speaks, that is theirs."""
    if version.transport != MEDIA_STREAMS:
        return
    for language, why in not_spoken(VersionSpec.of(version)).items():
        text = f"The agent cannot go on in {language_name(language)}"
        yield Check(State.LOOK, text, f"{why[0].upper()}{why[1:]}.", "other_languages")


def _doubles(spec: Mapping[str, Any]) -> Iterator[Check]:
    for kind in Kind:
        first = [spec[f"{kind}_provider"], spec[f"{kind}_model"]]
        if first == [spec[f"second_{kind}_provider"], spec[f"second_{kind}_model"]]:
            detail = "What takes down one would take down both."
            yield Check(State.LOOK, "The second choice is the first one again", detail, f"second_{kind}_model")


def _endings(spec: Mapping[str, Any]) -> Iterator[Check]:
    for ending in endings(spec):
        day = f"{ending.last_day:%B} {ending.last_day.day}, {ending.last_day.year}"
        text = f"{ending.model.label} {'ended on' if ending.is_over else 'ends on'} {day}"
        yield Check(State.LOOK, text, "The vendor closes it. Choose another model.", f"{ending.role}_model")


def _gone(spec: Mapping[str, Any]) -> Iterator[Check]:
    for each in gone(spec, known_lists()):
        text = f"{each.vendor} does not list {each.name} any more"
        if each.vendor == OWN_NAME:
            text = f"Your own server has no model {each.name}"
        yield Check(State.LOOK, text, "Calls may fail with it. Choose another one.", each.field)


def _long_greeting(spec: Mapping[str, Any]) -> Iterator[Check]:
    if (seconds := seconds_spoken(spec["greeting"])) > LONG_GREETING_S:
        yield Check(
            State.LOOK, f"The first words take {seconds} seconds", "Callers begin to talk over them.", "greeting"
        )


def checklist(version: AgentVersion, *, numbers: int, tried: bool) -> list[Check]:
    """The whole list for the person who is about to publish; whatever must be fixed keeps them from it."""
    wrong = problems(version)
    lines = [] if wrong else [Check(State.DONE, "Everything that is needed is there")]
    return [*lines, *_done(version), *advice(version), *wrong, *_open(version, numbers, tried)]


def _done(version: AgentVersion) -> Iterator[Check]:
    if _SAYS_AUTOMATED.search(version.greeting):
        yield Check(State.DONE, "The first words say that the agent is automated")
    if version.recording and version.consent_notice:
        yield Check(State.DONE, "Callers are told that they are recorded")
    if version.second_stt_provider and version.second_llm_provider and version.second_tts_provider:
        yield Check(State.DONE, "Hearing, model and voice have a second choice")


def _open(version: AgentVersion, numbers: int, tried: bool) -> Iterator[Check]:
    if version.greeting and not _SAYS_AUTOMATED.search(version.greeting):
        detail = "In some places callers must be told. Not required here."
        yield Check(State.OPEN, "Say in the first words that the agent is automated", detail, "greeting")
    if "offline" in (version.stt_provider, version.llm_provider, version.tts_provider):
        yield Check(State.OPEN, "Offline providers take part", "Good for trying out; they understand little.")
    if not numbers:
        yield Check(State.OPEN, "No number leads to this agent yet", "Until then it can be called from its page here.")
    if not tried:
        yield Check(State.OPEN, "Try one test call with this draft", "Not required.")
