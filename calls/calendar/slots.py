"""When an appointment may begin: opening hours and what is taken go in, moments come out. No database, no clock."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MIDNIGHT = time()

FURTHEST_DAYS = 14
NEAR_DAYS = (1, 4, 14, 28)

Stretch = tuple[time, time]
"""From and to on the wall clock of one day; to midnight is its end."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From one moment until just before another."""

    starts: datetime
    ends: datetime

    def overlaps(self, other: Span) -> bool:
        return self.starts < other.ends and other.starts < self.ends


@dataclass(frozen=True, slots=True)
class Rules:
    """When a business takes appointments. `hours` by weekday, of which Monday is 0."""

    zone: ZoneInfo
    hours: Mapping[int, Sequence[Stretch]]
    length: timedelta
    buffer: timedelta = timedelta()
    lead: timedelta = timedelta()
    horizon_days: int = 60
    closed: Container[date] = ()

    @property
    def blocked(self) -> timedelta:
        """How long one appointment keeps others away: itself, and the pause after it."""
        return self.length + self.buffer

    def stretches(self, day: date) -> Sequence[Stretch]:
        return () if day in self.closed else self.hours.get(day.weekday(), ())

    def is_open(self, at: datetime) -> bool:
        """Whether people work at this moment, by the clock on their wall."""
        there = at.astimezone(self.zone)
        now = there.time()
        return any(
            opens <= now and (now < closes or closes == MIDNIGHT) for opens, closes in self.stretches(there.date())
        )

    def next_opening(self, at: datetime) -> datetime | None:
        """When the next hours after this moment begin, within two weeks."""
        today = at.astimezone(self.zone).date()
        days = (today + days * DAY for days in range(FURTHEST_DAYS + 1))
        openings = (_instant(day, opens, self.zone) for day in days for opens, _ in sorted(self.stretches(day)))
        return next((moment for moment in openings if moment > at), None)


def free_starts(
    rules: Rules, taken: Sequence[Span], *, now: datetime, since: datetime, until: datetime
) -> Iterator[datetime]:
    """Every moment from `since` and before `until` at which an appointment may begin, in order, in UTC.

    It ends within the hours in which it began, by the clock on the wall. An hour that is skipped in spring offers
    nothing, and of one that comes twice in autumn only the first does: whoever says "half past one" means one moment.
    """
    last = now.astimezone(rules.zone).date() + rules.horizon_days * DAY
    earliest = max(since, now + rules.lead)
    day = earliest.astimezone(rules.zone).date()
    while day <= last and _instant(day, MIDNIGHT, rules.zone) < until:
        near = _near(day, taken)
        for start in _grid(rules, day):
            if earliest <= start < until and not any(
                Span(start, start + rules.blocked).overlaps(each) for each in near
            ):
                yield start
        day += DAY


def may_begin(rules: Rules, taken: Sequence[Span], start: datetime, *, now: datetime) -> bool:
    """Whether an appointment may begin at exactly this moment."""
    return any(True for _ in free_starts(rules, taken, now=now, since=start, until=start + timedelta(seconds=1)))


def nearest(rules: Rules, taken: Sequence[Span], wished: datetime, *, now: datetime, count: int = 3) -> list[datetime]:
    """The free moments nearest to the one that somebody wished for, the earliest first."""
    for days in NEAR_DAYS:
        around = {"since": wished - days * DAY, "until": wished + days * DAY}
        found = sorted(free_starts(rules, taken, now=now, **around), key=lambda start: abs(start - wished))
        if len(found) >= count:
            break
    return sorted(found[:count])


def _grid(rules: Rules, day: date) -> Iterator[datetime]:
    """Where appointments may begin on a day on which nothing is taken."""
    midnight = _instant(day + DAY, MIDNIGHT, rules.zone)
    previous = datetime.min.replace(tzinfo=UTC)
    for opens, closes in sorted(rules.stretches(day)):
        end = midnight if closes == MIDNIGHT else _instant(day, closes, rules.zone)
        start = max(_instant(day, opens, rules.zone), previous)
        while start + rules.length <= end:
            if _stands_on_the_wall(start, day, opens, closes, rules):
                yield start
                previous = start + rules.blocked
            start += rules.blocked


def _stands_on_the_wall(start: datetime, day: date, opens: time, closes: time, rules: Rules) -> bool:
    begins, ends = (moment.astimezone(rules.zone) for moment in (start, start + rules.length))
    closes_at = datetime.combine(day + DAY if closes == MIDNIGHT else day, closes)
    return (
        begins.date() == day
        and not begins.fold
        and begins.time().replace(tzinfo=None) >= opens
        and ends.replace(tzinfo=None, fold=0) <= closes_at
    )


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def _near(day: date, taken: Sequence[Span]) -> list[Span]:
    """What can be in the way of a day, whatever its zone: a short list to look through again and again."""
    begins = datetime.combine(day, MIDNIGHT, tzinfo=UTC) - DAY
    around = Span(begins, begins + 4 * DAY)
    return [each for each in taken if each.overlaps(around)]
