"""Strict reading of what the carrier writes as JSON: one object, each key once, nothing that JSON does not have."""

from __future__ import annotations

import json
from typing import Any

MAX_MESSAGE = 64 * 1024

_DIGITS = frozenset("0123456789*#ABCD")


def parsed(text: str) -> dict[str, Any]:
    """The object in `text`. Raises ValueError, TypeError or RecursionError."""
    if len(text) > MAX_MESSAGE:
        raise ValueError("a message of a length that no carrier sends")
    message = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
    if not isinstance(message, dict):
        raise TypeError("not an object")
    return message


def bounded_text(value: Any, longest: int) -> str:
    """A text of at most this length. Raises ValueError."""
    if not isinstance(value, str) or len(value) > longest:
        raise ValueError("not a text of this length")
    value.encode()  # half of a surrogate pair is no text
    return value


def parameters(given: Any) -> dict[str, str]:
    """The parameters of our TwiML as they come back. Raises ValueError or AttributeError."""
    given = given or {}
    if len(given) > 20:
        raise ValueError("more parameters than we ever give")
    return {bounded_text(name, 100): bounded_text(value, 1000) for name, value in given.items()}


def digit(value: Any) -> str:
    """A key of a telephone. Raises ValueError."""
    if value not in _DIGITS:
        raise ValueError("not a key of a telephone")
    return str(value)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    known = dict(pairs)
    if len(known) != len(pairs):
        raise ValueError("a key comes twice")
    return known


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
