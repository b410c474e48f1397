"""Which of the languages that we have sentences in is nearest to the one that is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")

LAST = "en"

# What the carrier's own voice and ear know of a language: the region that stands for it, and the others it may be.
_REGIONS = {
    "en": ("en-US", "en-GB", "en-AU", "en-IN"),
    "es": ("es-US", "es-ES", "es-MX"),
    "fr": ("fr-FR", "fr-CA"),
    "de": ("de-DE",),
    "pt": ("pt-BR", "pt-PT"),
    "it": ("it-IT",),
}
_MORE_REGIONS = {
    "nl": ("nl-NL", "nl-BE"),
    "sv": ("sv-SE",),
    "da": ("da-DK",),
    "no": ("nb-NO",),
    "pl": ("pl-PL",),
    "tr": ("tr-TR",),
    "hi": ("hi-IN",),
    "ja": ("ja-JP",),
    "ko": ("ko-KR",),
    "ru": ("ru-RU",),
}


def nearest(language: str, known: Mapping[str, T]) -> T:
    """The entry of this language, else of it without its region (es-MX is es), else the English one."""
    tag = language.replace("_", "-").lower()
    of = {name.lower(): entry for name, entry in known.items()}
    return of.get(tag) or of.get(tag.partition("-")[0]) or known[LAST]


def for_the_carrier(language: str) -> str:
    """The language as <Say> and <Gather> take it: with a region that they know. One unknown to us stays as it is."""
    return _with_region(language, _REGIONS)


def for_a_session(language: str) -> str:
    """The language as ConversationRelay takes it, which hears and says what the agent finds, in many more languages."""
    return _with_region(language, _REGIONS | _MORE_REGIONS)


def _with_region(language: str, known: Mapping[str, tuple[str, ...]]) -> str:
    tag = language.replace("_", "-")
    regions = known.get(tag.partition("-")[0].lower(), ())
    return next((region for region in regions if region.lower() == tag.lower()), regions[0] if regions else tag)
