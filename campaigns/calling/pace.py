"""How many calls may begin now: a pace that is kept from call to call, and not counted afresh each second."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

SLACK = timedelta(seconds=0.25)  # by which a scheduler may be late without losing what it could have begun
MOST_AHEAD = 50  # calls by which the next one may be ahead: a pace that was halved five times is whole again at once


@dataclass(frozen=True, slots=True)
class Pace:
    """So many calls a second, the next at `next_at` or, where none is named, at once.

    In any stretch of time no more calls begin than fit into it and the slack, and one. A next call further away than a
    pace can put it was named by a clock that has been set back since, and holds nobody up.
    """

    per_second: float
    next_at: datetime | None = None

    def room(self, at: datetime) -> int:
        """How many calls may begin at this moment."""
        next_at = self._next(at)
        credit = SLACK if next_at is None else min(at - next_at, SLACK)
        if credit < timedelta():
            return 0
        return 1 + int(credit.total_seconds() * self.per_second + 1e-6)

    def after(self, calls: int, at: datetime) -> datetime:
        """The moment of the next call when so many begin now."""
        earliest = at - SLACK
        begun = max(self._next(at) or earliest, earliest)
        return begun + timedelta(seconds=calls / self.per_second)

    def _next(self, at: datetime) -> datetime | None:
        furthest = at + timedelta(seconds=(MOST_AHEAD + 1) / self.per_second) + SLACK
        return self.next_at if self.next_at is None or self.next_at <= furthest else None
