"""Dates, times, money, numbers and names as a person says them, in words and in English; others: `tongues.py`.

Nothing here knows a template or a contact.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal

UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SCALES = ((10**9, "billion"), (10**6, "million"), (10**3, "thousand"), (100, "hundred"))
MOST = 10**12  # what is longer is read digit by digit
IRREGULAR = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
TITLES = {"dr": "Doctor", "mr": "Mister", "mrs": "Misses", "ms": "Miz", "prof": "Professor", "st": "Saint"}
COINS = {
    "USD": (("dollar", "dollars"), ("cent", "cents")),
    "EUR": (("euro", "euros"), ("cent", "cents")),
    "GBP": (("pound", "pounds"), ("penny", "pence")),
}


def cardinal(number: int) -> str:
    """A whole number: 125 is "one hundred twenty-five"."""
    if number < 0:
        return f"minus {cardinal(-number)}"
    if number < len(UNITS):
        return UNITS[number]
    if number < 100:
        tens, unit = divmod(number, 10)
        return TENS[tens - 2] + (f"-{UNITS[unit]}" if unit else "")
    if number >= MOST:
        return one_by_one(str(number))
    size, name = next(scale for scale in SCALES if number >= scale[0])
    many, rest = divmod(number, size)
    return f"{cardinal(many)} {name}" + (f" {cardinal(rest)}" if rest else "")


def ordinal(number: int) -> str:
    """A place in a row: 23 is "twenty-third"."""
    head, mark, last = _split_last(cardinal(number))
    if last in IRREGULAR:
        return head + mark + IRREGULAR[last]
    return head + mark + (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")


def _split_last(words: str) -> tuple[str, str, str]:
    found = re.fullmatch(r"(.*)([ -])(\w+)", words)
    return (found[1], found[2], found[3]) if found else ("", "", words)


def number(value: Decimal) -> str:
    """A number with its decimals one by one: 3.05 is "three point zero five"."""
    sign = "minus " if value < 0 else ""
    whole, _, decimals = f"{abs(value):f}".partition(".")
    return sign + cardinal(int(whole)) + (f" point {one_by_one(decimals)}" if decimals else "")


def one_by_one(digits: str) -> str:
    """Each digit by itself; whatever is no digit is left out."""
    return " ".join(UNITS[int(digit)] for digit in digits if digit.isdecimal() and digit.isascii())


def phone(text: str) -> str:
    """A telephone number digit by digit, with a pause after each group; a North American one without its +1."""
    return ", ".join(one_by_one(group) for group in groups(text))


def groups(text: str) -> list[str]:
    """The digits of a telephone number as they are said together."""
    digits = "".join(digit for digit in text if digit.isdecimal() and digit.isascii())
    if len(digits) == 11 and digits.startswith("1"):
        digits = digits[1:]
    if len(digits) == 10:
        return [digits[:3], digits[3:6], digits[6:]]
    return [digits[start : start + 3] for start in range(0, len(digits), 3)]


def money(amount: Decimal, currency: str = "USD") -> str:
    """An amount, to the cent: "one hundred twenty-five dollars and fifty cents"."""
    (one, many), (coin, coins) = COINS[currency]
    total = int((abs(amount) * 100).to_integral_value())
    whole, cents = divmod(total, 100)
    parts = []
    if whole or not cents:
        parts.append(f"{cardinal(whole)} {one if whole == 1 else many}")
    if cents:
        parts.append(f"{cardinal(cents)} {coin if cents == 1 else coins}")
    return ("minus " if amount < 0 and total else "") + " and ".join(parts)


def day(value: date, *, year: bool = False) -> str:
    """A date with its weekday: "Monday, November twenty-third"; the year only where it is asked for."""
    said = f"{DAYS[value.weekday()]}, {MONTHS[value.month - 1]} {ordinal(value.day)}"
    return f"{said}, {_year(value.year)}" if year else said


def _year(value: int) -> str:
    century, rest = divmod(value, 100)
    if rest == 0 or 2000 <= value < 2010:
        return cardinal(value) if value % 1000 < 100 else f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {f'oh {cardinal(rest)}' if rest < 10 else cardinal(rest)}"


def clock(value: time, *, part_of_day: bool = True) -> str:
    """A time of day: "eight fifteen in the morning", "nine thirty at night", "noon".

    Where nobody knows which half of the day is meant, it is not told: "two thirty".
    """
    if (value.hour, value.minute) in ((0, 0), (12, 0)):
        return "noon" if value.hour else "midnight"
    hour = cardinal((value.hour - 1) % 12 + 1)
    minute = value.minute
    past = "" if not minute else f" oh {cardinal(minute)}" if minute < 10 else f" {cardinal(minute)}"
    if part_of_day:
        return f"{hour}{past} {_part_of_day(value.hour)}"
    return f"{hour}{past}" if past else f"{hour} o'clock"


def _part_of_day(hour: int) -> str:
    if hour < 12:
        return "in the morning"
    if hour < 18:
        return "in the afternoon"
    return "in the evening" if hour < 21 else "at night"


def name(text: str, titles: Mapping[str, str] = TITLES) -> str:
    """A person's name as one says it: titles in full, "DELGADO, ROSA" the right way round and not shouted."""
    if text.count(",") == 1:
        last, first = (part.strip() for part in text.split(","))
        text = f"{first} {last}"
    words = text.split()
    shouted = not any(character.islower() for character in text)
    return " ".join(_title(word, titles) or (word.title() if shouted and len(word) > 1 else word) for word in words)


def _title(word: str, titles: Mapping[str, str]) -> str | None:
    plain = word.rstrip(".").lower()
    return titles.get(plain) if word.endswith(".") or "." in plain or plain in ("dr", "mr", "mrs") else None
