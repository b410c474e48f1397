"""Days on which nobody works."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date


class ClosedDays:
    """`day in closed`, and why."""

    def __init__(self, spans: Sequence[tuple[date, date, str]]) -> None:
        self._spans = spans

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.why(day) is not None

    def why(self, day: date) -> str | None:
        """What the business called it, or None when it is an ordinary day."""
        return next((note or "Closed" for first, last, note in self._spans if first <= day <= last), None)
