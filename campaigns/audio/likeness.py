"""Does a transcript say what the message says? Spelling may differ; names, dates, times, sums and numbers may not.

Both sides are brought to plain words first: a recogniser that writes "Nov 23rd at 8:15 a.m." and one that writes
"november twenty third at eight fifteen in the morning" have heard the same.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from campaigns.texts import spoken
from campaigns.texts.messages import Fact, Kind
from campaigns.texts.tongues import tongue

NAME_ALIKE = 0.7  # the share of letters that two spellings of a name have in common
WORDS_HEARD = 0.5  # the share of all words without which the clip says something else
LAST_WORDS = 4  # one of them has to be among the last that were heard
CENTS = re.compile(r"\$\s?([\d,]+)(?:\.(\d\d))?(?!\d)")

_SMALL = frozenset(["and", "the", "of", "a", "an", "at", "on", "in", "to", "by", "for", "uh", "um", "is", "oclock"])
_SAME = {
    "oh": "zero",
    "o": "zero",
    "morning": "am",
    "afternoon": "pm",
    "evening": "pm",
    "night": "pm",
    "tonight": "pm",
    "mister": "mr",
    "misses": "mrs",
    "missus": "mrs",
    "doctor": "dr",
    "dollar": "dollars",
    "cent": "cents",
    "percent": "percents",
}
_SAME |= {month[:3].lower(): month.lower() for month in spoken.MONTHS if month != "May"} | {"sept": "september"}
_NUMBERS = frozenset([*spoken.UNITS, *spoken.TENS, "hundred", "thousand", "million", "billion", "point"])
_ORDINALS = frozenset(spoken.ordinal(number) for number in [*range(1, 21), 30, 40, 50, 60, 70, 80, 90])


def tokens(text: str, language: str = "en") -> list[str]:
    """The words that tell something, each in its one spelling, numbers in words."""
    if not language.lower().startswith("en"):
        return _tokens_abroad(text, language)
    text = text.lower().replace("\u2019", "'")
    text = re.sub(r"\b([ap])\.?\s?m\b\.?", r" \1m ", text)
    text = re.sub(r"\bo ?'? ?clock\b", " oclock ", text)
    text = CENTS.sub(_sum, text)
    text = re.sub(r"(\d{1,2}):([0-5]\d)", _clock, text)
    text = re.sub(r"\b(\d{1,2})(?:st|nd|rd|th)\b", lambda found: spoken.ordinal(int(found[1])), text)
    text = re.sub(r"\+?\d[\d().\s-]{5,}\d", _digits, text)
    text = re.sub(r"\d{1,3}(?:,\d{3})+|\d+\.\d+|\d+", _number, text)
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", text.replace("-", " "))
    return [_SAME.get(word, word) for word in words if word not in _SMALL]


def _tokens_abroad(text: str, language: str) -> list[str]:
    """Words without accents, and digits in words where we know how they are said."""
    if (speech := tongue(language)) is not None:
        text = re.sub(r"(\d{1,2})[:.h]([0-5]\d)(?!\d)", r"\1 \2", text)
        text = re.sub(r"\+?\d[\d().\s-]{5,}\d", lambda found: f" {speech.one_by_one(found[0])} ", text)
        text = re.sub(r"\d+", lambda found: f" {speech.number(Decimal(found[0]))} ", text)
    plain = unicodedata.normalize("NFKD", text.lower())
    return re.findall(r"[^\W\d_]+", "".join(each for each in plain if not unicodedata.combining(each)))


def _sum(found: re.Match[str]) -> str:
    return spoken.money(Decimal(f"{found[1].replace(',', '') or 0}.{found[2] or '00'}"))


def _clock(found: re.Match[str]) -> str:
    hour, minute = int(found[1]), int(found[2])
    past = "" if not minute else f"oh {spoken.cardinal(minute)}" if minute < 10 else spoken.cardinal(minute)
    return f" {spoken.cardinal((hour - 1) % 12 + 1)} {past} "


def _digits(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found[0])
    return f" {spoken.one_by_one(digits[1:] if len(digits) == 11 and digits[0] == '1' else digits)} "


def _number(found: re.Match[str]) -> str:
    written = found[0].replace(",", "")
    if written.startswith("0") and written.isdecimal():
        return spoken.one_by_one(written)
    return spoken.number(Decimal(written))


def missed(text: str, facts: Sequence[Fact], transcript: str, language: str = "en") -> Iterator[Fact]:
    """The facts of a message that its transcript does not bring."""
    said, heard = tokens(text, language), tokens(transcript, language)
    for fact in facts:
        wanted = tokens(fact.said, language)
        if fact.kind is Kind.NAME:
            if not _names(wanted, _leftover(heard, said, wanted)):
                yield fact
        elif wanted and not any(_stands_at(wanted, heard, place, said) for place in range(len(heard))):
            yield fact


def says_something_else(text: str, transcript: str, language: str = "en") -> bool:
    """Too few of the words were heard, whatever they are."""
    said, heard = tokens(text, language), tokens(transcript, language)
    matches = difflib.SequenceMatcher(None, said, heard, autojunk=False).get_matching_blocks()
    return sum(match.size for match in matches) < WORDS_HEARD * len(said)


def lacks_its_end(text: str, transcript: str, language: str = "en") -> bool:
    """None of the last words was the last to be heard."""
    said, heard = tokens(text, language)[-LAST_WORDS:], tokens(transcript, language)[-LAST_WORDS - 2 :]
    return bool(said) and not set(said) & set(heard)


def _stands_at(wanted: list[str], heard: list[str], place: int, said: list[str]) -> bool:
    """Word by word, and not as a part of a longer number: "eight" is not heard in "eight fifteen"."""
    end = place + len(wanted)
    if heard[place:end] != wanted:
        return False
    before = heard[place - 1] if place else ""
    after = heard[end] if end < len(heard) else ""
    around = {(said[i - 1] if i else "", _at(said, i + len(wanted))) for i in _places(wanted, said)}
    longer_left = _continues(before, wanted[0]) and before not in {left for left, _ in around}
    longer_right = _continues(wanted[-1], after) and after not in {right for _, right in around}
    return not (longer_left or longer_right)


def _places(wanted: list[str], said: list[str]) -> Iterator[int]:
    return (i for i in range(len(said)) if said[i : i + len(wanted)] == wanted)


def _at(words: list[str], index: int) -> str:
    return words[index] if index < len(words) else ""


def _continues(word: str, following: str) -> bool:
    """Whether both are pieces of one number."""
    return word in _NUMBERS and (following in _NUMBERS or following in _ORDINALS)


def _leftover(heard: list[str], said: list[str], wanted: list[str]) -> list[str]:
    """What was heard beside the other words of the message: a name is not taken from those."""
    others = set(said) - set(wanted)
    return [word for word in heard if word not in others]


def _names(wanted: list[str], heard: list[str]) -> bool:
    """Each part of the name sounds like a word that was heard, or like two that the recogniser took apart."""
    pairs = [one + other for one, other in pairwise(heard)]
    return all(any(alike(part, word) for word in (*heard, *pairs)) for part in wanted)


def alike(name: str, heard: str) -> bool:
    """Two spellings of a name, such as Jon and John, or Delgado and del gotto."""
    return difflib.SequenceMatcher(None, _sound(name), _sound(heard)).ratio() >= NAME_ALIKE


def _sound(word: str) -> str:
    """Roughly how it is pronounced, so that spellings of one sound become the same."""
    word = re.sub(r"[^a-z]", "", word)
    for written, sound in (
        ("ph", "f"), ("ck", "k"), ("gh", "g"), ("sch", "sh"), ("c", "k"), ("q", "k"), ("z", "s"), ("y", "i"),
        ("v", "f"), ("h", ""), ("ee", "i"), ("d", "t"), ("e", "i"), ("o", "u"),
    ):  # fmt: skip
        word = word.replace(written, sound)
    return re.sub(r"(.)\1+", r"\1", word)
