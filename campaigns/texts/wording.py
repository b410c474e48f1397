"""Which wording of a campaign a person hears: that in their language, or the campaign's own. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from campaigns.models import Campaign


@dataclass(frozen=True, slots=True)
class Wording:
    """A template, and the language that it is in."""

    template: str
    language: str


def wording(campaign: Campaign, language: str, *, voicemail: bool = False) -> Wording:
    """For somebody of this language, which may be empty: exactly, else nearly (es for es-US), else the campaign's."""
    own = campaign.voicemail if voicemail else campaign.message
    if not language or _base(language) == _base(campaign.language):
        return Wording(own, language or campaign.language)
    for known in (language, *(each for each in campaign.translations if _base(each) == _base(language))):
        template = campaign.translations.get(known, {}).get("voicemail" if voicemail else "message", "")
        if template:
            return Wording(template, language)
    return Wording(own, campaign.language)


def templates(campaign: Campaign) -> Iterator[Wording]:
    """Everything that is said to somebody."""
    yield Wording(campaign.message, campaign.language)
    yield Wording(campaign.voicemail, campaign.language)
    for language, texts in campaign.translations.items():
        yield Wording(texts.get("message", ""), language)
        yield Wording(texts.get("voicemail", ""), language)


def _base(language: str) -> str:
    return language.lower().partition("-")[0]
