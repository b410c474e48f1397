"""Whether somebody only takes leave."""

from __future__ import annotations

from calls.conversation.turn_taking import words_of

_GOODBYE = frozenset(
    """bye goodbye thanks thank you ok okay alright great perfect good have a nice day one evening too cheers so much
    that's all and very yes""".split()  # noqa: SIM905 - words read better than a list of strings
)


def is_goodbye(text: str) -> bool:
    """Whether these words only take leave."""
    return all(word in _GOODBYE for word in words_of(text))
