"""Plain lower-case words out of what a recognizer wrote, and numbers as a voice should say them."""

from __future__ import annotations

import re

UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
TEENS = ("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50}
NUMBERS = {word: value for value, word in enumerate(UNITS + TEENS)} | TENS
_ORDINALS = """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"""
ORDINALS = {word: value for value, word in enumerate(_ORDINALS.split(), start=1)} | {"thirtieth": 30}

_SAME = (
    (r"[\u2018\u2019]", "'"),
    (r"\b([ap])\.\s?m\b\.?", r"\1m"),
    (r"(?<=\d)(?=[ap]m\b)", " "),
    (r"(?<=[a-z])-(?=[a-z])", " "),
    (r"[^a-z0-9':\s]|:(?!\d)|(?<!\d):", " "),
    (r"\b([ap]) m\b", r"\1m"),
    (r"\bo ?'? ?clock\b", "oclock"),
    (r"\bto (?=day\b|morrow\b|night\b)", "to"),
    (r"\bgood bye\b", "goodbye"),
    (r"\bgonna\b", "going to"),
    (r"\bwanna\b", "want to"),
    (r"\bcheck ?up\b", "checkup"),
    (r"\bi'? ?d\b", "i would"),
    (r"\bi'?m\b", "i am"),
    (r"\b(it|that|what|name|where|who|when|how|there)'s\b", r"\1 is"),
    (r"\b(?:thats|whats)\b", lambda found: f"{found[0][:-1]} is"),
    (r"\bi'll\b", "i will"),
    (r"\blet'?s\b", "let us"),
    (r"\bisn't\b", "is not"),
    (r"\bdo not\b", "don't"),
    (r"\bcould\b", "can"),
    (r"\b(?:u[hm]+|er|hmm*|mm+|ah)\b", " "),
    (r"\s+", " "),
)
_PATTERNS = tuple((re.compile(pattern), replacement) for pattern, replacement in _SAME)


def plain(text: str) -> str:
    """The words alone, in lower case, contractions opened and split words joined."""
    text = text.lower()
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text.strip()


def cardinal(number: int) -> str:
    """A number below ten thousand as words."""
    if number < 20:
        return (UNITS + TEENS)[number]
    if number < 100:
        word = (*TENS, "sixty", "seventy", "eighty", "ninety")[number // 10 - 2]
        return word if number % 10 == 0 else f"{word} {cardinal(number % 10)}"
    size, name = (1000, "thousand") if number >= 1000 else (100, "hundred")
    rest = "" if number % size == 0 else f" {cardinal(number % size)}"
    return f"{cardinal(number // size)} {name}{rest}"


def ordinal(number: int) -> str:
    """The day of a month as a word."""
    for word, value in ORDINALS.items():
        if value == number:
            return word
    return f"{cardinal(number - number % 10)} {ordinal(number % 10)}"


def clock(minutes: int) -> str:
    """Minutes since midnight as a person says them: three thirty PM, nine AM, noon."""
    if minutes == 720:
        return "noon"
    hour, minute = divmod(minutes, 60)
    past = "" if minute == 0 else f" oh {cardinal(minute)}" if minute < 10 else f" {cardinal(minute)}"
    return f"{cardinal((hour - 1) % 12 + 1)}{past} {'AM' if hour < 12 else 'PM'}"


def digits(text: str) -> str:
    """A telephone number digit by digit, with a pause where it has a gap."""
    groups = re.findall(r"\d+", text)
    return ", ".join(" ".join(UNITS[int(digit)] for digit in group) for group in groups)


def spoken(text: str) -> str:
    """A written fact with its times and sums of money in words; other numbers stay as they are."""

    def time(found: re.Match[str]) -> str:
        minutes = int(found[1]) % 12 * 60 + int(found[2] or 0) + (720 if found[3].lower() == "p" else 0)
        return clock(minutes)

    text = re.sub(
        r"\b(\d{1,2})(?::([0-5]\d))?\s?([ap])\.?m\b(?:\.(?=\s+(?-i:[a-z])|,))?", time, text, flags=re.IGNORECASE
    )
    return re.sub(r"\$\s?(\d{1,4})(?![\d.,]\d)", lambda found: f"{cardinal(int(found[1]))} dollars", text)
