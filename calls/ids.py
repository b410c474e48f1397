"""Whether digits are those of a payment card or of a person's number at a state: by their own check digits."""

from __future__ import annotations


def is_card(digits: str) -> bool:
    """A number of the length and the beginning of a card, which passes the Luhn check."""
    return 13 <= len(digits) <= 19 and digits[0] in "23456" and _luhn(digits)


def is_national_id(digits: str) -> bool:
    """Of the United States, France, Germany, Portugal, Brazil or Spain."""
    return any(check(digits) for check in (_us, _french, _german, _portuguese, _brazilian))


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _us(digits: str) -> bool:
    """No number of social security begins with 000 or 666, and none has a part of zeros; those with 9 are for taxes."""
    return len(digits) == 9 and digits[:3] not in ("000", "666") and digits[3:5] != "00" and digits[5:] != "0000"


def _french(digits: str) -> bool:
    return len(digits) == 15 and digits[0] in "12" and 97 - int(digits[:13]) % 97 == int(digits[13:])


def _german(digits: str) -> bool:
    """The number for taxes: ISO 7064, modulus 11, 10."""
    if len(digits) != 11 or digits[0] == "0":
        return False
    product = 10
    for digit in digits[:10]:
        total = (int(digit) + product) % 10 or 10
        product = 2 * total % 11
    return (11 - product) % 10 == int(digits[10])


def _portuguese(digits: str) -> bool:
    return len(digits) == 9 and _weighted(digits[:8], 9) == int(digits[8])


def _brazilian(digits: str) -> bool:
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    return _weighted(digits[:9], 10) == int(digits[9]) and _weighted(digits[:10], 11) == int(digits[10])


def _weighted(digits: str, heaviest: int) -> int:
    """The check digit of modulus 11 with falling weights."""
    rest = sum(int(digit) * (heaviest - place) for place, digit in enumerate(digits)) % 11
    return 0 if rest < 2 else 11 - rest
