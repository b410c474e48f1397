"""What is known of a language to sort answers in it: patterns over plain words (`stopping.plain`)."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ways:
    """How a language says each of them.

    `denied` finds a negated wish ("I do not want to cancel"), `hedged` what takes a yes back or ties it to something.
    `harmless` is cut out before both are looked for ("no problem"). `greeted` are words that agree, and with which one
    picks up the telephone as well.
    """

    wrong: re.Pattern[str]
    reschedule: re.Pattern[str]
    cancel: re.Pattern[str]
    confirm: re.Pattern[str]
    agreed: re.Pattern[str]
    yes_first: re.Pattern[str]
    refused: re.Pattern[str]
    hedged: re.Pattern[str]
    denied: re.Pattern[str]
    harmless: re.Pattern[str]
    again: re.Pattern[str]
    hello: re.Pattern[str]
    greeted: frozenset[str] = frozenset()


def any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(patterns) + r")\b")


def only(words: str) -> re.Pattern[str]:
    return re.compile(rf"^(?:(?:{words}) )*(?:{words})$")


def first(words: str) -> re.Pattern[str]:
    return re.compile(rf"^(?:{words})\b")


def denied_by(not_: str, between: str, what: str) -> re.Pattern[str]:
    """A word for not, a few words that may stand between, and the beginning of what is not wanted."""
    return re.compile(rf"\b(?:{not_}) ?(?:(?:{between}) ?){{0,4}}(?:{what})")
