"""Words and numbers in what was said, whether a recogniser wrote digits or words."""

from __future__ import annotations

import re
from itertools import pairwise

_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
_UNITS += " seventeen eighteen nineteen"
UNITS = {word: value for value, word in enumerate(_UNITS.split())}
TENS = {
    word: 10 * value
    for value, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_WORD = re.compile(r"[^\W_]+")


def words_of(text: str) -> list[str]:
    """The words alone, in one case: what two ways of writing the same have in common."""
    return _WORD.findall(text.casefold().replace("’", "").replace("'", ""))


def numbers_in(text: str) -> set[float]:
    """Every number that is said: 1,250, twelve hundred and fifty, and the hour of half past two."""
    found = {float(each.replace(",", "")) for each in _NUMBER.findall(text)}
    return found | _in_words(_WORD.findall(text.casefold()))


def _in_words(words: list[str]) -> set[float]:
    found: set[float] = set()
    total, current, previous = 0, 0, ""
    for word, following in pairwise([*words, ""]):
        if _goes_on(word, previous):
            current += UNITS.get(word, 0) + TENS.get(word, 0)
        elif word in UNITS or word in TENS:
            found |= {float(total + current)} if previous else set()
            total, current = 0, UNITS.get(word, 0) + TENS.get(word, 0)
        elif word in _SCALES and previous:
            current = max(1, current) * _SCALES[word]
            if word != "hundred":
                total, current = total + current, 0
        elif word == "and" and previous in _SCALES and (following in UNITS or following in TENS):
            continue
        else:
            found |= {float(total + current)} if previous else set()
            total, current, word = 0, 0, ""
        previous = word
    return found | ({float(total + current)} if previous else set())


def _goes_on(word: str, previous: str) -> bool:
    """Whether this word and the one before are one number: twenty one, two hundred fifty."""
    if word in UNITS:
        return previous in _SCALES or (previous in TENS and 0 < UNITS[word] < 10)
    return word in TENS and previous in _SCALES
