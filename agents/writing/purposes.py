"""What no agent is written for, and what no agent can be written from. Pure; people say it in English.

A model is told as well (shape.PROMPT); this also holds where no model writes. It reads for plain intent and no more: a
bank that asks to be "the friendly voice of our bank" is let through, somebody who is to pass for a bank is not.
"""

from __future__ import annotations

import re

FEWEST_WORDS = 3
NOT_FOR_THIS = (
    "No agent is written for this: it may not pass for a person, an authority or another company, nor get codes, cards "
    "or money out of people, nor threaten them. Describe what your own business does for its callers."
)
TOO_LITTLE = "Say in a sentence or two what your business does, and what people call for."

_SOMEBODY_ELSE = (
    r"(?:the |a |an |their |somebody'?s? |some )?(?:irs|fbi|police|court|government|tax (?:office|authority)|"
    r"social security|medicare|embassy|bank|microsoft|apple|amazon|paypal|grandson|granddaughter|son|daughter|relative|"
    r"(?:real |living )?(?:human|person))"
)
_PASSES_FOR = (
    r"(?:pretend(?:s|ing)? (?:to be|that (?:it|you|we)(?: is| are|'s|'re)(?: from)?)|impersonat\w+|pos(?:e|es|ing) as|"
    r"claims? to be(?: from)?|pass(?:es)? (?:itself off )?(?:as|for))"
)
_SECRETS = (
    r"(?:passwords?|pins?\b|one[- ]time (?:codes?|passwords?)|verification codes?|security codes?|cvvs?|"
    r"(?:credit )?card numbers?|social security numbers?|bank (?:logins?|details)|gift cards?)"
)
_TALKS_INTO = r"(?:trick|fool|deceive|scare|pressure|persuade|talk) (?:\w+ ){1,4}(?:into|to|out of)"
_UNLAWFUL = re.compile(
    rf"\b{_PASSES_FOR} {_SOMEBODY_ELSE}\b"
    rf"|\b{_TALKS_INTO}\b.{{0,40}}(?:{_SECRETS}|money|pay)"
    rf"|\b(?:steal|harvest|phish)\w*\b.{{0,40}}(?:{_SECRETS}|money|identit|data)"
    r"|\bpay(?:ing)? (?:\w+ ){0,4}(?:with|in|by) gift cards?\b"
    r"|\b(?:scam|extort\w*|blackmail\w*)\s+(?:\w+ )?(?:people|callers|customers|victims|them|elderly)"
    r"|\bthreaten\w* (?:\w+ )?(?:people|callers|customers|them|debtors)\b",
    re.IGNORECASE,
)
_ENGLISH = frozenset(
    """a an and the we our us is are of in at to for from with on open call callers calls book appointment business help
    want customers people you your they who what service""".split()  # noqa: SIM905 - words read better than a list
)


def refusal(description: str) -> str:
    """Why nothing is written from this, as a sentence; empty where something is."""
    if len(_words(description)) < FEWEST_WORDS:
        return TOO_LITTLE
    return NOT_FOR_THIS if _UNLAWFUL.search(" ".join(description.split())) else ""


def is_english(description: str) -> bool:
    """As far as its small words tell."""
    words = [word.lower() for word in _words(description)]
    return 8 * sum(word in _ENGLISH for word in words) >= len(words)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]{2,}|\b[aA]\b", text)
