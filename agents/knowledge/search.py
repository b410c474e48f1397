"""Finding what the business has written about a question: by words in PostgreSQL, and by meaning where it is known.

Two lists are merged by their ranks, for their scores have no common scale (reciprocal rank fusion, Cormack 2009).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from agents.knowledge import vectors, words
from agents.models import KnowledgeSource

LIMIT = 4
LOOKED_AT = 20
FUSION = 60  # the constant of reciprocal rank fusion
LIKE_ENOUGH = 0.35  # below that a neighbor in meaning is only the least unlike
WORDS_ENOUGH = 1 / 4  # of a question's words must stand in a passage
MOST_WORDS = 40
COURTESY = re.compile(  # said in every call, and about nothing
    r"yes|yeah|yep|nope?|ok|okay|please|thanks?|hello|hi|hey|(?:good)?bye|sorry|sí|si|gracias|hola|adiós|favor|oui|non"
    r"|merci|bonjour|revoir|ja|nein|bitte|danke|hallo|grazie|ciao|prego|sim|não|obrigad[ao]|olá"
)

_CONFIGURATIONS: Mapping[str, str] = {
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "de": "german",
    "it": "italian",
    "pt": "portuguese",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A passage, and what it was found in."""

    passage_id: int
    source_id: int
    title: str
    heading: str
    text: str
    by: str  # "words", "meaning" or "both"


def configuration(language: str) -> str:
    """PostgreSQL's dictionary for a language; words as they are for others."""
    return _CONFIGURATIONS.get(language.partition("-")[0].lower(), "simple")


def find(
    question: str, *, agent_id: UUID, language: str, meaning: Sequence[float] = (), limit: int = LIMIT
) -> list[Found]:
    """The passages that may answer, best first; none when nothing fits. Inside the active tenant."""
    by_words = find_by_words(question, agent_id=agent_id, language=language)
    by_meaning = find_by_meaning(meaning, agent_id=agent_id) if meaning and vectors.are_kept() else []
    return merged(by_words, by_meaning, limit)


def find_by_words(question: str, *, agent_id: UUID, language: str) -> list[Found]:
    """Any word may match, for people ask in other words than businesses write; enough of them have to."""
    heard = dict.fromkeys(re.findall(r"\w+", question.lower()))
    spoken = [word for word in heard if not COURTESY.fullmatch(word)][:MOST_WORDS]
    if not spoken:
        return []
    dictionary = configuration(language)
    rows = words.matching(spoken, agent_id=agent_id, dictionary=dictionary, enough=WORDS_ENOUGH, limit=LOOKED_AT)
    return [_found(row, "words") for row in rows]


def find_by_meaning(meaning: Sequence[float], *, agent_id: UUID) -> list[Found]:
    """The nearest in meaning, as far as they are near enough. Only where vectors are kept."""
    rows = vectors.nearest(meaning, agent_id=agent_id, limit=LOOKED_AT)
    return [_found(row[:5], "meaning") for row in rows if row[5] >= LIKE_ENOUGH]


def _found(row: tuple[Any, ...], by: str) -> Found:
    passage_id, source_id, title, heading, text = row
    return Found(passage_id, source_id, title, heading, text, by)


def merged(by_words: Sequence[Found], by_meaning: Sequence[Found], limit: int = LIMIT) -> list[Found]:
    """The best of both lists, by their ranks."""
    points: dict[int, float] = {}
    known: dict[int, Found] = {}
    for ranked in (by_words, by_meaning):
        for rank, each in enumerate(ranked):
            points[each.passage_id] = points.get(each.passage_id, 0.0) + 1 / (FUSION + rank)
            known[each.passage_id] = replace(each, by="both") if each.passage_id in known else each
    best: dict[tuple[str, str], Found] = {}  # what several pages of a site repeat is given once
    for each in (known[key] for key in sorted(points, key=lambda key: -points[key])):
        best.setdefault((each.heading, each.text), each)
    return list(best.values())[:limit]


def sources_of(agent_id: UUID) -> QuerySet[KnowledgeSource]:
    """What this agent knows: what all know, and what was written for it."""
    mine: QuerySet[KnowledgeSource] = KnowledgeSource.objects.filter(
        Q(agent=None) | Q(agent=agent_id), read_at__isnull=False
    )
    return mine
