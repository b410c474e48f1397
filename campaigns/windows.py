"""The calling window: whether a moment lies inside it in every zone and under every law that may count.

Times are the called person's, and half-open: at 21:00:00 it is over. Days, holidays and openings are of the local
calendar, so that a day with 23 or 25 hours needs no rule of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaigns.places import Place

FEDERAL = "US"
RELAXED_STATES = frozenset({"CA", "NV"})  # whose device hours are not limited to sales
FURTHEST = timedelta(days=15)

Hours = tuple[time, time]
WeekHours = tuple[Hours | None, ...]  # Monday first; None: closed


@dataclass(frozen=True, slots=True)
class Row:
    """The hours of one state on one group of days, while they are in force. No hours: closed."""

    state: str
    group: str  # weekday, saturday, sunday
    hours: Hours | None
    most_per_day: int | None
    closed_on_holidays: bool
    citation: str
    in_force_from: date | None = None
    in_force_until: date | None = None  # exclusive

    def in_force(self, day: date) -> bool:
        after = self.in_force_from is None or day >= self.in_force_from
        return after and (self.in_force_until is None or day < self.in_force_until)


@dataclass(frozen=True, slots=True)
class Law:
    """The dated tables of hours and of closed days. `version` names their content."""

    rows: Mapping[tuple[str, str], Sequence[Row]]
    holidays: Mapping[str, Mapping[date, str]]
    holiday_years: frozenset[int]
    version: str

    def row(self, state: str, day: date) -> Row | None:
        """The row in force on that day, or None where there is none."""
        group = ("weekday",) * 5 + ("saturday", "sunday")
        return next((row for row in self.rows.get((state, group[day.weekday()]), ()) if row.in_force(day)), None)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one state says about one moment in one zone. `why` is empty where it may be called."""

    state: str
    zone: str
    local: datetime
    hours: Hours | None
    citation: str
    why: str = ""
    words: str = ""

    @property
    def is_hold(self) -> bool:
        """Not refused by a law, but by our not knowing it."""
        return self.why in {"no_rule", "no_holiday_file"}


def opinions(
    place: Place, at: datetime, law: Law, *, relaxed: bool = False, hours: WeekHours | None = None
) -> list[Opinion]:
    """Every state's opinion in every zone; `hours` are the tenant's own and can only narrow the law's."""
    found = []
    for zone in sorted(place.zones):
        local = at.astimezone(ZoneInfo(zone))
        for state in sorted(place.states):
            known_as = FEDERAL if relaxed and state not in RELAXED_STATES else state
            found.append(_opinion(known_as, zone, local, law))
        if hours is not None:
            found.append(_own_hours(zone, local, hours))
    return found


def is_open(place: Place, at: datetime, law: Law, *, relaxed: bool = False, hours: WeekHours | None = None) -> bool:
    """Whether every opinion allows it, and there is one."""
    found = opinions(place, at, law, relaxed=relaxed, hours=hours)
    return bool(found) and not any(opinion.why for opinion in found)


def next_opening(
    place: Place, after: datetime, law: Law, *, relaxed: bool = False, hours: WeekHours | None = None
) -> datetime | None:
    """The first moment from `after` on at which all allow it; None when there is none within two weeks."""
    if is_open(place, after, law, relaxed=relaxed, hours=hours):
        return after
    for moment in _starts(place, after, law, hours):
        if is_open(place, moment, law, relaxed=relaxed, hours=hours):
            return moment
    return None


def closing(
    place: Place, after: datetime, law: Law, *, relaxed: bool = False, hours: WeekHours | None = None
) -> datetime:
    """When the window that is open at `after` ends: the first local end of hours in any zone."""
    ends = [
        local_moment(opinion.zone, opinion.local.date(), opinion.hours[1])
        for opinion in opinions(place, after, law, relaxed=relaxed, hours=hours)
        if opinion.hours
    ]
    return min(ends, default=after)


def local_moment(zone: str, day: date, clock: time) -> datetime:
    """The moment, in UTC, at which the clocks of a zone show this. A time that is skipped is the one after the gap."""
    if clock == time.max:
        day, clock = day + timedelta(days=1), time.min
    return datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)


def _starts(place: Place, after: datetime, law: Law, hours: WeekHours | None) -> Iterable[datetime]:
    """Every moment at which a window may begin, in order."""
    clocks = {row.hours[0] for rows in law.rows.values() for row in rows if row.hours and row.state in place.states}
    clocks |= {row.hours[0] for key, rows in law.rows.items() if key[0] == FEDERAL for row in rows if row.hours}
    clocks |= {opening[0] for opening in hours or () if opening is not None}
    clocks |= {(datetime.combine(date.min, clock) + timedelta(hours=1)).time() for clock in clocks if clock.hour < 23}
    moments = set()
    for zone in place.zones:
        today = after.astimezone(ZoneInfo(zone)).date()
        for days in range(FURTHEST.days):
            moments |= {local_moment(zone, today + timedelta(days), clock) for clock in clocks}
    return sorted(moment for moment in moments if moment > after)


def _opinion(state: str, zone: str, local: datetime, law: Law) -> Opinion:
    day = local.date()
    row = law.row(state, day)
    if row is None:
        return Opinion(state, zone, local, None, "", "no_rule", f"There are no calling rules for {state}.")
    opinion = Opinion(state, zone, local, _in_summer(row, local), row.citation)
    if row.closed_on_holidays and day.year not in law.holiday_years:
        words = f"The closed days of {state} in {day.year} are not known."
        return replace(opinion, why="no_holiday_file", words=words)
    if row.closed_on_holidays and (name := law.holidays.get(state, {}).get(day)):
        return replace(opinion, why="holiday", words=f"{name} is a closed day in {state}.")
    if opinion.hours is None:
        return replace(opinion, why="closed_day", words=f"{state} allows no calls on a {local:%A}.")
    start, end = opinion.hours
    if not start <= local.time() < end:
        allowed = f"{state} allows calls from {spoken(start)} to {spoken(end)}"
        return replace(opinion, why="outside_window", words=f"{allowed}; it is {spoken(local.time())} there.")
    return opinion


def _in_summer(row: Row, local: datetime) -> Hours | None:
    """Mississippi's statute counts in Central *Standard* Time: with daylight saving, both readings have to hold."""
    if row.hours and row.state == "MS" and local.dst():
        start = (datetime.combine(date.min, row.hours[0]) + timedelta(hours=1)).time()
        return start, row.hours[1]
    return row.hours


def _own_hours(zone: str, local: datetime, hours: WeekHours) -> Opinion:
    own = hours[local.weekday()]
    opinion = Opinion("own", zone, local, own, "")
    if own is None:
        return replace(opinion, why="own_closed_day", words=f"You do not call on a {local:%A}.")
    if not own[0] <= local.time() < own[1]:
        words = f"You call from {spoken(own[0])} to {spoken(own[1])}; it is {spoken(local.time())} there."
        return replace(opinion, why="outside_own_hours", words=words)
    return opinion


def spoken(clock: time) -> str:
    """9:00 AM, as the pages say it."""
    return f"{clock.hour % 12 or 12}:{clock.minute:02} {'AM' if clock.hour < 12 else 'PM'}"
