"""What the system prompt says about the business, and how a caller asks for it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from .slots import find_reason
from .when import DAY_NAMES, MONTHS, PLAUSIBLE, WEEKDAYS, read_today
from .wording import UNITS, digits, ordinal, plain, spoken


def first_passage(told: str) -> str:
    """The beginning of the best passage of those that were looked up: `[where it stands]`, then its text."""
    _, _, passages = told.partition("\n\n[")
    _, _, text = passages.partition("]\n")
    sentences = re.split(r"(?<=[.!?])\s+", " ".join(text.partition("\n\n[")[0].split()))
    return " ".join(sentences[:2])


@dataclass(frozen=True, slots=True)
class Topic:
    """Something callers ask for: by which words, under which key the prompt has it, how an answer begins."""

    name: str
    asked: re.Pattern[str]
    key: re.Pattern[str]
    begins: str = ""


def _topic(name: str, asked: str, key: str, begins: str = "") -> Topic:
    return Topic(name, re.compile(rf"\b(?:{asked})"), re.compile(rf"\b(?:{key})"), begins)


_DAY = rf"(?:{'|'.join(WEEKDAYS)})s?"
TOPICS = (
    _topic("parking", r"park(?:ing)?\b", "park", "Parking is"),
    _topic("insurance", r"insurance|insured|medicare|medicaid|delta dental|blue cross|ppo\b", "insur", "We take"),
    _topic("payment", r"credit cards?|by card|cash\b|pay by|can i pay|how (?:do|can) i pay", "pay", "You can pay by"),
    _topic("prices", r"how much|prices?\b|costs?\b|charge|fees?\b|expensive", "price|cost|fee|rate"),
    _topic(
        "hours",
        r"hours|when (?:are|do) you|when is the (?:office|clinic)|are you (?:still |ever )?(?:open|closed)|how late|"
        r"(?:what|which) time do you|until when|which days|what days|open on|you open|do you (?:open|close)\b",
        "hours|open",
        "We are open",
    ),
    _topic(
        "address",
        r"address|directions|where (?:are|is)\b|located|location|how (?:do|can) i (?:get|find|come) (?:to|there|you)|"
        r"are you near|find you",
        "address|location|where",
        "We are at",
    ),
    _topic("email", r"e ?mail", "e-?mail", "Our email address is"),
    _topic("website", r"web ?site|web page", "web", "Our website is"),
    _topic("phone", r"(?:phone|fax|your) number|how can i (?:reach|contact|call) you", "phone|tel", "Our number is"),
    _topic("date", r"what day is it|what is today|what is the date|today s date", "today", "Today is"),
    _topic("time", r"what time is it|what is the time|have the time", "time", "It is"),
    _topic("business", r"who is this|who am i|is this the|what is this place|who did i reach", "business", "This is"),
    _topic("languages", r"speak (?:spanish|english|french|german|chinese)|languages?\b", "language", "We speak"),
    _topic(
        "services",
        r"what services|what do you (?:offer|do)\b|do you (?:do|offer|have|treat|see|speak)\b|"
        r"are you (?:taking|accepting)",
        "service|treatment|offer",
    ),
    _topic(
        "bring",
        r"(?:do|should) i (?:need to )?bring|how long (?:does|will)|wheelchair|cancellation policy|"
        r"who is the (?:dentist|doctor)|(?:bus|train) (?:stop|station)",
        "bring",
    ),
)
_LINE = re.compile(r"^[-*\s]*(?P<key>[A-Z][\w' &/-]{1,38}?)\s*:\s*(?P<value>\S.*)$")
_KEY_LEADS = re.compile(
    rf"\b({'|'.join(UNITS[:10])}) is (?:for )?(?:a |the )?([a-z]+(?: [a-z]+)?)(?=[,.])", re.IGNORECASE
)
_INLINE = re.compile(r"(?<=[.!?] )(?P<key>(?:Opening |Office )?[A-Z]?[a-z]*): (?P<value>.+)$")
_RULES = re.compile(r"^(?:How to speak|What you can do)$.*?(?=^\s*$|\Z)", re.MULTILINE | re.DOTALL)
_PRIVATE = re.compile(
    r"caller|persona|role|style|rule|task|goal|instruction|greeting|example|important|note", re.IGNORECASE
)
_RANGE = re.compile(rf"({_DAY})\s*(?:to|through|until|[-–])\s*({_DAY})", re.IGNORECASE)
_CLOCKS = re.compile(
    r"(\d{1,2})(?::(\d\d))?\s*([ap])?\.?m?\.?\s*(?:to|until|[-–])\s*(\d{1,2})(?::(\d\d))?\s*([ap])\.?m", re.IGNORECASE
)
_OTHER_WORDS = re.compile(r"\b(?:what|where|when|who|how|which|do you|is there|are there|can i|tell me|about)\b")


@dataclass
class Facts:
    """The lines "Key: value" of a prompt, and what follows from them."""

    lines: dict[str, str] = field(default_factory=dict)
    agent: str = ""
    emergency_number: bool = False
    menu: dict[str, str] = field(default_factory=dict)  # where a key leads

    @classmethod
    def read(cls, prompt: str) -> Facts:
        prompt = _RULES.sub("", prompt)
        facts = cls(emergency_number="911" in prompt)
        for line in prompt.splitlines():
            found = _LINE.match(line) or _INLINE.search(line)
            if found and len(found["key"].split()) <= 4:
                facts.lines.setdefault(found["key"].lower(), found["value"].strip())
            if len(keys := _KEY_LEADS.findall(line)) > 1:
                facts.menu |= {str(UNITS.index(key.lower())): name.lower() for key, name in keys}
        called = re.search(r"\bYou are ([A-Z][a-z]+),", prompt)
        facts.agent = called[1] if called else ""
        return facts

    @cached_property
    def today(self) -> date | None:
        return read_today(self.lines.get("date", "")) or read_today(self.lines.get("today", ""))

    def named(self, topic: Topic) -> str:
        return next((value for key, value in self.lines.items() if topic.key.search(key)), "")

    def department_in(self, text: str) -> str:
        """The one of the menu that is named; empty where none is."""
        return next((name for name in self.menu.values() if re.search(rf"\b{re.escape(name)}\b", text)), "")

    @cached_property
    def hours(self) -> str:
        return self.named(next(topic for topic in TOPICS if topic.name == "hours"))

    @cached_property
    def open_days(self) -> frozenset[int] | None:
        """Which days of the week are open, where the hours say it plainly."""
        hours = re.split(r"\bclosed\b", self.hours, flags=re.IGNORECASE)[0]
        days: set[int] = set()
        for start, end in _RANGE.findall(hours):
            first, last = _weekday(start), _weekday(end)
            days |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
        days |= {_weekday(word) for word in re.findall(rf"\b{_DAY}\b", hours, re.IGNORECASE)}
        if re.search(r"every ?day|daily|seven days|24/7", hours, re.IGNORECASE):
            days = set(range(7))
        return frozenset(days) or None

    @cached_property
    def opening(self) -> tuple[int, int]:
        """When the day begins and ends, in minutes; anybody's day where the hours differ or are not known."""
        ranges = set(_CLOCKS.findall(self.hours))
        if len(ranges) != 1:
            return PLAUSIBLE
        hour, minute, half, to_hour, to_minute, to_half = ranges.pop()
        end = _of_day(to_hour, to_minute, to_half)
        start = _of_day(hour, minute, half or ("a" if int(hour) % 12 * 60 < end else to_half))
        return (start, end) if start < end else PLAUSIBLE

    @cached_property
    def knows_opening(self) -> bool:
        return len(set(_CLOCKS.findall(self.hours))) == 1

    def is_closed(self, weekday: int | None) -> bool:
        return weekday is not None and self.open_days is not None and weekday not in self.open_days

    def next_open(self) -> int | None:
        """The weekday after today that is open."""
        days, today = self.open_days, self.today
        if today is None:
            return min(days) if days else None
        ahead = ((today + timedelta(days=step)).weekday() for step in range(1, 8))
        return next((day for day in ahead if days is None or day in days), None)

    def asked_for(self, text: str) -> list[str]:
        """The topics of a question in plain words: names of TOPICS, or keys of this prompt."""
        found = [topic.name for topic in TOPICS if topic.asked.search(text)]
        specific = [name for name in found if name not in ("services", "prices", "payment")] or found
        if not specific or specific in (["bring"], ["services"]):
            return self._keys_in(text) or specific
        return specific[:1]

    def _keys_in(self, text: str) -> list[str]:
        if not _OTHER_WORDS.search(text):
            return []
        words = {_stem(word) for word in text.split() if len(word) > 3}
        return [
            key
            for key in self.lines
            if not _PRIVATE.search(key) and words & {_stem(w) for w in plain(key).split() if len(w) > 3}
        ][:1]

    def answer(self, name: str, text: str) -> str:
        """A sentence that answers, or nothing when the prompt does not say."""
        topic = next((topic for topic in TOPICS if topic.name == name), None)
        if topic is None:
            return _sentence(name.capitalize() + " is", self.lines[name])
        value = self.named(topic)
        if not value:
            return ""
        if topic.name == "hours":
            return self._hours_on(text) or _sentence("" if value.lower().startswith("clos") else topic.begins, value)
        if topic.name == "phone":
            return _sentence(topic.begins, digits(value) or value)
        if topic.name == "prices":
            return _price(value, text)
        if topic.name == "date" and self.today is not None:
            month = MONTHS[self.today.month - 1]
            return f"Today is {DAY_NAMES[self.today.weekday()]}, {month} {ordinal(self.today.day)}."
        if topic.name == "time":
            value = value.split(" in ")[0]
        return _sentence(topic.begins, value)

    def _hours_on(self, text: str) -> str:
        """For a question about one day: yes or no first."""
        named = re.search(rf"\b({_DAY})\b", text)
        weekday = _weekday(named[1]) if named else None
        if weekday is None and self.today is not None and (near := re.search(r"\b(today|tomorrow)\b", text)):
            weekday = (self.today + timedelta(days=near[1] == "tomorrow")).weekday()
        if weekday is None or self.open_days is None:
            return ""
        if weekday not in self.open_days:
            return f"We are closed on {DAY_NAMES[weekday]}s. {_sentence('We are open', self.hours)}"
        if not self.knows_opening:
            return ""
        times = _CLOCKS.search(self.hours)
        return f"Yes, on {DAY_NAMES[weekday]}s we are open {spoken(times[0])}." if times else ""


def _weekday(word: str) -> int:
    word = word.lower()
    return WEEKDAYS[word] if word in WEEKDAYS else WEEKDAYS[word.rstrip("s")]


def _of_day(hour: str, minute: str, half: str) -> int:
    return int(hour) % 12 * 60 + int(minute or 0) + (720 if half.lower() == "p" else 0)


def _stem(word: str) -> str:
    return word.rstrip("s")[:6]


def _price(value: str, text: str) -> str:
    """The part of a list of prices that was asked for, or all of it."""
    asked = find_reason(text)
    for part in re.split(r"[,;.]\s+", value) if asked else ():
        offered = find_reason(plain(part))
        if asked and offered and offered[0] == asked[0]:
            amount = re.search(r"(?:from |about )?\$?\d.*", part)
            return _sentence(f"{asked[0][0].upper()}{asked[0][1:]} is", amount[0]) if amount else _sentence("", part)
    return _sentence("", value)


def _sentence(begins: str, value: str) -> str:
    """The value as a sentence; one that stands on its own feet is left as it is."""
    value = spoken(value).strip()
    on_its_own = re.match(r"(?:we|you|our|yes|no|there|it|free|please|by|from|closed|all)\b", value, re.IGNORECASE)
    fitting = begins and not (on_its_own and value[0].isupper())
    text = f"{begins} {value}" if fitting else value[0].upper() + value[1:]
    return text if text[-1] in ".!?" else f"{text}."
