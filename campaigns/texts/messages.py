"""What is said to one person: a template with {{variables}}, filled in, in words that a voice cannot get wrong.

A template has names in double braces and no logic. What a variable is, its name says by its last word:

    {{appointment_date}}  {{visit_day}}       a date: 2026-11-23, November 23, 2026, or 11/23/2026 in en-US
    {{appointment_time}}                      a time: 08:15, 8:15 AM
    {{amount}} {{price}} {{balance}} …        money: 125.50, $125.50
    {{callback_number}} {{phone}}             a telephone number
    {{name}} {{doctor_name}}                  a name

Any other variable is looked at: an ISO date, a time, money with its sign, a telephone number in E.164 or a number
is said as such, and the rest as it is written. Values are data: they are cut, cleaned and never read as a template.
They are written as the campaign's language writes them, and said in the language of the message.
Each line of a template is a part: a line without variables is made once, whoever hears it.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from campaigns.texts.tongues import English, Tongue, tongue

MOST_VALUE, MOST_TEMPLATE = 200, 4000
BUILT_IN = ("name", "first_name", "last_name", "business")

_BRACES = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
_PHONE = r"\+\d{8,15}"
_MONEY = r"-?[$€£]\s?(?:\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.\d\d)?"
_ISO_DATE = r"\d{4}-\d\d-\d\d"
_TIME = r"\d{1,2}:[0-5]\d(?::[0-5]\d)?(?:\s?[AaPp]\.?[Mm]\b\.?)?|\d{1,2}\s?[AaPp]\.?[Mm]\b\.?"
_NUMBER = r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|-?\d+(?:\.\d+)?"
_WRITTEN = re.compile(
    rf"(?<![\w.,:/$€£-])(?:(?P<phone>{_PHONE})|(?P<amount>{_MONEY})|(?P<date>{_ISO_DATE})|(?P<time>{_TIME})"
    rf"|(?P<number>{_NUMBER}))(?![\w/-]|[.,:]\d)"
)
_SENTENCE_ENDS = re.compile(r"\s*$|\s+[A-Z]")
_MIDDAY_AT_END = re.compile(r"([ap])\.m\.$", re.IGNORECASE)  # the full stop is not a sentence's
_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP"}
_US_DATES = ("%m/%d/%Y", "%m-%d-%Y", "%B %d, %Y", "%b %d, %Y", "%B %d %Y", "%b %d %Y")
_DAY_FIRST = ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y")
_DATES = ("%Y-%m-%d", "%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y")


class Kind(StrEnum):
    """What a fact is. Whoever mishears one comes on the wrong day, or was not meant."""

    NAME = "name"
    DATE = "date"
    TIME = "time"
    AMOUNT = "amount"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that has to be heard, as it is said."""

    kind: Kind
    said: str


@dataclass(frozen=True, slots=True)
class Message:
    """What is said to one person. `fixed` are the lines that everybody hears."""

    text: str
    facts: tuple[Fact, ...]
    fixed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Manner:
    """How facts are said, and how their values are written. Nothing says them in a language that we do not know."""

    says: Tongue | None
    written_in: str

    @property
    def speech(self) -> Tongue:
        """Asked for only where there is one."""
        if self.says is None:
            raise ValueError(self.written_in)
        return self.says

    @property
    def at(self) -> str:
        """Between the day and the time of a moment."""
        return " at " if isinstance(self.says, English) else ", "


class MessageError(ValueError):
    """The template, or this person's values, cannot be said. `variable` names the culprit where there is one."""

    def __init__(self, code: str, words: str, variable: str = "") -> None:
        super().__init__(words)
        self.code, self.words, self.variable = code, words, variable


def variables_in(template: str) -> list[str]:
    """The names in a template, in order and once. Raises MessageError where it is not one."""
    if len(template) > MOST_TEMPLATE:
        raise MessageError("too_long", f"A message has at most {MOST_TEMPLATE} characters.")
    names = [found[1] for found in _BRACES.finditer(template)]
    for written in names:
        if not _NAME.fullmatch(written):
            words = f'"{written}" is not the name of a variable: letters, digits and underscores, such as first_name.'
            raise MessageError("not_a_variable", words, written)
    rest = _BRACES.sub("", template)
    if "{" in rest or "}" in rest:
        raise MessageError("braces", "A variable is written with two braces on either side, such as {{first_name}}.")
    return list(dict.fromkeys(names))


def check(template: str, known: Iterable[str]) -> None:
    """Insist that every variable is known. Raises MessageError with the name, and the one that was probably meant."""
    known = set(known)
    for written in variables_in(template):
        if written not in known:
            near = difflib.get_close_matches(written.lower(), sorted(known), n=1, cutoff=0.5)
            hint = f" Did you mean {{{{{near[0]}}}}}?" if near else ""
            raise MessageError("unknown_variable", f"There is no variable {{{{{written}}}}}.{hint}", written)


def render(
    template: str, variables: Mapping[str, object], language: str = "en-US", written_in: str | None = None
) -> Message:
    """What this person hears, of values that were written in another language, or in the same.

    Raises MessageError for an unknown variable, an empty value, or one that is not what its name promises.
    """
    check(template, variables)
    manner = Manner(tongue(language), written_in or language)
    lines, facts, fixed = [], [], set()
    for line in _one_space(template).split("\n"):
        said, own = _line(line, variables, manner)
        if said:
            lines.append(said)
            facts += own
            if not _BRACES.search(line):
                fixed.add(said)
    if not lines:
        raise MessageError("empty", "The message says nothing.")
    return Message("\n".join(lines), tuple(dict.fromkeys(facts)), frozenset(fixed))


def _line(line: str, variables: Mapping[str, object], manner: Manner) -> tuple[str, list[Fact]]:
    said, facts = [], []
    position = 0
    for found in _BRACES.finditer(line):
        for text, own in (
            _in_words(line[position : found.start()], manner),
            _value(found[1], variables[found[1]], manner),
        ):
            said.append(text)
            facts += own
        position = found.end()
    text, own = _in_words(line[position:], manner)
    return "".join([*said, text]).strip(), facts + own


def _value(variable: str, value: object, manner: Manner) -> tuple[str, list[Fact]]:
    """One value as it is said, and what must be heard of it."""
    written = clean(value)
    if not written:
        raise MessageError("no_value", f"{{{{{variable}}}}} has no value for this person.", variable)
    if manner.says is None:
        return written, []
    kind = _promised(variable)
    if kind is None:
        return _in_words(_MIDDAY_AT_END.sub(r"\1m", written), manner)
    try:
        return _READERS[kind](written, manner)
    except (ValueError, InvalidOperation):
        if kind != "phone" and not any(character.isdigit() for character in written):
            return written, [Fact(Kind(kind), written)]  # "tomorrow", "noon": said as it stands
        if not manner.written_in.lower().startswith("en"):
            return written, []  # "23 de noviembre": the voice knows its own language
        words = f'"{written}" cannot be read as a {kind}, which {{{{{variable}}}}} has to be.'
        raise MessageError("unreadable", words, variable) from None


def clean(value: object) -> str:
    """A value as plain text in one line: no markup, nothing invisible, and not longer than anybody listens."""
    if isinstance(value, date | time | datetime):
        return value.isoformat()
    text = unicodedata.normalize("NFC", str(value if value is not None else ""))
    text = "".join(" " if character.isspace() else character for character in text)
    text = "".join(character for character in text if unicodedata.category(character)[0] != "C")
    text = text.replace("&", " and ")
    return " ".join(re.sub(r"[<>{}\[\]|\\^`~]", " ", text).split())[:MOST_VALUE].strip()


def _one_space(template: str) -> str:
    return "\n".join(" ".join(line.split()) for line in template.splitlines())


# What a value is --------------------------------------------------------------------------------------


_PROMISED = {
    **dict.fromkeys(("date", "day"), "date"),
    "time": "time",
    **dict.fromkeys(("amount", "price", "balance", "fee", "total", "cost"), "amount"),
    **dict.fromkeys(("phone", "telephone"), "phone"),
    **dict.fromkeys(("name", "doctor", "dentist", "provider", "patient"), "name"),
}


def _promised(variable: str) -> str | None:
    words = variable.lower().split("_")
    if words[-1] == "number" and words[:-1] and words[-2] in ("phone", "callback", "telephone"):
        return "phone"
    return _PROMISED.get(words[-1])


def _said_date(written: str, manner: Manner) -> tuple[str, list[Fact]]:
    said = manner.speech.day(_read_date(written, manner.written_in))
    return said, [Fact(Kind.DATE, said)]


def _said_time(written: str, manner: Manner) -> tuple[str, list[Fact]]:
    written = written.partition("T")[2] or written
    is_bare = re.fullmatch(r"[1-9]:[0-5]\d", written) is not None  # 2:30 may mean the afternoon
    said = manner.speech.clock(_read_time(written), part_of_day=not is_bare)
    return said, [Fact(Kind.TIME, said)]


def _said_amount(written: str, manner: Manner) -> tuple[str, list[Fact]]:
    currency = next((_SIGNS[sign] for sign in written if sign in _SIGNS), "USD")
    amount = _plain_number(re.sub(r"[$€£\s]", "", written), manner.written_in)
    said = manner.speech.money(amount, currency)
    return said, [Fact(Kind.AMOUNT, said)]


def _said_phone(written: str, manner: Manner) -> tuple[str, list[Fact]]:
    if not re.fullmatch(r"\+?[\d\s().-]{3,24}", written):
        raise ValueError(written)
    said = manner.speech.phone(written)
    return said, [Fact(Kind.NUMBER, said)]


def _said_number(written: str, manner: Manner) -> tuple[str, list[Fact]]:
    said = manner.speech.number(_plain_number(written, manner.written_in))
    return said, [Fact(Kind.NUMBER, said)]


def _said_name(written: str, manner: Manner) -> tuple[str, list[Fact]]:
    said = manner.speech.name(written)
    return said, [Fact(Kind.NAME, said)]


_READERS: dict[str, Callable[[str, Manner], tuple[str, list[Fact]]]] = {
    "date": _said_date,
    "time": _said_time,
    "amount": _said_amount,
    "phone": _said_phone,
    "number": _said_number,
    "name": _said_name,
}


def _plain_number(written: str, language: str) -> Decimal:
    """A number as this language writes it: 1,250.50 in English, 1.250,50 in German."""
    if _has_decimal_comma(language) and ("," in written or re.fullmatch(r"-?\d{1,3}(\.\d{3})+", written)):
        return Decimal(written.replace(".", "").replace(",", "."))
    return Decimal(written.replace(",", ""))


def _has_decimal_comma(language: str) -> bool:
    """Spanish of the Americas north of Panama, and English, have a point."""
    from babel import Locale, UnknownLocaleError

    try:
        symbols = Locale.parse(language, sep="-").number_symbols
    except (UnknownLocaleError, ValueError):
        return False
    return str(symbols["latn"]["decimal"]) == ","


def _read_date(written: str, language: str) -> date:
    try:
        return datetime.fromisoformat(written).date()
    except ValueError:
        pass
    for form in _forms(language):
        try:
            return datetime.strptime(written, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise ValueError(written)


def _forms(language: str) -> tuple[str, ...]:
    """How dates are written beside ISO; where English leaves open which number is the month, none of both."""
    if language.lower() in ("en-us", "es-us"):
        return _US_DATES
    return _DATES if language.lower().startswith("en") else _DAY_FIRST


def _read_time(written: str) -> time:
    found = re.fullmatch(r"(\d{1,2})(?::([0-5]\d))?(?::[\d.]+)?(?:[+-][\d:]+|Z)?\s?(?:([ap])\.?m\.?)?", written.lower())
    if not found or (found[2] is None and found[3] is None):
        raise ValueError(written)
    hour = int(found[1])
    if found[3]:
        if not 1 <= hour <= 12:
            raise ValueError(written)
        hour = hour % 12 + (12 if found[3] == "p" else 0)
    return time(hour, int(found[2] or 0))


_MOMENT = re.compile(rf"({_ISO_DATE})[T ](\d\d:[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:[+-]\d\d:\d\d|Z)?)(?![\w:])")


def _in_words(text: str, manner: Manner) -> tuple[str, list[Fact]]:
    """Text with its dates, times, sums and numbers in words. What only looks like one stays as it is."""
    facts: list[Fact] = []
    if manner.says is None:
        return text, facts

    def say(found: re.Match[str]) -> str:
        if found.lastgroup in ("amount", "number") and _has_decimal_comma(manner.written_in):
            return found[0]  # 1.250 may be a thousand, or one and a quarter
        try:
            said, own = _READERS[str(found.lastgroup)](found[0], manner)
        except (ValueError, InvalidOperation):
            return found[0]
        facts.extend(own)
        ends = found[0].endswith(".") and _SENTENCE_ENDS.match(text, found.end())
        return f"{said}." if ends else said

    text = _MOMENT.sub(lambda found: f"{found[1]}{manner.at}{_read_clock(found[2])}", text)
    return _WRITTEN.sub(say, text), facts


def _read_clock(written: str) -> str:
    return f"{_read_time(written.lower().removesuffix('z')):%H:%M}"
