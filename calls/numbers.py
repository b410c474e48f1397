"""Telephone numbers as people say and write them."""

from __future__ import annotations

import phonenumbers

HOME = "US"


def read_number(text: str, *, like: str = "") -> str:
    """E.164, or nothing where it is no number. Without a country code it is taken to be from where `like` is from."""
    try:
        parsed = phonenumbers.parse(text, _region(like))
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(parsed):
        return ""
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def _region(number: str) -> str:
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or HOME
    except phonenumbers.NumberParseException:
        return HOME
