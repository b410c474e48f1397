"""Digits as they are written and as they are spoken: where they stand in a text, in six languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

DIGITS = {
    "en": "zero one two three four five six seven eight nine",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun",
    "it": "zero uno due tre quattro cinque sei sette otto nove",
    "pt": "zero um dois três quatro cinco seis sete oito nove",
}
_ALSO = {"en": {"oh": "0", "o": "0"}, "de": {"zwo": "2", "eine": "1"}, "es": {"un": "1"}, "pt": {"meia": "6"}}
TEENS = {"en": "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"}
TENS = {"en": "twenty thirty forty fifty sixty seventy eighty ninety"}
_TIMES = {"double": 2, "triple": 3, "doppel": 2, "doble": 2, "doppio": 2}
_BETWEEN = {"dash", "hyphen", "minus", "uh", "um", "er", "strich", "bindestrich", "guion", "guión", "tiret", "trattino"}

TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+")
FEW = 3  # words beside digits
_GOES_ON = re.compile(
    r"\b(?:go (?:on|ahead)|continue|next|the rest|remaining|digits?|keep going|weiter|ziffern?|siga|continúe|"
    r"dígitos?|continuez|la suite|chiffres?|prosegua|vada avanti|cifre|pode continuar)\b",
    re.IGNORECASE,
)
_GAP = re.compile(r"[\s()\-–.,/+]*")  # what may stand between two digits of one number
_DATE = re.compile(r"\b(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[/.]\d{1,2}[/.]\d{2,4})\b")


@dataclass(frozen=True, slots=True)
class Run:
    """Digits that follow each other, and where they stand."""

    digits: str
    start: int
    end: int
    groups: tuple[int, ...]
    is_date: bool = False

    @property
    def is_grouped_as_ssn(self) -> bool:
        return self.groups == (3, 2, 4)


def least_of(text: str, language: str) -> int:
    """How few digits are part of a number that is being told: the less else is said, the fewer."""
    return min(3, 1 + len(_others(text, language)[:2]))


def goes_on(text: str, language: str) -> bool:
    """Whether somebody who is told a number in groups asks for more of it, or only says that they listen."""
    return len(_others(text, language)) <= FEW or bool(_GOES_ON.search(text))


def _others(text: str, language: str) -> list[str]:
    known = _spoken(language)
    words = (found[0].lower() for found in TOKEN.finditer(text))
    return [word for word in words if not (word.isdigit() or word in known or word in _BETWEEN or word in _TIMES)]


def runs(text: str, language: str, least: int = 3) -> Iterator[Run]:
    """Every stretch of at least so many digits, whether they are written or spoken."""
    dates = [found.span() for found in _DATE.finditer(text)]
    tokens: list[tuple[str, int, int]] = []
    times = 1
    for found in TOKEN.finditer(text):
        word = found[0].lower()
        digits = word if word.isdigit() else _spoken(language).get(word, "")
        is_near = not tokens or bool(_GAP.fullmatch(text, tokens[-1][2], found.start()))
        if word in _TIMES and is_near:
            times = _TIMES[word]
            tokens.append(("", found.start(), found.end()))
        elif word in _BETWEEN and tokens and is_near:
            tokens.append(("", found.start(), found.end()))
        elif digits and is_near:
            tokens.append((digits * times, found.start(), found.end()))
            times = 1
        else:
            yield from _run(tokens, dates, least)
            tokens, times = ([(digits, found.start(), found.end())] if digits else []), 1
    yield from _run(tokens, dates, least)


def _run(tokens: list[tuple[str, int, int]], dates: list[tuple[int, int]], least: int) -> Iterator[Run]:
    said = [token for token in tokens if token[0]]
    digits = "".join(_joined([token[0] for token in said]))
    if len(digits) >= least:
        start, end = said[0][1], said[-1][2]
        inside = any(first <= start and end <= last for first, last in dates)
        yield Run(digits, start, end, tuple(len(token[0]) for token in said), inside)


def _joined(parts: list[str]) -> Iterator[str]:
    """Forty one is 41, and not 401."""
    for place, part in enumerate(parts):
        following = parts[place + 1] if place + 1 < len(parts) else ""
        is_tens = part.startswith("t")
        yield part[1:2] if is_tens and len(following) == 1 and following != "0" else part.lstrip("t")


@cache
def _spoken(language: str) -> dict[str, str]:
    """Words to digits. A ten is marked, because a unit may follow that takes the place of its zero."""
    words = {word: str(value) for value, word in enumerate(DIGITS.get(language, DIGITS["en"]).split())}
    words |= {word: str(value) for value, word in enumerate(TEENS.get(language, "").split(), 10)}
    words |= {
        word: f"t{value}" for value, word in zip(range(20, 100, 10), TENS.get(language, "").split(), strict=False)
    }
    return words | _ALSO.get(language, {})
