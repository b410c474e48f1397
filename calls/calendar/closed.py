"""Days on which nobody works: those that the business named, and the public holidays that it keeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache


class ClosedDays:
    """`day in closed`, and why."""

    def __init__(self, spans: Sequence[tuple[date, date, str]], holidays: str = "") -> None:
        self._spans, self._holidays = spans, holidays

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.why(day) is not None

    def why(self, day: date) -> str | None:
        """What the day is, or None when it is an ordinary one."""
        for first, last, note in self._spans:
            if first <= day <= last:
                return note or "Closed"
        return _public_holidays(self._holidays, day.year).get(day) if self._holidays else None


@cache
def _public_holidays(place: str, year: int) -> dict[date, str]:
    """Of a country, or of a part of one such as US-ID; none where the place is not known."""
    from holidays import country_holidays  # half a second to load

    country, _, part = place.partition("-")
    try:
        return dict(country_holidays(country, subdiv=part or None, years=year).items())
    except NotImplementedError:
        return {}
