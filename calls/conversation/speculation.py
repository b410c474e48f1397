"""When to begin a reply before the turn is certain, and whether that reply still fits when it is.

A speculation is only a hypothesis about what the caller said. Nothing of it reaches the line, the history or a tool
before it is committed, and a dropped one leaves nothing but its cost.
"""

from __future__ import annotations

from calls.conversation.turn_taking import words_of

STABLE_S = 0.1  # when the line has been silent for this long, the latest interim is worth a guess
MOST_PER_TURN = 4

_FILLERS = frozenset({"um", "uh", "er", "erm", "hmm", "ah", "oh", "well", "so", "please", "like"})


def means_the_same(guess: str, final: str) -> bool:
    """Whether an answer to `guess` is an answer to `final`: the same words, give or take fillers."""
    return _core(guess) == _core(final)


def _core(text: str) -> list[str]:
    words = [word.replace("'", "").replace("-", "") for word in words_of(text)]
    return [word for word in words if word not in _FILLERS] or words


class Speculation:
    """Decides for one turn after another; the session carries the decisions out.

    `by_ear`: the model has heard the turn itself, so what it answers is no guess; only the words are still to come.
    """

    def __init__(self, *, enabled: bool, by_ear: bool = False) -> None:
        self.enabled, self.by_ear = enabled, by_ear
        self.guess: str | None = None
        self._made = 0

    def may_begin(self, text: str) -> bool:
        """Whether a reply to `text` should be begun now; not twice for the same words, not for ever."""
        if self.by_ear:
            return not text and self.guess is None and self._made < MOST_PER_TURN
        if not self.enabled or not words_of(text) or self._made >= MOST_PER_TURN:
            return False
        return self.guess is None or not means_the_same(self.guess, text)

    def begin(self, text: str) -> None:
        self.guess, self._made = text, self._made + 1

    def contradicted_by(self, text: str) -> bool:
        """Whether what is heard now means something else than what was guessed."""
        return self.guess is not None and not self.fits(self.guess, text)

    def fits(self, guess: str, final: str) -> bool:
        """Whether what was begun for `guess` answers the turn, now that it is known."""
        return (self.by_ear and not guess) or means_the_same(guess, final)

    def drop(self) -> None:
        self.guess = None

    def turn_over(self) -> None:
        """The turn is certain; the next one starts with a fresh allowance."""
        self.guess, self._made = None, 0
