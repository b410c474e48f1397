"""Writing as espeak should read it: times, money and telephone numbers, which it would spell out oddly by itself."""

from __future__ import annotations

import re

TITLES = {"Dr.": "Doctor", "Mr.": "Mister", "Mrs.": "Misses", "Ms.": "Miz"}  # their full stop is no pause

_DIALED = re.compile(r"(?<![\w$.,:])[+(]?\d[\d().\-\s]{5,}\d(?![\w:])")
_TIME = re.compile(r"(\d{1,2}):([0-5]\d)(?!\d)")
_MONEY = re.compile(r"\$(\d[\d,]*)(?:\.(\d\d))?(?!\d)")
_RANGE = re.compile(r"(?<=\d)[-\u2013](?=\d)")
_LONG_NUMBER = re.compile(r"(?<![\d,.])\d{5,}(?![\d,.]\d)")
_MIDDAY = re.compile(r"[ap]\.?m\b", re.IGNORECASE)
LEAST_DIGITS = 7


def as_spoken(piece: str) -> list[str]:
    """How each word of the piece is said; a word stays one entry, whatever it becomes."""
    words = [(found.start(), found[0]) for found in re.finditer(r"\S+", piece)]
    dialed = [found.span() for found in _DIALED.finditer(piece) if _digits(found[0]) >= LEAST_DIGITS]
    said = []
    for index, (start, word) in enumerate(words):
        after = words[index + 1][1] if index + 1 < len(words) else ""
        if any(first <= start < last for first, last in dialed):
            said.append(_one_by_one(word))
        elif word in ("-", "\u2013") and _digits(after):
            said.append("to")
        else:
            said.append(_word(word, after))
    return said


def _word(word: str, after: str) -> str:
    if word == "No." and after[:1].isdigit():
        return "number"
    if word in TITLES:
        return TITLES[word]
    if word.startswith("#") and word[1:2].isdigit():
        word = f"number {word[1:]}"
    word = _RANGE.sub(" to ", word)
    word = _TIME.sub(lambda found: _clock(found, after), word)
    word = _MONEY.sub(_sum, word)
    return _LONG_NUMBER.sub(lambda found: " ".join(found[0]), word)


def _clock(found: re.Match[str], after: str) -> str:
    hour, minute = int(found[1]), int(found[2])
    if minute == 0:
        half_follows = _MIDDAY.match(found.string, found.end()) or _MIDDAY.match(after)
        return f"{hour}" if half_follows else f"{hour} o'clock"
    return f"{hour} oh {minute}" if minute < 10 else f"{hour} {minute}"


def _sum(found: re.Match[str]) -> str:
    dollars, cents = found[1], found[2]
    text = f"{dollars} dollar" if dollars == "1" else f"{dollars} dollars"
    return f"{text} and {int(cents)} cents" if cents and int(cents) else text


def _one_by_one(word: str) -> str:
    """Digit by digit, with a pause after each group."""
    end = re.search(r"[.,;:!?]*$", word)
    groups = [" ".join(group) for group in re.findall(r"\d+", word)]
    return ", ".join(groups) + (end[0] if end and end[0] else ",")


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)
