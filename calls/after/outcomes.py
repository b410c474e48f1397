"""What came of a call, in the words of its page, of the list and of a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time

from agentos.tenants.templatetags.words import clock_of, day
from agents.findings import FieldType
from calls.after.models import Analysis

RESULT_TONES = {"resolved": "good", "follow_up": "warn", "unresolved": "bad", "nothing": "idle"}
SENTIMENT_TONES = {"positive": "good", "neutral": "idle", "negative": "bad"}
VERDICTS = {"met": ("Met", "good"), "not_met": ("Not met", "bad"), "unclear": ("Unclear", "idle")}
TROUBLES = {
    "unusable": "The model’s answer could not be used.",
    "timeout": "The model did not answer in time.",
    "401": "The model’s vendor refused the key.",
    "quota": "The account at the model’s vendor has used up what it may.",
}


@dataclass(frozen=True, slots=True)
class Word:
    """A state in a word, and the tone of its tag."""

    words: str
    tone: str


@dataclass(frozen=True, slots=True)
class Criterion:
    text: str
    verdict: Word
    reason: str


@dataclass(frozen=True, slots=True)
class Noted:
    """A field that was asked for; `value` is empty where nobody said it. `quote`: the words behind it."""

    name: str
    value: str
    quote: str


@dataclass(frozen=True, slots=True)
class Outcomes:
    """All that a person reads of one analysis."""

    summary: str
    result: Word
    sentiment: Word
    criteria: Sequence[Criterion]
    fields: Sequence[Noted]
    by: str

    @property
    def met(self) -> str:
        """2 of 3 met; empty where nothing is judged."""
        return f"{sum(each.verdict.words == 'Met' for each in self.criteria)} of {len(self.criteria)} met"


def outcomes(analysis: Analysis) -> Outcomes:
    return Outcomes(
        summary=analysis.summary,
        result=result_of(analysis),
        sentiment=sentiment_of(analysis),
        criteria=[
            Criterion(each["text"], Word(*VERDICTS[each["verdict"]]), each["reason"]) for each in analysis.criteria
        ],
        fields=[Noted(each["name"], written(each["type"], each["value"]), each["quote"]) for each in analysis.fields],
        by="rules" if analysis.provider == "offline" else analysis.model,
    )


def result_of(analysis: Analysis) -> Word:
    return Word(analysis.get_result_display(), RESULT_TONES.get(analysis.result, "idle"))


def sentiment_of(analysis: Analysis) -> Word:
    return Word(analysis.get_sentiment_display(), SENTIMENT_TONES.get(analysis.sentiment, "idle"))


def trouble_of(analysis: Analysis) -> str:
    """Why it could not be read, in a sentence."""
    return TROUBLES.get(analysis.trouble, "The model could not be asked.")


def written(kind: str, value: str) -> str:
    """A stored value as people write it."""
    if not value:
        return ""
    match kind:
        case FieldType.DATE:
            return day(date.fromisoformat(value))
        case FieldType.TIME:
            return clock_of(time.fromisoformat(value))
        case FieldType.YES_NO:
            return value.capitalize()
    return value
