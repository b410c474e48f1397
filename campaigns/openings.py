"""When windows open, remembered: thousands of people share a few dozen places, and each place is worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.places import Place
from campaigns.windows import Law, WeekHours, closing, next_opening

NEVER_HOLDS = timedelta(days=1)  # for how long "it does not open" is remembered


@dataclass(frozen=True, slots=True)
class Stretch:
    """A window: from when it is open, and until when."""

    opens: datetime
    ends: datetime


class Openings:
    """Answers for many people. A moment between two that are known needs no look into the tables."""

    def __init__(self, law: Law) -> None:
        self._law = law
        self._known: dict[object, list[tuple[datetime, datetime, Stretch | None]]] = {}

    def next(
        self, place: Place, at: datetime, *, relaxed: bool = False, hours: WeekHours | None = None
    ) -> Stretch | None:
        """The window that is open at `at`, or the next to open. None: not within two weeks, or nobody knows where."""
        if place.refusal is not None:
            return None
        known = self._known.setdefault((place, relaxed, hours), [])
        for asked_at, ends, stretch in known:
            if asked_at <= at < ends:
                return stretch
        found = self._found(place, at, relaxed, hours)
        known.append((at, found.ends if found else at + NEVER_HOLDS, found))
        return found

    def _found(self, place: Place, at: datetime, relaxed: bool, hours: WeekHours | None) -> Stretch | None:
        opens = next_opening(place, at, self._law, relaxed=relaxed, hours=hours)
        if opens is None:
            return None
        return Stretch(opens, closing(place, opens, self._law, relaxed=relaxed, hours=hours))
