"""How facts are said in each language: English by hand (`spoken.py`), five others from `num2words` and `babel`.

A language that is not here is left to the voice, which gets what was written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, time
from decimal import Decimal
from functools import lru_cache
from typing import Protocol

from campaigns.texts import spoken

Coins = tuple[str, str, str, str, bool]  # one, many; one hundredth, many; whether the whole is feminine


class Tongue(Protocol):
    """What every language can say."""

    def day(self, value: date) -> str: ...
    def clock(self, value: time, *, part_of_day: bool = True) -> str: ...
    def money(self, amount: Decimal, currency: str = "USD") -> str: ...
    def number(self, value: Decimal) -> str: ...
    def one_by_one(self, digits: str) -> str: ...
    def phone(self, text: str) -> str: ...
    def name(self, text: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Words:
    """What the libraries do not know of a language."""

    locale: str
    day: str  # of {weekday}, {day} and {month}
    first: str  # of a month
    cents: str  # between the whole and its hundredths
    minus: str
    coins: dict[str, Coins]
    titles: Mapping[str, str]
    clock: str  # of {hour} and {minute}
    full_hour: str
    noon: str
    midnight: str
    parts: tuple[tuple[int, str], ...] = ()  # up to which hour, of the day; none: hours run to twenty-three
    masculine: tuple[tuple[str, str], ...] = ()  # how a number ends before a noun
    feminine: tuple[tuple[str, str], ...] = ()
    hours_are_feminine: bool = True
    one_hour: str = ""  # in place of full_hour, for a single one
    zero_is_one: bool = False  # zéro dollar
    ordinal_days: bool = False


class Spoken:
    """A language of num2words and babel."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def _cardinal(self, number: int, *, feminine: bool | None = None) -> str:
        """As it is counted, or as it stands before a noun."""
        from num2words import num2words

        said = str(num2words(number, lang=self._words.locale))
        endings = {None: (), True: self._words.feminine, False: self._words.masculine}[feminine]
        for pattern, ending in endings:
            said = re.sub(pattern, ending, said)
        return said

    def day(self, value: date) -> str:
        from babel.dates import get_day_names, get_month_names
        from num2words import num2words

        if value.day == 1 and self._words.first:
            day = self._words.first
        elif self._words.ordinal_days:
            day = f"{num2words(value.day, lang=self._words.locale, to='ordinal')}n"
        else:
            day = self._cardinal(value.day)
        weekday = get_day_names("wide", "format", self._words.locale)[value.weekday()]
        month = get_month_names("wide", "format", self._words.locale)[value.month]
        return self._words.day.format(weekday=weekday, day=day, month=month)

    def clock(self, value: time, *, part_of_day: bool = True) -> str:
        words = self._words
        if (value.hour, value.minute) in ((0, 0), (12, 0)):
            return words.noon if value.hour else words.midnight
        hour = (value.hour - 1) % 12 + 1 if words.parts else value.hour
        form = words.clock if value.minute else words.one_hour if hour == 1 and words.one_hour else words.full_hour
        if value.minute and hour == 1 and words.one_hour:
            form = f"{words.one_hour} {{minute}}"
        said = form.format(
            hour=self._cardinal(hour, feminine=words.hours_are_feminine), minute=self._cardinal(value.minute)
        )
        part = next((part for until, part in words.parts if value.hour < until), "")
        return f"{said} {part}" if part and part_of_day else said

    def money(self, amount: Decimal, currency: str = "USD") -> str:
        one, many, cent, cents, feminine = self._words.coins[currency]
        total = int((abs(amount) * 100).to_integral_value())
        whole, rest = divmod(total, 100)
        parts = []
        if whole or not rest:
            parts.append(f"{self._cardinal(whole, feminine=feminine)} {one if self._is_one(whole) else many}")
        if rest:
            parts.append(f"{self._cardinal(rest, feminine=False)} {cent if rest == 1 else cents}")
        return (f"{self._words.minus} " if amount < 0 and total else "") + f" {self._words.cents} ".join(parts)

    def _is_one(self, number: int) -> bool:
        return number == 1 or (number == 0 and self._words.zero_is_one)

    def number(self, value: Decimal) -> str:
        from num2words import num2words

        sign = f"{self._words.minus} " if value < 0 else ""
        value = abs(value)
        return sign + str(num2words(int(value) if value == int(value) else float(value), lang=self._words.locale))

    def one_by_one(self, digits: str) -> str:
        return " ".join(self._cardinal(int(digit)) for digit in digits if digit.isascii() and digit.isdecimal())

    def phone(self, text: str) -> str:
        return ", ".join(self.one_by_one(group) for group in spoken.groups(text))

    def name(self, text: str) -> str:
        return spoken.name(text, self._words.titles)


_ES = Words(
    locale="es",
    day="{weekday} {day} de {month}",
    first="primero",
    cents="con",
    minus="menos",
    coins={
        "USD": ("dólar", "dólares", "centavo", "centavos", False),
        "EUR": ("euro", "euros", "céntimo", "céntimos", False),
        "GBP": ("libra", "libras", "penique", "peniques", True),
    },
    titles={"dr": "doctor", "dra": "doctora", "sr": "señor", "sra": "señora", "srta": "señorita"},
    clock="{hour} y {minute}",
    full_hour="{hour}",
    noon="doce del mediodía",
    midnight="doce de la noche",
    parts=((6, "de la madrugada"), (12, "de la mañana"), (20, "de la tarde"), (24, "de la noche")),
    masculine=((r"veintiuno$", "veintiún"), (r"uno$", "un")),
    feminine=((r"uno$", "una"), (r"cientos\b", "cientas"), (r"quinientos\b", "quinientas")),
)
_FR = Words(
    locale="fr",
    day="{weekday} {day} {month}",
    first="premier",
    cents="et",
    minus="moins",
    coins={
        "USD": ("dollar", "dollars", "cent", "cents", False),
        "EUR": ("euro", "euros", "centime", "centimes", False),
        "GBP": ("livre", "livres", "penny", "pence", True),
    },
    titles={"dr": "docteur", "m": "monsieur", "mme": "madame", "mlle": "mademoiselle", "pr": "professeur"},
    clock="{hour} heures {minute}",
    full_hour="{hour} heures",
    one_hour="une heure",
    noon="midi",
    midnight="minuit",
    feminine=((r"\bun$", "une"),),
    zero_is_one=True,
)
_DE = Words(
    locale="de",
    day="{weekday}, den {day} {month}",
    first="ersten",
    cents="und",
    minus="minus",
    coins={
        "USD": ("Dollar", "Dollar", "Cent", "Cent", False),
        "EUR": ("Euro", "Euro", "Cent", "Cent", False),
        "GBP": ("Pfund", "Pfund", "Penny", "Pence", False),
    },
    titles={"dr": "Doktor", "hr": "Herr", "fr": "Frau", "prof": "Professor"},
    clock="{hour} Uhr {minute}",
    full_hour="{hour} Uhr",
    noon="zwölf Uhr",
    midnight="Mitternacht",
    masculine=((r"^eins$", "ein"),),
    hours_are_feminine=False,
    ordinal_days=True,
)
_PT = Words(
    locale="pt_BR",
    day="{weekday}, {day} de {month}",
    first="primeiro",
    cents="e",
    minus="menos",
    coins={
        "USD": ("dólar", "dólares", "centavo", "centavos", False),
        "EUR": ("euro", "euros", "centavo", "centavos", False),
        "GBP": ("libra", "libras", "penny", "pence", True),
    },
    titles={"dr": "doutor", "dra": "doutora", "sr": "senhor", "sra": "senhora", "prof": "professor"},
    clock="{hour} e {minute}",
    full_hour="{hour}",
    noon="meio-dia",
    midnight="meia-noite",
    parts=((6, "da madrugada"), (12, "da manhã"), (18, "da tarde"), (24, "da noite")),
    feminine=((r"\bum$", "uma"), (r"\bdois$", "duas"), (r"entos\b", "entas")),
)
_IT = Words(
    locale="it",
    day="{weekday} {day} {month}",
    first="primo",
    cents="e",
    minus="meno",
    coins={
        "USD": ("dollaro", "dollari", "centesimo", "centesimi", False),
        "EUR": ("euro", "euro", "centesimo", "centesimi", False),
        "GBP": ("sterlina", "sterline", "penny", "pence", True),
    },
    titles={"dr": "dottor", "dott": "dottor", "sig": "signor", "sig.ra": "signora", "dott.ssa": "dottoressa"},
    clock="{hour} e {minute}",
    full_hour="{hour}",
    noon="mezzogiorno",
    midnight="mezzanotte",
    masculine=((r"uno$", "un"),),
    feminine=((r"^uno$", "una"),),
)
_PT_PT = replace(_PT, locale="pt_PT", coins=_PT.coins | {"EUR": ("euro", "euros", "cêntimo", "cêntimos", False)})
_WORDS = {"es": _ES, "fr": _FR, "de": _DE, "pt": _PT, "it": _IT}


@lru_cache
def tongue(language: str) -> Tongue | None:
    """Of a language as BCP 47 writes it; None where facts are left as they are written."""
    base = language.lower().partition("-")[0]
    if base == "en":
        return English()
    if language.lower() == "pt-pt":
        return Spoken(_PT_PT)
    return Spoken(_WORDS[base]) if base in _WORDS else None


class English:
    """What `spoken.py` says."""

    day = staticmethod(spoken.day)
    clock = staticmethod(spoken.clock)
    money = staticmethod(spoken.money)
    number = staticmethod(spoken.number)
    one_by_one = staticmethod(spoken.one_by_one)
    phone = staticmethod(spoken.phone)
    name = staticmethod(spoken.name)
