"""The map of hours: one row for each clock, drawn in the time of the business, so that one line says "now" for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from agentos.tenants.templatetags.words import clock, day
from campaigns.facts import week_hours
from campaigns.jurisdictions import tables
from campaigns.models import Campaign, Target
from campaigns.openings import Openings, Stretch
from campaigns.places import Place, place
from campaigns.windows import WeekHours

NAMES = {
    "America/New_York": "Eastern",
    "America/Detroit": "Eastern",
    "America/Chicago": "Central",
    "America/Denver": "Mountain",
    "America/Boise": "Mountain",
    "America/Phoenix": "Arizona",
    "America/Los_Angeles": "Pacific",
    "America/Anchorage": "Alaska",
    "Pacific/Honolulu": "Hawaii",
    "America/Puerto_Rico": "Atlantic",
}
FIRST, LAST = 6, 22  # hours that are always on the map
MOST_ROWS = 12
BAR_H, ROW_H = 22, 50
SLOT = timedelta(minutes=30)
FAR_OFF = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Bar:
    """Calls of half an hour, in percent of the width."""

    x: float
    y: float
    height: float
    is_made: bool


@dataclass(slots=True)
class Row:
    """People with the same clocks and the same window."""

    name: str
    there: str
    state: str
    label: str
    to_call: int
    x: float = 0.0
    width: float = 0.0
    bars: list[Bar] = field(default_factory=list)


@dataclass(slots=True)
class _Group:
    place: Place
    stretch: Stretch | None
    states: set[str] = field(default_factory=set)
    to_call: int = 0
    made: Counter[datetime] = field(default_factory=Counter)
    due: Counter[datetime] = field(default_factory=Counter)


@dataclass(slots=True)
class HoursMap:
    """Today's windows of everybody in a campaign, with the calls that were made and those that are due."""

    rows: list[Row]
    ticks: list[tuple[float, str]]
    now_x: float
    bar_width: float
    more: int = 0


def hours_map(campaign: Campaign, at: datetime) -> HoursMap:
    """Draw the day of `at`, as the business counts it."""
    groups = sorted(_groups(campaign, at), key=lambda group: (-group.to_call, sorted(group.place.zones)))
    axis = _Axis.around(at, groups)
    busiest = max((n for group in groups for n in (*group.made.values(), *group.due.values())), default=1)
    shown = sorted(groups[:MOST_ROWS], key=lambda group: group.stretch.opens if group.stretch else FAR_OFF)
    rows = _told_apart([_row(group, axis, at, busiest) for group in shown], shown)
    return HoursMap(rows, axis.ticks(), axis.x(at), axis.bar_width, max(0, len(groups) - MOST_ROWS))


@dataclass(frozen=True, slots=True)
class _Axis:
    begins: datetime
    hours: int

    @classmethod
    def around(cls, at: datetime, groups: list[_Group]) -> _Axis:
        """From early to late, and far enough for every window that opens today."""
        midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
        spans = [
            [(moment - midnight) / timedelta(hours=1) for moment in (group.stretch.opens, group.stretch.ends)]
            for group in groups
            if group.stretch and group.stretch.opens < midnight + timedelta(days=1)
        ]
        first = min([FIRST, *(int(opens) for opens, _ in spans)])
        last = max([LAST, *(int(ends) + 1 for _, ends in spans)])
        first, last = max(0, first - first % 2), min(30, last + last % 2)
        return cls(midnight + timedelta(hours=first), last - first)

    def x(self, moment: datetime) -> float:
        """Where a moment stands, in percent; outside it stands at the edge."""
        share = (moment - self.begins) / timedelta(hours=self.hours)
        return round(100 * min(1.0, max(0.0, share)), 2)

    @property
    def bar_width(self) -> float:
        """Of half an hour, with some air."""
        return round(0.8 * 100 * (SLOT / timedelta(hours=self.hours)), 2)

    def ticks(self) -> list[tuple[float, str]]:
        moments = [self.begins + timedelta(hours=hours) for hours in range(2, self.hours, 2)]
        return [(self.x(moment), f"{moment.hour % 12 or 12} {moment:%p}") for moment in moments]


def _groups(campaign: Campaign, at: datetime) -> Iterator[_Group]:
    """People by clocks and window. Many share an address down to what matters, and each such is placed once."""
    openings, hours = Openings(tables().law), week_hours(campaign.hours)
    groups: dict[tuple[Any, ...], _Group] = {}
    places: dict[tuple[str, ...], _Group] = {}

    def group_of(number: Any, zone: str | None, state: str | None, zip_code: str | None) -> _Group | None:
        key = (str(number)[:5], zone or "", state or "", (zip_code or "")[:3])
        if key not in places:
            gazetteer, (_, zone, state, zip_code) = tables().gazetteer, key
            found = place(str(number), gazetteer=gazetteer, zone=zone, state=state, zip_code=zip_code)
            if found.refusal is not None:
                return None
            stretch = _todays(openings, found, at, hours)
            same = (found.zones, stretch)
            places[key] = groups.setdefault(same, _Group(found, stretch))
            places[key].states |= found.states
        return places[key]

    address = ("e164", "contact__zone", "contact__state", "contact__zip_code")
    for due_at, *where in campaign.targets.filter(status=Target.Status.WAITING).values_list("due_at", *address):
        if group := group_of(*where):
            group.to_call += 1
            if due_at > at:
                group.due[_slot(due_at)] += 1
    today = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    made = campaign.attempts.filter(asked_at__gte=today, asked_at__lte=at)
    theirs = ("e164", *(f"target__{name}" for name in address[1:]))
    for asked_at, *where in made.values_list("asked_at", *theirs):
        if group := group_of(*where):
            group.made[_slot(asked_at)] += 1
    return iter(groups.values())


def _todays(openings: Openings, found: Place, at: datetime, hours: WeekHours | None) -> Stretch | None:
    """The window of today from its very beginning, or the next one when it is over."""
    midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    stretch = openings.next(found, midnight, hours=hours)
    return openings.next(found, at, hours=hours) if stretch is not None and stretch.ends <= at else stretch


def _slot(moment: datetime) -> datetime:
    return moment.replace(minute=moment.minute - moment.minute % 30, second=0, microsecond=0)


def _row(group: _Group, axis: _Axis, at: datetime, busiest: int) -> Row:
    name, stretch = _name(group.place), group.stretch
    locals_ = sorted({f"{at.astimezone(ZoneInfo(zone)):%H%M}": zone for zone in group.place.zones}.values())
    there = " or ".join(dict.fromkeys(_clock_in(zone, at) for zone in locals_))
    if stretch is None:
        return Row(name, f"{there} there", "never opens", f"{name}: no window within two weeks", group.to_call)
    opens, ends = timezone.localtime(stretch.opens), timezone.localtime(stretch.ends)
    spoken = f"{name}: calls allowed from {clock(opens)} to {clock(ends)} your time, {group.to_call} to call"
    state = "open" if stretch.opens <= at < stretch.ends else f"opens {_moment(opens, at)}"
    row = Row(name, f"{there} there", state, spoken, group.to_call)
    row.x = axis.x(stretch.opens)
    row.width = round(max(0.0, axis.x(stretch.ends) - row.x), 2)
    row.bars = [*_bars(group.made, axis, busiest, is_made=True), *_bars(group.due, axis, busiest, is_made=False)]
    return row


def _bars(calls: Counter[datetime], axis: _Axis, busiest: int, *, is_made: bool) -> Iterator[Bar]:
    for slot, number in sorted(calls.items()):
        if axis.begins <= slot < axis.begins + timedelta(hours=axis.hours):
            height = round(max(2.0, BAR_H * number / busiest), 1)
            yield Bar(axis.x(slot), ROW_H - 6 - height, height, is_made)


def _clock_in(zone: str, at: datetime) -> str:
    return clock_of(at.astimezone(ZoneInfo(zone)))


def clock_of(local: datetime) -> str:
    """9:42 AM, of a moment that is in the right zone already."""
    return f"{local.hour % 12 or 12}:{local:%M} {local:%p}"


def _moment(opens: datetime, at: datetime) -> str:
    return clock(opens) if opens.date() == timezone.localtime(at).date() else f"{day(opens)}, {clock(opens)}"


def _name(found: Place) -> str:
    names = sorted({NAMES.get(zone) or zone.rpartition("/")[2].replace("_", " ") for zone in found.zones})
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _told_apart(rows: list[Row], groups: list[_Group]) -> list[Row]:
    """Rows with the same clocks have different laws: they say whose."""
    names = Counter(row.name for row in rows)
    for row, group in zip(rows, groups, strict=True):
        if names[row.name] > 1:
            row.name = f"{row.name}, {', '.join(sorted(group.states))}"
    return rows
