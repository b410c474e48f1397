"""In which languages an agent can hold a call: who of those that its version names understands and speaks them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from agents.catalog import SEVERAL, Kind, provider, speaks
from agents.offers import Option
from agents.versions import VersionSpec

EARS, VOICES = ("stt", "second_stt"), ("tts", "second_tts")

_NO_EARS = "nobody who is there to listen understands it"
_NO_VOICE = "none of the voices speaks it"
_ONE_LANGUAGE = re.compile(r"aura-.*-([a-z]{2})")  # a voice of this kind speaks the language that its name ends in


def wished(spec: VersionSpec) -> tuple[str, ...]:
    """The version's language first, and those that a call may go on in."""
    return tuple(dict.fromkeys((spec.language, *(each["language"] for each in spec.other_languages))))


def ears_for(spec: VersionSpec, language: str) -> tuple[str, ...]:
    """Which of the version's transcribers understand this, the first choice first. Its own language all of them do."""
    named = tuple(role for role in EARS if getattr(spec, f"{role}_provider"))
    return tuple(role for role in named if language == spec.language or _knows(Kind.STT, spec, role, language))


def voices_for(spec: VersionSpec, language: str) -> Mapping[str, str]:
    """The voice with which each of the version's speakers says this language, the first choice first."""
    found = {}
    for role in VOICES:
        name = getattr(spec, f"{role}_provider")
        voice = named_voice(spec.other_languages, language) if role == "tts" else ""
        voice = voice or getattr(spec, f"{role}_voice")
        if name and (language == spec.language or _says(spec, role, voice, language)):
            found[role] = voice
    return found


def named_voice(others: Iterable[Mapping[str, str]], language: str) -> str:
    """The voice that a version names for this one of its other languages; empty where it names none."""
    return next((str(each["voice"]) for each in others if each["language"] == language), "")


def hears_several(spec: VersionSpec) -> tuple[str, ...]:
    """The languages that the first transcriber understands at once, as the version wishes; empty for one."""
    offer = provider(Kind.STT, spec.stt_provider)
    option: Option | None = offer.option(SEVERAL, spec.stt_model) if offer else None
    if option is None or spec.stt_options.get(SEVERAL) is not True:
        return ()
    known = tuple(each for each in wished(spec) if _knows(Kind.STT, spec, "stt", each))
    return known if len(known) > 1 else ()


def missing(spec: VersionSpec) -> dict[str, str]:
    """The languages that the version names and cannot hold a call in with ears and voices of its own, and why."""
    found = {}
    for language in wished(spec)[1:]:
        if not ears_for(spec, language):
            found[language] = _NO_EARS
        elif not voices_for(spec, language):
            found[language] = _NO_VOICE
    return found


def _knows(kind: Kind, spec: VersionSpec, role: str, language: str) -> bool:
    """As far as is known: of a model that is not listed, yes."""
    offer = provider(kind, getattr(spec, f"{role}_provider"))
    model = offer.model(getattr(spec, f"{role}_model")) if offer else None
    return model is None or speaks(model, language)


def _says(spec: VersionSpec, role: str, voice: str, language: str) -> bool:
    own = _ONE_LANGUAGE.fullmatch(voice) if getattr(spec, f"{role}_provider") == "deepgram" else None
    return _knows(Kind.TTS, spec, role, language) and (own is None or own[1] == language.split("-")[0].lower())
