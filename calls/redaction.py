"""Takes personal data out of what was said, before it is stored anywhere: pure, by rules, for six languages.

It prefers to take out too much. A number is read as it is spoken, too: "four one one one", "forty-one eleven", "double
five". One redactor goes with one call, because a turn is often understood by the one before: a name that was given once
is a name from then on, and four digits after "your card number, please" are part of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any
from unicodedata import combining, normalize

from calls.ids import is_card, is_national_id
from calls.spoken_digits import DIGITS, TEENS, TENS, TOKEN, Run, goes_on, least_of, runs


class Kind(StrEnum):
    CARD = "card"
    NATIONAL_ID = "national_id"
    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"

    @property
    def mark(self) -> str:
        """What stands in the text instead."""
        return f"[{self.value.replace('_', ' ')}]"


WHOLE = {Kind.CARD: 16, Kind.NATIONAL_ID: 9, Kind.PHONE: 10}  # digits with which it is complete, most of the time
LOOKS_BACK = 200  # characters that a thing is understood by
LONGEST_NAME = 100
MOST_NAMES = 60
DATA = Path(__file__).parent / "data"

_LETTERED_ID = re.compile(
    r"\b(?:[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]|\d{8}-?[A-Z]|[XYZ]-?\d{7}-?[A-Z]|"
    r"[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z])\b",
    re.IGNORECASE,
)
_MARK = re.compile(r"\[(?:card|national id|email|phone|name)\]")

_DOT = r"(?:dot|punkt|punto|point|ponto)"
_JOIN = rf"(?:{_DOT}|underscore|dash|hyphen|minus|plus|guion|guión|tiret|trattino|unterstrich|bindestrich)"
_AT = r"(?:at(?: sign)?|arroba|chiocciola|arobase|ät|klammeraffe)"
_ENDS = r"(?:com|net|org|edu|gov|io|co|us|uk|de|es|fr|it|pt|br|info|biz|me|mx|example|test|co (?:dot )?uk)"
_DOMAIN = re.compile(r"\s?@\s?[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_SPOKEN_DOMAIN = re.compile(
    rf" +{_AT} +[\w-]{{1,63}}(?: +[\w-]{{1,63}})?(?:(?: +{_DOT} +|\.)[\w-]{{1,63}}){{0,3}}(?: +{_DOT} +|\.){_ENDS}\b",
    re.IGNORECASE,
)
_LOCAL_PART = re.compile(r"[\w.+-]{1,64}$")
_COUNT = rf"(?:\d+|{'|'.join(' '.join((DIGITS['en'], TEENS['en'], TENS['en'])).split())})"
_LETTER = rf"(?:[^\W\d_]|\d+|{'|'.join(DIGITS['en'].split())})"
_SPOKEN_LOCAL_PART = re.compile(
    rf"\b(?:{_LETTER}(?: +{_LETTER}){{1,40}}|[\w.-]{{1,64}}(?: +{_JOIN} +[\w-]{{1,64}}){{0,4}}"
    rf"(?: +{_COUNT}){{0,6}})$",
    re.IGNORECASE,
)
_BEFORE_EMAIL = re.compile(
    r"\b(?:e-?mail(?: address)?|address|adresse|correo|courriel)(?: is| ist| es| est|:| è| é)? +((?:[\w-]+ +){1,4})$",
    re.IGNORECASE,
)
_ASKS_FOR_EMAIL = re.compile(r"\b(?:e-?mail|address|adresse|correo|courriel)", re.IGNORECASE)

_ABOUT_CARDS = re.compile(
    r"\b(?:card|visa|mastercard|amex|cvv|cvc|security code|expir\w+|kreditkarte\w*|karten?nummer|tarjeta|"
    r"carte (?:bancaire|de crédit)|carta di credito|cartão)\b",
    re.IGNORECASE,
)
_ABOUT_IDS = re.compile(
    r"\b(?:social security|social|ssn|tax (?:id|number)|itin|national insurance|passport|driver'?s licen[sc]e|"
    r"sozialversicherung\w*|steuer\w*|ausweis\w*|dni|nie|nif|cpf|sécurité sociale|codice fiscale|"
    r"seguro social|seguridad social)\b",
    re.IGNORECASE,
)
_ABOUT_PHONES = re.compile(
    r"\b(?:(?:phone|telephone|mobile|cell|callback|call back) ?(?:number)?|reach you|my number|telefonnummer|"
    r"rückruf\w*|handy\w*|meine nummer|teléfono|mi número|téléphone|mon numéro|telefono|il mio numero|telefone|"
    r"meu número|celular)\b",
    re.IGNORECASE,
)
_LEADS_ON = re.compile(r"\b(?:is|it's|number|nummer|número|numéro|numero|ist|lautet|es|est|è|é)\W*$", re.IGNORECASE)
_ABOUT_OTHERS = re.compile(
    r"\b(?:order|invoice|reference|confirmation|booking|reservation|ticket|case|claim|tracking|part|model|serial|"
    r"bestell\w*|rechnung\w*|pedido|factura|commande|facture|ordine|fattura)\b(?:\W+\w+){0,4}\W*$",
    re.IGNORECASE,
)
_MONEY = re.compile(r"[$€£]\s*$")
_MONEY_AFTER = re.compile(r"\s*(?:dollars?|cents?|euros?|pounds?|percent|%|€)", re.IGNORECASE)

_ASKS_FOR_NAME = re.compile(
    r"\b(?:your (?:full |first |last )?name|who am i speaking|who is calling|name should i|ihr(?:en)? name\w*|"
    r"wie heißen sie|su nombre|cómo se llama|votre nom|vous appelez|suo nome|come si chiama|seu nome|se chama)\b",
    re.IGNORECASE,
)
_INTRODUCES = re.compile(
    r"\b(?:my (?:full |first |last |maiden )?name(?:'s| is)|(?:last|first|full|sur) ?name(?:'s| is)|the name(?:'s| is)|"
    r"under the name(?: of)?|they call me|i am called|mein name ist|ich heiße|auf den namen|me llamo|mi nombre es|"
    r"a nombre de|je m['’]appelle|mon nom est|au nom de|mi chiamo|il mio nome è|a nome di|meu nome é|me chamo|"
    r"chamo-me|em nome de|(?:book|appointment|reservation|visit) for|"
    r"my (?:husband|wife|son|daughter|mother|father))\s+",
    re.IGNORECASE,
)
_TITLES = re.compile(
    r"\b(?:mr|mrs|ms|miss|mister|missus|dr|doctor|herr|frau|señora?|don|doña|madame|monsieur|signora?|senhora?)\.?\s+",
    re.IGNORECASE,
)
_SAYS_WHO = re.compile(
    r"\b(?:i'?m|i am|it'?s|this is|that'?s|call me|speaking with|ich bin|hier ist|soy|habla|je suis|sono|sou)\s+",
    re.IGNORECASE,
)
_HERE = re.compile(r"^\W*((?:[^\W\d_]+ ){1,3})(?:here|speaking)\b", re.IGNORECASE)
_BIG = r"[^\W\d_a-zß-ÿ][^\W\d_]*(?:['’-][^\W\d_]+)*"
_BIG_WORDS = re.compile(rf"\b{_BIG}(?:\s+(?:(?:van|von|de|la|der|del|da|di|dos|le|bin|al)\s+)*{_BIG})+")
_WORD = re.compile(r"[^\W\d_]+")
_NAME_WORD = re.compile(r"\s*(?P<word>[^\W\d_]+(?:['’-][^\W\d_]+)*)(?P<stop>[,.!?;:]?)")
_SPELLED = re.compile(r"\b[^\W\d_](?:[\s.,-]+[^\W\d_]\b){2,}")
_CONTRACTED = ("n't", "n’t", "'ll", "'re", "'ve", "'d", "'m")
_NO_NAMES = frozenset((DATA / "no_names.txt").read_text().split())  # words that follow "this is" and the like
_PARTICLES = {"de", "la", "van", "von", "der", "del", "da", "di", "dos", "o", "mc", "mac", "le", "bin", "al"}


@dataclass(frozen=True, slots=True)
class _Begun:
    """A number of which `said` digits are known; the rest is expected."""

    kind: Kind
    said: int


@dataclass(slots=True)
class Redactor:
    """For one call. `known` are words that are no secret: the names of the agent and of the business."""

    kinds: frozenset[Kind]
    language: str = "en"
    known: Collection[str] = ()
    _own_language: str = ""
    _names: set[str] = field(default_factory=set)
    _last: dict[str, str] = field(default_factory=dict)
    _asked: str = ""
    _open: _Begun | None = None  # a number that goes on in the next turns
    _before: tuple[str, _Begun | None] = ("", None)  # the caller's turn, and what was open when it began

    @classmethod
    def of(cls, kinds: Iterable[str], *, language: str, known: Iterable[str]) -> Redactor:
        """For a version that wants these kinds taken out. The words of `known` stay."""
        words = [word for text in known for word in TOKEN.findall(text)]
        return cls(frozenset(map(Kind, kinds)), language.split("-")[0], words)

    def hear(self, language: str) -> None:
        """What follows is said in this language; without one, in the version's own."""
        self._own_language = self._own_language or self.language
        self.language = language.split("-")[0] or self._own_language

    def turn(self, speaker: str, text: str) -> str:
        """As `text`, for what somebody says: it is understood by what the other has said before."""
        if not self.kinds or not text.strip():
            return text
        self._asked = next((said for other, said in self._last.items() if other != speaker), "")
        self._last[speaker] = text[-LOOKS_BACK:]
        if speaker != "caller":
            self._open = self._open if goes_on(text, self.language) else None
            return self.text(text)
        was, began_with = self._before
        if _LEADS_ON.search(was):
            self._asked += f"\n{was[-LOOKS_BACK:]}"
        if was and text.startswith(was):  # the same turn again, longer
            self._open = began_with
        self._before = (text, self._open)
        kept = self.text(text)
        self._open = self._still_open(text)
        return kept

    def text(self, text: str) -> str:
        if not self.kinds or not text:
            return text
        if Kind.EMAIL in self.kinds:
            text = self._emails(text)
        if self.kinds & {Kind.CARD, Kind.NATIONAL_ID, Kind.PHONE}:
            text = self._numbers(text)
        return self._people(text) if Kind.NAME in self.kinds else text

    def data(self, value: Any) -> Any:
        """Every text within; names of fields stay, and so do numbers that are no text."""
        match value:
            case str():
                return self.text(value)
            case dict():
                return {name: self.data(each) for name, each in value.items()}
            case list() | tuple():
                return [self.data(each) for each in value]
        return value

    # E-mail --------------------------------------------------------------------------------------------

    def _emails(self, text: str) -> str:
        for domain, local in ((_DOMAIN, _LOCAL_PART), (_SPOKEN_DOMAIN, _SPOKEN_LOCAL_PART)):
            pieces, reached = [], 0
            for found in domain.finditer(text):
                near = text[max(reached, found.start() - LOOKS_BACK) : found.start()]
                if name := local.search(near):
                    start = found.start() - len(near) + self._first_of_email(near, name.start())
                    pieces += [text[reached:start], Kind.EMAIL.mark]
                    reached = found.end()
            text = "".join([*pieces, text[reached:]])
        return text

    def _first_of_email(self, near: str, start: int) -> int:
        """Where an address begins that is said in several words: after "my e-mail is", or with the answer itself."""
        if said := _BEFORE_EMAIL.search(near[:start]):
            return said.start(1)
        is_answer = len(near[:start].split()) <= 2 and len(near) < LOOKS_BACK and _ASKS_FOR_EMAIL.search(self._asked)
        return 0 if is_answer else start

    # Numbers -------------------------------------------------------------------------------------------

    def _still_open(self, text: str) -> _Begun | None:
        """The number that a turn of the caller ended within: people say long ones in groups, and wait for a yes."""
        begun = self._open
        found = list(runs(text, self.language, least=1 if begun else 3))
        if not found:
            return begun if goes_on(text, self.language) else None
        last = found[-1]
        kind = self._kind_of(last, text)
        if kind is None or len(TOKEN.findall(text, last.end)) > 2:
            return None
        said = sum(len(run.digits) for run in found) + (begun.said if begun and begun.kind is kind else 0)
        return _Begun(kind, said) if said < WHOLE[kind] else None

    def _numbers(self, text: str) -> str:
        if Kind.NATIONAL_ID in self.kinds:
            text = _LETTERED_ID.sub(Kind.NATIONAL_ID.mark, text)
        pieces, reached = [], 0
        for run in runs(text, self.language, least=least_of(text, self.language) if self._open else 3):
            if kind := self._kind_of(run, text):
                pieces += [text[reached : run.start].rstrip("(+"), kind.mark]
                reached = run.end
        return "".join([*pieces, text[reached:]])

    def _kind_of(self, run: Run, text: str) -> Kind | None:
        before, digits = text[max(0, run.start - 80) : run.start], run.digits
        about = f"{self._asked}\n{before}"
        if _MONEY.search(before) or _MONEY_AFTER.match(text, run.end) or run.is_date:
            return None
        for kind, holds in (
            (Kind.CARD, is_card(digits) or (len(digits) >= 3 and bool(_ABOUT_CARDS.search(about)))),
            (Kind.NATIONAL_ID, is_national_id(digits) and (run.is_grouped_as_ssn or bool(_ABOUT_IDS.search(about)))),
            (Kind.NATIONAL_ID, len(digits) >= 4 and bool(_ABOUT_IDS.search(about))),
            (self._open.kind if self._open else Kind.CARD, self._open is not None or len(digits) >= 16),
            (Kind.PHONE, 7 <= len(digits) <= 15 and not _ABOUT_OTHERS.search(before)),
            (Kind.PHONE, bool(_ABOUT_PHONES.search(about))),
        ):
            if holds and kind in self.kinds:
                return kind
        return None

    # Names ---------------------------------------------------------------------------------------------

    def _people(self, text: str) -> str:
        self._learn(text)
        text = _SPELLED.sub(Kind.NAME.mark, text)
        if not self._names:
            return text
        any_name = "|".join(sorted(map(re.escape, self._names), key=len, reverse=True))
        particles = rf"(?:(?:{'|'.join(sorted(_PARTICLES))})\s+)*"
        whole = rf"\b{particles}(?:{any_name})(?:['’]s)?\b(?:\s+{particles}(?:{any_name})\b)*"
        return re.sub(whole, Kind.NAME.mark, text, flags=re.IGNORECASE)

    def _learn(self, text: str) -> None:
        for found in _INTRODUCES.finditer(text):
            self._take(text, found.end(), sure=True)
        for found in _TITLES.finditer(text):
            name = _name_at(text, found.end())
            self._take(text, found.end(), sure=any(word[:1].isupper() for word in name))
        for found in _SAYS_WHO.finditer(text):
            self._take(text, found.end(), sure=False)
        for found in _WORD.finditer(text):
            if found[0][:1].isupper() and found[0].lower() in first_names():
                self._take(text, found.start(), sure=False)
        if self.language != "de":
            for found in _BIG_WORDS.finditer(text):
                self._take_pair(text, found.start())
        if (here := _HERE.match(text)) and len(_name_at(here[1], 0)) == len(here[1].split()):
            self._take(here[1], 0, sure=True)
        if _ASKS_FOR_NAME.search(self._asked) and len(text) < LONGEST_NAME and len(TOKEN.findall(text)) <= 8:
            self._take(_leading_words(text), 0, sure=True)

    def _take(self, text: str, at: int, *, sure: bool) -> None:
        """The words of a name that stands there; unless that is `sure`, the first has to look like one."""
        words = _name_at(text, at)
        if not words or not (sure or self._looks_like_a_name(words[0])):
            return
        if not sure or words[0][:1].isupper():
            words = words[:1] + [word for word in words[1:] if word[:1].isupper() or word.lower() in _PARTICLES]
        if words[-1].lower() in _PARTICLES:
            return
        exempt = {each.lower() for each in self.known} | _NO_NAMES | _PARTICLES
        if len(self._names) < MOST_NAMES:
            self._names |= {word.lower() for word in words if len(word) > 1 and word.lower() not in exempt}

    def _take_pair(self, text: str, at: int) -> None:
        """Two big words together are a name more often than not, unless something else is known of the first."""
        if len(_name_at(text, at)) > 1:
            self._take(text, at, sure=True)

    def _looks_like_a_name(self, word: str) -> bool:
        """In German every noun is written big."""
        return word.lower() in first_names() or (word[:1].isupper() and self.language != "de")


@cache
def first_names() -> frozenset[str]:
    names = (DATA / "first_names.txt").read_text().split()
    plain = ("".join(each for each in normalize("NFD", name) if not combining(each)) for name in names)
    return frozenset([*names, *plain])


def _name_at(text: str, at: int) -> list[str]:
    words: list[str] = []
    while len(words) < 4 and (found := _NAME_WORD.match(text, at, at + LONGEST_NAME)):
        word = found["word"].lower()
        if (word in _NO_NAMES and word not in _PARTICLES) or word.endswith(_CONTRACTED):
            break
        words.append(re.sub(r"['’]s$", "", found["word"]))
        at = found.end()
        if found["stop"]:
            break
    return words


def _leading_words(text: str) -> str:
    """An answer without what people say before their name."""
    return re.sub(
        r"^\W*(?:(?:yes|yeah|sure|ok|okay|well|so|hi|hello|it'?s|it is|i'?m|i am|um|uh|ja|sí|oui|sì|sim)\b\W*)+",
        "",
        text,
        flags=re.IGNORECASE,
    )
