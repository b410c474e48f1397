"""How many calls may begin now: a pace that is kept from call to call, and not counted afresh each second."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

SLACK = timedelta(seconds=0.25)  # by which a scheduler may be late without losing what it could have begun


@dataclass(frozen=True, slots=True)
class Pace:
    """So many calls a second, the next at `next_at` or, where none is named, at once.

    In any stretch of time no more calls begin than fit into it and the slack, and one.
    """

    per_second: float
    next_at: datetime | None = None

    def room(self, at: datetime) -> int:
        """How many calls may begin at this moment."""
        credit = SLACK if self.next_at is None else min(at - self.next_at, SLACK)
        if credit < timedelta():
            return 0
        return 1 + int(credit.total_seconds() * self.per_second + 1e-6)

    def after(self, calls: int, at: datetime) -> datetime:
        """The moment of the next call when so many begin now."""
        earliest = at - SLACK
        begun = earliest if self.next_at is None else max(self.next_at, earliest)
        return begun + timedelta(seconds=calls / self.per_second)
