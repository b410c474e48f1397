"""Finding what the business has written about a question: by words in PostgreSQL, and by meaning where it is known.

Two lists are merged by their ranks, for their scores have no common scale (reciprocal rank fusion, Cormack 2009).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector
from django.db.models import F, Func, Q, QuerySet, TextField, Value

from agents.knowledge import vectors
from agents.models import KnowledgePassage, KnowledgeSource

LIMIT = 4
LOOKED_AT = 20
FUSION = 60  # the constant of reciprocal rank fusion
LIKE_ENOUGH = 0.35  # below that a neighbor in meaning is only the least unlike
WORDS_ENOUGH = 1 / 4  # of a question's words must stand in a passage
MOST_WORDS = 40
NORMALIZATION = 1 | 32  # long passages gain little; the rank stays below one

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
    known = sources_of(agent_id)
    by_words = _by_words(question, known, configuration(language))
    by_meaning = _by_meaning(meaning, known) if meaning and vectors.are_kept() else []
    points = {
        key: sum(1 / (FUSION + ranks.index(key)) for ranks in (by_words, by_meaning) if key in ranks)
        for key in {*by_words, *by_meaning}
    }
    best = sorted(points, key=lambda key: -points[key])[:limit]
    rows = KnowledgePassage.objects.select_related("source").in_bulk(best)
    return [_found(rows[key], key in by_words, key in by_meaning) for key in best if key in rows]


def sources_of(agent_id: UUID) -> QuerySet[KnowledgeSource]:
    """What this agent knows: what all know, and what was written for it."""
    mine: QuerySet[KnowledgeSource] = KnowledgeSource.objects.filter(
        Q(agent=None) | Q(agent=agent_id), read_at__isnull=False
    )
    return mine


def _by_words(question: str, known: QuerySet[KnowledgeSource], dictionary: str) -> list[int]:
    """Any word may match, for people ask in other words than businesses write; enough of them have to."""
    spoken = list(dict.fromkeys(re.findall(r"\w+", question.lower())))[:MOST_WORDS]
    if not spoken:
        return []
    any_of = reduce(or_, (SearchQuery(word, config=dictionary, search_type="plain") for word in spoken))
    rows = (
        KnowledgePassage.objects.filter(source__in=known, words=any_of)
        .annotate(
            rank=SearchRank(F("words"), any_of, normalization=NORMALIZATION),
            asked=_Lexemes(SearchVector(Value(" ".join(spoken)), config=dictionary)),
            has=_Lexemes(F("words")),
        )
        .order_by("-rank", "pk")
        .values_list("pk", "asked", "has")
    )
    return [key for key, asked, has in rows[:LOOKED_AT] if len({*asked} & {*has}) >= WORDS_ENOUGH * len(asked)]


class _Lexemes(Func):
    """The words of a text without their endings, and without those that say nothing."""

    function = "tsvector_to_array"
    output_field = ArrayField(TextField())


def _by_meaning(meaning: Sequence[float], known: QuerySet[KnowledgeSource]) -> list[int]:
    near = vectors.nearest(meaning, known.values_list("pk", flat=True), LOOKED_AT)
    return [key for key, likeness in near.items() if likeness >= LIKE_ENOUGH]


def _found(row: KnowledgePassage, by_words: bool, by_meaning: bool) -> Found:
    by = "both" if by_words and by_meaning else "words" if by_words else "meaning"
    return Found(row.pk, row.source_id, row.source.title, row.heading, row.text, by)
