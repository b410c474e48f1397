"""Days and times of day in what a caller said, also where the recognizer wrote a word that only sounds alike."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from .wording import NUMBERS, ORDINALS, TENS, UNITS, clock, ordinal

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
SHORT = {"mon": 0, "tue": 1, "tues": 1, "wed": 2, "weds": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4, "sat": 5}
WEEKDAYS = {name.lower(): index for index, name in enumerate(DAY_NAMES)} | SHORT | {"sun": 6, "wensday": 2}
HOURS = {word: NUMBERS[word] for word in UNITS[1:]}
ALIKE = {
    "won": 1,
    "wan": 1,
    "to": 2,
    "too": 2,
    "tree": 3,
    "free": 3,
    "for": 4,
    "fore": 4,
    "sicks": 6,
    "ate": 8,
    "nein": 9,
    "tan": 10,
}
PLAUSIBLE = (8 * 60, 18 * 60)


def _any(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_ORDINAL = rf"(?:(?:twenty|thirty) )?(?:{_any(ORDINALS)})|\d{{1,2}}(?:st|nd|rd|th)"
_CARDINAL = rf"(?:twenty|thirty)(?: (?:{_any(UNITS[1:10])}))?|(?:{_any(NUMBERS)})|\d{{1,2}}"
_MONTH = _any(month.lower() for month in MONTHS)
_WEEKDAY = _any(WEEKDAYS)
_DATE = re.compile(
    rf"(?:\b(?:{_WEEKDAY}) )?(?:\b(?P<month>{_MONTH}) (?:the )?(?P<day>{_ORDINAL}|{_CARDINAL})\b"
    rf"|\bthe (?P<alone>{_ORDINAL})\b(?: of (?P<of>{_MONTH}))?"
    r"(?! (?:available|appointment|opening|free|one|time|visit|slot)))"
)
_NAMED = re.compile(rf"\b(?P<next>next |this |coming )?(?P<weekday>{_WEEKDAY})\b(?P<later> next week| week)?")
_NEAR = re.compile(r"\b(?:the )?(?P<near>day after tomorrow|tomorrow|today|tonight)\b")

_HOUR = rf"{_any(HOURS)}|\d{{1,2}}"
_MINUTE = (
    rf"(?:oh|o) (?:{_any(UNITS[1:10])})|(?:{_any(TENS)})(?: (?:{_any(UNITS[1:10])}))?"
    r"|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
)
_HALF = r"(?: (?P<half>am|pm|in the morning|in the afternoon|in the evening|at night|tonight))"
_AT = r"at|around|about|make it|make that|say|by|after|before|said|meant|mean|do|to|it is|for|till|until"
_NOT_A_TIME = r"(?! (?:of|more|moment|minute|second|day|week|month|year|person|people|thing|question|hundred)s?\b)"
_OFFSETS = {"half": 30, "quarter": 15, "five": 5, "ten": 10, "twenty": 20}
_TIMES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?P<offset>half|quarter|five|ten|twenty) (?P<way>past|after|to|before|of) (?P<hour>{_HOUR})\b{_HALF}?",
        rf"\b(?P<hour>\d{{1,2}}):(?P<minute>[0-5]\d)\b{_HALF}?",
        rf"\b(?P<hour>{_HOUR}) (?P<minute>{_MINUTE})\b{_HALF}?",
        rf"\b(?P<hour>{_any(ALIKE)}) (?P<minute>(?:{_any(TENS)})(?: five)?|fifteen)\b{_HALF}?",
        rf"\b(?P<hour>{_HOUR}|{_any(ALIKE)}) oclock\b{_HALF}?",
        rf"\b(?P<hour>{_HOUR}|{_any(ALIKE)})\b{_HALF}",
        r"\b(?P<noon>noon|midday|lunch ?time)\b",
        rf"(?:\b(?:{_AT}|how about|what about)|@) (?P<hour>{_HOUR})\b{_NOT_A_TIME}",
        rf"\b(?:at|make it|@) (?P<hour>{_any(ALIKE)})$",
    )
)
_BARE = re.compile(
    rf"^(?:(?:no|yes|yeah|okay|sorry|actually|oh|wait|maybe|well|let us|please|half) )*"
    rf"(?P<hour>{_HOUR}|{_any(ALIKE)})"
    r"(?: (?:please|would be|is|works?|fine|good|great|best|perfect|for me|instead|then))*$"
)
_DENIED = re.compile(rf"\bnot (?:on |at |for )?(?:{_WEEKDAY}|today|tomorrow|(?:{_HOUR})(?: (?:{_MINUTE}))?)\b")
_PART = re.compile(r"\b(?P<part>morning|afternoon|evening|tonight|before noon|after lunch|after work)\b")
_PARTS = {"tonight": "evening", "before noon": "morning", "after lunch": "afternoon", "after work": "evening"}


@dataclass(frozen=True, slots=True)
class Day:
    """A day as it is said, and which day of the week and of the calendar it is, where that is known."""

    name: str
    weekday: int | None = None
    on: date | None = None

    def after(self, today: date) -> date | None:
        """The day of the calendar: the coming one of this weekday, where nothing else is known."""
        if self.on is not None or self.weekday is None:
            return self.on
        return today + timedelta(days=(self.weekday - today.weekday()) % 7 or 7)

    @property
    def phrase(self) -> str:
        """With its preposition, to stand in a sentence before a time."""
        if self.name.startswith(("today", "tomorrow")):
            return f"{self.name}," if "," in self.name else self.name
        return self.name if self.name.startswith("next") else f"on {self.name}"


@dataclass(frozen=True, slots=True)
class When:
    """What was said about the time of an appointment; `rest` is the text without it."""

    day: Day | None
    minutes: int | None
    part: str
    rest: str

    @property
    def time(self) -> str:
        return "" if self.minutes is None else clock(self.minutes)


def read_today(text: str) -> date | None:
    """2026-11-21; or Saturday, November 21, of a year in which that is true."""
    with suppress(ValueError):
        return date.fromisoformat(text.strip())
    found = re.match(r"(\w+), (\w+) (\d{1,2})$", text.strip())
    if not found or found[1] not in DAY_NAMES or found[2] not in MONTHS:
        return None
    for year in range(2024, 2056):
        try:
            day = date(year, MONTHS.index(found[2]) + 1, int(found[3]))
        except ValueError:
            continue
        if day.weekday() == DAY_NAMES.index(found[1]):
            return day
    return None


def read_when(text: str, *, today: date | None, bare: bool, opening: tuple[int, int] = PLAUSIBLE) -> When:
    """Read day and time from plain words. `bare`: a number that stands alone is an hour."""
    text = _DENIED.sub(" ", f" {text} ").strip()
    text = re.sub(r"\s+", " ", text)
    greeting = re.match(r"(?:\w+ ){0,2}good (?:morning|afternoon|evening)\b", text)
    text = text[greeting.end() :].strip() if greeting else text
    day, rest = _read_day(text, today)
    part = _part(rest) or ("evening" if "tonight" in text else "")
    found = _find_time(rest, bare=bare)
    if found is None:
        return When(day, None, part, _PART.sub("@", rest))
    return When(day, _minutes(found, part, opening), part, _PART.sub("@", rest.replace(found[0], " @ ", 1)))


def _part(text: str) -> str:
    found = _PART.search(text)
    return _PARTS.get(found["part"], found["part"]) if found else ""


def _chosen(matches: list[re.Match[str]], text: str) -> re.Match[str] | None:
    """The last one said, unless they are offered as alternatives."""
    if not matches:
        return None
    return matches[0] if f"{matches[0][0]} or " in text else matches[-1]


def _read_day(text: str, today: date | None) -> tuple[Day | None, str]:
    """The day, and the text with an @ for every day that was named."""
    for pattern, read in ((_DATE, _dated), (_NAMED, _named), (_NEAR, _near)):
        if found := _chosen(list(pattern.finditer(text)), text):
            rest = _NAMED.sub("@", pattern.sub("@", text))
            if (day := read(found, today)) is not None:
                return day, rest
    return None, text


def _dated(found: re.Match[str], today: date | None) -> Day | None:
    number = _number(re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", found["day"] or found["alone"]))
    named = found["month"] or found["of"]
    if today is None or not 1 <= number <= 31:
        of_month = f"{named.capitalize()} " if named else "the "
        return Day(of_month + ordinal(number)) if 1 <= number <= 31 else None
    month = MONTHS.index(named.capitalize()) + 1 if named else today.month
    for step in range(13):
        years, index = divmod(month - 1 + (step if not named else 12 * step), 12)
        try:
            day = date(today.year + years, index + 1, number)
        except ValueError:
            continue
        if day >= today:
            return Day(f"{DAY_NAMES[day.weekday()]}, {MONTHS[day.month - 1]} {ordinal(number)}", day.weekday(), day)
    return None


def _named(found: re.Match[str], today: date | None) -> Day:
    index = WEEKDAYS[found["weekday"]]
    later = found["next"] == "next " or bool(found["later"])
    if not later:
        return Day(DAY_NAMES[index], index)
    ahead = (index - today.weekday()) % 7 or 7 if today else 0
    if today and today.weekday() + ahead < 7:
        ahead += 7  # "next" skips the one of this week
    return Day(f"next {DAY_NAMES[index]}", index, today + timedelta(days=ahead) if today else None)


def _near(found: re.Match[str], today: date | None) -> Day:
    ahead = {"day after tomorrow": 2, "tomorrow": 1}.get(found["near"], 0)
    name = ("today", "tomorrow", "the day after tomorrow")[ahead]
    if today is None:
        return Day(name)
    day = today + timedelta(days=ahead)
    weekday = day.weekday()
    return Day(DAY_NAMES[weekday] if ahead == 2 else f"{name}, {DAY_NAMES[weekday]}", weekday, day)


def _find_time(text: str, *, bare: bool) -> re.Match[str] | None:
    for pattern in _TIMES:
        if found := _chosen([each for each in pattern.finditer(text) if _is_hour(each)], text):
            return found
    found = _BARE.match(text.replace("@", " ").strip()) if bare else None
    return found if found and _is_hour(found) else None


def _is_hour(found: re.Match[str]) -> bool:
    hour = found.groupdict().get("hour")
    return hour is None or _number(hour) <= 23


def _number(word: str) -> int:
    if word.isdigit():
        return int(word)
    total = 0
    for part in word.split():
        total += HOURS.get(part) or ALIKE.get(part) or NUMBERS.get(part) or ORDINALS.get(part, 0)
    return total


def _minutes(found: re.Match[str], part: str, opening: tuple[int, int]) -> int:
    groups = {key: value for key, value in found.groupdict().items() if value}
    if "noon" in groups:
        return 720
    minutes = _number(groups["hour"]) * 60
    if shift := _OFFSETS.get(groups.get("offset", "")):
        minutes += shift if groups["way"] in ("past", "after") else -shift
    minutes += _number(groups.get("minute", "0"))
    half = groups.get("half") or part
    if minutes >= 13 * 60:
        return minutes
    if half in ("am", "in the morning", "morning"):
        return minutes % 720
    if half:
        return minutes % 720 + 720
    return _plausible(minutes % 720, opening)


def _plausible(minutes: int, opening: tuple[int, int]) -> int:
    """The half of the day that lies in opening hours, or else in anybody's day."""
    for start, end in (opening, PLAUSIBLE):
        for choice in (minutes, minutes + 720):
            if start <= choice <= end:
                return choice
    return minutes + 720 if minutes < 7 * 60 else minutes
