"""A caller's name and reason in plain words, with the names and reasons of the grammar we listen by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from .grammar import receptionist as grammar

_LEADS = re.compile(
    r"^(?:(?:yes|yeah|sure|okay|ok|well|so|hi|hello|no|sorry|actually|oh|and|please|of course|it is|it was|that is|"
    r"this is|i am|my|first|last|full|the|name|is|would be|will be|under|for|put it under|just|i need|i would like|"
    r"i want|to|get|a|an|some|have|book|it|because|about|son|daughter|wife|husband|mother|father|i think|you can|"
    r"call me)\b ?)+"
)
_TAILS = re.compile(r"(?: ?\b(?:please|thank you|thanks|here|speaking|and|that is|spelled|spelt|instead|is my name))+$")
_SPELLED = re.compile(r"(?:that is |it is )?(?:spelled |spelt )?(?:\b[a-z]\b ?){3,}")
_INTRODUCED = re.compile(
    r"\b(?:(?:my|the|a|under the|in the|full|first|patient's) name (?:is|of|would be)|name of|name is|under the name"
    r"(?: of)?|this is|they call me|call me|for my (?:son|daughter|wife|husband|mother|father))"
    r" (?P<name>[a-z' ]+)"
)
_HINTED = re.compile(r"\b(?:it is|i am|under|for|with|that is|name|not) (?P<name>[a-z' ]+)")
_SECOND = re.compile(r"\band (?:my )?last name is (?P<last>[a-z']+)")
_TITLES = {"miss", "mister", "missus", "doctor", "mr", "mrs", "ms", "dr"}
_NOT_NAMES = """
a about actually an and another any anything appointment are at be because book but by can cancel change come could day
do doctor does don't done fine for from get go going good great have hello help her here hi how i if in instead is it
just know later like looking make me monday my name need new next no not now of okay on or out patient please pm am
problem question right say see she so some someone sorry speak speaking sure talk tell thank thanks that the there this
time to today tomorrow trying tuesday wait want was we wednesday thursday friday saturday sunday what when where which
who why will with would wrong yes yeah yep yet you your calling nope ok correct perfect exactly nothing never mind robot
computer ridiculous unacceptable terrible awful horrible outrageous useless crazy stupid urgent
one two three four five six seven eight nine ten tree ate won"""
_STOP = frozenset(_NOT_NAMES.split())
_ALIASES = {
    "teeth cleaned": "a cleaning",
    "teeth clean": "a cleaning",
    "clean": "a cleaning",
    "cleansing": "a cleaning",
    "cleanings": "a cleaning",
    "clean in": "a cleaning",
    "leaning": "a cleaning",
    "checkup": "a checkup",
    "tooth hurts": "a toothache",
    "tooth aches": "a toothache",
    "tooth is killing": "a toothache",
    "tooth ache": "a toothache",
    "tooth broke": "a broken tooth",
    "broke a tooth": "a broken tooth",
    "chipped a tooth": "a chipped tooth",
    "lost a filling": "a lost filling",
    "filling fell out": "a lost filling",
    "crown fell out": "a loose crown",
    "crown came off": "a loose crown",
    "gums hurt": "sore gums",
    "gums are bleeding": "bleeding gums",
    "in pain": "pain",
    "emergency": "an emergency",
    "wisdom teeth": "a wisdom tooth",
    "wisdom tooth": "a wisdom tooth",
    "x ray": "an X-ray",
    "x rays": "X-rays",
    "whitening": "whitening",
    "cleaning": "a cleaning",
    "a teeth cleaning": "a teeth cleaning",
    "exam": "an exam",
}
_SORE = re.compile(r"\bmy (\w+) (?:hurts?|aches?|is hurting|is sore|is killing me)\b")
_PAINFUL = re.compile(r"ache|pain|broken|chipped|bleeding|sore|emergency|lost filling|loose crown|fever")


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it is said, and whether the caller introduced it as one."""

    text: str
    introduced: bool


@cache
def reasons() -> dict[str, str]:
    """What people come in for, the longest first, with the words in which it is read back."""
    known = dict(_ALIASES)
    for phrase in (*grammar().phrases("reason"), *grammar().phrases("pain")):
        bare = re.sub(r"^an? ", "", phrase)
        if bare != "appointment":
            known.setdefault(bare.replace("check up", "checkup"), phrase.replace("check up", "checkup"))
    return dict(sorted(known.items(), key=lambda item: -len(item[0])))


@cache
def _any_reason() -> re.Pattern[str]:
    return re.compile(rf"\b(?:an? )?(?P<reason>{'|'.join(map(re.escape, reasons()))})\b")


def find_reason(text: str) -> tuple[str, re.Match[str]] | None:
    """The first reason that we know, as it is read back, and where it stands."""
    found = _any_reason().search(text)
    return (reasons()[found["reason"]], found) if found else None


@cache
def first_names() -> frozenset[str]:
    return frozenset(grammar().phrases("first"))


@cache
def last_names() -> frozenset[str]:
    return frozenset(grammar().phrases("last"))


def read_reason(text: str, *, asked: bool) -> tuple[str, str]:
    """The reason, and the text without it. When it was asked for, short words that we do not know are one, too."""
    if known := find_reason(text):
        spoken, found = known
        return spoken, f"{text[: found.start()]}@{text[found.end() :]}"
    if sore := _SORE.search(text):
        return f"a sore {sore[1]}", _SORE.sub("@", text, count=1)
    if not asked:
        return "", text
    text = re.sub(r"\b(my \w+) (?:is|are|has|feels)\b.*", r"\1", text)
    free = _TAILS.sub("", _LEADS.sub("", text.split("@")[0].strip())).strip()
    words = free.split()
    if not 1 <= len(words) <= 8 or all(word in _STOP for word in words):
        return "", text
    mine = {"my": "your", "i": "you", "am": "are", "me": "you"}
    article = re.search(rf"\b(an?|my|the|some) {re.escape(free)}", text)
    said = f"{article[1]} {free}" if article else free
    return " ".join(mine.get(word, word) for word in said.split()), "@"


def is_painful(reason: str) -> bool:
    return bool(_PAINFUL.search(reason))


def read_name(text: str, *, asked: bool) -> Name | None:
    """The caller's name. When it was asked for, a short turn is one as a whole."""
    second = _SECOND.search(text)
    text = _SPELLED.sub(" ", _SECOND.sub("", text)).strip()
    for found in _INTRODUCED.finditer(text):
        if name := _leading_name(found["name"], known=False):
            return Name(_titled([*name, *([second["last"]] if second else [])]), introduced=True)
    if (name := _whole_name(text)) and (asked or set(name) <= first_names() | last_names()):
        return Name(_titled([*name, *([second["last"]] if second else [])]), introduced=True)
    for found in _HINTED.finditer(text):
        if name := _leading_name(found["name"], known=True):
            return Name(_titled(name), introduced=True)
    words = text.split()
    for one, two in pairwise(words):
        if one in first_names() and two in last_names():
            return Name(_titled([one, two]), introduced=False)
    return None


def _leading_name(text: str, *, known: bool) -> list[str]:
    """The words up to one that is no part of a name; `known`: the first must be a name that we know."""
    name: list[str] = []
    for word in text.split()[:4]:
        if word in _STOP and not (word in _TITLES and not name):
            break
        name.append(word)
    if known and not (name and name[0] in first_names() | last_names()):
        return []
    return [] if all(word in _TITLES for word in name) else name[:3]


def _whole_name(text: str) -> list[str]:
    text = text.split("@")[0].strip() or text.replace("@", " ").strip()
    words = _TAILS.sub("", _LEADS.sub("", text)).split()
    if not 1 <= len(words) <= 4 or any(word in _STOP and word not in _TITLES for word in words):
        return []
    return [word for word in words if word.replace("'", "").isalpha()]


def _titled(words: list[str]) -> str:
    """Maria Lopez, Anne O'Brien; said twice is said once."""
    once = list(dict.fromkeys(words))
    return " ".join(
        "'".join(part.capitalize() if len(part) > 1 or i == 0 else part for i, part in enumerate(word.split("'")))
        for word in once
    )
