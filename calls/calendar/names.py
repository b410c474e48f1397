"""Whether two names are of one person, as far as hearing them by phone can tell."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

ALIKE = 0.75


def is_same_name(said: str, known: str) -> bool:
    """Some word of one sounds like some word of the other: "Ortez" is Maya Ortiz. No name is nobody's."""
    return any(_alike(one, other) for one in _words(said) for other in _words(known))


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name.casefold())
    return [word for word in re.findall(r"\w+", "".join(c for c in plain if not unicodedata.combining(c))) if word[1:]]


def _alike(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) > 3 and SequenceMatcher(None, one, other).ratio() >= ALIKE)
